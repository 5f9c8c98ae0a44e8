"""What `aos doctor` finds, and that it names the way out."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from aos_cli.checkup import _packages, findings
from aos_cli.main import main
from aos_resources.embedded import free_port
from aos_resources.settings import Settings


def test_a_machine_that_has_what_is_needed_is_healthy(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--json"], env={"AOS_HOME": str(tmp_path)})
    assert [each for each in json.loads(done.output)["findings"] if each["required"] and not each["fine"]] == []
    assert done.exit_code == 0


def test_a_package_that_is_missing_or_older_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("click==0.1 \\\n    --hash=sha256:00\nnot-there-at-all==1\nonly-elsewhere==1 ; sys_platform == 'plan9'\n")
    found = _packages(lock)
    assert not found.fine
    assert found.required
    assert "click==0.1" in found.seen
    assert "not-there-at-all==1 (here: none)" in found.seen
    assert "only-elsewhere" not in found.seen


def test_a_database_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    port = free_port(25470)
    done = CliRunner().invoke(
        main,
        ["doctor"],
        env={"AOS_HOME": str(tmp_path), "AOS_DATABASE_URL": f"postgresql://owner:secret@127.0.0.1:{port}/aos"},
    )
    assert done.exit_code == 3
    assert "MISSING   Database" in done.output
    assert "Check AOS_DATABASE_URL" in done.output
    assert "secret" not in done.output


def test_a_key_that_others_may_read_is_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.keys.mkdir(mode=0o700)
    (settings.keys / "master").touch(mode=0o600)
    assert next(each for each in findings(settings) if each.what == "Keys").fine
    (settings.keys / "master").chmod(0o644)
    found = next(each for each in findings(settings) if each.what == "Keys")
    assert not found.fine
    assert str(settings.keys / "master") in found.fix


@pytest.mark.parametrize("name", ["API", "orchestrator"])
def test_a_port_that_is_taken_is_no_obstacle_but_the_next_one_is_named(tmp_path: Path, name: str) -> None:
    port = free_port(26470)
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        found = findings(Settings(home=tmp_path, api_port=port, dagster_port=port))
    finding = next(each for each in found if each.what == f"Port of the {name}")
    assert (finding.fine, finding.required) == (False, False)
    assert "would be taken" in finding.fix
