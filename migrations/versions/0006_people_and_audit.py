"""Sessions, invitations, API keys, access for operators, flags, settings and quotas of tenants, and the audit log."""

from alembic import op

revision = "0006"
down_revision = "0005"

MINE = "current_setting('aos.tenant')::uuid"

# People's own things: for the login role, which knows who asks before it knows for which tenant.
OF_PEOPLE = """
alter table users alter column password_hash drop not null;
alter table users add column email_proven boolean not null default true;
alter table users add column oidc_issuer text;
alter table users add column oidc_subject text;
create unique index users_oidc on users (oidc_issuer, oidc_subject);
alter table memberships add column disabled_at timestamptz;
create table sessions (
    id uuid primary key,
    user_id uuid not null references users(id),
    workspace uuid references tenants(id),
    started_at timestamptz not null default now(),
    expires_at timestamptz not null,
    seen_at timestamptz not null default now(),
    address text not null default '',
    agent text not null default '',
    ended_at timestamptz
);
create index sessions_of_a_person on sessions (user_id, expires_at desc);
create table tickets (
    hash bytea primary key,
    session_id uuid not null references sessions(id) on delete cascade,
    purpose text not null,
    expires_at timestamptz not null
);
create table password_resets (
    hash bytea primary key,
    user_id uuid not null references users(id),
    workspace uuid references tenants(id),
    made_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create table flag_defaults (
    name text primary key,
    enabled boolean not null,
    changed_by text not null,
    changed_at timestamptz not null default now()
);
create table erasures (
    erased uuid primary key references tenants(id),
    asked_by text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    report jsonb,
    signature text
);
drop table revoked_tokens;
create index outbox_young on outbox (at) include (tenant_id, seq)
"""

# What belongs to one tenant. The audit log has no reference to its tenant: it outlives what it tells of.
OF_TENANTS = """
create table invitations (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    email text not null,
    role text not null check (role in ('owner', 'admin', 'engineer', 'analyst', 'viewer')),
    hash bytea not null,
    invited_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    withdrawn_at timestamptz,
    primary key (tenant_id, id)
);
create index invitations_by_hash on invitations (hash);
create table api_keys (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    name text not null,
    prefix text not null,
    hash bytea not null,
    role text not null check (role in ('owner', 'admin', 'engineer', 'analyst', 'viewer')),
    scopes jsonb not null,
    made_by uuid not null references users(id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    primary key (tenant_id, id)
);
create index api_keys_by_hash on api_keys (hash);
create table grants (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    operator uuid not null references users(id),
    email text not null,
    reason text not null,
    granted_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, id)
);
create table flags (
    tenant_id uuid not null references tenants(id),
    name text not null,
    enabled boolean not null,
    changed_by text not null,
    changed_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
create table tenant_settings (
    tenant_id uuid primary key references tenants(id),
    currency text not null default 'USD',
    time_zone text not null default 'UTC',
    week_start text not null default 'monday' check (week_start in ('monday', 'sunday', 'saturday')),
    fiscal_year_start integer not null default 1,
    changed_by text not null,
    changed_at timestamptz not null default now()
);
create table masks (
    tenant_id uuid not null references tenants(id),
    kind text not null check (kind in ('personal', 'money')),
    roles jsonb not null,
    changed_by text not null,
    changed_at timestamptz not null default now(),
    primary key (tenant_id, kind)
);
create table quotas (
    tenant_id uuid not null references tenants(id),
    name text not null check (name in ('connections', 'rows', 'language_model_spend')),
    most bigint not null,
    changed_by text not null,
    changed_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
create table language_model_usage (
    tenant_id uuid not null references tenants(id),
    id uuid not null,
    at timestamptz not null default now(),
    purpose text not null,
    model text not null,
    tokens_in bigint not null,
    tokens_out bigint not null,
    microdollars bigint not null,
    primary key (tenant_id, id)
);
create table idempotency (
    tenant_id uuid not null references tenants(id),
    caller text not null,
    key text not null,
    id uuid not null,
    request bytea not null,
    answer bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, caller, key)
);
create table audit (
    tenant_id uuid not null,
    seq bigint not null,
    id uuid not null,
    at timestamptz not null,
    actor_kind text not null,
    actor_id text not null,
    actor text not null,
    verb text not null,
    noun text not null,
    subject text not null,
    address text not null,
    trace text not null,
    before bytea,
    after bytea,
    detail jsonb not null default '{}',
    previous bytea not null,
    hash bytea not null,
    primary key (tenant_id, seq)
);
create table audit_heads (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null,
    seal bytea not null
)
"""
VERBS = {
    "quotas": "select", "audit": "select, insert", "language_model_usage": "select, insert", "audit_heads": "select, insert, update",
}  # fmt: skip
CHANGING = "select, insert, update, delete"
BY_TENANT = ["invitations", "api_keys", "grants", "flags", "tenant_settings", "masks", "quotas", "language_model_usage",
             "idempotency", "audit", "audit_heads"]  # fmt: skip
# Looked up by a hash or for a person, before it is known which tenant it is: the login role sees these columns of all tenants.
LOOKED_UP = {
    "invitations": ("tenant_id, id, email, role, hash, created_at, expires_at, accepted_at, withdrawn_at", "accepted_at"),
    "api_keys": ("tenant_id, id, name, prefix, hash, role, scopes, made_by, expires_at, revoked_at, used_at", "used_at"),
    "grants": ("tenant_id, id, operator, expires_at, ended_at", ""),
}
# Written by the login role for one tenant that it names, as every tenant's own rows are.
NAMED = {
    "audit": "grant insert, select (tenant_id, seq, hash) on audit to aos_login",
    "audit_heads": "grant insert, update, select (tenant_id, seq, hash) on audit_heads to aos_login",
    "quotas": "grant insert, update, delete, select (tenant_id, name, most) on quotas to aos_login",
    "tenant_settings": "grant insert, select (tenant_id) on tenant_settings to aos_login",
    "sequences": "grant insert, select (tenant_id) on sequences to aos_login",
    "warehouses": "grant insert, select (tenant_id) on warehouses to aos_login",
}
FORWARD = """
create function audit_head_moves_forward() returns trigger language plpgsql as $$
begin
    if new.seq < old.seq or new.tenant_id <> old.tenant_id then
        raise exception 'an audit log is never shortened';
    end if;
    return new;
end
$$
"""
# How a transaction of one tenant begins. The lock is shared by all of them; who erases the tenant takes it alone, after the
# erasure is marked: what began before it is waited for, what begins later sees the mark.
ENTER = """
create function enter(tenant uuid) returns timestamptz language plpgsql as $$
begin
    perform set_config('aos.tenant', tenant::text, true);
    perform pg_advisory_xact_lock_shared(hashtextextended(tenant::text, 0));
    return (select erased_at from aos.tenants where id = tenant);
end
$$
"""


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";") if statement.strip()]


def _force(table: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")


def upgrade() -> None:
    op.execute("set local search_path = aos")
    for statement in _statements(OF_PEOPLE) + _statements(OF_TENANTS):
        op.execute(statement)
    for table in ("sessions", "tickets", "password_resets", "flag_defaults", "erasures"):
        _force(table)
        op.execute(f"create policy people on {table} to aos_login using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to aos_login")
    for table in BY_TENANT:
        op.execute(f"alter table {table} alter column tenant_id set default {MINE}")
        _force(table)
        op.execute(f"create policy own on {table} to aos_app using (tenant_id = {MINE}) with check (tenant_id = {MINE})")
        op.execute(f"grant {VERBS.get(table, CHANGING)} on {table} to aos_app")
    for table, (columns, changed) in LOOKED_UP.items():
        op.execute(f"grant select ({columns}) on {table} to aos_login")
        op.execute(f"create policy looked_up on {table} for select to aos_login using (true)")
        if changed:
            op.execute(f"grant update ({changed}) on {table} to aos_login")
            op.execute(f"create policy used on {table} for update to aos_login using (true) with check (true)")
    for table, granted in NAMED.items():
        op.execute(granted)
        op.execute(f"create policy named on {table} to aos_login using (tenant_id = {MINE}) with check (tenant_id = {MINE})")
    _members()
    _headers()
    op.execute(ENTER)
    op.execute(FORWARD)
    op.execute("create trigger forward before update on audit_heads for each row execute function audit_head_moves_forward()")


def _members() -> None:
    """A tenant sees and changes its own memberships, and of people the names of those who are its members."""
    op.execute(f"create policy own on memberships to aos_app using (tenant_id = {MINE}) with check (tenant_id = {MINE})")
    op.execute("grant select, insert, update, delete on memberships to aos_app")
    op.execute("grant delete on memberships to aos_login")
    op.execute(f"create policy own on sessions to aos_app using (workspace = {MINE}) with check (workspace = {MINE})")
    op.execute("grant select (id, user_id, workspace, ended_at), update (ended_at) on sessions to aos_app")
    op.execute("grant insert on invitations to aos_login")
    op.execute(f"create policy first on invitations for insert to aos_login with check (tenant_id = {MINE})")
    op.execute("grant delete on operators to aos_login")
    op.execute("grant select (id, email, name, disabled_at) on users to aos_app")
    op.execute("create policy members on users for select to aos_app using (exists (select from memberships m where m.user_id = users.id))")


def _headers() -> None:
    """What a process must know of all tenants at once: which flags are set, who asked to be erased."""
    op.execute("grant select (tenant_id, name, enabled) on flags to aos_dispatch")
    op.execute("create policy headers on flags for select to aos_dispatch using (true)")
    op.execute("grant select (name, enabled) on flag_defaults to aos_dispatch, aos_app")
    op.execute("create policy headers on flag_defaults for select to aos_dispatch, aos_app using (true)")


def downgrade() -> None:
    op.execute("set local search_path = aos")
    for table in [*reversed(BY_TENANT), "erasures", "flag_defaults", "password_resets", "tickets", "sessions"]:
        op.execute(f"drop table {table} cascade")
    op.execute("drop index outbox_young")
    op.execute("drop function audit_head_moves_forward, enter")
    for policy, table in (("members", "users"), ("own", "memberships")):
        op.execute(f"drop policy {policy} on {table}")
        op.execute(f"revoke all on {table} from aos_app")
    op.execute("revoke delete on memberships, operators from aos_login")
    for table in ("sequences", "warehouses"):
        op.execute(f"drop policy named on {table}")
        op.execute(f"revoke all on {table} from aos_login")
    op.execute("alter table memberships drop column disabled_at")
    op.execute("delete from users where password_hash is null")
    op.execute("alter table users drop column email_proven, drop column oidc_issuer, drop column oidc_subject, alter column password_hash set not null")
    op.execute(
        "create table revoked_tokens (token_id uuid primary key, user_id uuid not null references users(id),"
        " expires_at timestamptz not null, revoked_at timestamptz not null default now())"
    )
    _force("revoked_tokens")
    op.execute("create policy people on revoked_tokens to aos_login using (true) with check (true)")
    op.execute("grant select, insert, update on revoked_tokens to aos_login")
