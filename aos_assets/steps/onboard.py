"""Connections on their way: those left half-way go on before their kind of source is read, and what discovery found is received."""

from __future__ import annotations

from contextlib import suppress

from aos_assets.steps.runs import noted
from aos_core.errors import AosError
from aos_resources.discovery_service import receive_findings
from aos_resources.onboarding import advance_all
from aos_resources.world import Work


def onboard(work: Work, source: str, run: str) -> None:
    """An attempt at every intent of that kind that is worth one. What stands in an intent's way is noted with it and fails nothing."""
    with noted(work, "onboarding", run) as summary:
        attempted = advance_all(work, source)
        if attempted:
            with work.database.transaction() as transaction:
                row = transaction.one("count", "select count(*) filter (where state = 'active') as active from aos.intents where id = any(:ids)", ids=attempted)
            summary |= {"source": source, "attempted": len(attempted), "active": row["active"]}


def discover_sources(work: Work, run: str) -> None:
    """What the discovery service has found for this tenant becomes intents. One that is away is noted, and stops nothing else."""
    with suppress(AosError), noted(work, "discovery", run) as summary:
        found = receive_findings(work)
        summary |= {"received": found} if found else {}
