"""One child process: how it is started, asked whether it answers, stopped, and found again after a kill."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import psutil

from aos_resources.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
MARK = "AOS_CHILD"  # in the environment of a child and of all it starts; a person's shell never has it
_OWNERS = ("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL")
_SECRETS = ("AOS_OIDC_CLIENT_SECRET", "AOS_MASTER_KEY", "AOS_MASTER_KEY_BEFORE")
_LONGEST_LOG = 10_000_000  # bytes, beyond which a start sets the old one aside
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """What to start. `{port}` in the command is filled in; it is ready when `path` answers or, without one, its log says `says`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    host: str = "127.0.0.1"
    port: int | None = None
    path: str = ""
    says: str = ""

    @property
    def url(self) -> str | None:
        return f"http://{self.host}:{self.port}" if self.port is not None and self.path else None


class Process:
    """A child that was started."""

    def __init__(self, child: Child) -> None:
        self.child = child
        if child.log.exists() and child.log.stat().st_size > _LONGEST_LOG:
            child.log.replace(child.log.with_suffix(".old.log"))
        with child.log.open("ab") as log:
            self._begun = log.tell()
            self._process = subprocess.Popen(
                [part.replace("{port}", str(child.port)) for part in child.command],
                cwd=child.folder,
                env={**child.environment, MARK: child.name},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for us, who then stop things in order
                preexec_fn=_dying_with_parent(),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code once it has ended."""
        return self._process.poll()

    def answers(self) -> bool:
        """Whether it does its work. That it answers itself is looked up: another home's server may have its port."""
        if self.ended is not None:
            return False
        if self.child.url is None:
            return self.child.says in self.said()
        if not self._listens():
            return False
        try:
            with httpx.Client(trust_env=False, timeout=2) as client:
                return client.get(f"{self.child.url}{self.child.path}").is_success
        except httpx.HTTPError:
            return False

    def said(self) -> str:
        """What it wrote to its log since it was started."""
        with self.child.log.open("rb") as log:
            log.seek(self._begun)
            return log.read(1_000_000).decode(errors="replace")

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self.said().rstrip().splitlines()[-lines:])

    def stop(self, grace: float) -> None:
        """Ask it and its group to end, and after `grace` seconds end them."""
        if self.ended is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _listens(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            family = [process, *process.children(recursive=True)]
            return any(
                held.status == psutil.CONN_LISTEN and held.laddr.port == self.child.port
                for member in family
                for held in member.net_connections("tcp")
            )
        except psutil.Error:
            return False


def environment(settings: Settings) -> dict[str, str]:
    """What every child is told: our own environment and exactly these settings, never the owner's URL nor a secret that one alone needs."""
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    told = {
        f"AOS_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude={"database_url", "oidc_client_secret", "master_key", "master_key_before"}).items()
        if value is not None
    }
    # Each of them opens secrets: the API answers, the orchestrator's read sources.
    keys = {"AOS_MASTER_KEY": settings.master_key, "AOS_MASTER_KEY_BEFORE": settings.master_key_before}
    told |= {name: key.get_secret_value() for name, key in keys.items() if key is not None}
    path = os.pathsep.join(filter(None, (str(REPOSITORY), inherited.get("PYTHONPATH"))))
    return {**inherited, **told, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1"}


def _is_ours(name: str) -> bool:
    # Names of settings are read without regard to case, so they are dropped without regard to it.
    return name.upper() in (*_OWNERS, *_SECRETS, MARK)


def left_over(settings: Settings) -> list[psutil.Process]:
    """Children of this home, and all they started, that still live: known by their environment, not by a number."""
    ourselves = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ() if process.pid not in ourselves else {}
        except psutil.Error:
            continue
        if MARK in told and Path(told.get("AOS_HOME", "")).resolve() == settings.home.resolve():
            found.append(process)
    return found


def stop_left_over(settings: Settings, grace: float = 5) -> list[str]:
    """End them; returns the names of the children they were or belonged to."""
    processes = left_over(settings)
    names: set[str] = set()
    for process in processes:
        try:
            names.add(process.environ()[MARK])
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=grace)
    return sorted(names)


@cache
def _dying_with_parent() -> Callable[[], None] | None:
    """For Linux: a child gets SIGTERM when we are killed without a chance to stop it."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))

    return ask
