"""The demo's stand-ins as processes: they answer on real ports, are told no key, and one that is not installed is left out aloud."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from aos_cli import demo_sources, home
from aos_cli.demo_sources import StandIns
from aos_cli.processes import MARK, Process, left_over, stop_left_over
from aos_core.errors import FixTheSource
from aos_resources.connectors import connect
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", allowed_networks="localhost", master_key=SecretStr("the-installations-own-key"))
    home.make(made)
    return made


def test_they_serve_the_demos_records_end_with_the_block_and_know_no_key(settings: Settings) -> None:
    stand_ins = StandIns()
    assert stand_ins.names == ("salesforce", "mongodb")
    with stand_ins.serving(settings) as ports:
        config = {"client_id": "demo-app", "login": f"http://127.0.0.1:{ports['salesforce']}"}
        sealed = json.dumps({"refresh_token": "demo-refresh-token", "client_secret": "demo-app-secret"})
        assert {one.name for one in connect(Doors(settings), "salesforce", config, sealed).discover().streams} == {"Account", "Contact"}
        server = {"host": "127.0.0.1", "port": ports["mongodb"], "database": "demo", "user": "reader", "auth_database": "demo", "tls": False}
        assert {one.name for one in connect(Doors(settings), "mongodb", server, json.dumps({"password": stand_ins.password})).discover().streams} == {"account_usage", "usage_events"}
        told = [one.environ() for one in left_over(settings)]
        assert {one[MARK] for one in told} == {"salesforce-stand-in", "mongodb-stand-in"}
        assert {name for one in told for name in one if name.startswith("AOS_")} == {MARK, "AOS_HOME"}
    assert left_over(settings) == []
    for port in ports.values():
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_one_that_a_killed_demo_left_is_found_and_ended_by_the_next(settings: Settings) -> None:
    (child, _) = StandIns().children(settings)
    left = Process(child)
    assert stop_left_over(settings) == ["salesforce-stand-in"]
    assert not psutil.pid_exists(left.pid) or psutil.Process(left.pid).status() == psutil.STATUS_ZOMBIE


def test_one_that_ends_while_starting_is_named_with_its_last_words_and_the_other_is_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_sources, "DATA", settings.home)
    (settings.home / "mongodb").mkdir()
    (settings.home / "mongodb" / "orders.jsonl").write_text("no document\n")
    with pytest.raises(FixTheSource, match="mongodb-stand-in did not start"), StandIns().serving(settings):
        pytest.fail("it served half of them")
    assert left_over(settings) == []


def test_the_one_that_is_not_installed_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert StandIns().missing is None
    monkeypatch.setattr(demo_sources, "NEEDS", "no_such_module")
    assert StandIns().names == ("salesforce",)
    assert "goes without its MongoDB" in str(StandIns().missing)


def test_the_password_of_a_run_shows_nowhere_and_is_another_each_time() -> None:
    one, other = StandIns(), StandIns()
    assert one.password != other.password
    assert one.password not in repr(one)
