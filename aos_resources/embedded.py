"""The servers a laptop starts: a password-protected Postgres on 127.0.0.1, from the binaries of a package."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.postgres_programs import last_words, program, run
from aos_resources.unprivileged import Account, account_for

PATIENCE = 60  # seconds for a start, a stop, and a recovery after a crash
PREFERRED_PORT = 5470
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Cluster:
    """One embedded Postgres: `folder` holds its data, log and port; the superuser's password stands beside it."""

    folder: Path
    name: str = "postgres"

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

        Returns: the superuser's URL.

        Raises:
            TryAgain: it does not answer in time, or somebody else is starting it.
            FixTheSource: it cannot be made or started as things are.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(program("initdb"), self.folder)
        with alone(self.folder, self._which) as lock:
            if not self.data.exists():
                self._initialise(account, lock)
            if self._adopt() is None:
                self._forget_the_dead()
                self._launch(account)
        return self.url()

    def stop(self) -> None:
        """Stop it, fast: open transactions are rolled back. Nothing to stop is fine."""
        if not self.data.exists():
            return
        account = account_for(program("pg_ctl"), self.folder)
        with alone(self.folder, self._which):
            for mode in ("fast", "immediate"):
                if self.process() is None:
                    break
                with suppress(FixTheSource):  # it may have gone by itself; the next look decides
                    run(account, "pg_ctl", "stop", f"--mode={mode}", "--wait", f"--timeout={PATIENCE}",
                        f"--pgdata={self.data}")  # fmt: skip
            else:
                raise TryAgain("Postgres did not stop", culprit=self._which, fix=f"See {self.log}.")

    def url(self) -> str:
        """The superuser's URL at the port last used."""
        try:
            password = self.password_file.read_text().strip()
        except FileNotFoundError as missing:
            raise FixTheSource(
                "The password of the embedded Postgres is gone",
                culprit=str(self.password_file),
                fix="Restore that file, or move the folder beside it away to begin an empty database.",
            ) from missing
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port()}/postgres"

    def port(self) -> int:
        """The port last used from this folder, running or not."""
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return PREFERRED_PORT

    def process(self) -> psutil.Process | None:
        """The server that runs from this folder. A number in a file is not believed: it may be reused."""
        pid = self._pid_in_file()
        if pid is None:
            return None
        try:
            process = psutil.Process(pid)
            return process if self._is_ours(process) else None
        except psutil.Error:
            return None

    @property
    def _which(self) -> str:
        return f"{self.name} in {self.folder}"

    def _initialise(self, account: Account, lock: int) -> None:
        """Made under another name and renamed when whole, so that a killed initdb leaves nothing that looks done."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        handed_over = self.folder / "password.handed-over"  # the account may not read the one beside the folder
        write_private(self.password_file, self._password())
        write_private(handed_over, self._password())
        account.own(handed_over)
        options = [f"--set={name}={value}" for name, value in CONFIGURATION.items()]
        try:
            run(
                account, "initdb", f"--pgdata={unfinished}", f"--pwfile={handed_over}", "--auth=scram-sha-256",
                "--username=postgres", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", *options, keep=(lock,),
            )  # fmt: skip
        finally:
            handed_over.unlink()
        unfinished.rename(self.data)

    def _password(self) -> str:
        if self.password_file.exists():
            return self.password_file.read_text().strip()
        return secrets.token_urlsafe(24)

    def _adopt(self) -> str | None:
        """The URL of the server that runs from this folder once it answers; None when there is none."""
        refusal = ""
        deadline = time.monotonic() + PATIENCE
        while self.process() is not None:
            self._remember_port()
            try:
                with psycopg.connect(self.url(), connect_timeout=5):
                    return self.url()
            except psycopg.OperationalError as error:
                refusal = str(error).strip()
            if "password authentication failed" in refusal:
                raise FixTheSource(
                    "Postgres does not accept its own password",
                    culprit=str(self.password_file),
                    fix="Restore that file as it was when the folder beside it was made.",
                )
            if time.monotonic() > deadline:
                raise TryAgain("Postgres runs but does not answer", culprit=f"{self._which}: {refusal}")
            time.sleep(0.1)
        return None

    def _launch(self, account: Account) -> None:
        for _attempt in range(5):
            port = free_port(self.port())
            begun = self.log.stat().st_size if self.log.exists() else 0
            try:
                run(
                    account, "pg_ctl", "start", "--wait", f"--timeout={PATIENCE}", f"--log={self.log}",
                    f"--options=-p {port}", f"--pgdata={self.data}",
                )  # fmt: skip
            except FixTheSource:
                said = self.log.read_bytes()[begun:].decode(errors="replace") if self.log.exists() else ""
                if "Address already in use" in said:  # somebody was faster between the look and the start
                    continue
                raise FixTheSource(
                    "Postgres did not start", culprit=self._which, fix=f"It said: {last_words(said)}"
                ) from None
            self._remember_port()
            if self._adopt() is not None:
                return
        raise TryAgain("Postgres found no free port or went away again", culprit=self._which)

    def _forget_the_dead(self) -> None:
        """Postgres trusts the number in a left-over pid file when any process bears it; nobody of ours does here."""
        deadline = time.monotonic() + 5
        while (left := self._lingering()) and time.monotonic() < deadline:
            time.sleep(0.05)  # backends see within moments that their parent is gone
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _lingering(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.name().startswith("postgres") and self._is_ours(process):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        """A Postgres process stands in its data folder for as long as it lives."""
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()) == self.data.resolve()

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _pid_in_file(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _remember_port(self) -> None:
        lines = self._pid_file()
        if len(lines) > 3 and lines[3].isdigit():
            (self.folder / "port").write_text(lines[3])


@contextmanager
def alone(folder: Path, which: str) -> Iterator[int]:
    """One start or stop at a time. An initdb holds the lock too, so it cannot be overtaken while it lives.

    Raises:
        TryAgain: somebody else is at it for a minute already.
    """
    with (folder / "lock").open("w") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if time.monotonic() > deadline:
                    raise TryAgain("Another process is starting or stopping a server here", culprit=which) from held
                time.sleep(0.05)
        yield lock.fileno()


def free_port(preferred: int) -> int:
    """`preferred`, or the next port above it that nobody on 127.0.0.1 holds.

    Raises:
        TryAgain: a hundred ports in a row are taken.
    """
    for port in range(preferred, preferred + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is not taken
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise TryAgain("No port is free", culprit=f"{preferred} to {preferred + 99}", fix="Choose another range.")


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
