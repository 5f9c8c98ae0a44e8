"""Issued ids: the same in SQL and in Python, and different for every tenant."""

from __future__ import annotations

from uuid import UUID

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from aos_core.tenancy import tenant_named
from aos_core.unify import origin_sql, record_id, record_id_sql


@given(st.uuids(), st.uuids(), st.uuids(), st.text(max_size=30).filter(lambda key: "\x00" not in key))
def test_a_record_id_is_a_uuid5_whoever_computes_it(tenant: UUID, connection: UUID, stream: UUID, key: str) -> None:
    with duckdb.connect() as engine:
        computed = engine.execute(
            f"select {record_id_sql(tenant, 'account')} from (select {origin_sql('r')} as origin, entity_key from (select ?::uuid as connection, ?::uuid as stream, ? as entity_key) r)",
            [str(connection), str(stream), key],
        ).fetchall()[0][0]
    assert computed == record_id(tenant, "account", connection, stream, key)
    assert computed.version == 5


def test_two_tenants_never_share_an_id() -> None:
    acme, globex = tenant_named("acme"), tenant_named("globex")
    connection, stream = UUID(int=1), UUID(int=2)
    assert record_id(acme.id, "account", connection, stream, "1") != record_id(globex.id, "account", connection, stream, "1")
