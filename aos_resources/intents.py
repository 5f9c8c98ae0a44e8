"""Wishes to connect a source, as rows: received once each, however often they are said, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import RowMapping

from aos_core.errors import AosError, FixTheSource, NotFound, NotUnderstood
from aos_core.onboarding import State
from aos_resources.connectors import kind_named, read_model
from aos_resources.database import Transaction, as_json
from aos_resources.probing import check_allowed, needs_secret, told
from aos_resources.quotas import reserve
from aos_resources.world import Work

Origin = Literal["person", "batch", "discovery"]


@dataclass(frozen=True)
class Wanted:
    """A source that somebody wants connected. `external_id`: of whoever says so; said twice it is one."""

    origin: Origin
    external_id: str
    name: str
    source: str
    config: dict[str, Any]
    secret: dict[str, Any] | None = field(default=None, repr=False)
    note: str | None = None


def receive(transaction: Transaction, work: Work, wanted: Wanted, *, strict: bool = False) -> UUID:
    """The intent's id. One that stands already takes what is said now, unless its connection is active: that one is changed as such.

    It goes as far as it can without asking anybody: allowed, and its credentials there. `strict`: raises as `settle` does.
    """
    known = _known(transaction, wanted)
    if known is not None and known["state"] == "active":
        found: UUID = known["id"]
        return found
    intent = known["id"] if known is not None else uuid4()
    if known is None:
        transaction.run(
            "insert into aos.intents (id, origin, external_id, name, source, config, seq)"
            " values (:id, :origin, :external, :name, :source, cast(:config as jsonb), :seq)",
            id=intent, origin=wanted.origin, external=wanted.external_id, name=wanted.name, source=wanted.source,
            config=as_json(wanted.config), seq=transaction.next_seq(),
        )  # fmt: skip
    elif not _is_the_same(known, wanted):
        transaction.run(
            "update aos.intents set name = :name, source = :source, config = cast(:config as jsonb), state = 'received', stuck = null,"
            " changed_at = now(), seq = :seq where id = :id",
            id=intent, name=wanted.name, source=wanted.source, config=as_json(wanted.config), seq=transaction.next_seq(),
        )  # fmt: skip
    settle(transaction, work, intent, wanted.secret, wanted.note, strict=strict)
    return UUID(str(intent))


def _known(transaction: Transaction, wanted: Wanted) -> RowMapping | None:
    """The intent of that name; what a batch says may complete what discovery has found."""
    origins = ["batch", "discovery"] if wanted.origin == "batch" else [wanted.origin]
    return transaction.first(
        "select * from aos.intents where external_id = :external and origin = any(:origins) order by origin for update",
        external=wanted.external_id, origins=origins,
    )  # fmt: skip


def _is_the_same(known: RowMapping, wanted: Wanted) -> bool:
    return (known["name"], known["source"], known["config"]) == (wanted.name, wanted.source, wanted.config)


def settle(
    transaction: Transaction, work: Work, intent: UUID, secret: dict[str, Any] | None = None, note: str | None = None, *, strict: bool = False
) -> None:
    """The two first steps, which ask nobody. What stands in the way of one is noted; a secret of what may not be connected is not kept.

    Raises:
        NotUnderstood, NotAllowed: if `strict`, where it may not be connected as it is, or at all.
    """
    row = transaction.one("intent", "select * from aos.intents where id = :id for update", id=intent)
    state: State = row["state"]
    try:
        if state == "received":
            _allow(transaction, work, row, note)
            state = "allowed"
        if secret is not None and state != "active":
            row = transaction.one("intent", "select * from aos.intents where id = :id", id=intent)
            seal(transaction, work, row["connection_id"], row["source"], secret)
        if state == "allowed":
            check_credentials(transaction, work, intent)
            state = "credentialed"
        stand(transaction, intent, state, None)
    except AosError as failed:
        if strict and state == "received":
            raise
        stand(transaction, intent, state, told(failed))


def _allow(transaction: Transaction, work: Work, row: RowMapping, note: str | None) -> None:
    """The connection that the intent is about, made where it is not there, and told what is said now."""
    check_allowed(work.settings, row["source"], row["config"])
    read_model(kind_named(row["source"]).config, row["config"], row["source"])
    taken = transaction.first("select id from aos.connections where name = :name", name=row["name"])
    if taken is not None and taken["id"] != row["connection_id"]:
        raise NotUnderstood("There is a connection of that name already", culprit=row["name"], fix="Give it another name.")
    if row["connection_id"] is not None:
        transaction.run(
            "update aos.connections set name = :name, source = :source, config = cast(:config as jsonb) where id = :id",
            id=row["connection_id"], name=row["name"], source=row["source"], config=as_json(row["config"]),
        )  # fmt: skip
        return
    reserve(transaction, "connections")
    made = uuid4()
    transaction.run(
        "insert into aos.connections (id, name, source, config, state, note) values (:id, :name, :source, cast(:config as jsonb), 'onboarding', :note)",
        id=made, name=row["name"], source=row["source"], config=as_json(row["config"]), note=note,
    )  # fmt: skip
    transaction.run("update aos.intents set connection_id = :made where id = :id", id=row["id"], made=made)


def seal(transaction: Transaction, work: Work, connection: UUID, source: str, secret: dict[str, Any]) -> None:
    """The connection's secret, in place of the one before.

    Raises:
        NotUnderstood: it is none of this kind of source.
    """
    kind = kind_named(source)
    if kind.secret is None:
        raise NotUnderstood("This kind of source has no secret", culprit=source, fix="Leave it out.")
    read_model(kind.secret, secret, source)
    sealed = work.secrets.seal(transaction, work.tenant, connection, as_json(secret))
    transaction.run("update aos.connections set sealed = :sealed where id = :id", id=connection, sealed=sealed)


def unsealed(transaction: Transaction, work: Work, row: RowMapping) -> str | None:
    """The secret of a connection's row, as it was sealed."""
    return work.secrets.open(transaction, work.tenant, row["id"], bytes(row["sealed"])) if row["sealed"] else None


def check_credentials(transaction: Transaction, work: Work, intent: UUID) -> None:
    """Returns where everything is there that the source is asked with.

    Raises:
        FixTheSource: its secret is missing.
    """
    row = transaction.one(
        "intent", "select c.sealed, c.source, c.name, c.config from aos.intents i join aos.connections c on c.id = i.connection_id where i.id = :id", id=intent
    )
    if row["sealed"] is None and needs_secret(row["source"], row["config"]):
        raise FixTheSource("Its credentials are missing", culprit=row["name"], fix="Give its secret.")


def stand(transaction: Transaction, intent: UUID, state: State, stuck: dict[str, str] | None) -> None:
    """Where the intent stands now, told where that is news."""
    changed = transaction.first(
        "update aos.intents set state = :state, stuck = cast(:stuck as jsonb), changed_at = now()"
        " where id = :id and (state, stuck) is distinct from (:state, cast(:stuck as jsonb)) returning connection_id, name",
        id=intent, state=state, stuck=None if stuck is None else as_json(stuck),
    )  # fmt: skip
    if changed is not None:
        tell(transaction, changed["connection_id"] or intent, changed["name"], state)


def tell(transaction: Transaction, subject: UUID, name: str, state: str) -> None:
    """Pages and programs hear that something of a connection is another now."""
    transaction.announce(transaction.next_seq(), "connection.changed", str(subject), {"name": name, "state": state})


def intent_of(transaction: Transaction, work: Work, connection: UUID) -> UUID:
    """The intent that a connection came by; of one that came otherwise, one that begins now.

    Raises:
        NotFound: no such connection.
    """
    row = transaction.first("select id from aos.intents where connection_id = :id order by created_at limit 1", id=connection)
    if row is None:
        known = transaction.first("select id, name, source, config from aos.connections where id = :id", id=connection)
        if known is None:
            raise NotFound("No such connection")
        made = uuid4()
        transaction.run(
            "insert into aos.intents (id, origin, external_id, name, source, config, connection_id, seq)"
            " values (:id, 'person', :external, :name, :source, cast(:config as jsonb), :connection, :seq)",
            id=made, external=str(connection), name=known["name"], source=known["source"], config=as_json(known["config"]),
            connection=connection, seq=transaction.next_seq(),
        )  # fmt: skip
        settle(transaction, work, made)
        return made
    found: UUID = row["id"]
    return found
