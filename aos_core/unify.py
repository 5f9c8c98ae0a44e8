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


def record_id(tenant: UUID, entity: str, connection: UUID, stream: UUID, key: str) -> UUID:
    """The id of a source record; of the founding one, it is the entity's id for ever (UUIDv5, RFC 9562 §5.5)."""
    return uuid5(tenant, f"{entity}/{connection}/{stream}/{key}")


def record_id_sql(tenant: UUID, entity: str) -> str:
    """The same over columns `connection`, `stream`, `entity_key`, for a whole table at once."""
    named = f"unhex('{tenant.hex}') || encode('{entity}/' || connection || '/' || stream || '/' || entity_key)"
    digest = f"sha1({named})"
    variant = f"substr('89ab', (instr('0123456789abcdef', substr({digest}, 17, 1)) - 1) % 4 + 1, 1)"
    return (
        f"(substr({digest}, 1, 8) || '-' || substr({digest}, 9, 4) || '-5' || substr({digest}, 14, 3) || '-' || {variant}"
        f" || substr({digest}, 18, 3) || '-' || substr({digest}, 21, 12))::uuid"
    )


def global_keys(entity: Entity) -> tuple[str, ...]:
    return GLOBAL_KEYS.get(entity.name, ())
