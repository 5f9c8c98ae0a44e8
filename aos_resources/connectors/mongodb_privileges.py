"""Whether a MongoDB user may change a database, by what the server says of the user. Pure: asks nothing."""

from __future__ import annotations

from typing import Any

_WRITES = {
    "insert", "update", "remove", "dropCollection", "createCollection", "createIndex", "dropIndex", "dropDatabase", "collMod", "renameCollectionSameDB",
    "convertToCapped", "bypassDocumentValidation", "anyAction", "createUser", "grantRole", "changeOwnPassword", "restoreUser",
} - {"changeOwnPassword"}  # fmt: skip
# What the roles that come with MongoDB allow, for servers that name roles and no privileges.
_READERS = {"read", "readAnyDatabase", "clusterMonitor"}
_WRITERS = {"readWrite", "readWriteAnyDatabase", "dbOwner", "dbAdmin", "dbAdminAnyDatabase", "userAdmin", "userAdminAnyDatabase", "root", "restore", "__system"}


def may_write(status: dict[str, Any], database: str) -> bool | None:
    """`status`: the `authInfo` of connectionStatus. None where the server does not tell."""
    if not status.get("authenticatedUsers"):
        return None
    privileges = status.get("authenticatedUserPrivileges") or []
    if privileges:
        return any(_of(one.get("resource", {}), database) and _WRITES & set(one.get("actions", [])) for one in privileges)
    roles = {str(one.get("role")) for one in status.get("authenticatedUserRoles", []) if one.get("db") in (database, "admin")}
    if roles & _WRITERS:
        return True
    return False if roles and roles <= _READERS else None


def _of(resource: dict[str, Any], database: str) -> bool:
    """A resource without a database is every database; those that MongoDB keeps for itself are nobody's data."""
    if resource.get("anyResource"):
        return True
    return resource.get("db") in ("", database) and not str(resource.get("collection", "")).startswith("system.")
