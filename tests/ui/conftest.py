"""One installation with the demo's data, one Chromium, and people signed in to it, each in a window of their own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.ui.window import Window

# A machine that tests may be a busy one.
expect.set_options(timeout=30_000)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "frontend" / "dist" / "index.html"
PASSWORD = "autonomos-demo"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+(?=/docs)")
_PATIENCE = 480  # seconds that a demo may take to greet where other tests share the machine


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the demo answers; AOS_UI_ADDRESS names one that runs already."""
    running = os.environ.get("AOS_UI_ADDRESS")
    if running:
        yield running
        return
    if not APP.is_file():
        raise AssertionError("The app is not built: run `make app` first.")
    home = tmp_path_factory.mktemp("demo")
    said = home / "said.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")} | {"AOS_HOME": str(home / "home"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "aos_cli.main", "demo", "--api-port", "8790", "--dagster-port", "8791"]
    with said.open("w") as out:
        demo = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield _answering(demo, said)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)


def _answering(demo: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and demo.poll() is None:
        words = said.read_text()
        found = _ADDRESS.search(words)
        if found and "Ctrl-C" in words:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"the demo did not come up:\n{said.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium: nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise AssertionError("There is no Chromium: run `make browser`, or on Debian apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Callable[..., Window]]:
    """Opens a window of its own; at the end each must have stayed without an error that was not expected."""
    windows: list[Window] = []

    def open_window(width: int = 1280, height: int = 800, theme: str = "light") -> Window:
        windows.append(Window(chromium, address, width, height, theme))
        return windows[-1]

    yield open_window
    for window in windows:
        window.close()
    assert [window.complaints for window in windows if window.complaints] == []


@pytest.fixture
def signed_in(opened: Callable[..., Window]) -> Callable[..., Window]:
    """A window in which a person of the demo has signed in."""

    def sign_in(person: str = "demo@example.com", **how: object) -> Window:
        window = opened(**how)
        window.sign_in(person, PASSWORD)
        return window

    return sign_in
