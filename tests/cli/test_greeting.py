"""The demo as somebody meets it: it greets wherever it is started, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from aos_cli.demo_setup import DEMO, OPERATOR, PASSWORD
from aos_cli.processes import left_over
from aos_resources.embedded import Cluster
from aos_resources.settings import Settings
from tests.cli.test_supervise import eventually

LAST = "Ctrl-C stops it"


@dataclass
class Demo:
    """One home, at a path longer than a socket's may be, with a blank in it; the ports that are wished for are taken."""

    home: Path
    ports: tuple[int, int]

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)

    def start(self) -> subprocess.Popen[bytes]:
        told = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")} | {"AOS_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        wished = ["--api-port", str(self.ports[0]), "--dagster-port", str(self.ports[1])]
        with (self.home.parent / "said.txt").open("w") as said:
            return subprocess.Popen([sys.executable, "-m", "aos_cli.main", "demo", *wished], env=told, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)

    def synced(self) -> bool:
        """By another command, that is told of the home alone; while the schedule's own run is at it, it is not."""
        told = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")} | {"AOS_HOME": str(self.home)}
        done = subprocess.run([sys.executable, "-m", "aos_cli.main", "sync", "--tenant", DEMO.slug], env=told, capture_output=True, check=False)
        return done.returncode == 0

    @property
    def said(self) -> str:
        return (self.home.parent / "said.txt").read_text()

    def greeted(self, process: subprocess.Popen[bytes]) -> str:
        eventually(lambda: LAST in self.said or process.poll() is not None, seconds=240)
        assert LAST in self.said, self.said
        return self.said[self.said.index("AutonomOS runs from") :]

    def nothing_is_left(self) -> bool:
        """Of this home: no process that was started for it, and neither of its databases."""
        named = [one for one in psutil.process_iter(["cmdline"]) if any(str(self.home) in word for word in one.info["cmdline"] or ())]
        clusters = [Cluster(self.home / name).process() for name in ("postgres", "source")]
        return not left_over(self.settings) and clusters == [None, None] and named == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_below(tmp_path_factory.mktemp("a home")) as found:
        yield found


@contextmanager
def demo_below(parent: Path) -> Iterator[Demo]:
    folder = parent / ("deep" * 30)
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        found = Demo(folder / "home", (one.getsockname()[1], other.getsockname()[1]))
        assert len(str(found.home)) > 107
        yield found
        for child in left_over(found.settings):
            child.kill()
        for name in ("postgres", "source"):
            Cluster(found.home / name).stop()


def records(app: str) -> dict[str, int | None]:
    with httpx.Client(base_url=f"{app}/api/v1") as client:
        assert client.post("/auth/login", json={"email": DEMO.people[0][0], "password": PASSWORD}).status_code == 200
        return {one["name"]: one["rows"] for one in client.get("/entities").json()["entities"]}


def test_it_greets_on_one_screen_survives_its_own_killing_and_leaves_nothing(demo: Demo) -> None:
    begun = time.monotonic()
    process = demo.start()
    words = demo.greeted(process)
    print(f"greeted after {time.monotonic() - begun:.1f} s")
    lines = words.splitlines()
    assert len(lines) <= 24
    assert [line for line in lines[1:] if len(line) > 80] == []
    assert DEMO.people[0][0] in words
    assert PASSWORD in words
    addresses = re.findall(r"http://\S+", words)
    assert len(addresses) == 6
    assert {httpx.get(one, follow_redirects=True).status_code for one in addresses} == {200}
    assert not {int(str(httpx.URL(one).port)) for one in addresses} & set(demo.ports)
    before = records(addresses[0])
    assert before["opportunity"] == 8_800
    eventually(demo.synced, seconds=120)
    assert records(addresses[0]) == before
    with httpx.Client(base_url=addresses[0]) as client:  # who operates it sees the orchestrator by the API's own address
        assert client.get("/dagster/server_info").status_code == 401
        assert client.post("/api/v1/auth/login", json={"email": OPERATOR[0], "password": PASSWORD}).status_code == 200
        assert "dagster_version" in client.get("/dagster/server_info").json()

    process.kill()
    process.wait()
    assert not demo.nothing_is_left()  # else there would be nothing to cope with
    process = demo.start()
    again = re.findall(r"http://\S+", demo.greeted(process))
    assert records(again[0]) == before
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert eventually(demo.nothing_is_left)


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM, signal.SIGINT])
def test_stopped_at_any_moment_of_its_start_it_leaves_nothing(demo: Demo, wish: signal.Signals) -> None:
    process = demo.start()
    time.sleep(random.uniform(0.5, 9))
    os.killpg(process.pid, wish)
    process.wait(60)
    assert eventually(demo.nothing_is_left), demo.said


def test_killed_as_a_whole_in_the_middle_of_its_work_it_finishes_with_every_row_once(tmp_path: Path) -> None:
    """First everything at once, both databases too; then, while the rest goes on, the daemon and the webserver."""
    with demo_below(tmp_path) as demo:
        process = demo.start()
        eventually(lambda: (demo.home / "lake").exists() and any((demo.home / "lake").rglob("*.parquet")), seconds=120)
        time.sleep(random.uniform(0, 6))
        process.kill()
        for one in [*left_over(demo.settings), *filter(None, (Cluster(demo.home / name).process() for name in ("postgres", "source")))]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
        assert LAST not in demo.said
        process = demo.start()
        assert eventually(lambda: "Reading the demo's sources" in demo.said, seconds=120)
        assert struck(demo, "dagster._daemon")
        assert struck(demo, "dagster_webserver")
        app = re.findall(r"http://\S+", demo.greeted(process))[0]
        found = records(app)
        assert {name: found[name] for name in ("account", "opportunity", "cost_report", "cloud_resource")} == {
            "account": 85, "opportunity": 8_800, "cost_report": 1_000, "cloud_resource": 842,
        }  # fmt: skip
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert eventually(demo.nothing_is_left)


def struck(demo: Demo, word: str) -> bool:
    """Kills those of its processes whose command has the word."""
    found = [one for one in left_over(demo.settings) if any(word in part for part in one.cmdline())]
    for one in found:
        one.kill()
    return bool(found)
