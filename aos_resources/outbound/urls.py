"""The one way an address of a web server is read: what two readers could understand differently is refused."""

from __future__ import annotations

import re

import httpx

from aos_core.errors import NotAllowed, NotUnderstood

_LONGEST = 4096
_ODD = re.compile(r'[^\x21-\x7e]|[\\<>"{}|^`]')
_SHOWN = 24  # characters of a part of a path; what is longer may be a token


def read_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address, or one beside `base`, which must not lead away from its server.

    Raises:
        NotUnderstood: it is none that we read. NotAllowed: it is not of http, or of another server.
    """
    if len(text) > _LONGEST or _ODD.search(text):
        raise NotUnderstood("This address is too long or holds odd characters", culprit=shown(text), fix="Write it in plain ASCII; an international name as xn--….")
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, ValueError, UnicodeError) as odd:
        raise NotUnderstood("This is no address of a web server", culprit=shown(text)) from odd
    if url.scheme not in ("http", "https"):
        raise NotAllowed("Sources are reached by https or http alone", culprit=url.scheme[:20] or "no scheme")
    if url.userinfo or "@" in text.partition("?")[0].partition("://")[2].partition("/")[0]:
        raise NotAllowed("An address carries no user or password", culprit=url.host, fix="Enter them as the connection's secret.")
    if not url.host:
        raise NotUnderstood("The address names no server", culprit=shown(text))
    if base is not None and origin(url) != origin(base):
        raise NotAllowed("The address leads to another server", culprit=f"{url.scheme}://{url.host}", fix=f"This connection speaks with {base.scheme}://{base.host} alone.")
    return url


def origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.raw_host.decode("ascii").lower(), url.port or (443 if url.scheme == "https" else 80)


def named(url: httpx.URL) -> str:
    """An address for a message: no query, and no part of a path that could be a token."""
    parts = [part if len(part) <= _SHOWN else "…" for part in url.path.split("/")]
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{'/'.join(parts)}"[:200]


def shown(text: str) -> str:
    """The beginning of what is no address: before anything that could be a secret."""
    return re.sub(r"[^\x20-\x7e]", "�", re.split(r"[?#@]", text)[0])[:60]
