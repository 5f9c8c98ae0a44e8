"""The embedded valkey as a laptop meets it: real servers, killed at bad moments."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aos_core.errors import FixTheSource
from aos_resources.embedded_valkey import Valkey, tell
from aos_resources.live import answers, connect
from aos_resources.settings import Settings


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    made = Valkey(tmp_path / "valkey")
    yield made
    made.stop()


def pid_of(valkey: Valkey) -> int:
    process = valkey.process()
    assert process is not None
    return int(process.pid)


def test_it_listens_on_this_machine_only_and_asks_for_a_password_that_only_we_can_read(valkey: Valkey) -> None:
    url = valkey.start()
    assert answers(url)
    assert stat.S_IMODE(valkey.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((valkey.folder / "valkey.conf").stat().st_mode) == 0o600
    with pytest.raises(PermissionError):
        answers(url.replace(valkey.password_file.read_text(), "wrong"))
    process = valkey.process()
    assert process is not None
    assert {one.laddr.ip for one in process.net_connections("tcp") if one.status == "LISTEN"} == {"127.0.0.1"}
    assert valkey.password_file.read_text() not in " ".join(process.cmdline())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else")
def test_it_is_not_root_when_root_starts_it(valkey: Valkey) -> None:
    valkey.start()
    process = valkey.process()
    assert process is not None and process.username() == "nobody"


def test_a_start_adopts_the_server_that_runs_already(valkey: Valkey) -> None:
    url = valkey.start()
    before = pid_of(valkey)
    assert Valkey(valkey.folder).start() == url
    assert pid_of(valkey) == before


def test_it_comes_back_on_its_port_and_moves_when_that_was_taken(valkey: Valkey) -> None:
    url = valkey.start()
    valkey.stop()
    valkey.stop()
    assert valkey.process() is None
    assert valkey.start() == url
    valkey.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", valkey.port()))
        squatter.listen()
        assert valkey.start() != url
        assert answers(valkey.url())


def test_a_kill_loses_at_most_a_second(valkey: Valkey) -> None:
    client = connect(valkey.start())
    for number in range(1000):
        client.xadd("kept", {"number": number})
    time.sleep(1.2)
    os.kill(pid_of(valkey), signal.SIGKILL)
    assert connect(valkey.start()).xlen("kept") == 1000


def test_a_file_that_cannot_be_read_is_set_aside(valkey: Valkey) -> None:
    client = connect(valkey.start())
    client.set("kept", "yes")
    valkey.stop()
    for part in (valkey.data / "appendonlydir").glob("*.aof"):
        part.write_bytes(b"not a file of ours\n" * 10)
    url = valkey.start()
    assert answers(url)
    assert connect(url).get("kept") is None
    assert len(list(valkey.folder.glob("data.unreadable.*"))) == 1


def test_a_wrong_password_file_is_said(valkey: Valkey) -> None:
    valkey.start()
    right = valkey.password_file.read_text()
    valkey.password_file.write_text("wrong")
    with pytest.raises(FixTheSource, match="password"):
        valkey.start()
    valkey.password_file.write_text(right)


def test_processes_are_told_where_it_is_by_a_private_file_or_by_a_setting(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert settings.redis() is None
    tell(settings, "redis://:secret@127.0.0.1:1/0")
    assert settings.redis() == "redis://:secret@127.0.0.1:1/0"
    assert stat.S_IMODE(settings.live_file.stat().st_mode) == 0o600
    assert settings.model_copy(update={"redis_url": "redis://elsewhere"}).redis() == "redis://elsewhere"
    tell(settings, None)
    assert settings.redis() is None
