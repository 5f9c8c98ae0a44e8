"""Where a Postgres is and how it is spoken to, as libpq is told: to the checked addresses, and how well hidden."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from aos_resources.outbound.addresses import Pinned
from aos_resources.outbound.authorities import WORLD

_NO_FILE = "/dev/null/none"
# Files in our own home that libpq would otherwise show to the source's server.
_NOTHING_OF_OURS = {"passfile": "/dev/null", "sslcertmode": "disable", "gssencmode": "disable"}
_PATIENCE = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "60000"}


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: str = "automatic"

    def url(self, pinned: Pinned, ca: str | None) -> str:
        """For libpq: to the checked addresses. `ca`: a file of those whose word for a server is taken, instead of the world's."""
        mode = self._encryption(pinned, ca)
        # Named for every mode, libpq would check the certificate in each, and with `prefer` go on in the open where it is not good.
        believed = ca or (WORLD if mode == "verify-full" else _NO_FILE)
        settings = {**pinned.libpq, "sslmode": mode, "sslrootcert": believed, "application_name": "AutonomOS", **_PATIENCE, **_NOTHING_OF_OURS}
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{who}@/{quote(self.database, safe='')}?{urlencode(settings, quote_via=quote)}"

    def _encryption(self, pinned: Pinned, ca: str | None) -> str:
        """What is not said is the safest that can be expected: with a CA its word, over the internet at least no plain text.

        Servers of a company's own network often have no certificate at all; those the operator has allowed by name.
        """
        if self.sslmode != "automatic":
            return self.sslmode
        inside = all(ipaddress.ip_address(one.partition("%")[0]).is_private for one in pinned.addresses)
        return "verify-full" if ca else "prefer" if inside else "require"
