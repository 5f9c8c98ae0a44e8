"""The orchestrator's own UI in a real browser, through the API's session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.api.orchestrating import webserver
from tests.api.people import operator
from tests.api.serving import Served
from tests.scenario import PASSWORD, World
from tests.ui.window import Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_an_operators_browser_shows_it_live_and_nothing_of_it_is_refused(world: World, chromium: Browser, tmp_path: Path) -> None:
    with webserver(tmp_path / "dagster") as url, Served(world.settings.model_copy(update={"dagster_url": url})) as served:
        window = Window(chromium, served.address, 1280, 800, "light")
        sockets: list[str] = []
        window.page.on("websocket", lambda socket: sockets.append(socket.url))
        window.sign_in(operator(world, served).email, PASSWORD)
        window.page.goto(served.address + "/dagster/deployment")
        window.page.get_by_role("link", name="Runs").first.click()
        window.page.get_by_text("No runs", exact=False).first.wait_for()
        assert window.page.url.startswith(served.address + "/dagster/runs")
        assert sockets and all(one.startswith(served.address.replace("http", "ws") + "/dagster") for one in sockets)
        assert [one for one in window.complaints if "Content Security Policy" in one or "WebSocket" in one] == []
