"""How Alembic reaches the control plane: the owner's connection is handed in, never read from outside."""

from alembic import context
from sqlalchemy import Connection

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="alembic_version", version_table_schema="aos")
with context.begin_transaction():
    context.run_migrations()
