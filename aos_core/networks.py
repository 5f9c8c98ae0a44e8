"""Which addresses lead into somebody's own network instead of out into the world. Values only: nothing is looked up here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOCALHOST: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
# Our own list, since that of `ipaddress` differs between minor versions of Python (IANA's special-purpose registries).
_CLOSED_4 = {
    "0.0.0.0/8": "this machine", "10.0.0.0/8": "a private network", "100.64.0.0/10": "a provider's inner network",
    "127.0.0.0/8": "this machine", "169.254.0.0/16": "link-local, where clouds keep credentials", "172.16.0.0/12": "a private network",
    "192.0.0.0/24": "reserved", "192.0.2.0/24": "for documentation", "192.88.99.0/24": "a tunnel", "192.168.0.0/16": "a private network",
    "198.18.0.0/15": "for benchmarks", "198.51.100.0/24": "for documentation", "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast", "240.0.0.0/4": "reserved", "168.63.129.16/32": "a cloud's own service",
}  # fmt: skip
# Of IPv6 only what is given out to the world is open, and of that not these.
_WORLD_6 = IPv6Network("2000::/3")
_CLOSED_6 = {"2001::/23": "a tunnel or reserved", "2001:db8::/32": "for documentation", "2002::/16": "a tunnel", "3fff::/20": "for documentation"}
_TRANSLATED = IPv6Network("64:ff9b::/96")  # where a network has only IPv6, each IPv4 address is written so
_CLOSED = [(ip_network(network), why) for network, why in (_CLOSED_4 | _CLOSED_6).items()]


def plain(text: str) -> Address:
    """An address as the kernel connects to it: one of IPv4 is of IPv4, however it is wrapped; a zone is left away."""
    read = ip_address(text.partition("%")[0])
    return (read.ipv4_mapped or read) if isinstance(read, IPv6Address) else read


def closed(address: Address, allowed: Sequence[Network]) -> str | None:
    """What an address is that a source may not have; None where it may."""
    if any(address in network for network in allowed):
        return None
    for network, why in _CLOSED:
        if address in network:
            return why
    if isinstance(address, IPv4Address) or address in _WORLD_6:
        return None
    if address in _TRANSLATED:
        return closed(IPv4Address(int(address) & 0xFFFFFFFF), ())
    return "of no network of the world"


@lru_cache
def read_networks(text: str) -> tuple[Network, ...]:
    """A list such as `10.1.0.0/16, localhost`. Raises ValueError."""
    found: list[Network] = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        found += LOCALHOST if one.lower() == "localhost" else (ip_network(one),)
    return tuple(found)
