"""`aos user` and `aos operator`: accounts by the command line; a password never is an argument."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from aos_cli.main import main
from aos_cli.supervise import databases
from aos_resources.database import Database
from aos_resources.people import create_tenant, memberships, sign_in
from aos_resources.resets import use_reset
from aos_resources.settings import Settings

FIRST, SECOND = "three words of mine", "three other words"
Aos = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(home=tmp_path_factory.mktemp("people") / "home")
    with databases(settings, say=lambda _: None):
        yield settings


@pytest.fixture(scope="module")
def database(home: Settings) -> Iterator[Database]:
    opened = Database(home)
    create_tenant(opened, "acme", "Acme")
    yield opened
    opened.close()


@pytest.fixture
def aos(home: Settings, database: Database) -> Aos:
    return lambda *words, given=None: CliRunner().invoke(main, list(words), input=given, env={"AOS_HOME": str(home.home)})


@pytest.fixture
def email(aos: Aos) -> str:
    address = f"{uuid4().hex[:10]}@people.example"
    done = aos("user", "add", address, "--name", "Ada", "--tenant", "acme", "--role", "engineer", "--password-stdin", given=FIRST + "\n")
    assert done.exit_code == 0, done.output
    return address


def log(database: Database) -> list[dict[str, Any]]:
    import psycopg

    url = database._settings.url("aos_login")  # counts are all that this role may see
    with psycopg.connect(url) as people:
        people.execute("select set_config('aos.tenant', '00000000-0000-0000-0000-000000000000', false)")
        return [{"seq": seq} for (seq,) in people.execute("select seq from aos.audit order by seq").fetchall()]


def test_an_account_is_added_with_a_password_from_standard_input(aos: Aos, database: Database, email: str) -> None:
    user = sign_in(database, email, FIRST)
    assert user is not None
    assert [(one.tenant.slug, one.role) for one in memberships(database, user.id)] == [("acme", "engineer")]
    listed = json.loads(aos("user", "list", "--json").stdout)
    seen = next(one for one in listed if one["email"] == email)
    assert (seen["tenants"], seen["operator"], seen["disabled_at"]) == (["acme engineer"], False, None)
    assert "password" not in aos("user", "list").output


def test_a_password_is_asked_for_twice_and_never_an_argument(aos: Aos, database: Database) -> None:
    address = f"{uuid4().hex[:10]}@people.example"
    done = aos("user", "add", address, "--name", "Ada", given=f"{FIRST}\n{FIRST}\n")
    assert done.exit_code == 0 and sign_in(database, address, FIRST) is not None and FIRST not in done.output
    for words in (("user", "add", "x@people.example", "--name", "X", "--password", FIRST), ("user", "reset-password", address, FIRST)):
        assert aos(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "given", "code"),
    [
        (("user", "add", "nobody", "--name", "X", "--password-stdin"), FIRST, 2),
        (("user", "add", "x@people.example", "--name", "X", "--password-stdin"), "short", 2),
        (("user", "add", "x@people.example", "--name", "X", "--password-stdin"), "qwertyqwerty", 2),
        (("user", "add", "x@people.example", "--name", "X", "--tenant", "nowhere", "--password-stdin"), FIRST, 4),
        (("user", "disable", "nobody@people.example"), None, 4),
        (("user", "reset-password", "nobody@people.example", "--link"), None, 4),
        (("operator", "add", "nobody@people.example"), None, 4),
    ],
)
def test_what_does_not_go_is_said_and_changes_nothing(aos: Aos, database: Database, words: tuple[str, ...], given: str | None, code: int) -> None:
    before = len(log(database))
    done = aos(*words, given=given)
    assert (done.exit_code, done.output.splitlines()[-1].startswith("Error: ")) == (code, True), done.output
    assert len(log(database)) == before
    assert "x@people.example" not in aos("user", "list").output


def test_a_disabled_account_signs_in_nowhere_until_it_is_enabled(aos: Aos, database: Database, email: str) -> None:
    assert aos("user", "disable", email).exit_code == 0
    assert sign_in(database, email, FIRST) is None
    assert f"{email:<40} acme engineer (disabled)" in aos("user", "list").output
    assert aos("user", "enable", email).exit_code == 0
    assert sign_in(database, email, FIRST) is not None


def test_a_password_is_set_anew_by_the_operator_or_by_a_token_for_the_person(aos: Aos, database: Database, email: str) -> None:
    assert aos("user", "reset-password", email, "--password-stdin", given=SECOND + "\n").exit_code == 0
    assert (sign_in(database, email, FIRST), sign_in(database, email, SECOND) is not None) == (None, True)
    token = aos("user", "reset-password", email, "--link").stdout.strip().splitlines()[-1]
    use_reset(database, token, FIRST, "", "")
    assert sign_in(database, email, FIRST) is not None


def test_operators_are_made_listed_and_removed(aos: Aos, email: str) -> None:
    assert aos("operator", "add", email).exit_code == 0
    assert aos("operator", "add", email).exit_code == 0
    assert [one["email"] for one in json.loads(aos("operator", "list", "--json").stdout)] == [email]
    assert email in aos("operator", "list").output
    assert aos("operator", "remove", email).exit_code == 0
    assert aos("operator", "remove", email).exit_code == 2
    assert json.loads(aos("operator", "list", "--json").stdout) == []


def test_each_change_stands_in_the_installations_log_once(aos: Aos, database: Database, email: str) -> None:
    for words in (("user", "disable", email), ("user", "enable", email), ("user", "reset-password", email, "--link"), ("operator", "add", email), ("operator", "remove", email)):
        before = len(log(database))
        assert aos(*words).exit_code == 0
        assert len(log(database)) == before + 1, words
    before = len(log(database))
    aos("user", "list"), aos("operator", "list")
    assert len(log(database)) == before


def test_the_providers_secret_reaches_the_api_and_nothing_else_that_is_started(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from aos_cli import servers

    monkeypatch.setenv("AOS_OIDC_CLIENT_SECRET", "of the client")
    settings = Settings(home=home.home)
    assert servers.api(settings).environment["AOS_OIDC_CLIENT_SECRET"] == "of the client"
    for child in servers.dagster(settings):
        assert "of the client" not in " ".join(child.environment.values())
