"""The lock: every requirement hashed, no registry named, every lower bound of pyproject.toml kept."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"https?:|//|@|--(?:extra-)?index-url|--find-links|\b[\w-]+\.(?:org|com|net|io|dev)\b")


def locked(lock: str) -> list[tuple[Requirement, int]]:
    """Each requirement with the number of its hashes."""
    entries = re.split(r"\n(?=[^\s#])", lock.replace("\\\n", " "))
    return [(Requirement(_HASH.split(entry)[0].split(" #")[0].strip()), len(_HASH.findall(entry))) for entry in entries if entry.strip() and not entry.startswith("#")]


def faults(lock: str, wanted: list[str]) -> list[str]:
    found = [f"address: {line.strip()}" for line in lock.splitlines() if not line.lstrip().startswith("#") and _ADDRESS.search(line)]
    versions: dict[str, list[Version]] = {}
    for requirement, hashes in locked(lock):
        pinned = [one.version for one in requirement.specifier if one.operator == "=="]
        if len(pinned) != 1 or len(requirement.specifier) != 1:
            found.append(f"not pinned: {requirement}")
            continue
        found += [f"no hash: {requirement.name}"] if hashes == 0 else []
        versions.setdefault(canonicalize_name(requirement.name), []).append(Version(pinned[0]))
    for text in wanted:
        one = Requirement(text)
        of = versions.get(canonicalize_name(one.name), [])
        found += [f"missing: {one.name}"] if not of else []
        found += [f"out of bounds: {one.name} {version}" for version in of if not one.specifier.contains(version, prereleases=True)]
    return found


def test_the_lock_is_hashed_names_no_registry_and_keeps_every_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    lock = (ROOT / "requirements.lock").read_text()
    assert faults(lock, wanted) == []
    assert len(locked(lock)) > len(wanted)
    assert all(any(bound.operator == ">=" for bound in Requirement(one).specifier) for one in wanted)
    assert not re.search(r"https?://|index-url", lock)


@pytest.mark.parametrize(
    ("lock", "says"),
    [
        ("click==8.3.0\n", "no hash: click"),
        ("click==8.1.0 \\\n    --hash=sha256:" + "0" * 64, "out of bounds: click 8.1.0"),
        ("other==1 \\\n    --hash=sha256:" + "0" * 64, "missing: click"),
        ("click>=8.2 \\\n    --hash=sha256:" + "0" * 64, "not pinned: click>=8.2"),
        ("--index-url https://mirror.example/simple\n", "address: --index-url https://mirror.example/simple"),
    ],
)
def test_a_lock_that_lacks_something_is_found(lock: str, says: str) -> None:
    if lock.startswith("--"):
        lock, rest = "click==8.3.0 --hash=sha256:" + "0" * 64 + "\n", lock
        assert says in [f"address: {line}" for line in rest.splitlines() if _ADDRESS.search(line)]
        assert faults(lock, ["click>=8.2"]) == []
    else:
        assert says in faults(lock, ["click>=8.2"])
