"""What a discovery service has found, read as sources that may be connected: it names vendors and kinds in its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

# State in which the service calls an asset ready; one of any other is not for us yet.
READY = "READY_FOR_CONNECT"
_SCHEMES = {"postgres": "postgres", "postgresql": "postgres", "mongodb": "mongodb", "mongodb+srv": "mongodb", "salesforce": "salesforce", "supabase": "postgres"}
_VENDORS = {"salesforce": "salesforce", "mongodb": "mongodb", "postgres": "postgres", "postgresql": "postgres", "supabase": "postgres"}


@dataclass(frozen=True)
class Finding:
    """`config`: as far as the finding tells of it, never a secret; what is missing a person completes."""

    external_id: str
    name: str
    source: str
    config: dict[str, Any] = field(default_factory=dict)


def read_finding(asset: object) -> Finding | None:
    """An asset of the service; None where it is none that is ready, or not of its form."""
    if not isinstance(asset, dict) or asset.get("state") != READY:
        return None
    external, uri = asset.get("asset_id"), asset.get("uri")
    if not isinstance(external, str) or not isinstance(uri, str) or not 0 < len(external) <= 200 or not 0 < len(uri) <= 2_000:
        return None
    vendor, kind = (str(asset.get(word) or "").lower()[:60] for word in ("vendor", "kind"))
    scheme, _, rest = uri.partition("://")
    source = _SCHEMES.get(scheme.lower() if rest else "", _VENDORS.get(vendor, vendor or kind or "unknown"))
    return Finding(external, _name(rest or uri, external), source, _config(uri, source) if rest else {})


def _name(said: str, external: str) -> str:
    """Without who and how, which may stand before a host."""
    bare = said.rpartition("@")[2].partition("?")[0].replace("/", " ").replace("\x00", "").strip()
    return f"{bare[:80]} ({external[:15]})" if bare else external[:100]


def _config(uri: str, source: str) -> dict[str, Any]:
    """Host, port, database and user of an address; what else stands in one is the service's."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return {}
    if source != "postgres" or not parts.hostname:
        return {}
    told: dict[str, Any] = {"host": parts.hostname, "port": port, "database": unquote(parts.path.strip("/")), "user": unquote(parts.username or "")}
    return {name: one for name, one in told.items() if one}
