"""The demo's stand-ins: programs on real ports of this machine that speak for a company's Salesforce and MongoDB."""

from __future__ import annotations

import importlib.util
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aos_cli import home
from aos_cli.processes import Child, Process, environment
from aos_core.errors import FixTheSource, TryAgain
from aos_resources.embedded import free_port
from aos_resources.settings import Settings

DATA = Path(__file__).resolve().parent / "demo_data"
PREFERRED_PORTS = {"salesforce": 5480, "mongodb": 5490}
# Of the stand-in for MongoDB; it is under another licence, so it is not everywhere.
NEEDS = "secantus"
PATIENCE = 60  # seconds until a stand-in must be up


@dataclass(frozen=True)
class StandIns:
    """`password`: of whoever reads the stand-in for MongoDB, another at each start; it never begins like an option."""

    password: str = field(default_factory=lambda: secrets.token_hex(18), repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one for one in PREFERRED_PORTS if one != "mongodb" or importlib.util.find_spec(NEEDS) is not None)

    @property
    def missing(self) -> str | None:
        """In words what is left out, if anything is."""
        if "mongodb" in self.names:
            return None
        return "The demo goes without its MongoDB: what stands in for it is not installed (pip install secantusdb)."

    def children(self, settings: Settings) -> tuple[Child, ...]:
        return tuple(self._child(settings, name) for name in self.names)

    def ports(self, children: Sequence[Child]) -> dict[str, int]:
        return {name: child.port for child in children for name in self.names if child.name == _called(name) and child.port is not None}

    @contextmanager
    def serving(self, settings: Settings) -> Iterator[dict[str, int]]:
        """Their ports, for as long as the block lasts.

        Raises:
            FixTheSource: one did not start, with its last words. TryAgain: one does not answer.
        """
        children = self.children(settings)
        processes = [Process(one) for one in children]
        try:
            deadline = time.monotonic() + PATIENCE
            for one in processes:
                while not one.answers():
                    if one.ended is not None:
                        raise FixTheSource(f"{one.child.name} did not start", culprit=str(one.child.log), fix=f"It said:\n{one.last_words()}")
                    if time.monotonic() > deadline:
                        raise TryAgain(f"{one.child.name} does not answer", culprit=str(one.child.log))
                    time.sleep(0.05)
            yield self.ports(children)
        finally:
            for one in processes:
                one.stop(grace=5)

    def _child(self, settings: Settings, name: str) -> Child:
        port = free_port(PREFERRED_PORTS[name])
        own = ("--password", self.password) if name == "mongodb" else ()
        return Child(
            name=_called(name),
            command=(sys.executable, "-m", f"aos_cli.stand_ins.{name}", "--port", "{port}", "--data", str(DATA / name), *own),
            environment=_told(settings),
            folder=settings.home,
            log=home.logs(settings) / f"{_called(name)}.log",
            port=port,
            says=f"{port}\n",
        )


def _called(name: str) -> str:
    return f"{name}-stand-in"


def _told(settings: Settings) -> dict[str, str]:
    """Of the settings only the home, by which it is found again: it is somebody else's server, and no key is its business."""
    return {name: value for name, value in environment(settings).items() if not name.startswith("AOS_") or name == "AOS_HOME"}
