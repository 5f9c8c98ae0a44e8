"""How surely tampering with the audit log is found: 8 kinds of attack at many places, and what an entry costs.

    python -m benchmarks.tamper --positions 200

Ends with one line of JSON; exit code 1 where an attack was missed or another entry was named.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psycopg

from aos_core.tenancy import Tenant


def main() -> None:
    from aos_resources.database import Database
    from aos_resources.embedded import Cluster
    from aos_resources.migrate import prepare
    from aos_resources.people import create_tenant
    from aos_resources.settings import Settings

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--positions", type=int, default=200)
    asked.add_argument("--seed", type=int, default=7)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        cluster = Cluster(Path(folder) / "postgres")
        url = cluster.start()
        try:
            settings = Settings(home=Path(folder) / "home")
            prepare(settings, url)
            database = Database(settings)
            mine, neighbour = create_tenant(database, "logged", "L"), create_tenant(database, "neighbour", "N")
            said = attack(url, database, mine, neighbour, told.positions, random.Random(told.seed)) | {"entry_ms": cost(database, mine)}
            database.close()
        finally:
            cluster.stop()
    print(json.dumps(said))
    sys.exit(0 if said["missed"] == 0 and said["neighbour_sound"] else 1)


def attack(url: str, database: object, mine: Tenant, neighbour: Tenant, positions: int, chance: random.Random) -> dict[str, object]:
    from aos_resources.audit_check import verify
    from aos_resources.database import Database
    from tests.resources.tampering import ATTACKS, attacker, fill, tampered

    assert isinstance(database, Database)
    entries = positions + 50
    fill(database, mine, entries)
    fill(database, neighbour, 20)
    missed, found = 0, 0
    with psycopg.connect(url, autocommit=True) as owner:
        attacking = attacker(owner, database, mine)
        for name, one in ATTACKS.items():
            for position in sorted(chance.sample(range(1, entries), positions)):
                with tampered(attacking, one, position):
                    right = verify(database, mine).first_bad == (1 if name == "drop the log" else position)
                found, missed = found + right, missed + (not right)
            print(f"{name:<40} {found} found, {missed} missed", file=sys.stderr, flush=True)
    began = time.perf_counter()
    sound = verify(database, mine)
    return {
        "attacks": len(ATTACKS) * positions, "found": found, "missed": missed, "sound_again": sound.sound,
        "neighbour_sound": verify(database, neighbour).sound, "verified_per_second": round(sound.entries / (time.perf_counter() - began)),
    }  # fmt: skip


def cost(database: object, tenant: Tenant) -> float:
    """Milliseconds that an entry adds to a transaction, the median of 300."""
    from aos_resources.audit import Actor, Entry, record
    from aos_resources.database import Database

    assert isinstance(database, Database)
    entry, times = Entry(Actor("person", "u", "ada@example.com"), "change", "settings", before={"a": 1}, after={"a": 2}), dict[bool, list[float]]()
    for told in (True, False) * 300:
        began = time.perf_counter()
        with database.of(tenant).transaction() as transaction:
            transaction.next_seq()
            if told:
                record(transaction, entry)
        times.setdefault(told, []).append(time.perf_counter() - began)
    return round((median(times[True]) - median(times[False])) * 1000, 2)


if __name__ == "__main__":
    main()
