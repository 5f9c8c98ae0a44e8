"""The account that a server runs under when root starts it: Postgres refuses to be root, and no server needs to be."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aos_core.errors import FixTheSource

ACCOUNT = "nobody"
# Numbers from linux/capability.h. Reading past folder modes is enough, because the data folder belongs to the
# account; the wider one is what a container has that was not given the narrow one.
PASSING_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}


@dataclass(frozen=True)
class Account:
    """Whom a server runs as: `prefix` goes before its command, `uid` owns its files (None: whoever we are)."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for(program: Path, folder: Path) -> Account:
    """Who can run `program` on `folder`: ourselves, or for root an account without its powers, given the folder.

    A folder below one that only root may enter (/root, a home of mode 700) is reached by one ambient capability
    of the server, so that no parent's mode has to be widened for everybody.

    Raises:
        FixTheSource: the account, `setpriv` or the capability is missing, or the folder is somebody else's.
    """
    owner = folder.stat()
    if os.geteuid() != 0:
        if owner.st_uid != os.geteuid():
            raise FixTheSource(
                "The folder of an embedded server belongs to another account",
                culprit=str(folder),
                fix="Start as the user who made it, or choose another AOS_HOME.",
            )
        return Account()
    # A folder that a user has made stays that user's, whoever starts it.
    uid, gid = (owner.st_uid, owner.st_gid) if owner.st_uid != 0 else _nobody()
    for capabilities in ((), *((name,) for name in PASSING_CAPABILITIES if name in _bounding())):
        account = Account(_prefix(uid, gid, capabilities), uid, gid)
        account.own(folder)
        if _reaches(account, program, folder):
            return account
    raise FixTheSource(
        "The account that Postgres runs under when root starts it cannot reach its files",
        culprit=f"uid {uid}: {program.parent} or {folder}",
        fix="Let it pass those folders (chmod o+x), move AOS_HOME and the checkout to where it can, "
        "or start AutonomOS as a normal user.",
    )


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError as missing:
        raise FixTheSource(
            "Postgres does not run as root, and its other account is missing",
            culprit=ACCOUNT,
            fix="Add that account, or start AutonomOS as a normal user.",
        ) from missing
    return entry.pw_uid, entry.pw_gid


def _prefix(uid: int, gid: int, capabilities: tuple[str, ...]) -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise FixTheSource(
            "Postgres does not run as root, and the program that changes to another account is missing",
            culprit="setpriv",
            fix="Install util-linux, or start AutonomOS as a normal user.",
        )
    kept = ",".join(("-all", *(f"+{name}" for name in capabilities)))
    # Without this access(2), by which initdb looks for its fellows, would answer as if there were no capability.
    honest = ("--securebits=+no_setuid_fixup",) if capabilities else ()
    return (
        setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", *honest,
        f"--inh-caps={kept}", f"--ambient-caps={kept}", "--",
    )  # fmt: skip


def _reaches(account: Account, program: Path, folder: Path) -> bool:
    """Tried, not looked up: modes do not know of access lists and mounts, access(2) not of capabilities."""
    attempt = (*account.prefix, "sh", "-c", '"$1" --version && cd "$2"', "sh", str(program), str(folder))
    return subprocess.run(attempt, cwd="/", capture_output=True, check=False).returncode == 0


@cache
def _bounding() -> frozenset[str]:
    """Those of the passing capabilities that a child of ours may still be given."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return frozenset()
    mask = next((int(line.split()[1], 16) for line in lines if line.startswith("CapBnd:")), 0)
    return frozenset(name for name, number in PASSING_CAPABILITIES.items() if mask >> number & 1)
