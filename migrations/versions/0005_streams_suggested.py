"""A stream remembers from what its mappings were suggested last: where that is as it was, nothing is suggested anew."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table aos.streams add column suggested text")


def downgrade() -> None:
    op.execute("alter table aos.streams drop column suggested")
