"""How a MongoDB is reached: every server of it checked before it is dialled, and what goes wrong said in words. Reads no rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType
from typing import TYPE_CHECKING, Any

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, TryAgain
from aos_resources.outbound import pin
from aos_resources.settings import Settings

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

STATEMENT_MS = 600_000
_SELECTION_MS = 8_000
_HEARTBEAT_MS = 20_000  # a server under load answers late, and is not given up for it
_REFUSED = {18, 11, 334}  # AuthenticationFailed, UserNotFound, mechanism unavailable
_FORBIDDEN = {13, 8000}  # Unauthorized; Atlas says AtlasError
# The server or the network is to blame, and a later call may go through.
_PASSING = {6, 7, 43, 50, 89, 91, 96, 175, 189, 202, 237, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436, 11601}
_DIAL = "_configured_socket_interface"


@dataclass(frozen=True)
class Address:
    """`hosts`: seeds; with `srv`, the one name whose SRV records lead to them."""

    hosts: tuple[tuple[str, int], ...]
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    auth_database: str = "admin"
    srv: bool = False
    tls: bool = True
    ca: str = field(default="", repr=False)
    replica_set: str = ""
    prefer: str = "secondaryPreferred"

    @property
    def where(self) -> str:
        return f"{','.join(name if self.srv else f'{name}:{port}' for name, port in self.hosts)}/{self.database}"


@contextmanager
def connected(settings: Settings, address: Address) -> Iterator[MongoClient[Any]]:
    """A client of that address, for a `with`. Raises what `in_words` does, and NotAllowed where one of its servers may not be reached."""
    from pymongo import MongoClient  # noqa: PLC0415  a third of a second: loaded where MongoDB is read

    with TemporaryDirectory(prefix="aos-mongodb-") as folder, in_words(address):
        options: dict[str, Any] = {
            "serverSelectionTimeoutMS": _SELECTION_MS, "connectTimeoutMS": _HEARTBEAT_MS, "socketTimeoutMS": STATEMENT_MS + 30_000,
            "readPreference": address.prefer, "readConcernLevel": "majority", "retryReads": True, "appname": "AutonomOS", "tls": address.tls,
            "maxPoolSize": 4, "uuidRepresentation": "unspecified",
        }  # fmt: skip
        if address.ca:
            bundle = Path(folder) / "ca.pem"
            bundle.write_text(address.ca)
            options["tlsCAFile"] = str(bundle)
        if address.user:
            options |= {"username": address.user, "password": address.password, "authSource": address.auth_database}
        seeds, said = _looked_up(address) if address.srv else (address.hosts, {})
        options |= said | ({"replicaSet": address.replica_set} if address.replica_set else {})
        for host, port in seeds:
            pin(settings, host, port)  # here too, so that what is refused is said at once and not after a wait
        guard = _Guard(settings)
        # Where one server is named and no set, that one is read: it may be known by another name to the others of its set.
        alone = len(seeds) == 1 and "replicaSet" not in options and "loadBalanced" not in options
        client: MongoClient[Any] = MongoClient([f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in seeds], directConnection=alone, _pool_class=guard.pool(), **options)
        try:
            with guard.heard():
                yield client
        finally:
            client.close()


class _Guard:
    """Connections of pymongo, each to an address that was checked just then: it finds the members of a replica set by itself,
    and looks a name up anew for each connection.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._refused: list[AosError] = []

    def pool(self) -> type[Any]:
        from pymongo.synchronous import pool  # noqa: PLC0415

        if _DIAL not in pool.Pool.connect.__code__.co_names:
            raise FixTheSource("This version of pymongo opens connections in a way that we cannot check", fix="Install the version that requirements.lock names.")
        connect = FunctionType(pool.Pool.connect.__code__, vars(pool) | {_DIAL: self._dial}, "connect")
        return type("CheckedPool", (pool.Pool,), {"connect": connect})

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Where no server could be reached and the reason was ours, it is what is raised: pymongo's own threads only note it."""
        from pymongo.errors import ConnectionFailure  # noqa: PLC0415

        try:
            yield
        except (ConnectionFailure, TryAgain):
            if self._refused:
                raise self._refused[-1] from None
            raise

    def _dial(self, address: tuple[str, int], options: Any, sessions: Any = None) -> Any:
        from pymongo.network_layer import NetworkingInterface  # noqa: PLC0415
        from pymongo.pool_shared import _wrap_socket_tls  # noqa: PLC0415

        try:
            made = pin(self._settings, *address).connect(_SELECTION_MS / 1000)
        except AosError as refused:
            self._refused.append(refused)
            raise OSError(refused.what) from refused
        return NetworkingInterface(_wrap_socket_tls(made, address, options))


@contextmanager
def in_words(address: Address, culprit: str = "") -> Iterator[None]:
    """What pymongo raises, as ours; `culprit` is the collection that is read.

    Raises:
        CredentialsRefused, TryAgain, FixTheSource.
    """
    from pymongo.errors import PyMongoError  # noqa: PLC0415

    try:
        yield
    except PyMongoError as failed:
        raise _worded(failed, address, culprit) from None  # what it says may repeat what it was sent


def _worded(failed: PyMongoError, address: Address, culprit: str) -> AosError:
    from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure  # noqa: PLC0415

    said = str(failed.details.get("errmsg") or failed) if isinstance(failed, OperationFailure) and failed.details else str(failed)
    said = (said.replace(address.password, "•••") if address.password else said).strip().split("\n")[0][:300]
    code = failed.code if isinstance(failed, OperationFailure) else None
    which = culprit or address.where
    if code in _REFUSED or (isinstance(failed, ConfigurationError) and "auth" in said.lower()):
        return CredentialsRefused("MongoDB does not let us in", culprit=f"{address.user or 'nobody'} at {address.where}", fix="Enter the user's password anew, and the database that keeps the user.")
    if code in _FORBIDDEN:
        return FixTheSource("MongoDB does not let this user read it", culprit=which, fix="Give the user the role read on the database.")
    if "certificate" in said.lower():
        return FixTheSource("The server's certificate does not hold", culprit=which, fix="Give the connection the CA that signed it, in PEM.")
    if isinstance(failed, ConnectionFailure) or code in _PASSING or failed.has_error_label("RetryableReadError"):
        return TryAgain("MongoDB does not answer", culprit=which, fix=_shortened(said))
    return FixTheSource("MongoDB could not be read", culprit=which, fix=said)


def _shortened(said: str) -> str:
    """Without the driver's own account of the topology."""
    return said.partition(" (configured timeouts")[0].partition(", Timeout:")[0][:200]


def _looked_up(address: Address) -> tuple[tuple[tuple[str, int], ...], dict[str, str]]:
    """The servers that a name's SRV records list, and the few options that its TXT record may set.

    Source: the initial DNS seedlist discovery of MongoDB's driver specifications.

    Raises:
        FixTheSource: there are none, or they lie outside of the name's own domain. TryAgain: nobody could say.
    """
    import dns.exception  # noqa: PLC0415
    import dns.resolver  # noqa: PLC0415

    name = address.hosts[0][0].lower().rstrip(".")
    try:
        found = dns.resolver.resolve(f"_mongodb._tcp.{name}", "SRV", lifetime=_SELECTION_MS / 1000)
        try:
            texts = [b"".join(one.strings).decode() for one in dns.resolver.resolve(name, "TXT", lifetime=_SELECTION_MS / 1000)]
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            texts = []
    except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN) as none:
        raise FixTheSource("The name has no SRV records of MongoDB", culprit=name, fix="Check the host, or name the servers themselves.") from none
    except dns.exception.DNSException as away:
        raise TryAgain("The name could not be looked up", culprit=name) from away
    servers = tuple((str(one.target).rstrip(".").lower(), int(one.port)) for one in found)[:50]
    domain = "." + (name.partition(".")[2] if name.count(".") > 1 else name)
    for server, _ in servers:
        if not server.endswith(domain):
            raise FixTheSource("The name's SRV record leads out of its own domain", culprit=f"{name}: {server}", fix="Name the servers themselves.")
    options = dict(one.split("=", 1) for text in texts[:1] for one in text.split("&") if "=" in one)
    return servers, {key: value for key, value in options.items() if key in ("authSource", "replicaSet") and not (key == "authSource" and address.user and address.auth_database != "admin")}
