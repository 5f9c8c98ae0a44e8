"""A stream's latest state may be several files: one of all keys, and what came since."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("set local search_path = aos")
    op.execute("alter table latest_states alter column path type jsonb using jsonb_build_array(path)")
    op.execute("alter table latest_states rename column path to paths")


def downgrade() -> None:
    """One file is kept: what a lake of an older installation cannot read is read from the source again."""
    op.execute("set local search_path = aos")
    op.execute("alter table latest_states no force row level security")
    op.execute("delete from latest_states where jsonb_array_length(paths) > 1")
    op.execute("alter table latest_states force row level security")
    op.execute("alter table latest_states rename column paths to path")
    op.execute("alter table latest_states alter column path type text using path ->> 0")
