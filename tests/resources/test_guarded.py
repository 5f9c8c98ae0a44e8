"""Connectors whose libraries quote the secret: no error carries it, in no part of it and nothing that led to it."""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pyarrow as pa
import pytest
from pydantic import BaseModel

from aos_core.errors import AosError, FixTheSource, NotUnderstood, TryAgain
from aos_resources import connectors
from aos_resources.connectors import connect
from aos_resources.connectors.source import (
    Connector,
    Discovery,
    Doors,
    Kind,
    Part,
    Probe,
    SourceColumn,
    SourceStream,
)
from aos_resources.settings import Settings

PASSWORD = "unique-p@ss/w%rd-8161"
SECRET = json.dumps({"password": PASSWORD, "token": "tok_unique_4423"})
URL = f"https://u:{quote(PASSWORD, safe='')}@h/?token=tok_unique_4423"


def chained() -> None:
    try:
        raise ValueError(f"bad url {URL}")
    except ValueError as bad:
        raise FixTheSource("It could not be read", culprit="h", fix="Look at it.") from bad


def in_passing() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        raise RuntimeError("nothing here")  # noqa: B904 as libraries do


def noted() -> None:
    error = OSError("away")
    error.add_note(f"while asking {URL}")
    raise error


def throws(error: BaseException) -> Callable[[], None]:
    def thrown() -> None:
        raise error

    return thrown


ERRORS: dict[str, Callable[[], None]] = {
    "a URL": throws(OSError(f"cannot reach {URL}")), "arguments": throws(ConnectionError(61, {"auth": SECRET})), "an error of ours": throws(FixTheSource(f"No {PASSWORD}", culprit=URL, fix=SECRET)),
    "one to come back for": throws(TryAgain("Away", culprit=URL)), "what led to it": chained, "what came before it": in_passing, "a note": noted,
    "several at once": throws(ExceptionGroup("two", [ValueError(URL), ValueError("x")])), "a text that is cut": throws(ValueError(f"refused {PASSWORD}"[:-4])),
}  # fmt: skip


class Telling:
    """A source whose library says all it knows, at the moment that is asked for."""

    name = "telling"

    def __init__(self, moment: str, tell: Callable[[], None]) -> None:
        self._moment, self._tell = moment, tell
        self._now("made")

    def probe(self) -> Probe:
        self._now("probing")
        return Probe("me", writable=None, said=f"let in by {PASSWORD}")

    def discover(self) -> Discovery:
        self._now("discovering")
        return Discovery((SourceStream("orders", (SourceColumn("id", "bigint"),)),), problems=(("others", f"not with {PASSWORD}"),))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        self._now("reading")
        yield Part("", complete=True, source_hash=None, schema=pa.schema([("id", pa.int64())]), batches=self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"id": [1]})
        self._now("a batch")

    def _now(self, moment: str) -> None:
        if moment == self._moment:
            self._tell()


class Anything(BaseModel, extra="allow"):
    """Whatever a connection is configured with."""


def telling(moment: str, tell: Callable[[], None]) -> Kind:
    return Kind("telling", "Telling", "Tells all it knows.", Anything, Anything, lambda *_: Telling(moment, tell))


def read_all(settings: Settings) -> list[int]:
    connector = connect(Doors(settings), "telling", {}, SECRET)
    connector.probe()
    (stream,) = connector.discover().streams
    return [batch.num_rows for part in connector.read(stream, None, {}) for batch in part.batches or ()]


@pytest.mark.parametrize("moment", ["made", "probing", "discovering", "reading", "a batch"])
@pytest.mark.parametrize("kind", ERRORS)
def test_no_error_at_no_moment_carries_the_secret(empty_home: Settings, monkeypatch: pytest.MonkeyPatch, moment: str, kind: str) -> None:
    monkeypatch.setitem(connectors.CONNECTORS, "telling", telling(moment, ERRORS[kind]))
    with pytest.raises(AosError) as refused:
        read_all(empty_home)
    error = refused.value
    said = "".join(traceback.format_exception(error)) + repr(error) + error.sentence + repr(vars(error)) + str(error.__cause__) + str(error.__context__) + repr(pickle.dumps(str(error)))
    for secret in (PASSWORD, PASSWORD[:-4], quote(PASSWORD, safe=""), "tok_unique_4423"):
        assert secret not in said
    assert isinstance(error, TryAgain) == (kind == "one to come back for")


def test_what_a_source_says_of_its_streams_is_told_without_it(empty_home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connectors.CONNECTORS, "telling", telling("never", chained))
    connector: Connector = connect(Doors(empty_home), "telling", {}, SECRET)
    assert connector.discover().problems == (("others", "not with •••"),)
    assert connector.probe() == Probe("me", writable=None, said="let in by •••")
    assert read_all(empty_home) == [1]
    assert PASSWORD not in repr(connector) + repr(vars(connector))


def test_an_error_without_it_stays_what_it_is(empty_home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ZeroDivisionError("a fault of ours")
    monkeypatch.setitem(connectors.CONNECTORS, "telling", telling("a batch", throws(wrong)))
    with pytest.raises(ZeroDivisionError) as raised:
        read_all(empty_home)
    assert raised.value is wrong
    with pytest.raises(NotUnderstood, match="lacks its host"):
        connect(Doors(empty_home), "postgres", {}, SECRET)
