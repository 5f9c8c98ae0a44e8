"""The stand-in as a program: `python -m aos_cli.stand_ins.salesforce --port 0 --data FOLDER` prints its port and serves until it is stopped."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from aos_cli.stand_ins.salesforce.loading import fill, load
from aos_cli.stand_ins.salesforce.objects import Store
from aos_cli.stand_ins.salesforce.server import StandIn


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m aos_cli.stand_ins.salesforce", description="A stand-in for Salesforce with made-up records.")
    asked.add_argument("--port", type=int, default=0, help="0 takes a free one")
    asked.add_argument("--data", type=Path, help="folder of CSV files, one an object")
    asked.add_argument("--fill", action="append", default=[], metavar="OBJECT=ROWS", help="so many made-up deals")
    asked.add_argument("--certificate", type=Path, help="PEM of the public key that signs assertions (JWT bearer)")
    asked.add_argument("--requests", type=int, default=1_000_000, help="requests of a day")
    asked.add_argument("--plain", action="store_true", help="pack no answers")
    asked.add_argument("--keep", action="store_true", help="write an answer out once and keep it: for measuring who asks")
    said = asked.parse_args()
    store = Store(keeps=said.keep)
    if said.data is not None:
        load(store, said.data)
    for one in said.fill:
        name, _, rows = one.partition("=")
        fill(store, name, int(rows))
    stand_in = StandIn(store, port=said.port, packed=not said.plain)
    stand_in.sessions.most = said.requests
    if said.certificate is not None:
        stand_in.sessions.certificate = said.certificate.read_text()
    with stand_in:
        print(stand_in.port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
