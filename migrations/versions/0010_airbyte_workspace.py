"""Which workspace of an external Airbyte is a tenant's own: the operator says so, and only its jobs are shown."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("alter table aos.tenant_settings add column airbyte_workspace uuid")


def downgrade() -> None:
    op.execute("alter table aos.tenant_settings drop column airbyte_workspace")
