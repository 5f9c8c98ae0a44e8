"""Ways to tamper with an audit log as whoever owns the database, and how to put it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database
from aos_resources.seals import FIELDS, Seals

WRONG_KEY = b"a key of the attacker's own, 32 b."


def fill(database: Database, tenant: Tenant, entries: int) -> None:
    """So many entries, each another act."""
    actor = Actor("person", "u-1", "ada@example.com", "203.0.113.7", "t" * 32)
    for number in range(entries):
        with database.of(tenant).transaction() as transaction:
            record(transaction, Entry(actor, "change", "settings", f"thing {number}", before=number, after=number + 1, detail={"n": number, "ä": [1.5, None]}))


@dataclass(frozen=True)
class Attacker:
    """Whoever owns the database and nothing of the home. `position` is the number of the entry that is wrong first."""

    owner: psycopg.Connection[Any]
    tenant: Tenant

    def run(self, statement: str, *values: object) -> None:
        self.owner.execute(statement.encode(), values)

    def rows(self) -> list[dict[str, Any]]:
        with self.owner.cursor(row_factory=dict_row) as cursor:
            return cursor.execute("select * from aos.audit where tenant_id = %s order by seq", (self.tenant.id,)).fetchall()

    def edit(self, position: int) -> None:
        self.run("update aos.audit set subject = subject || ' or not' where tenant_id = %s and seq = %s", self.tenant.id, position)

    def insert(self, position: int) -> None:
        """A forged entry between two, its neighbours' numbers and links mended."""
        self.run("update aos.audit set seq = -seq - 1 where tenant_id = %s and seq >= %s", self.tenant.id, position)
        self.run("update aos.audit set seq = -seq where tenant_id = %s and seq < 0", self.tenant.id)
        self.run("update aos.audit_heads set seq = seq + 1 where tenant_id = %s", self.tenant.id)
        forged = next(row for row in self.rows() if row["seq"] != position) | {"seq": position, "id": uuid4(), "subject": "forged"}
        self._write(forged | {"previous": self._hash(position - 1) or forged["previous"]})

    def swap(self, position: int) -> None:
        """Two entries that stand beside each other change places, the first one's place being wrong first."""
        mine = (self.tenant.id, position, position + 1)
        self.run("update aos.audit set seq = case seq when %s then -%s else -%s end where tenant_id = %s and seq in (%s, %s)", position, position + 1, position, *mine)
        self.run("update aos.audit set seq = -seq where tenant_id = %s and seq < 0", self.tenant.id)

    def delete(self, position: int) -> None:
        self.run("delete from aos.audit where tenant_id = %s and seq = %s", self.tenant.id, position)

    def cut(self, position: int) -> None:
        self.run("delete from aos.audit where tenant_id = %s and seq >= %s", self.tenant.id, position)

    def cut_and_roll_back(self, position: int) -> None:
        """The whole log as it stood once, its old head with it: each seal is a real one."""
        self.cut(position)
        hashed, seal = self.earlier_heads[position - 1]
        self.run("update aos.audit_heads set seq = %s, hash = %s, seal = %s where tenant_id = %s", position - 1, hashed, seal, self.tenant.id)

    def drop(self, _position: int) -> None:
        self.run("delete from aos.audit where tenant_id = %s", self.tenant.id)
        self.run("delete from aos.audit_heads where tenant_id = %s", self.tenant.id)

    def reseal(self, position: int) -> None:
        """An entry is changed, and it and all after it are sealed anew, with a key that is not the home's."""
        seals, last = Seals(WRONG_KEY), self._hash(position - 1)
        for row in self.rows():
            if row["seq"] >= position:
                changed = row | {"previous": last or row["previous"], "subject": row["subject"] + " or not"}
                last = seals.row(changed)
                self.run("delete from aos.audit where tenant_id = %s and seq = %s", self.tenant.id, row["seq"])
                self._write(changed | {"hash": last})
        number = self.rows()[-1]["seq"]
        self.run("update aos.audit_heads set hash = %s, seal = %s where tenant_id = %s", last, seals.head(number, last or b""), self.tenant.id)

    @property
    def earlier_heads(self) -> dict[int, tuple[bytes, bytes]]:
        """What somebody may have copied of the heads while the log grew. (Made here with the real key: a copy needs none.)"""
        return self._heads

    _heads: dict[int, tuple[bytes, bytes]]

    def _hash(self, position: int) -> bytes | None:
        return next((bytes(row["hash"]) for row in self.rows() if row["seq"] == position), None)

    def _write(self, row: dict[str, Any]) -> None:
        names = (*FIELDS, "hash")
        values = [Jsonb(row[name]) if name == "detail" else row[name] for name in names]
        self.run(f"insert into aos.audit ({', '.join(names)}) values ({', '.join(['%s'] * len(names))})", *values)


ATTACKS: dict[str, Callable[[Attacker, int], None]] = {
    "edit": Attacker.edit, "insert": Attacker.insert, "swap": Attacker.swap, "delete": Attacker.delete, "cut the tail": Attacker.cut,
    "cut the tail and roll the head back": Attacker.cut_and_roll_back, "drop the log": Attacker.drop, "seal all again": Attacker.reseal,
}  # fmt: skip


def attacker(owner: psycopg.Connection[Any], database: Database, tenant: Tenant) -> Attacker:
    seals = database.anchors.seals(tenant.id)
    made = Attacker(owner, tenant, {0: (seals.genesis(), seals.head(0, seals.genesis()))})
    for row in made.rows():
        made.earlier_heads[row["seq"]] = (bytes(row["hash"]), seals.head(row["seq"], bytes(row["hash"])))
    return made


@contextmanager
def tampered(attacker: Attacker, attack: Callable[[Attacker, int], None], position: int) -> Iterator[None]:
    """The log under an attack, and as it was before at the end."""
    owner, mine = attacker.owner, (attacker.tenant.id,)
    owner.execute("create temp table kept as select * from aos.audit where tenant_id = %s", mine)
    owner.execute("create temp table kept_head as select * from aos.audit_heads where tenant_id = %s", mine)
    owner.execute("set session_replication_role = replica")  # triggers and foreign keys off: the owner may do that
    try:
        attack(attacker, position)
        yield
    finally:
        for table, kept in (("audit", "kept"), ("audit_heads", "kept_head")):
            owner.execute(f"delete from aos.{table} where tenant_id = %s".encode(), mine)
            owner.execute(f"insert into aos.{table} select * from {kept}".encode())
        owner.execute("drop table kept, kept_head")
        owner.execute("reset session_replication_role")
