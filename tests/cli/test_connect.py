"""`aos connect`, `aos connection` and `aos sync` from end to end, on a database of their own that is started for each command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aos_cli.main import main
from aos_cli.progress import bar


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connected") / "home"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text("account_id,name\nA-1,Initech\nA-2,Hooli\n")
    return tmp_path


@pytest.fixture(autouse=True)
def told(home: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AOS_HOME", str(home))
    monkeypatch.setenv("AOS_FILE_ROOTS", str(source))


def aos(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=given)


def said(*words: str) -> Any:
    done = aos(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_source_is_tried_connected_read_paused_and_reset(source: Path) -> None:
    said("tenant", "create", "acme")
    folder = ("--set", f"folder={source}")
    assert [one["name"] for one in said("connect", "files", "--tenant", "acme", *folder, "--test")["streams"]] == ["accounts"]
    refused = aos("connect", "files", "--tenant", "acme", "--set", "folder=/etc", "--test")
    assert (refused.exit_code, "outside the folders" in refused.output) == (4, True)
    made = said("connect", "files", "--tenant", "acme", "--name", "crm", *folder)
    assert (made["state"], made["stuck"], made["found"]["rows"]) == ("active", None, 2)
    assert aos("connect", "files", "--tenant", "acme", "--name", "crm", *folder).exit_code == 2
    done = aos("sync", "--tenant", "acme", "--connection", "crm")
    assert (done.exit_code, "crm/accounts" in done.stdout, "\r" in done.output) == (0, True, False), done.output
    (listed,) = said("connection", "list", "--tenant", "acme")
    assert (listed["name"], listed["state"], listed["last_sync"], listed["streams"]) == ("crm", "active", "succeeded", 1)
    (source / "accounts.csv").write_bytes(b"account_id,name\n\xff\xfe\x00,\x00\n")
    broken = aos("sync", "--tenant", "acme")
    assert (broken.exit_code, "check readable failed:\n    crm: accounts: " in broken.stdout, "1 check failed" in broken.output) == (1, True, True), broken.output
    assert said("connection", "pause", "crm", "--tenant", "acme") == {"name": "crm", "state": "paused", "changed": True}
    assert said("connection", "resume", "crm", "--tenant", "acme")["changed"]
    assert said("connection", "reset", "crm", "--tenant", "acme")["reset"] == ["accounts"]
    assert aos("connection", "cancel", "crm", "--tenant", "acme").exit_code == 5
    assert aos("connection", "pause", "nobody", "--tenant", "acme").exit_code == 4
    assert aos("audit", "verify").exit_code == 0


def test_a_secret_comes_from_a_file_or_from_standard_input_and_is_repeated_nowhere(tmp_path: Path) -> None:
    where = ("connect", "postgres", "--tenant", "acme", "--set", "host=127.0.0.1", "--set", "port=1", "--set", "user=reader", "--test")
    (tmp_path / "secret").write_text("hunter22\n")
    for done in (aos(*where, "--secret-file", str(tmp_path / "secret")), aos(*where, "--secret-file", "-", given='{"password": "hunter22"}')):
        assert (done.exit_code in (3, 4, 75), "hunter22" in done.output) == (True, False), done.output
    assert aos(*where, "--secret-file", str(tmp_path / "nowhere")).exit_code == 3
    assert "--password" not in CliRunner().invoke(main, ["connect", "--help"]).output


def test_the_kinds_of_sources_are_listed_without_an_installation() -> None:
    listed = aos("connect", "--sources")
    assert listed.exit_code == 0 and "postgres" in listed.output and "in the secret: password" in listed.output
    assert {"files", "postgres"} <= {one["name"] for one in json.loads(aos("connect", "--sources", "--json").output)}
    assert aos("connect").exit_code == aos("connect", "files", "--tenant", "acme").exit_code == 2


def test_the_bar_says_what_is_done_and_what_is_being_read() -> None:
    row = {"name": "crm", "done": 1, "streams": 4, "read": 12_345, "stream": "deals"}
    assert bar(row, 3.2) == f"crm [{'█' * 6}{'░' * 18}] 1/4 streams, 12,345 rows, deals, 3 s"
    assert bar(row | {"streams": 0, "done": 0, "stream": None}, 0) == f"crm [{'░' * 24}] 0/0 streams, 12,345 rows, 0 s"
