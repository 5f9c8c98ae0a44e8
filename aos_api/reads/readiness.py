"""Whether this process can serve: each thing it needs, tried. Never raises for what is away."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from aos_core.errors import AosError
from aos_resources.database import Database

# One table of each group that migrations make: where one is missing, they have not all run.
_EXPECTED = ("tenants", "users", "outbox", "versions", "proposals")


def readiness(database: Database) -> list[dict[str, object]]:
    """Name, whether it is ready, and what is not."""
    try:
        with database.people() as transaction:
            missing = [
                row["name"]
                for row in transaction.all(
                    "select name from unnest(cast(:names as text[])) name where to_regclass('aos.' || name) is null",
                    names=list(_EXPECTED),
                )
            ]
    except (SQLAlchemyError, AosError) as away:
        said = away.sentence if isinstance(away, AosError) else "The database does not answer."
        return [_check("database", said), _check("migrations", "Not known while the database is away.")]
    return [
        _check("database", ""),
        _check("migrations", f"Not run: {', '.join(missing)} missing." if missing else ""),
    ]


def _check(name: str, problem: str) -> dict[str, object]:
    return {"name": name, "ready": not problem, "problem": problem}
