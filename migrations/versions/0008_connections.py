"""What people do with connections, how a sync tells of itself, and the way of a connection until it is active."""

from alembic import op

revision = "0008"
down_revision = "0007"

MINE = "current_setting('aos.tenant')::uuid"
INTENTS = f"""
create table intents (
    tenant_id uuid not null references tenants(id) default {MINE},
    id uuid not null,
    origin text not null check (origin in ('person', 'batch', 'discovery')),
    external_id text not null,
    name text not null,
    source text not null,
    config jsonb not null default '{{}}',
    connection_id uuid,
    state text not null default 'received'
        check (state in ('received', 'allowed', 'credentialed', 'reachable', 'safe', 'discovered', 'sampled', 'suggested', 'active')),
    stuck jsonb,
    found jsonb not null default '{{}}',
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    seq bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, origin, external_id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)
)
"""


def upgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("alter table connections drop constraint connections_state_check")
    op.execute(
        "alter table connections add check (state in ('onboarding', 'active', 'paused', 'unauthorised')),"
        " add column fresh_minutes integer check (fresh_minutes > 0), add column probed jsonb"
    )
    op.execute(
        "alter table streams add column selected boolean not null default true, add column treated jsonb not null default '{}',"
        " add column reset_at timestamptz, add column may_vanish bigint check (may_vanish >= 0)"
    )
    op.execute("alter table syncs drop constraint syncs_state_check")
    op.execute(
        "alter table syncs add check (state in ('running', 'succeeded', 'failed', 'cancelled')), add column cancel_asked_at timestamptz"
    )
    op.execute(
        "alter table sync_streams add column state text not null default 'done' check (state in ('reading', 'done', 'failed', 'held', 'cancelled')),"
        " add column bytes bigint not null default 0, add column seconds double precision not null default 0,"
        " add column said jsonb not null default '{}', add column ended_at timestamptz not null default now()"
    )
    op.execute("create index sync_streams_newest on sync_streams (tenant_id, stream_id, seq desc)")
    op.execute(
        "alter table landings add column cause text check (cause in ('absent', 'deleted', 'out of scope')), add column slice integer not null default 0,"
        " drop constraint landings_tenant_id_sync_id_stream_id_part_key, add unique (tenant_id, sync_id, stream_id, part, slice)"
    )
    op.execute(INTENTS)
    op.execute("alter table intents enable row level security")
    op.execute("alter table intents force row level security")
    op.execute(f"create policy own on intents to aos_app using (tenant_id = {MINE}) with check (tenant_id = {MINE})")
    op.execute("grant select, insert, update, delete on intents to aos_app")


def downgrade() -> None:
    """What is in a state that the older installation does not know takes the nearest one: a connection waits, a sync has not succeeded."""
    op.execute("set local search_path = aos")
    for table, state, unknown in (("connections", "paused", "'onboarding', 'unauthorised'"), ("syncs", "failed", "'cancelled'")):
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"update {table} set state = '{state}' where state in ({unknown})")
        op.execute(f"alter table {table} force row level security")
    op.execute("drop table intents")
    # An older installation knows of one landing of a part in a sync: slices after the first become parts of their own, none is lost.
    op.execute("alter table landings no force row level security")
    op.execute(
        "update landings l set part = l.part || ' #' || n.place from (select tenant_id, id, row_number() over (partition by tenant_id, sync_id, stream_id, part"
        " order by seq) as place from landings) n where n.tenant_id = l.tenant_id and n.id = l.id and n.place > 1"
    )
    op.execute("alter table landings force row level security")
    op.execute(
        "alter table landings drop constraint landings_tenant_id_sync_id_stream_id_part_slice_key, drop column cause, drop column slice,"
        " add unique (tenant_id, sync_id, stream_id, part)"
    )
    op.execute("drop index sync_streams_newest")
    op.execute("alter table sync_streams drop column state, drop column bytes, drop column seconds, drop column said, drop column ended_at")
    op.execute("alter table syncs drop constraint syncs_state_check, drop column cancel_asked_at")
    op.execute("alter table syncs add check (state in ('running', 'succeeded', 'failed'))")
    op.execute("alter table streams drop column selected, drop column treated, drop column reset_at, drop column may_vanish")
    op.execute("alter table connections drop constraint connections_state_check, drop column fresh_minutes, drop column probed")
    op.execute("alter table connections add check (state in ('active', 'paused'))")
