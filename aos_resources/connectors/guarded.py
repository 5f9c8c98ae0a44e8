"""A connector whose every error is told without the secret that it was given, whatever its source's libraries quote of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from pydantic import SecretStr

from aos_core.errors import AosError, FixTheSource
from aos_core.hiding import hidden
from aos_resources.connectors.source import Connector, Discovery, Part, Probe, SourceStream

Given = TypeVar("Given")
_LONGEST = 300


class Guarded:
    def __init__(self, connector: Connector, secret: str) -> None:
        self.name = connector.name
        self._connector = connector
        self._secret = SecretStr(secret)

    def probe(self) -> Probe:
        found = self._told(self._connector.probe)
        return replace(found, said=hidden(found.said, [self._secret.get_secret_value()]))

    def discover(self) -> Discovery:
        found = self._told(self._connector.discover)
        return replace(found, problems=tuple((name, hidden(reason, [self._secret.get_secret_value()])) for name, reason in found.problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        parts = self._told(lambda: self._connector.read(stream, cursor, known))
        for part in self._each(parts):
            if part.batches is not None:
                part.batches = self._each(part.batches)
            yield part

    def _told(self, call: Callable[[], Given]) -> Given:
        return told_without(self._secret.get_secret_value(), call)

    def _each(self, source: Iterator[Given]) -> Iterator[Given]:
        try:
            while one := self._told(lambda: list(islice(source, 1))):
                yield from one
        finally:
            if (close := getattr(source, "close", None)) is not None:
                self._told(close)


def told_without(secret: str, call: Callable[[], Given]) -> Given:
    """What the call gives; its error loses the secret, and what led to it where that repeats it.

    Raises:
        FixTheSource: for any error of another kind that had the secret in it.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 whatever a library raises may quote the address it was given
        failed = _without(error, secret)
    raise failed  # out here, so that it does not carry along what it was made of


def _without(error: Exception, secret: str) -> Exception:
    told = [*traceback.format_exception(error), *(text for one in _led_to(error) for text in (str(one), repr(one)))]
    if all(hidden(text, [secret]) == text for text in told):
        return error
    if not isinstance(error, AosError):
        lines = hidden(str(error), [secret]).strip().splitlines()
        return FixTheSource("The source could not be read", culprit=type(error).__name__, fix=(lines or [""])[0][:_LONGEST])
    error.what, error.culprit, error.fix = (hidden(one, [secret]) for one in (error.what, error.culprit, error.fix))
    error.args = (error.sentence,)
    error.__cause__ = error.__context__ = None
    error.__notes__ = []
    return error


def _led_to(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
            yield one

