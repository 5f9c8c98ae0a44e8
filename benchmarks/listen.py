"""What it costs to tell many clients what happens, and how late the last of them hears it.

    python -m benchmarks.listen --clients 1000 --each-second 20 --seconds 15

Clients of one tenant hold event streams of one process of the API as `aos api` starts it, with Redis; then things
happen, each in a transaction of its own. Ends with one line of JSON: `late_ms` from just before a thing's transaction to a client's
having read it, `behind` how many were told later than a second, `lost` how many events anybody lacked, `idle_cpu` and
`telling_cpu` the share of a core that the API's process took, `mb_a_client` what its memory grew by for each.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serve import serving, spent
from benchmarks.stage import installation, tenant

_OF_ONE = 20  # streams that a person may hold
_SAID = re.compile(rb'"sent":"([0-9.]+)"')


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--clients", type=int, default=1_000)
    asked.add_argument("--each-second", type=int, default=20)
    asked.add_argument("--seconds", type=float, default=15)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as world, redis(world.settings):
        work = tenant(world)
        tokens = [_token(world, work.tenant, number) for number in range(-(-given.clients // _OF_ONE))]
        with serving(world.settings) as (port, process):
            found = measure(work, tokens, port, psutil.Process(process), given.clients, given.each_second, given.seconds)
        print(json.dumps({"clients": given.clients, "each_second": given.each_second} | found))


@contextmanager
def redis(settings: Any) -> Any:
    from aos_resources.embedded_valkey import Valkey, tell

    server = Valkey(settings.home / "valkey")
    tell(settings, server.start())
    try:
        yield
    finally:
        server.stop()


def _token(world: Any, tenant: Any, number: int) -> str:
    from aos_resources.people import User, add_member, create_user, memberships
    from aos_resources.tokens import Tokens

    email = f"ear-{number}@example.com"
    user = create_user(world.database, email, "Ear", "correct horse battery")
    add_member(world.database, tenant, user, "viewer")
    (member,) = memberships(world.database, user)
    return Tokens(world.settings, world.database).issue(User(user, email, "Ear"), member).token


def measure(work: Any, tokens: list[str], port: int, served: psutil.Process, clients: int, each: int, seconds: float) -> dict[str, Any]:
    before = served.memory_info().rss
    waiting, ears = selectors.DefaultSelector(), [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]
    for number, ear in enumerate(ears):
        ear.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tokens[number // _OF_ONE]}\r\n\r\n".encode())
        waiting.register(ear, selectors.EVENT_READ)
        assert b"200 OK" in ear.recv(1 << 16)
    read(waiting, 2, [])
    grown, cpu = served.memory_info().rss - before, spent(served)
    read(waiting, 10, [])
    idle, cpu = (spent(served) - cpu) / 10, spent(served)
    happening = threading.Thread(target=happen, args=(work, each, seconds))
    late: list[float] = []
    happening.start()
    read(waiting, seconds + 2, late)
    happening.join()
    telling, wanted = (spent(served) - cpu) / (seconds + 2), int(each * seconds) * clients
    cuts = statistics.quantiles(late, n=100)
    return {
        "told": len(late), "lost": wanted - len(late), "behind": sum(one > 1 for one in late),
        "late_ms": {"p50": round(cuts[49] * 1000), "p99": round(cuts[98] * 1000), "most": round(max(late) * 1000)},
        "idle_cpu": round(idle, 3), "telling_cpu": round(telling, 2), "mb_a_client": round(grown / 2**20 / clients, 3),
    }  # fmt: skip


def read(waiting: selectors.BaseSelector, seconds: float, late: list[float]) -> None:
    """Whatever comes, as it comes; how late each event was. An event that is cut in two is counted by its later part."""
    end, parts = time.monotonic() + seconds, dict[Any, bytes]()
    while (left := end - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            got = parts.get(key.fileobj, b"") + key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
            whole, _, parts[key.fileobj] = got.rpartition(b"\n\n")
            now = time.time()
            late += [now - float(one) for one in _SAID.findall(whole)]


def happen(work: Any, each: int, seconds: float) -> None:
    begun = time.monotonic()
    for number in range(int(each * seconds)):
        time.sleep(max(0.0, begun + number / each - time.monotonic()))
        with work.database.transaction() as transaction:
            transaction.announce(transaction.next_seq(), "thing.happened", "x", {"sent": f"{time.time():.4f}"})


if __name__ == "__main__":
    print("Opening streams ...", file=sys.stderr)
    main()
