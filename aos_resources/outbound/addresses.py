"""Where a host that somebody typed in really is: every answer of the resolver checked, and connected to as checked.

Resolved once: who connects to a name again may be led elsewhere by its second answer.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil
from psycopg.conninfo import conninfo_to_dict

from aos_core.errors import AosError, FixTheSource, NotAllowed, NotUnderstood, TryAgain
from aos_core.networks import closed, plain
from aos_resources.settings import Settings

# Underscores are in names that people have; nothing here can end a name and begin something else.
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|[0-9A-Fa-f:.]{2,45}")
_HERE = "this machine"
_CONNECTING = 10.0  # seconds for each address


@dataclass(frozen=True)
class Pinned:
    """A host as it was checked: connect to `addresses`, never to `host`, which is for certificates and headers."""

    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def libpq(self) -> dict[str, str]:
        """What libpq wants to know (psycopg and ADBC too): the names for the certificate, the addresses to connect to."""
        many = len(self.addresses)
        return {"host": ",".join([self.host] * many), "hostaddr": ",".join(self.addresses), "port": ",".join([str(self.port)] * many)}

    def connect(self, patience: float = _CONNECTING) -> socket.socket:
        """A connection to the first address that takes one. Raises OSError."""
        failed: OSError = OSError("no address")
        for address in self.addresses:
            made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            made.settimeout(patience / len(self.addresses))
            try:
                made.connect((address, self.port))
            except OSError as error:
                made.close()
                failed = error
            else:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
        raise failed


def pin(settings: Settings, host: str, port: int) -> Pinned:
    """That host, once each of its addresses is one that a source may be at.

    Raises:
        NotAllowed: one of them is in a network of ours or is our own server. FixTheSource: there is no such host.
        TryAgain: nobody could say where it is. NotUnderstood: this is no host or no port.
    """
    if not 0 < port < 65_536:
        raise NotUnderstood("There is no such port", culprit=str(port), fix="A port is a number from 1 to 65535.")
    found = {one: plain(one) for one in _resolve(host, port)}
    _refuse_own(settings, host, port, {_known(one) for one in found})
    for address in found.values():
        why = closed(address, settings.networks)
        if why is not None:
            raise NotAllowed(
                "A source may not be at such an address", culprit=f"{host}: {address} is {why}",
                fix="The operator allows a network of the company's own with AOS_ALLOWED_NETWORKS.",
            )  # fmt: skip
    return Pinned(host, port, tuple(dict.fromkeys(str(one) for one in found.values())))


def _resolve(host: str, port: int | None) -> list[str]:
    if not _HOST.fullmatch(host) or ".." in host:
        raise NotUnderstood("This is no name or address of a host", culprit=host[:100], fix="Write a name such as db.example.com, in ASCII (xn--…), or one address.")
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as unknown:
        if isinstance(unknown, socket.gaierror) and unknown.errno == socket.EAI_AGAIN:
            raise TryAgain("The name of the host could not be looked up", culprit=host) from unknown
        raise FixTheSource("There is no such host", culprit=host, fix="Correct the connection's host.") from unknown


def _refuse_own(settings: Settings, host: str, port: int, asked: set[str]) -> None:
    """The installation's own servers are never a source: what they hold belongs to everybody."""
    for what, own_host, own_port in _own(settings):
        if own_port == port and asked & _places(own_host):
            raise NotAllowed(f"This is the installation's own {what}", culprit=f"{host}:{port}")


def _own(settings: Settings) -> list[tuple[str, str, int]]:
    """(what, host, port) of each of our servers."""
    found = [("API", _HERE, settings.api_port), ("orchestrator", _HERE, settings.dagster_port)]
    urls: list[str] = []
    if settings.roles_file.exists():
        urls += json.loads(settings.roles_file.read_text()).values()
    urls += [settings.database_url] if settings.database_url else []
    for url in dict.fromkeys(urls):
        parts = conninfo_to_dict(url)
        hosts, ports = (str(parts.get(name) or other).split(",") for name, other in (("hostaddr", parts.get("host") or _HERE), ("port", "5432")))
        found += [("database", own, int(ports[min(n, len(ports) - 1)])) for n, own in enumerate(hosts)]
    for what, place in (("pooler", f"//{settings.pooler}" if settings.pooler else None), ("Redis", settings.redis())):
        if place is not None:
            read = urlsplit(place)
            found.append((what, read.hostname or _HERE, read.port or 6379))
    return list(dict.fromkeys(found))


def _places(host: str) -> set[str]:
    """Where one of our own is; a socket's folder is here."""
    if host == _HERE or host.startswith(("/", "@")):
        return {_HERE}
    try:
        return {_known(one) for one in _resolve(host, None)}
    except AosError:  # whose name is none of a tenant's business; unknown, it cannot be told apart from what was asked for
        raise TryAgain("The installation cannot find its own servers just now") from None


def _known(text: str) -> str:
    """One word for every address of this machine, however it is written."""
    address = plain(text)
    cards = {one.address.partition("%")[0] for card in psutil.net_if_addrs().values() for one in card}
    return _HERE if address.is_loopback or address.is_unspecified or str(address) in cards else str(address)
