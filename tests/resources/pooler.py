"""A real PgBouncer in transaction mode, in front of the tests' Postgres."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aos_resources.embedded import free_port
from aos_resources.settings import Role, Settings

ROLES: tuple[Role, ...] = ("aos_app", "aos_login", "aos_dispatch")


@contextmanager
def pgbouncer(settings: Settings, servers: int) -> Iterator[Settings]:
    """The same installation through a pooler that keeps `servers` connections for each role."""
    urls = [urlsplit(settings.url(role)) for role in ROLES]
    users = [(unquote(one.username or ""), unquote(one.password or "")) for one in urls]
    with pooled(str(urls[0].hostname), urls[0].port or 5432, users, servers) as port:
        yield settings.model_copy(update={"pooler": f"127.0.0.1:{port}"})


@contextmanager
def pooled(host: str, port: int, users: list[tuple[str, str]], servers: int) -> Iterator[int]:
    """The port of a pooler in transaction mode in front of that server, for these users and passwords."""
    folder, ours = Path(tempfile.mkdtemp()), free_port(6470)
    folder.chmod(0o755)  # it does not run as root, and reads its files as who it runs as
    (folder / "users.txt").write_text("".join(f'"{user}" "{password}"\n' for user, password in users))
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {ours}\n"
        f"unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {folder}/users.txt\npool_mode = transaction\n"
        f"default_pool_size = {servers}\nmax_client_conn = 400\n"
    )
    account = ["-u", "nobody"] if os.getuid() == 0 else []
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([program, *account, str(folder / "pgbouncer.ini")], stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(ours, folder / "log")
        yield ours
    finally:
        running.terminate()
        running.wait(10)
        shutil.rmtree(folder)


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
