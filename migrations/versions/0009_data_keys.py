"""Several data keys of a tenant: while they are rotated, what was sealed under the one before opens too."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("alter table tenant_keys add column version integer not null default 1 check (version > 0)")
    op.execute("alter table tenant_keys drop constraint tenant_keys_pkey, add primary key (tenant_id, version)")


def downgrade() -> None:
    """Of each tenant the newest key stays. What was sealed with a version does not open with the code of before."""
    op.execute("set local search_path = aos")
    op.execute("alter table tenant_keys no force row level security")
    op.execute("delete from tenant_keys k where exists (select from tenant_keys n where n.tenant_id = k.tenant_id and n.version > k.version)")
    op.execute("alter table tenant_keys force row level security")
    op.execute("alter table tenant_keys drop constraint tenant_keys_pkey, add primary key (tenant_id)")
    op.execute("alter table tenant_keys drop column version")
