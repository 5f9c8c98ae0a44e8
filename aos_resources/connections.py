"""Connections made, changed, re-authorised and paused: the source is asked first, and only what it lets in with is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from aos_core.allow_list import places_of
from aos_core.errors import NeedsADecision, NotAllowed, NotUnderstood
from aos_resources.connectors import kind_named, read_model
from aos_resources.connectors.source import Connector, Doors, Probe
from aos_resources.database import Transaction, as_json
from aos_resources.intents import Wanted, receive, seal, settle, tell, unsealed
from aos_resources.onboarding import keep_probe
from aos_resources.probing import (
    check_allowed,
    check_safe,
    check_secret,
    needs_secret,
    opened,
    probe,
    safe_mode,
)
from aos_resources.world import Work

Given = dict[str, Any]


def create(transaction: Transaction, work: Work, name: str, source: str, config: Given, secret: Given | None, note: str | None) -> UUID:
    """A connection that is not active yet, and the intent that it comes by.

    Raises:
        NotUnderstood: a setting is missing or wrong, or the name is taken. NotAllowed: it may not be connected, or there are too many.
    """
    if secret is not None:
        check_secret(source, secret)
    intent = receive(transaction, work, Wanted("person", str(uuid4()), name, source, config, secret, note), strict=True)
    made: UUID = transaction.one("intent", "select connection_id from aos.intents where id = :id", id=intent)["connection_id"]
    return made


def connector_of(work: Work, connection: UUID, source: str, config: Given, secret: str | None) -> Connector:
    """`secret`: as it was sealed."""
    return opened(Doors(work.settings, work.lake.uploads(connection)), source, config, secret)


def examined(work: Work, connection: UUID, config: Given | None, secret: Given | None) -> Probe | None:
    """What the source says to a connection's new settings or secret, asked before either is kept; None where neither changes.

    A stored secret is never sent to another host than the one it was given for.

    Raises:
        NotFound: no such connection. NotAllowed: it may not be connected so, or these credentials may change the source.
        CredentialsRefused, FixTheSource, TryAgain: it does not let us in.
    """
    with work.database.transaction() as transaction:
        row = transaction.one("connection", "select * from aos.connections where id = :id", id=connection)
        kept = unsealed(transaction, work, row)
    asked = row["config"] if config is None else config
    if asked == row["config"] and secret is None:
        return None
    read_model(kind_named(row["source"]).config, asked, row["source"])
    if secret is not None:
        check_secret(row["source"], secret)
    check_allowed(work.settings, row["source"], asked)
    if secret is None and kept is not None and set(places_of(asked)) != set(places_of(row["config"])):
        raise NotAllowed("A stored secret is not sent to another host", culprit=row["name"], fix="Give the secret together with the new address.")
    if secret is None and kept is None and needs_secret(row["source"], asked):
        return None  # there is nothing to ask with yet
    found = probe(connector_of(work, connection, row["source"], asked, kept if secret is None else as_json(secret)))
    check_safe(found, safe_mode(work))
    return found


def keep(transaction: Transaction, work: Work, connection: UUID, given: Given, secret: Given | None, found: Probe | None) -> tuple[Given, Given]:
    """What was changed of a connection, before and after, once the source has said yes. One that was refused is let in again; cursors stay.

    Raises:
        NotFound: no such connection. NotUnderstood: the name is taken.
    """
    row = transaction.one("connection", "select * from aos.connections where id = :id for update", id=connection)
    if given.get("name", row["name"]) != row["name"] and transaction.first("select from aos.connections where name = :name", name=given["name"]) is not None:
        raise NotUnderstood("There is a connection of that name already", culprit=given["name"], fix="Give it another name.")
    before = {name: row[name] for name in ("name", "note", "config", "fresh_minutes")}
    after = before | given
    transaction.run(
        "update aos.connections set name = :name, note = :note, config = cast(:config as jsonb), fresh_minutes = :fresh_minutes where id = :id",
        id=connection, **(after | {"config": as_json(after["config"])}),
    )  # fmt: skip
    if secret is not None:
        seal(transaction, work, connection, row["source"], secret)
    if found is not None:
        keep_probe(transaction, connection, found)
        transaction.run("update aos.connections set state = 'active' where id = :id and state = 'unauthorised'", id=connection)
    _begin_anew(transaction, work, connection, after, asked_anew=secret is not None or after["config"] != before["config"])
    tell(transaction, connection, after["name"], "changed")
    return before, after


def _begin_anew(transaction: Transaction, work: Work, connection: UUID, after: Given, *, asked_anew: bool) -> None:
    """An intent that is still on its way begins again with what the connection is now; an attempt that is under way says nothing more."""
    row = transaction.first(
        "update aos.intents set name = :name, config = cast(:config as jsonb), attempts = attempts + 1,"
        " state = case when :anew then 'received' else state end, stuck = case when :anew then null else stuck end"
        " where connection_id = :id and state <> 'active' returning id",
        id=connection, name=after["name"], config=as_json(after["config"]), anew=asked_anew,
    )  # fmt: skip
    if row is not None and asked_anew:
        settle(transaction, work, row["id"])


def pause(transaction: Transaction, connection: UUID, *, pause: bool) -> tuple[str, str]:
    """Its state before and after.

    Raises:
        NotFound: no such connection. NeedsADecision: it is not one that is read.
    """
    row = transaction.one("connection", "select name, state from aos.connections where id = :id for update", id=connection)
    wanted = "paused" if pause else "active"
    if row["state"] not in ("active", "paused"):
        raise NeedsADecision(f"The connection is {row['state']}", culprit=row["name"], fix="Onboard or re-authorise it first.")
    transaction.run("update aos.connections set state = :state where id = :id", id=connection, state=wanted)
    tell(transaction, connection, row["name"], wanted)
    return row["state"], wanted


def connection_named(transaction: Transaction, name: str) -> UUID:
    """Raises NotFound where the tenant has none of that name."""
    found: UUID = transaction.one(f"connection: {name[:100]}", "select id from aos.connections where name = :name", name=name)["id"]
    return found
