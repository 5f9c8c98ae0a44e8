"""A run that met another worker's lease is put off, which is no failure."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _states("'running', 'succeeded', 'failed', 'put_off'")


def downgrade() -> None:
    op.execute("alter table aos.runs no force row level security")
    op.execute("update aos.runs set state = 'failed' where state = 'put_off'")
    op.execute("alter table aos.runs force row level security")
    _states("'running', 'succeeded', 'failed'")


def _states(words: str) -> None:
    op.execute("alter table aos.runs drop constraint runs_state_check")
    op.execute(f"alter table aos.runs add constraint runs_state_check check (state in ({words}))")
