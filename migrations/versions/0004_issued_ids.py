"""Issued entity ids move out of the database into files of the lake: a first version issues a million of them at once.

Those of the current version are issued again by the next publication, under the same ids.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

MINE = "current_setting('aos.tenant')::uuid"


def upgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("drop table entity_ids")
    _create("issued_ids", "entity text not null, paths jsonb not null, rows bigint not null, seq bigint not null", "entity", "select, insert, update, delete")


def downgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("drop table issued_ids")
    columns = "entity text not null, entity_id uuid not null, stream_id uuid not null, founding_key text not null, seq bigint not null"
    _create("entity_ids", columns, "entity_id", "select, insert")


def _create(table: str, columns: str, key: str, verbs: str) -> None:
    op.execute(
        f"create table {table} (tenant_id uuid not null default {MINE} references tenants(id), {columns}, primary key (tenant_id, {key}))"
    )
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own on {table} to aos_app using (tenant_id = {MINE}) with check (tenant_id = {MINE})")
    op.execute(f"grant {verbs} on {table} to aos_app")
