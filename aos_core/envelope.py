"""What happened to a tenant, in the form in which it is told outside: a CloudEvents 1.0 envelope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aos_core.tenancy import Tenant


def envelope(tenant: Tenant, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope of one entry of the outbox: `seq, id, type, subject, data, at`.

    `sequence` is the entry's number in the tenant's order, in which nothing is told twice or out of turn; `traceparent`
    is there where the entry knows the request that it came from.
    """
    data = dict(entry["data"])
    trace = data.pop("traceparent", None)
    at: datetime = entry["at"]
    return {
        "specversion": "1.0",
        "id": str(entry["id"]),
        "source": f"urn:aos:tenant:{tenant.id}",
        "type": entry["type"],
        "subject": entry["subject"],
        "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "tenantid": str(tenant.id),
        "sequence": str(entry["seq"]),
        **({"traceparent": trace} if isinstance(trace, str) else {}),
        "datacontenttype": "application/json",
        "data": data,
    }
