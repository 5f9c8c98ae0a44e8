"""Which source stands for which kind in the conformance suite. Adding a kind is a file of its own and a line here."""

from __future__ import annotations

from tests.resources.source_mongodb import MongoDbSource
from tests.resources.source_postgres import PostgresSource
from tests.resources.source_salesforce import SalesforceSource
from tests.resources.sources import FileSource, Source

SOURCES: dict[str, type[Source]] = {
    "files": FileSource,
    "mongodb": MongoDbSource,
    "postgres": PostgresSource,
    "salesforce": SalesforceSource,
}

# Kinds whose rows nobody can change, delete or take away: what of the suite they can be asked is in test_connector_<kind>.py.
GENERATED = {"legacy"}

# Tables that every source can have.
ORDERS = {"id": "integer", "note": "text"}
CHANGED = {"id": "integer", "changed": "timestamp with time zone"}
