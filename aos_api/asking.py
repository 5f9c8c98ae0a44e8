"""What routes ask of sources, and write of what they say. Imported where the first of them is asked: Arrow takes longer to load than most answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from aos_api.changing import Change
from aos_api.dependencies import Services, Workspace
from aos_api.masking import Mask
from aos_resources import connections
from aos_resources.bounded import within
from aos_resources.connectors import CONNECTORS
from aos_resources.connectors.source import Connector, Doors, Probe
from aos_resources.database import Transaction
from aos_resources.intents import Wanted, intent_of, receive, unsealed
from aos_resources.lake import Lake
from aos_resources.onboarding import advance, approve, exact_matches
from aos_resources.probing import LOOK_SECONDS, ask, check_allowed, check_form, check_safe, probe, safe_mode
from aos_resources.sampling import described_in, look, stream_named, suggested
from aos_resources.settings import Settings
from aos_resources.world import Work

_EXACT = 2**53  # whole numbers beyond it are bent by JSON's readers
Given = dict[str, Any]


def work_of(here: Workspace, held: Services) -> Work:
    tenant = here.caller.tenant
    return Work(tenant, held.settings, here.database, Lake(held.settings).of(tenant), here.secrets, here.ontology, held.flags)


def kinds(settings: Settings) -> list[Given]:
    """Every kind of source, with the forms that it is asked with."""
    allowed = settings.allowed_sources
    return [
        {
            "name": one.name, "title": one.title, "about": one.about, "allowed": allowed.allows_kind(one.name),
            "config": one.config.model_json_schema(), "secret": None if one.secret is None else one.secret.model_json_schema(),
        }
        for one in CONNECTORS.values()
    ]  # fmt: skip


def previewed(work: Work, mask: Mask, source: str, config: Given, secret: Given | None, stream: str, limit: int) -> Given:
    """The first rows of a stream of a source that is stored nowhere. Raises as connectors do, and where it may not be connected."""
    check_form(source, config, secret)
    check_allowed(work.settings, source, config)
    connector = ask(Doors(work.settings), source, config, secret)
    check_safe(probe(connector), safe_mode(work))
    return _preview(work, mask, connector, source, stream, limit, None)


def previewed_stored(work: Work, mask: Mask, connection: UUID, stream: str, limit: int) -> Given:
    """The same of a connection. Raises NotFound where there is none."""
    with work.database.transaction() as transaction:
        row = transaction.one("connection", "select * from aos.connections where id = :id", id=connection)
        known = transaction.first("select id, treated from aos.streams where connection_id = :id and name = :name", id=connection, name=stream)
        secret = unsealed(transaction, work, row)
    check_allowed(work.settings, row["source"], row["config"])
    connector = connections.connector_of(work, connection, row["source"], row["config"], secret)
    treated = known["treated"] if known is not None else {}
    return _preview(work, mask, connector, row["name"], stream, limit, known["id"] if known is not None else None, treated)


def _preview(work: Work, mask: Mask, connector: Connector, name: str, stream: str, limit: int, stream_id: UUID | None, treated: Collection[str] = ()) -> Given:
    """`treated`: columns that do not land as they are, and so are not shown as they are either."""
    found = within(LOOK_SECONDS, connector.name, connector.discover)
    looked = look(connector, stream_named(found.streams, stream), described_in(found.dictionaries, stream), limit)
    names = [one.name for one in looked.columns]
    masked = sorted({*mask.columns(stream_id, names), *(name for name in names if name in treated)})
    return {
        "stream": stream,
        "columns": [{"name": one.name, "type": one.declared or one.inferred} for one in looked.columns],
        "rows": [{column: None if column in masked else _plain(value) for column, value in row.items()} for row in looked.rows],
        "masked": masked,
        "suggestion": [asdict(one) for one in suggested(name, looked, work.ontology, exact_matches(work))],
    }


def _plain(value: object) -> object:
    """As JSON says it; what it would bend is text."""
    if value is None or isinstance(value, bool | str) or (isinstance(value, int) and abs(value) < _EXACT):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def create(change: Change, work: Work, name: str, source: str, config: Given, secret: Given | None, note: str | None) -> UUID:
    """Raises as `connections.create` does."""
    made = connections.create(change.transaction, work, name, source, config, secret, note)
    change.subject, change.after, change.detail = str(made), {"config": config}, {"name": name, "source": source}
    return made


def keep(change: Change, work: Work, connection: UUID, given: Given, secret: Given | None, found: Probe | None) -> None:
    """Raises as `connections.keep` does."""
    change.before, change.after = connections.keep(change.transaction, work, connection, given, secret, found)
    change.detail = {"changed": sorted([*given, *(["secret"] if secret is not None else [])])}


def received(transaction: Transaction, work: Work, items: Iterable[Given]) -> list[UUID]:
    """The intents of a batch, in its order; a run that takes them further has been asked for."""
    ids = [receive(transaction, work, Wanted("batch", **one)) for one in items]
    transaction.announce(transaction.next_seq(), "run.requested", work.tenant.slug, {"reason": "sources are to be connected", "by": "a batch"})
    return ids


def onboarded(work: Work, connection: UUID) -> tuple[UUID, bool]:
    """The steps that are left, taken: the intent, and whether its connection became active by them. Raises NotFound."""
    with work.database.transaction() as transaction:
        intent = intent_of(transaction, work, connection)
    return intent, advance(work, intent)


def approved(change: Change, work: Work, connection: UUID, by: str) -> None:
    approve(change.transaction, work, connection)
    ask_for_first_sync(change.transaction, work, by)


def ask_for_first_sync(transaction: Transaction, work: Work, by: str) -> None:
    transaction.announce(transaction.next_seq(), "run.requested", work.tenant.slug, {"reason": "a connection has become active", "by": by})
