"""Whom to believe that a server is who it says: the world's authorities, or the one that a connection names instead."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

import certifi

from aos_core.errors import FixTheSource, NotAllowed
from aos_resources.settings import Settings

_MARK = "-----BEGIN CERTIFICATE-----"
_LARGEST = 1024 * 1024
WORLD = certifi.where()


def authority(settings: Settings, given: str) -> str:
    """The CA that a connection names, as PEM: its text, or a file in one of the folders that file connections may read.

    Raises:
        NotAllowed: the file lies elsewhere. FixTheSource: there is no certificate in it.
    """
    text = given
    if _MARK not in given:
        path = Path(given).resolve()
        if not any(path.is_relative_to(root) for root in settings.roots):
            raise NotAllowed("A CA is given as PEM, or as a file under AOS_FILE_ROOTS", culprit=given[:200])
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST).decode("ascii", errors="replace")
        except OSError as gone:
            raise FixTheSource("The file of the CA cannot be read", culprit=given[:200], fix=str(gone.strerror)) from gone
    trusting(text)
    return text


def trusting(ca: str | Path | None) -> ssl.SSLContext:
    """TLS that believes the authority given (a file, or PEM as a text) alone, or else the world's.

    Raises:
        FixTheSource: there is no certificate in it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # asks for a certificate, and that it is of that name
    try:
        if isinstance(ca, str):
            context.load_verify_locations(cadata=ca)
        else:
            context.load_verify_locations(cafile=WORLD if ca is None else str(ca))
    except (ssl.SSLError, OSError, ValueError) as odd:
        raise FixTheSource("This is no CA certificate", culprit=str(ca) if isinstance(ca, Path) else "", fix="Give it as PEM.") from odd
    context.set_alpn_protocols(["http/1.1"])
    return context


class AuthorityFile:
    """A CA as a file, for who reads nothing else; gone with its holder."""

    def __init__(self, pem: str) -> None:
        self._held = tempfile.NamedTemporaryFile("w", prefix="aos-ca-", suffix=".pem")  # noqa: SIM115 - held open on purpose
        self._held.write(pem)
        self._held.flush()

    @property
    def path(self) -> str:
        return self._held.name
