"""Who acts by the command line, as the audit log tells it: the account of this machine that ran it."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aos_resources.audit import Actor


def acting() -> Actor:
    from aos_resources.audit import Actor

    try:
        name = getpass.getuser()
    except OSError:  # an account without a name, as containers have
        name = "nobody known"
    return Actor("process", "aos", name, socket.gethostname())
