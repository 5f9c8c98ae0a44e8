"""The `aos` command itself: its help, its errors, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aos_cli.main import COMMANDS, EXIT_CODES, main
from aos_core import errors

HEAVY = ("dagster", "fastapi", "sqlalchemy", "psycopg", "pydantic", "duckdb", "pyarrow", "uvicorn", "alembic", "dbt")


def test_the_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from aos_cli.main import main; main(['--help'], standalone_mode=False); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [name for name in COMMANDS if find_spec(COMMANDS[name][0].split(":")[0])])
def test_a_line_in_the_help_is_the_first_sentence_of_the_command_s_own(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help is not None
    assert command.help.startswith(COMMANDS[name][1].removesuffix("."))


def test_a_command_that_is_not_installed_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "later", ("aos_cli.not_there_yet:later", "Comes later."))
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    missing = CliRunner().invoke(main, ["later"])
    assert missing.exit_code == 2
    assert "`aos later` is not part of this installation." in missing.output


@pytest.mark.parametrize(("kind", "code"), [*EXIT_CODES.items(), (errors.AosError, 1)])
def test_an_error_is_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, kind: type[errors.AosError], code: int
) -> None:
    @click.command()
    def failing() -> None:
        raise kind("It does not fit", culprit="Amount", fix="Widen it.")

    monkeypatch.setattr(main, "get_command", lambda ctx, name: failing)
    done = CliRunner().invoke(main, ["failing"])
    assert (done.exit_code, done.output) == (code, "Error: It does not fit (Amount). Widen it.\n")


def test_nothing_running_is_said_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["status", "--json"], env={"AOS_HOME": str(tmp_path / "home")})
    assert done.exit_code == 4
    assert json.loads(done.output)["running"] is False
    assert CliRunner().invoke(main, ["down"], env={"AOS_HOME": str(tmp_path / "home")}).exit_code == 0
    assert not (tmp_path / "home").exists()
