"""Who may import whom: the contracts of pyproject.toml hold, and each of them fails when it is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
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
