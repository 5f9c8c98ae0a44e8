"""Which source records are one thing: issued ids and the deterministic keys that join records across streams."""

from __future__ import annotations

from uuid import UUID, uuid5

from aos_core.ontology import Entity

# What names one thing whoever says it, and how it is written the same: entity → SQL over its fields.
GLOBAL_KEYS: dict[str, tuple[str, ...]] = {
    "contact": ("lower(trim(email))",),
    "account": (
        "lower(trim(domain))",
        r"regexp_extract(lower(trim(website)), '^(?:[a-z]+://)?(?:www\.)?([^/:?#]+\.[^/:?#]+)', 1)",
    ),
}

_KEPT = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
_SET = (0x5 << 76) + (0x2 << 62)


def record_id(tenant: UUID, entity: str, connection: UUID, stream: UUID, key: str) -> UUID:
    """The id of a source record; of the founding one, it is the entity's id for ever (UUIDv5, RFC 9562 §5.5)."""
    return uuid5(tenant, f"{entity}/{connection}/{stream}/{key}")


def record_id_sql(tenant: UUID, entity: str) -> str:
    """The same over columns `origin` (see `origin_sql`) and `entity_key`, for a whole table at once."""
    named = f"unhex('{tenant.hex}') || encode('{entity}/' || origin || entity_key)"
    # Version and variant are set in the number: six bits, whatever the digest says there.
    return f"((substr(sha1({named}), 1, 32)::uuid::uhugeint & {_KEPT}::uhugeint) | {_SET}::uhugeint)::uuid"


def origin_sql(table: str) -> str:
    """What stands before the key in a record's name: the same for all records of a stream, so that it is written once."""
    return f"{table}.connection || '/' || {table}.stream || '/'"


def global_keys(entity: Entity) -> tuple[str, ...]:
    return GLOBAL_KEYS.get(entity.name, ())
