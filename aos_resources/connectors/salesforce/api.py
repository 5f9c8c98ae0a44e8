"""Salesforce's REST as a connection may use it: one session, renewed once when it ends, and never the company's last requests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aos_core.errors import CredentialsRefused, FixTheSource, TryAgain
from aos_resources.connectors.salesforce.login import Login, Token
from aos_resources.connectors.salesforce.words import in_words, refused, word_of
from aos_resources.outbound import Answer, Http, Refused, Unwelcome
from aos_resources.settings import Settings

_SECONDS = 120.0  # for one page
_LARGEST = 512 * 1024 * 1024
_USED = re.compile(r"\bapi-usage=(\d{1,12})/(\d{1,12})")
Made = TypeVar("Made")


class Api:
    """`reserve`: the share of a day's requests that is left to others (0 to 1)."""

    def __init__(self, settings: Settings, login: Login, version: str, reserve: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._login, self._reserve, self.sleep = settings, login, reserve, sleep
        self._root = f"/services/data/v{version}"
        self._http: Http | None = None
        self._used: tuple[int, int] | None = None
        self._asked = False
        self.token: Token | None = None

    def unreserved(self) -> Api:
        """The same, without regard to others."""
        return Api(self._settings, self._login, self._root.rpartition("/v")[2], 0.0, self.sleep)

    def get(self, path: str, params: Mapping[str, str] | None = None, *, about: str = "") -> Answer:
        """`path`: below the version's root, or from the server's. `about`: the object, for whoever reads an error.

        Raises:
            TryAgain: away, busy, or what is left of the day's requests is the company's own.
            CredentialsRefused: not let in, though a new session was asked for. Said: Salesforce refuses what was asked.
        """
        self._leave_some()
        headers = {"Sforce-Query-Options": "batchSize=2000"}
        answer = self._ask(lambda http: http.get(self._full(path), params, headers=headers), about)
        self._count(answer.headers.get("sforce-limit-info", ""))
        return answer

    def post(self, path: str, body: Any, *, about: str = "") -> Any:
        self._leave_some()
        return self._ask(lambda http: http.post_json(self._full(path), body), about)

    def patch(self, path: str, body: Any, *, about: str = "") -> Any:
        """Never refused for the sake of others: it ends work."""
        return self._ask(lambda http: http.patch_json(self._full(path), body), about)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def _full(self, path: str) -> str:
        return path if path.startswith("/") else f"{self._root}/{path}"

    def _ask(self, ask: Callable[[Http], Made], about: str) -> Made:
        try:
            return ask(self._session())
        except Unwelcome as no:
            if no.status != 401 and word_of(no.body)[0] != "INVALID_SESSION_ID":
                raise in_words(no.status, no.body, about) from None
        except Refused as no:
            raise refused(no, about) from None
        self.close()  # the session has ended: one new one, and no more
        try:
            return ask(self._session())
        except Unwelcome as no:
            raise in_words(no.status, no.body, about) from None
        except Refused as no:
            raise refused(no, about) from None

    def _session(self) -> Http:
        if self._http is None:
            self.token = self._login.token()
            self._http = Http(
                self._settings, self.token.instance, headers={"Authorization": f"Bearer {self.token.access}"}, timeout=_SECONDS, limit_bytes=_LARGEST, sleep=self.sleep
            )
        return self._http

    def _leave_some(self) -> None:
        """Raises TryAgain where only the share of others is left."""
        if not self._asked and self._reserve:
            self._asked = True
            try:
                self._look()
            except CredentialsRefused:
                raise
            except FixTheSource:
                pass  # not everybody may read it; the answers to come tell too
        if self._used is None:
            return
        used, most = self._used
        if most - used <= most * self._reserve:
            raise TryAgain(
                f"Of the {most:,} requests that Salesforce answers in 24 hours {used:,} are used, and {self._reserve:.0%} are left to the company's own programs",
                fix="It counts the last 24 hours: some is free again within the hour, all of it within a day. The next reading goes on where this one stood.",
            )

    def _look(self) -> None:
        answer = self._ask(lambda http: http.get(self._full("limits")), "limits")
        said = answer.json()
        daily = said.get("DailyApiRequests") if isinstance(said, dict) else None
        if isinstance(daily, dict) and isinstance(daily.get("Max"), int) and isinstance(daily.get("Remaining"), int):
            self._used = (daily["Max"] - daily["Remaining"], daily["Max"])

    def _count(self, said: str) -> None:
        if found := _USED.search(said):
            self._used = (int(found[1]), int(found[2]))

