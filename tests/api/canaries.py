"""A tenant with a word of its own planted wherever a value can surface, personal ones and amounts; and some that anybody may see.

Whose words they are says the tenant's name in them: two tenants may share every id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import duckdb

from aos_core.suggesting import hash_change
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction, as_json
from aos_resources.people import add_member, create_tenant, create_user
from tests.api.built_version import build_version
from tests.scenario import AT, PASSWORD, ROLES, SHARED, World, made_id

PLACES = ("field", "first", "phone", "extras", "key", "reference", "owner", "raw", "raw-extra", "raw-key", "top", "top-extra", "dictionary",
          "quarantined", "quarantined-cell", "quarantined-key", "reject", "reject-reason", "sync-error", "stream-error", "run-error",
          "run-summary", "value-map", "expression", "when", "match", "proposed", "evidence", "effect", "stated", "because")  # fmt: skip
AMOUNTS = {"field": "7310001.25", "metric": "7310002.25", "raw": "7310003.25", "top": "7310004.25", "quarantined": "n/k 7310005", "revenue": "7310006.25"}
PEOPLE, DEALS = SHARED.stream, SHARED.loose_stream


@dataclass(frozen=True)
class Planted:
    tenant: Tenant
    personal: dict[str, str]  # place → the word
    free: tuple[str, ...]

    def email(self, role: str) -> str:
        return f"{role}@{self.tenant.slug}.example"


def plant(world: World, slug: str) -> Planted:
    tenant = create_tenant(world.database, slug, slug.title())
    planted = Planted(tenant, {place: f"{place}.{slug}@leak.example" for place in PLACES}, tuple(f"free {one} {slug}" for one in ("title", "stage", "raw")))
    for role in ROLES:
        add_member(world.database, tenant, create_user(world.database, planted.email(role), role, PASSWORD), role)
    files = {name: _file(world, tenant, name, sql) for name, sql in _FILES(planted).items()}
    with world.database.of(tenant).transaction() as transaction:
        seq = transaction.next_seq()
        _sources(transaction, planted, files, seq)
        _mappings(transaction, planted, files, seq)
        _proposal(transaction, planted, seq)
    path = world.version_path(tenant, SHARED.version)
    build_version(path, f"free account {slug}", accounts=3)
    with duckdb.connect(str(path)) as connection:
        _records(connection, planted)
    world.publish(tenant, SHARED.version, seq)
    return planted


def _FILES(planted: Planted) -> dict[str, str]:
    said, (title, _, raw) = planted.personal, planted.free
    at = "'upsert' as _op, timestamptz '2026-03-02 09:30:00+00' as _at"
    reasons = "[{{'field': '{}', 'value': '{}', 'reason': 'could not be read'}}] as reasons"
    refused = "select uuid '{}' as landing, 1::bigint as row, '{}' as source_key, {}"
    return {
        "people": f"select '{said['raw-key']}' as \"Email\", '{said['raw']}' as \"FullName\", '{title}' as \"Title\", '{said['raw-extra']}' as \"Fax\","
        f" '{said['raw-key']}' as _key, {at}",
        "deals": f"select 'D-1' as \"Id\", '{said['raw']}' as \"Agent\", '{AMOUNTS['raw']}' as \"Amount\", '{raw}' as \"Stage\", 'D-1' as _key, {at}",
        "bad rows": refused.format(SHARED.landing, said["quarantined-key"], reasons.format("email", said["quarantined"])),
        "bad cells": refused.format(SHARED.landing, said["quarantined-key"], reasons.format("name", said["quarantined-cell"])),
        "bad deals": refused.format(SHARED.loose_landing, "D-2", reasons.format("amount", AMOUNTS["quarantined"])),
    }


def _file(world: World, tenant: Tenant, name: str, select: str) -> str:
    stored = f"{tenant.id}/raw/planted/{name.replace(' ', '-')}.parquet"
    path = world.settings.lake / stored
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy ({select}) to '{path}' (format parquet)")
    return stored


def _sources(transaction: Transaction, planted: Planted, files: dict[str, str], seq: int) -> None:
    said = planted.personal
    error, rejects = {"what": said["sync-error"]}, [{"part": "p", "line": 3, "reason": said["reject-reason"], "text": said["reject"]}]
    transaction.run("insert into aos.connections (id, name, source) values (:id, 'crm', 'files')", id=SHARED.connection)
    transaction.run(
        "insert into aos.syncs (id, connection_id, epoch, state, started_at, ended_at, error) values (:id, :connection, 1, 'failed', :at, :at, cast(:error as jsonb))",
        id=SHARED.sync, connection=SHARED.connection, at=AT, error=as_json(error),
    )  # fmt: skip
    columns = {
        PEOPLE: {"Email": said["top"], "FullName": said["top"], "Title": planted.free[0], "Fax": said["top-extra"]},
        DEALS: {"Id": "D-1", "Agent": said["top"], "Amount": AMOUNTS["top"], "Stage": planted.free[1]},
    }
    for stream, name, key, landing in ((PEOPLE, "people", "Email", SHARED.landing), (DEALS, "deals", "Id", SHARED.loose_landing)):
        transaction.run(
            "insert into aos.streams (id, connection_id, name, key, key_origin, columns, delete_mode)"
            " values (:id, :connection, :name, cast(:key as jsonb), 'declared', '[]', 'exact')",
            id=stream, connection=SHARED.connection, name=name, key=as_json([key]),
        )  # fmt: skip
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, read, landed, rejects, error, seq)"
            " values (:sync, :stream, 1, 1, cast(:rejects as jsonb), cast(:error as jsonb), :seq)",
            sync=SHARED.sync, stream=stream, rejects=as_json(rejects), error=as_json({"what": said["stream-error"]}), seq=seq,
        )  # fmt: skip
        transaction.run(
            "insert into aos.fingerprints (id, stream_id, sync_id, shape, fields, rows, seq) values (:id, :stream, :sync, 's', cast(:fields as jsonb), 1, :seq)",
            id=made_id(f"fingerprint {name}"), stream=stream, sync=SHARED.sync, seq=seq,
            fields=as_json([_column(column, top) for column, top in columns[stream].items()]),
        )  # fmt: skip
        transaction.run(
            "insert into aos.landings (id, sync_id, stream_id, part, path, rows, bytes, content_hash, complete, seq)"
            " values (:id, :sync, :stream, 'p', :path, 1, 1, 'h', true, :seq)",
            id=landing, sync=SHARED.sync, stream=stream, path=files[name], seq=seq,
        )  # fmt: skip
    transaction.run(
        "insert into aos.dictionaries (connection_id, name, entries, content_hash, seq) values (:id, 'd', cast(:entries as jsonb), 'h', :seq)",
        id=SHARED.connection, seq=seq, entries=as_json([{"table": "people", "field": "FullName", "description": f"such as {said['dictionary']}"}]),
    )  # fmt: skip
    transaction.run(
        "insert into aos.runs (id, dagster_run_id, stage, state, ended_at, summary, error) values (:id, 'r', 'raw', 'failed', now(), cast(:summary as jsonb), cast(:error as jsonb))",
        id=SHARED.run, summary=as_json({"streams": [{"stream": "people", "read": 1}], "errors": [said["run-summary"]]}),
        error=as_json({"code": "fix_the_source", "what": "It broke", "culprit": said["run-error"], "fix": said["run-error"]}),
    )  # fmt: skip


def _column(name: str, top: str) -> dict[str, Any]:
    return {"name": name, "declared": "", "inferred": "text", "nulls": 0.0, "distinct": 731, "present": 3, "literal_nulls": False,
            "share": {}, "top": [top], "description": ""}  # fmt: skip


def _mappings(transaction: Transaction, planted: Planted, files: dict[str, str], seq: int) -> None:
    said = planted.personal
    people = {
        "entity": "contact", "stream": "crm/people", "key": "Email", "when": f"Email <> '{said['when']}'",
        "fields": {
            "email": {"from": "Email", "by": "auto", "evidence": [f"as {said['match']}"]}, "title": {"from": "Title"},
            "name": {"from": "FullName", "values": {said["value-map"]: "x"}}, "owner": {"expr": f"'{said['expression']}'"},
        },
    }  # fmt: skip
    deals = {
        "entity": "opportunity", "stream": "crm/deals", "key": "Id",
        "fields": {"owner": "Agent", "amount": {"from": "Amount"}, "stage_source": {"from": "Stage"}},
    }  # fmt: skip
    made = ((SHARED.mapping, PEOPLE, people, SHARED.landing, SHARED.batch), (SHARED.loose_mapping, DEALS, deals, SHARED.loose_landing, SHARED.loose_batch))
    for mapping, stream, document, landing, batch in made:
        transaction.run(
            "insert into aos.mappings (id, stream_id, entity, version, document, state, made_by, seq) values (:id, :stream, :entity, 1, cast(:document as jsonb), 'active', 'auto', :seq)",
            id=mapping, stream=stream, entity=document["entity"], document=as_json(document), seq=seq,
        )  # fmt: skip
        transaction.run(
            "insert into aos.event_batches (id, mapping_id, landing_id, entity, path, rows, seq_from, seq_to, landed, canonical, quarantined, held, unmapped, duplicate, deleted, cell_issues, seq)"
            " values (:id, :mapping, :landing, :entity, 'none', 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, :seq)",
            id=batch, mapping=mapping, landing=landing, entity=document["entity"], seq=seq,
        )  # fmt: skip
    bad = ((SHARED.batch, SHARED.mapping, "row", "bad rows"), (SHARED.batch, SHARED.mapping, "cell", "bad cells"), (SHARED.loose_batch, SHARED.loose_mapping, "row", "bad deals"))
    for batch, mapping, kind, name in bad:
        transaction.run(
            "insert into aos.quarantine_lists (id, batch_id, mapping_id, kind, path, rows, seq) values (:id, :batch, :mapping, :kind, :path, 1, :seq)",
            id=made_id(name), batch=batch, mapping=mapping, kind=kind, path=files[name], seq=seq,
        )  # fmt: skip


def _proposal(transaction: Transaction, planted: Planted, seq: int) -> None:
    said = planted.personal
    change = {"from": "Fax", "values": {said["proposed"]: "x"}}
    transaction.run(
        "insert into aos.proposals (id, kind, stream_id, entity, field, title, change, change_hash, evidence, effect, confidence, seq)"
        " values (:id, 'mapping', :stream, 'contact', 'phone', 'phone is Fax?', cast(:change as jsonb), :hash, cast(:evidence as jsonb), cast(:effect as jsonb), 0.5, :seq)",
        id=SHARED.proposal, stream=PEOPLE, change=as_json(change), hash=hash_change("contact", "phone", change), evidence=as_json([said["evidence"]]),
        effect=as_json({"rows": [{"before": None, "after": said["effect"]}]}), seq=seq,
    )  # fmt: skip
    transaction.run(
        "insert into aos.decisions (id, proposal_id, stream_id, entity, field, verdict, change, reason, decided_by, seq)"
        " values (:id, :proposal, :stream, 'contact', 'phone', 'rejected', cast(:change as jsonb), :reason, 'ada', :seq)",
        id=SHARED.decision, proposal=SHARED.proposal, stream=PEOPLE, change=as_json({"expr": f"'{said['stated']}'"}), reason=said["because"], seq=seq,
    )  # fmt: skip


def contact_id() -> UUID:
    return made_id("shared contact 1")


def deal_id() -> UUID:
    return made_id("shared deal 1")


def _records(connection: duckdb.DuckDBPyConnection, planted: Planted) -> None:
    said, (title, stage, _) = planted.personal, planted.free
    events = {name: {"event_id": made_id(name), "landing": landing, "row": 0, "mapping": mapping} for name, landing, mapping in
              (("contact", SHARED.landing, SHARED.mapping), ("deal", SHARED.loose_landing, SHARED.loose_mapping))}  # fmt: skip
    connection.execute(
        "insert into unified.contacts by name select 1 as _ordinal, cast(? as uuid) as contact_id, ? as contact_id_source, ? as email, ? as name, ? as first_name,"
        " ? as phone, ? as title, ? as extras, false as _stale, 1 as _seq, [?] as _events",
        [contact_id(), said["key"], said["field"], said["field"], said["first"], said["phone"], title, as_json({"Fax": said["extras"]}), events["contact"]],
    )
    for number in range(2):
        connection.execute(
            "insert into unified.opportunities by name select ? as _ordinal, cast(? as uuid) as opportunity_id, ? as opportunity_id_source, 'Deal' as name,"
            " ? as owner, cast(? as decimal(38,15)) as amount, ? as stage_source, cast(? as uuid) as contact_id, ? as contact_id_source,"
            " 'open' as status, false as _stale, 1 as _seq, [?] as _events",
            [number + 1, made_id(f"shared deal {number + 1}"), f"D-{number + 1}", f"{number}{said['owner']}", AMOUNTS["field"], f"{stage} {number}",
             contact_id(), said["reference"], events["deal"]],
        )  # fmt: skip
    connection.execute("update unified.accounts set revenue = cast(? as decimal(38,15))", [AMOUNTS["revenue"]])
    connection.execute(
        "insert into metrics.metric_values values ('won_revenue', 'Won revenue', 'opportunity', 'd', 'money', 'USD', ?, 2),"
        " ('opportunities', 'Opportunities', 'opportunity', 'd', 'count', null, 2, 2)",
        [AMOUNTS["metric"]],
    )


def map_anew(world: World, planted: Planted, mapping: UUID, changed: dict[str, Any]) -> int:
    """The next version of a mapping, in place of the one before. Gives its seq."""
    with world.database.of(planted.tenant).transaction() as transaction:
        seq = transaction.next_seq()
        before = transaction.one("mapping", "select stream_id, entity, version, document from aos.mappings where id = :id", id=mapping)
        transaction.run("update aos.mappings set state = 'superseded' where id = :id", id=mapping)
        transaction.run(
            "insert into aos.mappings (id, stream_id, entity, version, document, state, made_by, seq)"
            " values (:id, :stream, :entity, :version, cast(:document as jsonb), 'active', 'auto', :seq)",
            id=made_id(f"after {mapping}"), stream=before["stream_id"], entity=before["entity"], version=before["version"] + 1,
            document=as_json(before["document"] | changed), seq=seq,
        )  # fmt: skip
    return seq
