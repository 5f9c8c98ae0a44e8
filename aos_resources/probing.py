"""Sources asked whom they let in and with which rights, before anything of them is kept."""

from __future__ import annotations

from typing import Any

from aos_core.errors import AosError, NotAllowed, NotUnderstood
from aos_resources.bounded import within
from aos_resources.connectors import connect, kind_named, read_model
from aos_resources.connectors.source import Connector, Doors, Probe
from aos_resources.database import as_json
from aos_resources.settings import Settings
from aos_resources.world import Work

PROBE_SECONDS = 20.0
LOOK_SECONDS = 60.0
_WHO = ("user", "username", "client_id")


def check_allowed(settings: Settings, source: str, config: dict[str, Any]) -> None:
    """Returns where the administrator lets such a source be connected.

    Raises:
        NotAllowed: they do not. NotUnderstood: there is no such kind.
    """
    kind_named(source)
    if not settings.allowed_sources.allows(source, config):
        raise NotAllowed("This source is not among those that may be connected", culprit=source, fix="An administrator allows sources by AOS_SOURCES.")


def check_form(source: str, config: dict[str, Any], secret: dict[str, Any] | None) -> None:
    """Returns where both are of the form that the kind asks for. Raises NotUnderstood, which repeats nothing of them."""
    kind = kind_named(source)
    read_model(kind.config, config, source)
    if kind.secret is not None or secret:
        check_secret(source, secret or {})


def check_secret(source: str, secret: dict[str, Any]) -> None:
    kind = kind_named(source)
    if kind.secret is None:
        raise NotUnderstood("This kind of source has no secret", culprit=source, fix="Leave it out.")
    read_model(kind.secret, secret, source)


def needs_secret(source: str, config: dict[str, Any]) -> bool:
    """Whether these settings are of no use without one: the kind always asks for one, or they say who comes, which nobody believes."""
    form = kind_named(source).secret
    if form is None:
        return False
    if any(config.get(name) for name in _WHO):
        return True
    try:
        read_model(form, {}, source)
    except NotUnderstood:
        return True
    return False


def ask(doors: Doors, source: str, config: dict[str, Any], secret: dict[str, Any] | None) -> Connector:
    """Its connector; raises as `connect` does, within the probe's time: some look for their host already."""
    return opened(doors, source, config, None if secret is None else as_json(secret))


def opened(doors: Doors, source: str, config: dict[str, Any], sealed: str | None) -> Connector:
    """The same with a secret as it was sealed."""
    return within(PROBE_SECONDS, source, lambda: connect(doors, source, config, sealed))


def probe(connector: Connector) -> Probe:
    return within(PROBE_SECONDS, connector.name, connector.probe)


def check_safe(found: Probe, safe_mode: bool) -> None:
    """Returns where these credentials may be kept. A source that cannot tell what they may is given the benefit of the doubt.

    Raises:
        NotAllowed: they may change the source, and nobody has said that this is all right.
    """
    if safe_mode and found.writable:
        raise NotAllowed(
            "These credentials may change the source", culprit=found.account,
            fix="Give credentials that may only read, or let an administrator turn SAFE_MODE off.",
        )  # fmt: skip


def safe_mode(work: Work) -> bool:
    return work.flags.on("SAFE_MODE", work.tenant)


def told(error: AosError) -> dict[str, str]:
    """An error as it is kept and shown: which thing it was stands within what it says."""
    which = f" ({error.culprit})" if error.culprit else ""
    return {"code": error.code, "what": f"{error.what}{which}", "fix": error.fix}


def tried(work: Work, source: str, config: dict[str, Any], secret: dict[str, Any] | None) -> dict[str, Any]:
    """What a source says to these settings, stored nowhere; that it refuses is an answer too.

    Raises:
        NotUnderstood: there is no such kind, or a setting is missing or wrong.
    """
    check_form(source, config, secret)
    said: dict[str, Any] = {"account": None, "writable": None, "said": "", "refused": None, "streams": [], "problems": []}
    try:
        check_allowed(work.settings, source, config)
        connector = ask(Doors(work.settings), source, config, secret)
        found = probe(connector)
        said |= {"account": found.account, "writable": found.writable, "said": found.said}
        check_safe(found, safe_mode(work))
        discovered = within(LOOK_SECONDS, source, connector.discover)
    except AosError as refused:
        return said | {"refused": told(refused)}
    streams = [
        {"name": one.name, "columns": len(one.columns), "key": list(one.key), "cursor": one.cursor, "delete_mode": one.delete_mode}
        for one in discovered.streams
    ]
    return said | {"streams": streams, "problems": [{"name": name, "reason": reason} for name, reason in discovered.problems]}
