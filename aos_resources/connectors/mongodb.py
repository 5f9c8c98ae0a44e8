"""A MongoDB database as a source: collections and views, whole and by their fields, in slices and then what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from aos_core.errors import CredentialsRefused, FixTheSource, NotUnderstood
from aos_resources.connectors.mongodb_client import STATEMENT_MS, Address, connected, in_words
from aos_resources.connectors.mongodb_columns import Columns, sampled
from aos_resources.connectors.mongodb_documents import ID, Documents, documents_of
from aos_resources.connectors.mongodb_pieces import cut
from aos_resources.connectors.mongodb_privileges import may_write
from aos_resources.connectors.mongodb_queries import position_of
from aos_resources.connectors.mongodb_reading import Reading, Way
from aos_resources.connectors.source import Discovery, Doors, Kind, Part, Probe, SourceStream
from aos_resources.settings import Settings

if TYPE_CHECKING:
    from pymongo.database import Database

_ENDS_ROWS = 50  # of the oldest and the newest documents
_SAMPLE_ROWS = 200
_SAMPLE_MS = 30_000
_SAMPLE_BYTES = 8 * 1024 * 1024


class MongoDb:
    """`cursors`: collection → field that grows with every change; one without is read whole and then by its changes."""

    name = "mongodb"
    slice_rows = 65_536

    def __init__(self, settings: Settings, address: Address, collections: tuple[str, ...], cursors: dict[str, str], *, follow: bool = True, compare_hours: int = 24) -> None:
        self._settings = settings
        self._address = address
        self._collections = collections
        self._cursors = cursors
        self._follow = follow
        self._compare_seconds = compare_hours * 3_600.0
        self._paths: dict[str, dict[str, str]] = {}
        self._plain: dict[str, bool] = {}

    def probe(self) -> Probe:
        with connected(self._settings, self._address) as client, in_words(self._address):
            database = client[self._address.database]
            # Collections, since who is not let in may still ask who they are.
            names = database.list_collection_names(authorizedCollections=True)
            status = database.command("connectionStatus", showPrivileges=True)["authInfo"]
        users = [f"{one['user']}" for one in status.get("authenticatedUsers", [])]
        return Probe(f"{', '.join(users) or 'nobody'} at {self._address.where}", may_write(status, self._address.database), f"{len(names):,} collections and views")

    def discover(self) -> Discovery:
        streams, problems = list[SourceStream](), list[tuple[str, str]]()
        with connected(self._settings, self._address) as client, in_words(self._address):
            database = client[self._address.database]
            kinds = {str(one["name"]): str(one.get("type", "collection")) for one in database.list_collections(authorizedCollections=True, nameOnly=True)}
            for name in sorted(kinds):
                if name.startswith("system.") or (self._collections and name not in self._collections):
                    continue
                self._plain[name] = kinds[name] == "collection"
                try:
                    streams.append(self._stream(database, name))
                except CredentialsRefused:
                    raise
                except FixTheSource as refused:
                    problems.append((name, refused.sentence))
        missing = [name for name in self._collections if name not in kinds]
        problems += [(name, "there is no such collection, or it may not be read") for name in missing]
        return Discovery(tuple(streams), problems=tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        columns, position = Columns(stream, self._paths.get(stream.name, {}), ""), position_of(cursor)
        way = Way(
            self._cursors.get(stream.name), plain := self._plain.get(stream.name, bool(stream.key)), self._follow and plain, self._compare_seconds, self.slice_rows
        )  # fmt: skip
        with connected(self._settings, self._address) as client:
            yield from Reading(client[self._address.database][stream.name], self._address, columns, way, position).parts()

    def _stream(self, database: Database[Any], name: str) -> SourceStream:
        samples = [one for one in self._samples(database, name) if len(one.whole)]
        columns, self._paths[name] = sampled(name, samples)
        cursor = self._cursors.get(name)
        landed = next((one for one, path in self._paths[name].items() if path == cursor), cursor)
        plain = self._plain[name]
        has_id = plain or any(len(one.id_kind) for one in samples)
        return SourceStream(name, columns if has_id else columns[1:], (ID,) if plain else (), landed, "periodic" if cursor else "exact")

    def _samples(self, database: Database[Any], name: str) -> Iterator[Documents]:
        """The oldest, the newest and some between, a few of each. Raises what `in_words` does, which names the collection."""
        from pymongo.errors import ExecutionTimeout  # noqa: PLC0415  loaded where MongoDB is read

        collection = database[name]
        with in_words(self._address, name):
            for order in (1, -1) if self._plain[name] else (None,):
                sort = {} if order is None else {"sort": [(ID, order)], "hint": [(ID, 1)]}
                yield from _beginning(collection.find_raw_batches({}, limit=_ENDS_ROWS, max_time_ms=STATEMENT_MS, **sort))
            try:
                yield from _beginning(collection.aggregate_raw_batches([{"$sample": {"size": _SAMPLE_ROWS}}], maxTimeMS=_SAMPLE_MS))
            except ExecutionTimeout:
                return  # of what is too large to sample, its ends must do


def _beginning(batches: Iterator[bytes]) -> Iterator[Documents]:
    """Of documents of many megabytes, a few are sample enough."""
    read = 0
    for raw in batches:
        for data, starts in cut(raw, _SAMPLE_ROWS):
            yield documents_of(data, starts)
            read += len(data)
            if read > _SAMPLE_BYTES:
                return


Text = Annotated[str, StringConstraints(max_length=1_000)]


class MongoDbConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Text = Field(title="Host", description="The server's name, or those of several, with commas between and a port where it is another: a.example.com, b.example.com:27018.")
    port: int = Field(default=27_017, ge=1, le=65_535, title="Port", description="Where the server listens, of each that names no port itself.")
    srv: bool = Field(default=False, title="Look the servers up", description="The host is a name as in mongodb+srv://, such as Atlas gives.")
    database: Text = Field(title="Database", description="The one database whose collections are read.", min_length=1)
    user: Text = Field(default="", title="User", description="One who may only read; nothing where the server asks for no user.")
    auth_database: Text = Field(default="admin", title="Database of the user", description="The database that keeps the user, mostly admin.")
    tls: bool = Field(default=True, title="Encryption", description="Speak with the server through TLS, as every server outside of your own network should.")
    ca: Annotated[str, StringConstraints(max_length=200_000)] = Field(default="", title="Certificate authority", description="The authority that signed the server's certificate, in PEM, where it is none that everybody knows.")
    replica_set: Text = Field(default="", title="Replica set", description="The name of the replica set; without it, a server that is named alone is read alone.")
    prefer: Literal["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"] = Field(
        default="secondaryPreferred", title="Read from", description="Which servers of a replica set are read; a secondary spares the one that your applications write to."
    )
    collections: list[Text] = Field(default=[], max_length=10_000, title="Collections", description="The collections to read; all that may be read where none is named.")
    cursors: dict[Text, Text] = Field(
        default={}, max_length=10_000, title="Cursors",
        description="Of a collection, the field that grows with every change, such as updatedAt; one without is read whole and then by its changes, where the server keeps them.",
    )  # fmt: skip
    follow_changes: bool = Field(default=True, title="Follow changes", description="After the first reading, ask a replica set only for what changed and what was deleted.")
    compare_hours: int = Field(default=24, ge=0, le=8_760, title="Compare keys", description="Of a collection with a cursor, after how many hours its keys are compared to find what was deleted; 0 each time.")


class MongoDbSecret(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    password: SecretStr = Field(default=SecretStr(""), title="Password", description="The user's password.", max_length=1_000)


def _make(doors: Doors, config: MongoDbConfig, secret: MongoDbSecret) -> MongoDb:
    hosts = ((config.host.strip(), config.port),) if config.srv else tuple(_host(one.strip(), config.port) for one in config.host.split(",")[:50])
    address = Address(
        hosts, config.database, config.user, secret.password.get_secret_value(), config.auth_database, config.srv, config.tls, config.ca, config.replica_set, config.prefer
    )  # fmt: skip
    return MongoDb(doors.settings, address, tuple(config.collections), config.cursors, follow=config.follow_changes, compare_hours=config.compare_hours)


def _host(text: str, port: int) -> tuple[str, int]:
    """`name`, `name:port`, an IPv6 address, or one in brackets with a port."""
    name, colon, number = text.rpartition(":")
    if not colon or (":" in name and not name.startswith("[")):
        return text.strip("[]"), port
    if not number.isascii() or not number.isdigit():
        raise NotUnderstood("This is no address of a server", culprit=text[:100], fix="Write its name, or its name, a colon and its port.")
    return name.strip("[]"), int(number)


KIND = Kind("mongodb", "MongoDB", "Collections and views of a MongoDB database; Atlas is one.", MongoDbConfig, MongoDbSecret, _make)
