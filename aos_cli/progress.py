"""How far the syncs of a tenant are, shown while they run: a line that is written over on a terminal, nothing elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aos_resources.database import TenantDatabase

_EVERY = 0.5  # seconds
_WIDTH = 24
_RUNNING = """
select c.name, count(t.stream_id) filter (where t.state <> 'reading') as done, coalesce(sum(greatest(t.read, (t.said ->> 'reading')::bigint)), 0)::bigint as read,
       greatest(count(t.stream_id), (select count(*) from aos.streams s where s.connection_id = c.id and s.selected)) as streams,
       max(s.name) filter (where t.state = 'reading') as stream
from aos.syncs y join aos.connections c on c.id = y.connection_id
left join aos.sync_streams t on t.sync_id = y.id left join aos.streams s on s.id = t.stream_id
where y.state = 'running' group by c.id, c.name, y.started_at order by y.started_at desc limit 1
"""


def bar(row: dict[str, Any], seconds: float) -> str:
    """Streams done of all, rows read so far, and what is being read."""
    share = row["done"] / row["streams"] if row["streams"] else 0.0
    filled = round(share * _WIDTH)
    reading = f", {row['stream']}" if row["stream"] else ""
    return f"{row['name']} [{'█' * filled}{'░' * (_WIDTH - filled)}] {row['done']}/{row['streams']} streams, {row['read']:,} rows{reading}, {seconds:.0f} s"


@contextmanager
def shown(database: TenantDatabase, on_a_terminal: bool) -> Iterator[None]:
    """The bar, until the end of what runs within."""
    if not on_a_terminal:
        yield
        return
    ended = threading.Event()
    drawing = threading.Thread(target=_draw, args=(database, ended), daemon=True)
    drawing.start()
    try:
        yield
    finally:
        ended.set()
        drawing.join(2)


def _draw(database: TenantDatabase, ended: threading.Event) -> None:
    from aos_core.errors import AosError

    began = time.monotonic()
    while not ended.wait(_EVERY):
        with suppress(AosError):  # it is looked at again in a moment
            with database.transaction() as transaction:
                row = transaction.first(_RUNNING)
            if row is not None:
                click.echo(f"\r\x1b[2K{bar(dict(row), time.monotonic() - began)}", nl=False, err=True)
    click.echo("\r\x1b[2K", nl=False, err=True)
