"""What `aos up` promises about processes, with small children and real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from aos_cli.main import main
from aos_cli.processes import environment, left_over
from aos_cli.supervise import control_plane, databases, live_server
from aos_resources.embedded_valkey import Valkey
from aos_resources.live import answers
from aos_resources.settings import Settings
from tests.cli import small_system

Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _own_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL", "AOS_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a supervisor on a home, and ends whatever of that home is left at the end of the test."""
    started: list[tuple[Path, subprocess.Popen[str]]] = []

    def begin(folder: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.small_system", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "AOS_API_PORT": "18700"},
        )
        started.append((folder, process))
        return process

    yield begin
    for folder, process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        for child in left_over(Settings(home=folder)):
            child.kill()
        live_server(Settings(home=folder)).stop()
        control_plane(Settings(home=folder)).stop()


def eventually(question: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
    return answer


def status_of(settings: Settings) -> dict[str, Any]:
    eventually(settings.status_file.exists)
    status: dict[str, Any] = json.loads(settings.status_file.read_text())
    return status


def nothing_is_left(settings: Settings) -> bool:
    servers = (control_plane(settings).process(), live_server(settings).process())
    return not left_over(settings) and servers == (None, None) and not settings.status_file.exists() and settings.redis() is None


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_that_was_started(settings: Settings, start: Start, wish: signal.Signals) -> None:
    supervisor = start(settings.home)
    status_of(settings)
    assert {process.environ()["AOS_CHILD"] for process in left_over(settings)} == {"api", "worker"}
    assert control_plane(settings).process() is not None
    supervisor.send_signal(wish)
    said, _ = supervisor.communicate(timeout=60)
    assert said.endswith("stopped\n")
    assert nothing_is_left(settings)


@pytest.mark.parametrize("moment", [0.3, 0.6, 0.9, 1.2, 1.5])
def test_a_signal_in_the_middle_of_starting_leaves_nothing(settings: Settings, start: Start, moment: float) -> None:
    supervisor = start(settings.home)
    eventually((settings.home / "up.lock").exists)
    time.sleep(moment - 0.3)
    supervisor.send_signal(signal.SIGINT)
    said, _ = supervisor.communicate(timeout=60)
    assert said.endswith("stopped\n")
    assert nothing_is_left(settings)


def test_a_child_that_ends_is_named_with_its_last_words_and_started_again(settings: Settings, start: Start) -> None:
    supervisor = start(settings.home)
    before = status_of(settings)["api"]["pid"]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: status_of(settings)["api"]["pid"] != before)
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=60)
    assert "api ended with -9; starting it again in 1 s. It said:" in said
    assert "Serving HTTP on 127.0.0.1" in said


def test_redis_is_started_told_and_started_again_when_it_ends(settings: Settings, start: Start) -> None:
    supervisor = start(settings.home)
    status_of(settings)
    url, process = settings.redis(), live_server(settings).process()
    assert url is not None and answers(url)
    assert process is not None
    process.kill()
    eventually(lambda: (again := live_server(settings).process()) is not None and again.pid != process.pid and answers(str(settings.redis())))
    seen = json.loads(CliRunner().invoke(main, ["status", "--json"], env={"AOS_HOME": str(settings.home)}).output)
    assert [part["answers"] for part in seen["parts"] if part["name"] == "valkey"] == [True]
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=60)
    assert "valkey ended; starting it again." in said
    assert nothing_is_left(settings)


def test_an_installation_with_a_redis_of_its_own_starts_none(
    settings: Settings, start: Start, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOS_REDIS_URL", valkey.url())
    start(settings.home)
    status_of(settings)
    assert live_server(settings).process() is None
    assert left_over(settings)[0].environ()["AOS_REDIS_URL"] == valkey.url()


def test_a_child_that_cannot_start_ends_the_start_with_its_last_words(settings: Settings, start: Start) -> None:
    settings.home.mkdir()
    (settings.home / "let-one-fail").touch()
    supervisor = start(settings.home)
    said, _ = supervisor.communicate(timeout=60)
    assert supervisor.returncode != 0
    assert "failing ended with 1 while starting" in said
    assert "the disk is full" in said
    assert nothing_is_left(settings)


def test_a_second_one_on_the_same_home_says_where_the_first_runs(settings: Settings, start: Start) -> None:
    first = start(settings.home)
    url = status_of(settings)["api"]["url"]
    second = start(settings.home)
    said, _ = second.communicate(timeout=60)
    assert "already runs from this home" in said
    assert f"process {first.pid} at {url}" in said
    assert first.poll() is None


def test_two_homes_run_side_by_side(tmp_path: Path, start: Start) -> None:
    acme, globex = Settings(home=tmp_path / "acme"), Settings(home=tmp_path / "globex")
    first = start(acme.home)
    start(globex.home)
    assert status_of(acme)["api"]["port"] != status_of(globex)["api"]["port"]
    first.terminate()
    first.communicate(timeout=60)
    assert nothing_is_left(acme)
    assert {process.environ()["AOS_CHILD"] for process in left_over(globex)} == {"api", "worker"}
    assert control_plane(globex).process() is not None


def test_what_a_killed_one_left_behind_is_stopped_before_the_next_starts(settings: Settings, start: Start) -> None:
    settings.home.mkdir()
    (settings.home / "let-one-linger").touch()
    first = start(settings.home)
    status_of(settings)
    before = {process.pid for process in left_over(settings)}
    first.kill()
    first.wait()
    (settings.home / "let-one-linger").unlink()
    assert left_over(settings)
    second = start(settings.home)
    eventually(lambda: settings.status_file.exists() and status_of(settings)["pid"] == second.pid)
    assert not before & {process.pid for process in psutil.process_iter()}
    second.terminate()
    second.communicate(timeout=60)
    assert nothing_is_left(settings)


def test_down_stops_a_running_one_and_what_a_killed_one_left_behind(settings: Settings, start: Start) -> None:
    first = start(settings.home)
    status_of(settings)
    asked = {"AOS_HOME": str(settings.home)}
    assert CliRunner().invoke(main, ["status"], env=asked).exit_code == 0
    assert CliRunner().invoke(main, ["down"], env=asked).exit_code == 0
    assert first.wait(timeout=5) == 0
    assert nothing_is_left(settings)
    second = start(settings.home)
    eventually(lambda: settings.status_file.exists())
    second.kill()
    second.wait()
    assert CliRunner().invoke(main, ["down"], env=asked).exit_code == 0
    assert nothing_is_left(settings)


def test_a_database_alone_is_stopped_by_whoever_started_it(settings: Settings) -> None:
    with databases(settings, prepare=small_system.prepare):
        assert control_plane(settings).process() is not None
    assert control_plane(settings).process() is None
    cluster = control_plane(settings)
    cluster.start()
    with databases(settings, prepare=small_system.prepare) as url:
        assert url == cluster.url()
    assert cluster.process() is not None
    cluster.stop()


def test_a_database_that_two_use_stays_until_the_last_one_leaves(settings: Settings, start: Start) -> None:
    with databases(settings, prepare=small_system.prepare):
        supervisor = start(settings.home)
        status_of(settings)
        supervisor.terminate()
        supervisor.communicate(timeout=60)
        assert control_plane(settings).process() is not None
    assert nothing_is_left(settings)


def test_children_are_never_told_the_owner_s_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL", "database_url"):
        monkeypatch.setenv(name, "postgresql://owner:secret@127.0.0.1/aos")
    told = environment(Settings(home=tmp_path, memory="3GB"))
    assert not [name for name, value in told.items() if "owner:secret" in value]
    assert (told["AOS_HOME"], told["AOS_MEMORY"]) == (str(tmp_path), "3GB")
