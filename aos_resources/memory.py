"""Memory that was let go of, given back to the system: allocators keep it for what comes, which may be another process's."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from typing import Any

import pyarrow as pa


def take_from_jemalloc() -> None:
    """Arrow's batches are read on one thread and let go of on another: its own allocator keeps a fifth more for that, and faults for a tenth of the time."""
    with suppress(NotImplementedError):  # a build without it
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def give_back() -> None:
    """Arrow's pool and, where the C library is glibc, its heap. Milliseconds; for the end of what held tens of megabytes."""
    pa.default_memory_pool().release_unused()
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
