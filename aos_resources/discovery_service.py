"""The client of an AOS Discover service (`POST /api/discover`): what it has found ready to be connected becomes intents, each once."""

from __future__ import annotations

from typing import Any

from aos_core.errors import FixTheSource
from aos_core.findings import Finding, read_finding
from aos_resources.bounded import within
from aos_resources.intents import Wanted, receive
from aos_resources.outbound import Http
from aos_resources.settings import Settings
from aos_resources.world import Work

_SECONDS = 20.0
# The service answers questions in plain words; this one it documents.
_QUESTION = {"query": "show ready assets"}
_MOST = 10_000


def findings(settings: Settings) -> list[Finding]:
    """What is ready, in the service's order; what is not of its documented form is passed by.

    Raises:
        CredentialsRefused, FixTheSource, NotAllowed, TryAgain: as `Http` does, and where the answer is none.
    """
    assert settings.aod_url is not None
    token = settings.aod_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask() -> Any:
        with Http(settings, str(settings.aod_url), headers=headers, timeout=_SECONDS) as service:
            return service.post_json("api/discover", _QUESTION, idempotent=True)

    answer = within(_SECONDS, "the discovery service", ask)
    assets = answer.get("assets") if isinstance(answer, dict) else None
    if not isinstance(assets, list) or len(assets) > _MOST:
        if isinstance(answer, dict) and answer.get("status") == "no_data":
            return []
        raise FixTheSource("The discovery service's answer is none that we can use", culprit=str(settings.aod_url), fix="Is AOS_AOD_URL the address of AOS Discover?")
    return [found for one in assets if (found := read_finding(one)) is not None]


def receive_findings(work: Work) -> int:
    """The findings that were new, where the service looks for this tenant's sources. Those known already stay as people have completed them."""
    settings = work.settings
    if settings.aod_url is None or settings.aod_tenant != work.tenant.slug:
        return 0
    told = findings(settings)
    with work.database.transaction() as transaction:
        known = {row["external_id"] for row in transaction.all("select external_id from aos.intents where origin = 'discovery'")}
        fresh = [one for one in told if one.external_id not in known]
        for one in fresh:
            receive(transaction, work, Wanted("discovery", one.external_id, one.name, one.source, one.config))
    return len(fresh)
