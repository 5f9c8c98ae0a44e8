"""What the server's access log may say of a request: its path, never its query, which may hold a ticket or a search."""

from __future__ import annotations

import logging


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(one.partition("?")[0] if isinstance(one, str) and one.startswith("/") else one for one in record.args)
        return True


def hide_queries() -> None:
    """Called when the application starts, after the server has set its loggers up. Once is enough, twice is the same."""
    for name in ("uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _WithoutQueries) for one in logger.filters):
            logger.addFilter(_WithoutQueries())
