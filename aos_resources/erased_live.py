"""What Redis holds of an erased tenant: its keys, and what its file on disk still says of them."""

from __future__ import annotations

import shutil

from aos_core.tenancy import Tenant
from aos_resources.live import Live
from aos_resources.settings import Settings

_PATIENCE = 60  # seconds that writing its file anew may take


def remove(settings: Settings, tenant: Tenant) -> int:
    """Every key of the tenant goes; gives how many. Of an embedded one that does not run its whole data goes: it is made again from Postgres.

    Raises:
        Away: it does not answer now; the erasure goes on when it is called again.
    """
    if settings.redis() is None:
        return _remove_data(settings)
    live = Live(settings)
    try:
        gone = live.forget(tenant)
        live.write_anew(most=_PATIENCE)
        return gone
    finally:
        live.close()


def left(settings: Settings, tenant: Tenant) -> int:
    """Keys that are still there."""
    if settings.redis() is None:
        return 0
    live = Live(settings)
    try:
        return len(live.keys(tenant))
    finally:
        live.close()


def _remove_data(settings: Settings) -> int:
    gone = 0
    for data in (settings.home / "valkey").glob("data*"):
        gone += sum(1 for one in data.rglob("*") if one.is_file())
        shutil.rmtree(data, ignore_errors=True)
    return gone

