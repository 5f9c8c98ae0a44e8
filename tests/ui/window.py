"""A browser window on the app: what it complains of, and the few things that every test does in one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# A person who sees badly, one who uses the keyboard, and one who listens: WCAG 2.2 AA and the best practices.
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@cache
def axe() -> str:
    return AXE.read_text()


class Window:
    """One context of its own: no cookie, store or cache is shared with another window."""

    def __init__(self, browser: Browser, address: str, width: int, height: int, theme: str) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.expected = 0  # failed requests that the test itself brings about
        self._context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self.page.on("pageerror", lambda error: self._heard("error", str(error)))
        self.page.set_default_timeout(30_000)
        self._asked: set[Request] = set()
        self.page.on("request", self._ask)
        self.page.on("requestfinished", lambda request: self._asked.discard(request))
        self.page.on("requestfailed", lambda request: self._asked.discard(request))

    def _heard(self, kind: str, text: str) -> None:
        """Chromium says refusals by the page's policy, and every failed request, as errors of the console."""
        if kind != "error":
            return
        if self.expected and text.startswith("Failed to load resource"):
            return
        self.complaints.append(text)

    def sign_in(self, person: str, password: str) -> None:
        """By the API, which sets the cookie; that the form does so too has tests of its own."""
        answer = self.page.request.post(f"{self.address}/api/v1/auth/login", data={"email": person, "password": password})
        assert answer.ok, answer.text()
        self.page.add_init_script("localStorage.setItem('aos.session', '1')")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("#app > *", state="attached", timeout=30_000)  # a busy machine takes seconds to run the script
        self.rest()

    def rest(self) -> None:
        """Until nothing was asked or answered for half a second; the stream of events is never at its end."""
        quiet, deadline = time.monotonic(), time.monotonic() + 10
        while time.monotonic() - quiet < 0.5 and time.monotonic() < deadline:
            if self._asked:
                quiet = time.monotonic()
            self.page.wait_for_timeout(50)

    def _ask(self, request: Request) -> None:
        if request.resource_type != "eventsource":
            self._asked.add(request)

    def ask(self, path: str) -> Any:
        """The API's own answer to the person of this window."""
        answer = self.page.request.get(f"{self.address}/api/v1{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def answer(self, path: str, status: int, body: dict[str, Any]) -> None:
        """From now on the server answers so, whatever it would have said."""
        self.expected += status >= 400

        def fulfil(route: Route) -> None:
            route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

        self.page.route(re.compile(re.escape("/api/v1" + path) + r"(\?.*)?$"), fulfil)

    def answer_by(self, path: str, body: Callable[[str], dict[str, Any]]) -> None:
        """From now on the server answers with what is made of the address that was asked."""

        def fulfil(route: Route) -> None:
            route.fulfill(content_type="application/json", body=json.dumps(body(route.request.url)))

        self.page.route(re.compile(re.escape("/api/v1" + path) + r"(\?.*)?$"), fulfil)

    def hold(self, path: str) -> None:
        """From now on the server is asked and does not answer."""
        self.page.route(re.compile(re.escape("/api/v1" + path) + r"(\?.*)?$"), lambda _: None)

    def answer_as_ever(self) -> None:
        self.page.unroute_all(behavior="ignoreErrors")

    def violations(self) -> list[str]:
        """What axe finds wrong on the page as it stands; injected from outside, so that the page's policy stays as it is."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(axe())
        self.wait_until("() => !document.querySelector('[aria-busy=true]')")  # what is out of date is dimmed until the answer comes
        found = self.page.evaluate("rules => window.axe.run(document, rules)", _RULES)
        return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]]

    def wait_until(self, function: str) -> None:
        """Until a function in JavaScript says yes. An expression would be evaluated anew each time, which the page's policy forbids."""
        assert "=>" in function
        self.page.wait_for_function(function, timeout=60_000)

    def is_too_wide(self) -> bool:
        """What is drawn otherwise for another width is waited for, as long as a busy machine takes."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
                return False
            self.page.wait_for_timeout(50)
        return True

    def close(self) -> None:
        self._context.close()
