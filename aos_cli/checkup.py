"""The findings of `aos doctor`: each looks at one thing, changes nothing, and knows the way out."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sqlalchemy.exc import SQLAlchemyError

from aos_cli import home
from aos_cli.processes import REPOSITORY
from aos_cli.supervise import control_plane, live_server
from aos_core.errors import AosError, FixTheSource
from aos_resources.embedded import free_port
from aos_resources.embedded_valkey import program as valkey_program
from aos_resources.live import answers
from aos_resources.migrate import current_revision
from aos_resources.postgres_programs import program
from aos_resources.settings import Settings

LEAST_DISK = 2  # GB: the database, a demo and a few versions
LEAST_NODE = 20


@dataclass(frozen=True)
class Finding:
    what: str
    fine: bool
    seen: str
    fix: str
    required: bool = True


def findings(settings: Settings) -> list[Finding]:
    return [
        _python(),
        _home_is_writable(settings),
        _disk(settings),
        _packages(REPOSITORY / "requirements.lock"),
        *_embedded(settings),
        *_ports(settings),
        *_database(settings),
        _redis(settings),
        _keys(settings),
        _program("Node (builds the app)", ("node",), f"Install Node {LEAST_NODE} or newer."),
        _program(
            "Chromium (checks the app's pages)",
            ("chromium", "chromium-browser", "google-chrome"),
            "Install your system's package `chromium`.",
        ),
    ]


def _python() -> Finding:
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("Python", fine, sys.version.split()[0], "Install Python 3.11, 3.12 or 3.13, then `make .venv`.")


def _standing(path: Path) -> Path:
    """The nearest folder above that exists: what is not made yet will be made in it."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _home_is_writable(settings: Settings) -> Finding:
    fine = os.access(_standing(settings.home), os.W_OK | os.X_OK)
    seen = f"{settings.home} can {'' if fine else 'not '}be written"
    return Finding("Home", fine, seen, "Set AOS_HOME to a folder of your own.")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_standing(settings.home)).free / 1e9
    return Finding(
        "Disk", free >= LEAST_DISK, f"{free:.1f} GB free", f"Free {LEAST_DISK} GB, or set AOS_HOME to another disk."
    )


def _packages(lock: Path) -> Finding:
    if not lock.exists():
        return Finding("Packages", True, "installed without a lock to compare with", "")
    installed = {canonicalize_name(each.name): each.version for each in importlib.metadata.distributions()}
    wrong = []
    for line in lock.read_text().splitlines():
        if not line[:1].isalnum():
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        version = installed.get(canonicalize_name(wanted.name))
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            wrong.append(f"{wanted} (here: {version or 'none'})")
    seen = "as locked" if not wrong else f"{len(wrong)} not as locked: {', '.join(wrong[:5])}"
    return Finding("Packages", not wrong, seen, "Run `make .venv`.")


def _embedded(settings: Settings) -> Iterator[Finding]:
    required = not settings.database_url
    fix = "Run `make .venv`, or set AOS_DATABASE_URL to a Postgres of your own."
    try:
        done = subprocess.run((program("postgres"), "--version"), capture_output=True, text=True, check=False)
        fine, seen = done.returncode == 0, (done.stdout or done.stderr).strip()
    except (FixTheSource, OSError) as error:
        fine, seen = False, str(error)
    yield Finding("Embedded Postgres", fine, seen, fix, required)
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        yield Finding(
            "setpriv (root starts Postgres as another account)",
            setpriv is not None,
            setpriv or "not found",
            "Install util-linux, or start AutonomOS as a normal user.",
            required,
        )


def _ports(settings: Settings) -> Iterator[Finding]:
    ours = home.runner(settings) is not None
    for name, port in (("API", settings.api_port), ("orchestrator", settings.dagster_port)):
        try:
            free = free_port(port)
        except AosError as error:
            yield Finding(f"Port of the {name}", False, error.sentence, "")
            continue
        seen = f"{port} is free" if free == port else f"{port} is {'used, by us perhaps' if ours else 'taken'}"
        yield Finding(f"Port of the {name}", free == port or ours, seen, f"{free} would be taken.", False)


def _database(settings: Settings) -> Iterator[Finding]:
    own = not settings.database_url
    if own and (control_plane(settings).process() is None or not settings.roles_file.exists()):
        yield Finding("Database", False, "not running", "`aos up` makes and starts it.", False)
        return
    # The owner, as for `aos up`: no other role may see which migrations were applied.
    url = settings.database_url or control_plane(settings).url()
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            seen = f"Postgres {connection.info.server_version // 10000} answers"
    except psycopg.Error as error:
        fix = "See the log in its folder." if own else "Check AOS_DATABASE_URL and that server."
        yield Finding("Database", False, str(error).strip().splitlines()[-1], fix)
        return
    yield Finding("Database", True, seen, "")
    try:
        standing, newest = current_revision(url)
    except SQLAlchemyError as error:
        yield Finding("Migrations", False, str(error).splitlines()[0], "`aos up` applies them.", False)
        return
    # Not required: the next start applies them by itself.
    seen = f"at {standing}" if standing == newest else f"at {standing}, the newest is {newest}"
    yield Finding("Migrations", standing == newest, seen, "`aos up` applies them.", False)


def _redis(settings: Settings) -> Finding:
    """Never required: without it the app asks for news instead of being told, and limits count by process."""
    url = settings.redis()
    if url is None:
        try:
            done = subprocess.run((valkey_program(), "--version"), capture_output=True, text=True, check=False)
            said = done.stdout.partition(" sha=")[0] or done.stderr
            fine, seen = done.returncode == 0, f"not running; {said.strip()[:100]}"
        except (FixTheSource, OSError) as error:
            fine, seen = False, str(error)
        return Finding("Redis", fine, seen, "Run `make .venv`, or set AOS_REDIS_URL to a server of your own.", False)
    try:
        fine, seen = answers(url), "answers"
    except PermissionError:
        fine, seen = False, "refuses the password"
    fix = "Check AOS_REDIS_URL and that server." if settings.redis_url else f"See {live_server(settings).log}."
    return Finding("Redis", fine, seen if fine or seen != "answers" else "does not answer", fix, False)


def _keys(settings: Settings) -> Finding:
    private = [settings.keys, *settings.keys.glob("*")] if settings.keys.exists() else []
    passwords = (control_plane(settings).password_file, live_server(settings).password_file)
    private += [password for password in passwords if password.exists()]
    wide = [str(path) for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077]
    seen = f"{len(private)} for our eyes only" if not wide else "others may read " + ", ".join(wide)
    return Finding("Keys", not wide, seen, f"Run `chmod go= {' '.join(wide)}`.")


def _program(what: str, names: tuple[str, ...], fix: str) -> Finding:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        return Finding(what, False, "not found", fix, False)
    done = subprocess.run((path, "--version"), capture_output=True, text=True, check=False, timeout=20)
    seen = done.stdout.strip()
    major = seen.removeprefix("v").split(".")[0]
    fine = done.returncode == 0 and (names != ("node",) or (major.isdigit() and int(major) >= LEAST_NODE))
    return Finding(what, fine, seen or done.stderr.strip()[:100], fix, False)
