"""dbt in this process: one manifest for all tenants, one work file at a time under a constant name.

Loaded where a version is built and not before: it takes more than a second and 60 MB, which a run that finds nothing
new, and a process that only knows the assets, would spend for nothing.
"""

from __future__ import annotations

import hashlib
import json
import threading
from functools import cache
from pathlib import Path
from typing import Any

from aos_core.errors import AosError

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
# dbt keeps its last file open and its environment is the process's: one tenant at a time.
_ONE_AT_A_TIME = threading.Lock()


def build(work_file: Path, scratch: Path, memory: str, models: list[str]) -> None:
    """Runs those models over a work file; every one where none is named.

    Raises:
        AosError: a model failed; says which and why. The work file is to be thrown away.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415

    runner = _runner(scratch)
    told = {"work_file": str(work_file), "memory": memory, "spill": str(scratch / "spill")}
    chosen = ["--select", *models] if models else []
    with _ONE_AT_A_TIME:
        try:
            result: Any = runner.invoke(["run", *_options(scratch), *chosen, "--vars", json.dumps(told)])
        finally:
            close: Any = DuckDBConnectionManager.close_all_connections
            close()
    if result.exception is not None:
        raise AosError("The models could not be built", culprit=str(result.exception)[:500]) from result.exception
    failed = [one for one in result.result if one.status not in ("success", "pass")]
    if failed:
        raise AosError("A model failed", culprit=failed[0].node.name, fix=str(failed[0].message)[:500])


@cache
def nodes_fingerprint() -> str:
    """A hash of every model and macro of ours as written, and of how the project has them made."""
    files = [PROJECT / "dbt_project.yml", *(PROJECT / "models").rglob("*.sql"), *(PROJECT / "macros").rglob("*.sql")]
    written = sorted((str(path.relative_to(PROJECT)), path.read_text()) for path in files)
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def load(scratch: Path) -> None:
    """What `build` would do the first time: dbt imported, the project read."""
    _runner(scratch)


@cache
def _manifest(scratch: Path) -> Any:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    told = {"work_file": ":memory:", "memory": "1GB", "spill": ""}
    with _ONE_AT_A_TIME:
        result = dbtRunner().invoke(["parse", *_options(scratch), "--vars", json.dumps(told)])
    if result.exception is not None:
        raise result.exception
    return result.result


@cache
def _runner(scratch: Path) -> Any:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    return dbtRunner(manifest=_manifest(scratch))


def _options(scratch: Path) -> list[str]:
    return [
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(scratch / "target"),
        "--log-path", str(scratch / "logs"), "--no-use-colors", "--log-level", "none", "--no-send-anonymous-usage-stats",
        "--no-version-check", "--no-write-json", "--no-populate-cache",
    ]  # fmt: skip
