"""Rotating the keys of secrets under load: nothing fails, the keys before open nothing, a copy of the database says nothing, kills lose nothing.

    python -m benchmarks.rotate --secrets 10000

Meanwhile threads open and seal, a process of its own opens, and a connection to a Postgres is synced again and again. Ends
with one line of JSON; exit code 1 where anything failed, opened that must not, or was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

ZERO = ("failures", "old_master_opens", "old_data_keys_open", "opened_without_keys", "found_in_dump", "lost", "failures_after_kills", "under_an_older_key")
# Its children are the rotations: one begins at once, with everything loaded and nothing opened, so the moment of its death is one of its work.
ROTATIONS = """
import os, sys
from pathlib import Path
from aos_resources.audit import Actor
from aos_resources.database import Database
from aos_resources.rotating import every_tenant, rotate_data_keys, rotate_master
from aos_resources.settings import Settings
settings, actor = Settings(home=Path(sys.argv[1]), allowed_networks="localhost"), Actor("process", "aos", "benchmark")
print("ready", flush=True)
for asked in sys.stdin:
    child = os.fork()
    if child == 0:
        database = Database(settings)
        if asked.strip() == "master":
            rotate_master(settings, database, actor)
        else:
            rotate_data_keys(settings, database, every_tenant(database), actor)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--secrets", type=int, default=10_000)
    asked.add_argument("--kills", type=int, default=24)
    asked.add_argument("--seed", type=int, default=7)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        said = measure(Path(folder), told.secrets, told.kills, told.seed)
    print(json.dumps(said))
    sys.exit(1 if any(said[name] for name in ZERO) else 0)


def measure(folder: Path, secrets: int, kills: int, seed: int) -> dict[str, Any]:
    from aos_resources.embedded import Cluster
    from aos_resources.migrate import prepare
    from aos_resources.settings import Settings
    from aos_resources.world import open_world
    from tests.resources import sealed_world as sealed

    settings, chance = Settings(home=folder / "home", allowed_networks="localhost"), random.Random(seed)
    with ExitStack() as stack:
        cluster, source = Cluster(folder / "postgres"), Cluster(folder / "source")
        for one in (cluster, source):
            one.start()
            stack.callback(one.stop)
        prepare(settings, cluster.url())
        world = open_world(settings)
        stack.callback(world.close)
        shop = sealed.shop(source)
        planted = sealed.plant(world, secrets, shop)
        shutil.copytree(settings.keys, folder / "before" / "keys")
        old_keys = planted.data_keys()
        said: dict[str, Any] = {"secrets": len(planted.values)}
        with Rotations(settings) as rotations, sealed.Load(planted, seed) as load:
            for what in ("master", "data"):
                said[f"{what}_seconds"] = round(rotations.finish(what), 2)
            said["killed_within"], said["failures_after_kills"] = _kills(rotations, planted, said, kills, chance)
            for what in ("master", "data"):
                rotations.finish(what)
        said |= load.counted() | {
            "lost": planted.lost(), "under_an_older_key": planted.under_an_older_key(),
            "old_master_opens": planted.opened_by(Settings(home=folder / "before")), "old_data_keys_open": planted.opened_by_keys(old_keys),
            "opened_without_keys": planted.opened_by(Settings(home=folder / "nothing")), "found_in_dump": sealed.found_in_dump(cluster, planted),
        }  # fmt: skip
    return said


class Rotations:
    """Rotations in processes of their own."""

    def __init__(self, settings: Any) -> None:
        command = [sys.executable, "-W", "ignore", "-c", ROTATIONS, str(settings.home)]
        self._parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def __enter__(self) -> Rotations:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.kill()
        self._parent.communicate()

    def finish(self, what: str) -> float:
        """Seconds that it took."""
        self._begin(what)
        began = time.monotonic()
        if self._line() != "0":
            raise RuntimeError(f"rotating {what} failed")
        return time.monotonic() - began

    def kill(self, what: str, after: float) -> bool:
        """Whether it was still at work after so many seconds."""
        child = self._begin(what)
        time.sleep(after)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self._line() == str(int(signal.SIGKILL))

    def _begin(self, what: str) -> int:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{what}\n")
        self._parent.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()


def _kills(rotations: Rotations, planted: Any, said: dict[str, Any], kills: int, chance: random.Random) -> tuple[dict[str, int], int]:
    """Kills at random moments, each followed by a look at what opens: how many met a rotation at work, of each kind, and what did not open."""
    struck, failures = {"master": 0, "data": 0}, 0
    while sum(struck.values()) < kills:
        what = min(struck, key=lambda one: struck[one])
        struck[what] += rotations.kill(what, chance.uniform(0, said[f"{what}_seconds"]))
        failures += planted.unopened(chance, 50)
    return struck, failures


if __name__ == "__main__":
    main()
