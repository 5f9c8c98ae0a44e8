"""`aos tenant` and `aos audit` from end to end, on a database of their own that is started for each command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aos_cli.main import main


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("operated") / "home"


@pytest.fixture(autouse=True)
def told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AOS_HOME", str(home))


def aos(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def said(*words: str) -> Any:
    done = aos(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_tenant_is_made_limited_suspended_moved_and_erased(tmp_path: Path) -> None:
    assert said("tenant", "create", "acme", "--name", "Acme Inc")["slug"] == "acme"
    assert said("tenant", "create", "globex")["slug"] == "globex"
    again = aos("tenant", "create", "acme")
    assert (again.exit_code, "a tenant of that name already" in again.stderr) == (2, True)
    assert said("tenant", "settings", "acme", "--currency", "EUR", "--time-zone", "Europe/Berlin") == {
        "currency": "EUR", "time_zone": "Europe/Berlin", "week_start": "monday", "fiscal_year_start": 1,
    }  # fmt: skip
    assert aos("tenant", "settings", "acme", "--currency", "EURO").exit_code == 2
    limits = {one["name"]: one["most"] for one in said("tenant", "quota", "acme", "--set", "connections=3", "--set", "rows=1000")}
    assert limits == {"connections": 3, "rows": 1000, "language_model_spend": None}
    assert aos("tenant", "quota", "acme", "--set", "rows").exit_code == 2
    assert (said("tenant", "suspend", "acme", "--reason", "unpaid")["changed"], said("tenant", "suspend", "acme")["changed"]) == (True, False)
    assert [(one["slug"], one["name"], one["suspended_at"] is None) for one in said("tenant", "list")] == [("acme", "Acme Inc", False), ("globex", "globex", True)]
    assert said("tenant", "resume", "acme")["changed"]
    archive = tmp_path / "acme.zip"
    assert said("tenant", "export", "acme", str(archive))["rows"]["tenant_settings"] == 1
    assert aos("tenant", "import", str(archive)).exit_code == 2
    checked = aos("audit", "verify")
    assert checked.exit_code == 0 and all(f"{slug} " in checked.stdout for slug in ("installation", "acme", "globex"))
    assert aos("tenant", "erase", "acme").exit_code == aos("tenant", "erase", "acme", "--yes-erase", "globex").exit_code == 2
    done = aos("tenant", "erase", "acme", "--yes-erase", "acme", "--json")
    assert done.exit_code == 0, done.output
    (tmp_path / "report.json").write_text(done.stdout)
    assert "left: nothing" in aos("tenant", "erase", "--verify", str(tmp_path / "report.json")).stdout
    assert json.loads(aos("tenant", "erase", "acme", "--report").stdout)["signature"] == json.loads(done.stdout)["signature"]
    assert "nothing was done" in aos("tenant", "erase", "acme", "--yes-erase", "acme").stdout
    for words in (("tenant", "create", "acme"), ("tenant", "import", str(archive)), ("tenant", "quota", "acme"), ("audit", "verify", "--tenant", "acme")):
        refused = aos(*words)
        assert (refused.exit_code, "erased" in refused.stderr) == (4, True), words
    assert [one["slug"] for one in said("tenant", "list")] == ["globex"]
    assert aos("audit", "verify").exit_code == 0
