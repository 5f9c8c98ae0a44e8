"""Made ahead: in their order, one at a time, an error where its batch would have come, and no thread that goes on afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from aos_core.errors import TryAgain
from aos_resources.ahead import ahead


def numbered(count: int) -> Iterator[pa.RecordBatch]:
    for n in range(count):
        yield pa.RecordBatch.from_pydict({"n": [n]})


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [batch["n"][0].as_py() for batch in batches]


def readers() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("ahead")]


def test_every_batch_comes_once_and_in_its_order() -> None:
    with ahead(numbered(50)) as batches:
        assert numbers(batches) == [*range(50)]
    assert readers() == []


def test_the_next_batch_is_read_while_one_is_at_work() -> None:
    begun = [threading.Event() for _ in range(3)]

    def telling() -> Iterator[pa.RecordBatch]:
        for one, batch in zip(begun, numbered(3), strict=True):
            one.set()
            yield batch

    with ahead(telling()) as batches:
        next(batches)
        assert begun[1].wait(60)
        assert not begun[2].is_set()  # one ahead, and no more are held


def test_an_error_comes_after_the_batches_that_were_read_before_it() -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from numbered(2)
        raise TryAgain("The source is away")

    got: list[int] = []
    with pytest.raises(TryAgain, match="is away"), ahead(failing()) as batches:
        for batch in batches:
            got.append(batch["n"][0].as_py())
    assert (got, readers()) == ([0, 1], [])


def test_whoever_stops_midway_leaves_no_reader_behind() -> None:
    closed = list[bool]()

    def telling() -> Iterator[pa.RecordBatch]:
        try:
            yield from numbered(50)
        finally:
            closed.append(True)

    source = telling()
    with pytest.raises(ValueError, match="full"), ahead(source) as batches:
        next(batches)
        raise ValueError("the disk is full")
    assert readers() == []
    assert closed == [True]  # with whatever it held open: nobody reads it any more
