"""What comes next is made while the one before it is worked on: two at once, and one more is held."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """The same items, none of them None; making them begins with the first that is asked for. At the end no other thread makes any more,
    and what made them is closed.

    Raises, where the item would have come: whatever making it raised.
    """
    try:
        with ThreadPoolExecutor(1, "ahead") as pool:

            def coming() -> Iterator[Item]:
                waiting = pool.submit(next, items, None)
                try:
                    while (item := waiting.result()) is not None:
                        waiting = pool.submit(next, items, None)
                        yield item
                finally:
                    del waiting  # an error that it holds would hold this frame, which holds it: and with it what the items were made from

            yield coming()
    finally:
        if isinstance(items, Generator):
            items.close()
