"""The next batch is read while the one before it lands: the source and we work at once, and one batch more is held."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pyarrow as pa


@contextmanager
def ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """The same batches; reading begins with the first that is asked for. At the end no other thread reads any more.

    Raises, where the batch would have come: whatever reading raised.
    """
    with ThreadPoolExecutor(1, "reading ahead") as pool:

        def coming() -> Iterator[pa.RecordBatch]:
            waiting = pool.submit(next, batches, None)
            try:
                while (batch := waiting.result()) is not None:
                    waiting = pool.submit(next, batches, None)
                    yield batch
            finally:
                del waiting  # an error that it holds would hold this frame, which holds it: and with it what the rows were read from

        yield coming()
