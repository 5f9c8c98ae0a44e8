"""Erases one tenant in a process of its own: `python -m tests.assets.erase_once HOME SLUG`, to be killed at any moment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aos_core.tenancy import tenant_named
from aos_resources.audit import Actor
from aos_resources.database import Database
from aos_resources.erasing import erase
from aos_resources.settings import Settings


def main() -> None:
    settings = Settings(home=Path(sys.argv[1]))
    database = Database(settings)
    print("begun", flush=True)
    done = erase(settings, database, tenant_named(sys.argv[2]), Actor("operator", "account root", "root at this machine"))
    print(json.dumps({"now": done.now, "left": done.signed["report"]["left"]}))
    database.close()


if __name__ == "__main__":
    main()
