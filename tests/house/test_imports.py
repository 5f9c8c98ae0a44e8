"""Who may import whom: the contracts of pyproject.toml hold, and each of them fails when it is broken."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETTINGS = PROJECT["tool"]["importlinter"]
# Contract → a file, and an import that it must not have.
BROKEN = {
    "layers": [("aos_core/tenancy.py", "aos_resources.settings"), ("aos_resources/lake.py", "aos_assets.partitions"), ("aos_assets/raw.py", "aos_sensors.tenants")],
    "api": [("aos_api/app.py", "dagster"), ("aos_api/paging.py", "aos_assets.partitions"), ("aos_api/errors.py", "dbt")],
    "core": [("aos_core/errors.py", "pydantic"), ("aos_core/mapping.py", "duckdb")],
    "steps": [("aos_assets/steps/land.py", "dagster"), ("aos_assets/steps/leases.py", "aos_assets.partitions")],
    "wiring": [("aos_resources/database.py", "dagster")],
}


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", *(word for one in contracts for word in ("--contract", one))]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as they are now, where they may be broken."""
    folder = tmp_path_factory.mktemp("imports")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in SETTINGS["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "demo_data"))
    return folder


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"{len(SETTINGS['contracts'])} kept, 0 broken" in done.stdout


def test_every_contract_has_its_violations_here_and_every_package_is_looked_at() -> None:
    assert {one["id"] for one in SETTINGS["contracts"]} == set(BROKEN)
    packages = {path.parent.name for path in ROOT.glob("aos_*/__init__.py")}
    assert set(SETTINGS["root_packages"]) == packages


@pytest.mark.parametrize(("contract", "place", "imported"), [(name, *one) for name in BROKEN for one in BROKEN[name]])
def test_a_contract_fails_when_it_is_broken(copy: Path, contract: str, place: str, imported: str) -> None:
    path = copy / place
    before = path.read_text()
    path.write_text(f"{before}\nimport {imported}\n")
    try:
        done = lint(copy, contract)
    finally:
        path.write_text(before)
    assert done.returncode != 0
    assert "0 kept, 1 broken" in done.stdout
    assert f"{place.removesuffix('.py').replace('/', '.')} -> {imported.partition('.')[0]}" in done.stdout


def imported(path: Path) -> set[str]:
    """The packages of others that a file imports, wherever in it."""
    found = set[str]()
    for one in ast.walk(ast.parse(path.read_text())):
        if isinstance(one, ast.Import):
            found |= {name.name.partition(".")[0] for name in one.names}
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            found.add(one.module.partition(".")[0])
    return {name for name in found if name not in sys.stdlib_module_names and name not in SETTINGS["root_packages"]}


def names(requirements: list[str]) -> set[str]:
    """Those that hold here, without any extra."""
    found = map(Requirement, requirements)
    return {canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})}


def test_whatever_the_product_imports_is_installed_with_it() -> None:
    """Named as a dependency, or needed by one that is: not there by the grace of what only the tests need."""
    declared = names(PROJECT["project"]["dependencies"])
    installed = declared.union(*(names(requires(one) or []) for one in declared))
    files = [path for package in (*SETTINGS["root_packages"], "migrations") for path in (ROOT / package).rglob("*.py")]
    beside = ROOT / "aos_cli/stand_ins/mongodb.py"  # says itself what is to be installed for it
    found = {name for path in files if path != beside for name in imported(path)}
    assert len(found) > 30
    of = packages_distributions()
    assert [name for name in sorted(found) if not {canonicalize_name(one) for one in of[name]} & installed] == []
