"""The control plane: tables, roles' rights and row-level security, all from the first day."""

from alembic import op

revision = "0001"
down_revision = None

# Every table of one tenant: primary keys begin with the tenant, so that a lookup by id alone finds nothing.
TENANT_TABLES = """
create table sequences (
    tenant_id uuid primary key references tenants(id),
    last bigint not null default 0
);
create table tenant_keys (
    tenant_id uuid primary key references tenants(id),
    wrapped bytea not null
);
create table connections (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    name text not null,
    source text not null,
    config jsonb not null default '{}',
    sealed bytea,
    state text not null default 'active' check (state in ('active', 'paused')),
    note text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table leases (
    tenant_id uuid not null references tenants(id),
    name text not null,
    epoch bigint not null default 0,
    holder text,
    held_until timestamptz not null default 'epoch',
    primary key (tenant_id, name)
);
create table runs (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    dagster_run_id text,
    stage text not null,
    subject text not null default '',
    state text not null check (state in ('running', 'succeeded', 'failed')),
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    summary jsonb not null default '{}',
    error jsonb,
    primary key (tenant_id, id)
);
create index runs_newest on runs (tenant_id, started_at desc);
create table streams (
    tenant_id uuid not null,
    id uuid not null,
    connection_id uuid not null,
    name text not null,
    key jsonb not null default '[]',
    key_origin text not null default 'unknown' check (key_origin in ('unknown', 'declared', 'proven', 'occurrence')),
    cursor_column text,
    columns jsonb not null default '[]',
    delete_mode text not null check (delete_mode in ('exact', 'periodic', 'unknown')),
    policy jsonb not null default '{}',
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, name),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)
);
create table dictionaries (
    tenant_id uuid not null,
    connection_id uuid not null,
    name text not null,
    entries jsonb not null,
    content_hash text not null,
    seq bigint not null,
    primary key (tenant_id, connection_id, name),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)
);
create table syncs (
    tenant_id uuid not null,
    id uuid not null,
    connection_id uuid not null,
    epoch bigint not null,
    run_id uuid,
    state text not null check (state in ('running', 'succeeded', 'failed')),
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    error jsonb,
    primary key (tenant_id, id),
    foreign key (tenant_id, connection_id) references connections (tenant_id, id)
);
create index syncs_newest on syncs (tenant_id, connection_id, started_at desc);
create table sync_streams (
    tenant_id uuid not null,
    sync_id uuid not null,
    stream_id uuid not null,
    read bigint not null default 0,
    landed bigint not null default 0,
    unchanged bigint not null default 0,
    rejected bigint not null default 0,
    deleted bigint not null default 0,
    rejects jsonb not null default '[]',
    error jsonb,
    seq bigint not null,
    primary key (tenant_id, sync_id, stream_id),
    foreign key (tenant_id, sync_id) references syncs (tenant_id, id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create table landings (
    tenant_id uuid not null,
    id uuid not null,
    sync_id uuid not null,
    stream_id uuid not null,
    part text not null,
    path text not null,
    rows bigint not null,
    bytes bigint not null,
    content_hash text not null,
    source_hash text,
    complete boolean not null,
    seq bigint not null,
    landed_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, sync_id, stream_id, part),
    foreign key (tenant_id, sync_id) references syncs (tenant_id, id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create index landings_in_order on landings (tenant_id, stream_id, seq);
create table latest_states (
    tenant_id uuid not null,
    stream_id uuid not null,
    path text not null,
    rows bigint not null,
    parts jsonb not null default '{}',
    seq bigint not null,
    primary key (tenant_id, stream_id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create table cursors (
    tenant_id uuid not null,
    stream_id uuid not null,
    position jsonb not null,
    seq bigint not null,
    primary key (tenant_id, stream_id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create table fingerprints (
    tenant_id uuid not null,
    id uuid not null,
    stream_id uuid not null,
    sync_id uuid not null,
    shape text not null,
    fields jsonb not null,
    rows bigint not null,
    seq bigint not null,
    taken_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, stream_id, sync_id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create index fingerprints_newest on fingerprints (tenant_id, stream_id, seq desc);
create table mappings (
    tenant_id uuid not null,
    id uuid not null,
    stream_id uuid not null,
    entity text not null,
    version integer not null,
    document jsonb not null,
    state text not null check (state in ('active', 'held', 'superseded')),
    made_by text not null,
    seq bigint not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, stream_id, entity, version),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create unique index mappings_current on mappings (tenant_id, stream_id, entity) where state <> 'superseded';
create table proposals (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    stream_id uuid,
    entity text,
    field text,
    title text not null,
    change jsonb not null,
    change_hash text not null,
    evidence jsonb not null default '[]',
    effect jsonb not null default '{}',
    confidence double precision not null,
    state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'withdrawn')),
    seq bigint not null,
    created_at timestamptz not null default now(),
    decided_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create unique index proposals_open on proposals (tenant_id, stream_id, entity, field) nulls not distinct where state = 'open';
create table decisions (
    tenant_id uuid not null,
    id uuid not null,
    proposal_id uuid,
    stream_id uuid,
    entity text,
    field text,
    verdict text not null check (verdict in ('approved', 'rejected', 'stated')),
    change jsonb not null,
    reason text,
    decided_by text not null,
    seq bigint not null,
    decided_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, proposal_id) references proposals (tenant_id, id),
    foreign key (tenant_id, stream_id) references streams (tenant_id, id)
);
create table event_batches (
    tenant_id uuid not null,
    id uuid not null,
    mapping_id uuid not null,
    landing_id uuid not null,
    entity text not null,
    path text not null,
    rows bigint not null,
    seq_from bigint not null,
    seq_to bigint not null,
    landed bigint not null,
    canonical bigint not null,
    quarantined bigint not null,
    held bigint not null,
    unmapped bigint not null,
    duplicate bigint not null,
    deleted bigint not null,
    cell_issues bigint not null,
    seq bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, mapping_id, landing_id),
    foreign key (tenant_id, mapping_id) references mappings (tenant_id, id),
    foreign key (tenant_id, landing_id) references landings (tenant_id, id)
);
create table quarantine_lists (
    tenant_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    mapping_id uuid not null,
    kind text not null check (kind in ('row', 'cell')),
    path text not null,
    rows bigint not null,
    seq bigint not null,
    primary key (tenant_id, id),
    unique (tenant_id, batch_id, kind),
    foreign key (tenant_id, batch_id) references event_batches (tenant_id, id)
);
create table entity_ids (
    tenant_id uuid not null references tenants(id),
    entity text not null,
    entity_id uuid not null,
    stream_id uuid not null,
    founding_key text not null,
    seq bigint not null,
    primary key (tenant_id, entity_id)
);
create table redirects (
    tenant_id uuid not null references tenants(id),
    from_id uuid not null,
    to_id uuid not null,
    cause text not null,
    seq bigint not null,
    primary key (tenant_id, from_id, seq)
);
create table versions (
    tenant_id uuid not null,
    id uuid not null,
    parent uuid,
    path text not null,
    applied_seq bigint not null,
    fingerprint text not null,
    tables jsonb not null,
    bytes bigint not null,
    seq bigint not null,
    published_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, parent) references versions (tenant_id, id)
);
create table warehouses (
    tenant_id uuid primary key references tenants(id),
    current uuid,
    foreign key (tenant_id, current) references versions (tenant_id, id)
);
create table outbox (
    tenant_id uuid not null references tenants(id),
    seq bigint not null,
    id uuid not null,
    type text not null,
    subject text not null,
    data jsonb not null default '{}',
    at timestamptz not null default now(),
    primary key (tenant_id, seq)
);
"""

# People and tenants: read by the login role, by a tenant only its own.
SHARED_TABLES = """
create table tenants (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    created_at timestamptz not null default now(),
    suspended_at timestamptz,
    erased_at timestamptz
);
create table users (
    id uuid primary key,
    email text not null,
    name text not null,
    password_hash text not null,
    created_at timestamptz not null default now(),
    disabled_at timestamptz
);
create unique index users_email on users (lower(email));
create table memberships (
    tenant_id uuid not null references tenants(id),
    user_id uuid not null references users(id),
    role text not null check (role in ('owner', 'admin', 'engineer', 'analyst', 'viewer')),
    persona text check (persona in ('CTO', 'CRO', 'COO', 'CFO')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
create table operators (
    user_id uuid primary key references users(id),
    since timestamptz not null default now()
);
create table revoked_tokens (
    token_id uuid primary key,
    user_id uuid not null references users(id),
    expires_at timestamptz not null,
    revoked_at timestamptz not null default now()
);
"""

MINE = "current_setting('aos.tenant')::uuid"
BY_TENANT = [
    "sequences", "tenant_keys", "connections", "leases", "runs", "streams", "dictionaries", "syncs", "sync_streams",
    "landings", "latest_states", "cursors", "fingerprints", "mappings", "proposals", "decisions", "event_batches",
    "quarantine_lists", "entity_ids", "redirects", "versions", "warehouses", "outbox",
]  # fmt: skip
# What is written once and never changed: no update, no delete, whoever asks.
APPEND_ONLY = {"landings", "fingerprints", "decisions", "event_batches", "quarantine_lists", "entity_ids",
               "redirects", "versions", "outbox"}  # fmt: skip
LOGIN = ["tenants", "users", "memberships", "operators", "revoked_tokens"]


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";") if statement.strip()]


def upgrade() -> None:
    op.execute("set local search_path = aos")
    for statement in _statements(SHARED_TABLES) + _statements(TENANT_TABLES):
        op.execute(statement)
    for table in BY_TENANT:
        op.execute(f"alter table {table} alter column tenant_id set default {MINE}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy own on {table} to aos_app using (tenant_id = {MINE}) with check (tenant_id = {MINE})"
        )
        verbs = "select, insert" if table in APPEND_ONLY else "select, insert, update, delete"
        op.execute(f"grant {verbs} on {table} to aos_app")
    for table in LOGIN:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy people on {table} to aos_login using (true) with check (true)")
        op.execute(f"grant select, insert, update on {table} to aos_login")
    op.execute(f"create policy own on tenants for select to aos_app using (id = {MINE})")
    op.execute("grant select on tenants to aos_app")
    _dispatch()
    op.execute("grant usage on schema aos to aos_app, aos_login, aos_dispatch")


def _dispatch() -> None:
    """What is due, and headers without payloads: enough to start work, never enough to read a row."""
    headers = {
        "tenants": "id, slug, suspended_at, erased_at",
        "outbox": "tenant_id, seq, id, type, subject, at",
        "leases": "tenant_id, name, epoch, held_until",
    }
    for table, columns in headers.items():
        op.execute(f"grant select ({columns}) on {table} to aos_dispatch")
        op.execute(f"create policy headers on {table} for select to aos_dispatch using (true)")


def downgrade() -> None:
    op.execute("set local search_path = aos")
    for table in reversed(["tenants", "users", "memberships", "operators", "revoked_tokens", *BY_TENANT]):
        op.execute(f"drop table {table} cascade")
