"""A tenant exported and imported elsewhere is the same, row for row; and what is not whole is refused before anything is written."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from aos_assets.steps.sweeping import sweep
from aos_core.errors import Gone, NotUnderstood
from aos_resources import exporting, importing, tenants
from aos_resources.archives import reading
from aos_resources.audit import Actor, Entry, record
from aos_resources.audit_check import verify
from aos_resources.embedded import Cluster
from aos_resources.erasing import erase
from aos_resources.exporting import export
from aos_resources.importing import import_tenant
from aos_resources.migrate import prepare
from aos_resources.people import add_member, create_tenant, create_user
from aos_resources.quotas import set_quota
from aos_resources.settings import Settings
from aos_resources.tenant_tables import LEFT_OUT
from aos_resources.world import World, open_world
from tests.assets.conftest import DEALS, FIRST, Company
from tests.resources.tenant_rows import tenant_tables

OPERATOR = Actor("operator", "account root", "root at this machine")


@dataclass
class Place:
    """An installation of its own."""

    settings: Settings
    world: World
    owner: psycopg.Connection

    def rows(self, tenant: Any, table: str) -> tuple[int, str]:
        """A sorted content hash of the tenant's rows."""
        rows = self.owner.execute(sql.SQL("select to_jsonb(t)::text from {} t where tenant_id = %s").format(sql.Identifier("aos", table)), (tenant.id,)).fetchall()
        return len(rows), hashlib.sha256("\n".join(sorted(str(one) for (one,) in rows)).encode()).hexdigest()

    def everything(self) -> dict[str, int]:
        tables = self.owner.execute("select relname from pg_class where relnamespace = 'aos'::regnamespace and relkind = 'r'").fetchall()
        return {name: self.owner.execute(f"select count(*) from aos.{name}".encode()).fetchall()[0][0] for (name,) in tables} | {
            "files": len([one for one in self.settings.lake.rglob("*") if one.is_file() and not one.name.endswith(".lock")])
        }


def place(folder: Path) -> Iterator[Place]:
    cluster = Cluster(folder / "postgres")
    settings = Settings(home=folder / "home", file_roots=str(folder.parent), memory="400MB")
    prepare(settings, cluster.start())
    world = open_world(settings)
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        yield Place(settings, world, owner)
    world.database.close()
    cluster.stop()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("here"))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("there"))


@pytest.fixture(scope="module")
def acme(here: Place, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Acme with two versions, people, quotas, a secret and texts that are hard to write; Globex beside it."""
    made = []
    for slug in ("globex", "acme"):
        company = Company(here.world.of(create_tenant(here.world.database, slug, slug.title())), tmp_path_factory.mktemp(slug))
        company.connect()
        hard = {"deal_id": 'x"\\,\tö\u2028\x01\x02', "state": "Won", "worth": "0.000000000000001", "company": slug, "closed": "2024-02-29"}
        company.write("deals.csv", [*FIRST, hard, FIRST[0] | {"deal_id": "5", "worth": "not a number"}])
        assert company.sync().error is None
        company.suggest()
        company.decide(DEALS)
        company.publish()
        company.write("deals.csv", [*FIRST[:2], hard])
        company.refresh()
        made.append(company)
    company, database = made[1], here.world.database
    for role in ("owner", "viewer"):
        add_member(database, company.work.tenant, create_user(database, f"{role}@acme.example", f"{role} ö", "correct horse battery"), role, "CFO")  # type: ignore[arg-type]
    set_quota(database, company.work.tenant, "rows", 1_000_000, OPERATOR)
    with company.work.database.transaction() as transaction:
        billing = uuid4()
        transaction.run("insert into aos.connections (id, name, source, config, note) values (:id, 'billing', 'postgres', '{\"host\": \"h\"}', :note)", id=billing, note="a\nb\t\\N ö \u2028 \\. \x01")
        sealed = company.work.secrets.seal(transaction, company.work.tenant, billing, "the secret of billing")
        transaction.run("update aos.connections set sealed = :sealed where id = :id", sealed=sealed, id=billing)
        record(transaction, Entry(OPERATOR, "change", "settings", "s", detail={"n": 1.5}))
    return company


@pytest.fixture(scope="module")
def archive(here: Place, acme: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archives") / "acme.zip"
    export(acme.work.database, acme.work.lake, path)
    assert [one.name for one in path.parent.iterdir()] == ["acme.zip"]
    return path


def test_the_imported_tenant_equals_the_exported_one(here: Place, there: Place, acme: Company, archive: Path) -> None:
    tenant = acme.work.tenant
    made = import_tenant(there.settings, there.world.database, archive, OPERATOR, as_is=True)
    twin = Company(there.world.of(made.tenant), acme.folder, acme.connection)
    assert (made.tenant, made.new_people, made.paused) == (tenant, 2, 1)
    apart = {*LEFT_OUT, "audit", "connections", "memberships", "quotas"}
    tables = [one.name for one in tenant_tables(here.owner, "aos") if one.name not in apart]
    mine, theirs = ({name: place.rows(tenant, name) for name in tables} for place in (here, there))
    assert mine == theirs
    assert sum(rows for rows, _ in mine.values()) > 30
    assert twin.content() == acme.content()
    states = "select name, source, config, state, note from aos.connections where tenant_id = %s order by name"
    both = [place.owner.execute(states, (tenant.id,)).fetchall() for place in (here, there)]
    assert both[0][1] == both[1][1] and [one[3] for one in both[1]] == ["paused", "active"]
    people = "select u.email, u.name, m.role, m.persona, u.password_hash is null from aos.memberships m join aos.users u on u.id = m.user_id where tenant_id = %s order by 1"
    before, after = (place.owner.execute(people, (tenant.id,)).fetchall() for place in (here, there))
    assert [one[:4] for one in before] == [one[:4] for one in after] and all(one[4] for one in after)
    assert twin.sync().error is None and twin.publish().fresh is False  # it goes on where it was: nothing is new to it
    twin.write("deals.csv", [FIRST[0], FIRST[1] | {"worth": "8"}])
    twin.refresh()
    assert sweep(twin.work).files >= 0 and (twin.work.lake.folder / "imported").is_dir()


def test_the_log_begins_anew_sealed_over_the_old_one_which_stays_as_evidence(here: Place, there: Place, acme: Company, archive: Path) -> None:
    tenant = acme.work.tenant
    assert verify(there.world.database, tenant).sound
    with there.world.database.of(tenant).transaction() as transaction:
        first = transaction.one("entry", "select verb, actor, detail from aos.audit where seq = 1")
    evidence = next((there.settings.lake / str(tenant.id) / "imported").iterdir())
    lines = [json.loads(line) for line in evidence.read_text().split("\n") if line]
    assert (first["verb"], first["detail"]["audit"]["sha256"]) == ("import", hashlib.sha256(evidence.read_bytes()).hexdigest())
    old = here.owner.execute("select count(*), max(seq) from aos.audit where tenant_id = %s", (tenant.id,)).fetchone()
    assert old is not None and len(lines) == old[0] == first["detail"]["audit"]["entries"]
    assert {"n": 1.5} in [one["detail"] for one in lines]


def test_no_secret_no_hash_and_no_key_is_in_it(archive: Path, acme: Company) -> None:
    with reading(archive, 10**9) as found:
        everything = b"\n".join(piece for name in found.manifest["files"] for piece in found.read(name))
        manifest = found.manifest
    assert b"argon2" not in everything and b"the secret of billing" not in everything and b"sealed" not in everything
    assert {"api_keys", "tenant_keys", "idempotency", "invitations", "connections.sealed", "users"} <= set(manifest["left_out"])
    assert list(manifest["secrets"].values()) == ["billing"]
    assert not [name for name in manifest["files"] if any(table in name for table in LEFT_OUT)]
    assert b"owner@acme.example" in everything and "globex" not in everything.decode(errors="replace").lower()


def test_one_byte_changed_anywhere_is_refused_and_nothing_is_written(there: Place, archive: Path, tmp_path: Path) -> None:
    chance, whole, before = random.Random(3), archive.read_bytes(), there.everything()
    broken = tmp_path / "broken.zip"
    for position in [*chance.sample(range(len(whole)), 60), 0, len(whole) - 1, len(whole) - 70]:
        changed = bytearray(whole)
        changed[position] ^= 1 + chance.randrange(255)
        broken.write_bytes(changed)
        with pytest.raises(NotUnderstood, match="not an archive as it was written"):
            import_tenant(there.settings, there.world.database, broken, OPERATOR)
    for short in (0, 10, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:short])
        with pytest.raises(NotUnderstood, match="not an archive as it was written"):
            import_tenant(there.settings, there.world.database, broken, OPERATOR)
    assert there.everything() == before


def again(manifest: dict[str, Any], files: dict[str, bytes], table: str, rows: bytes) -> None:
    """Other rows in a table's place, their hash with them."""
    manifest["files"].pop(f"tables/{table}.jsonl")
    files[f"tables/{table}.jsonl"] = rows


def forged(archive: Path, target: Path, change: Any) -> Path:
    """An archive whose hashes are right, since whoever forged it made them."""
    with zipfile.ZipFile(archive) as old:
        files = {one.filename: old.read(one) for one in old.infolist()}
    manifest = json.loads(files.pop("manifest.json"))
    manifest["tenant"] |= {"slug": "forged", "id": str(tenants.tenant_named("forged").id)}
    change(manifest, files)
    for name, content in files.items():
        manifest["files"].setdefault(name, {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in files.items():
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))
        new.comment = b"0" * 64
    body = target.read_bytes()[:-64]
    target.write_bytes(body + hashlib.sha256(body).hexdigest().encode())
    return target


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m, f: f.update({"lake/../../../escaped": b"x"}), "no file is called"),
        (lambda m, f: f.update({"/etc/escaped": b"x"}), "no file is called"),
        (lambda m, f: f.update({"lake/raw\\..\\escaped": b"x"}), "no file is called"),
        (lambda m, f: f.update({"lake/.hidden": b"x"}), "no file is called"),
        (lambda m, f: m["files"].update({"tables/runs.jsonl": {"sha256": "0" * 64, "bytes": 3}}), "another file than the manifest says"),
        (lambda m, f: f.update({"tables/runs.jsonl": f["tables/runs.jsonl"] + b" " * 10_000_000}), "another file than the manifest says"),
        (lambda m, f: m["files"].pop("tables/runs.jsonl") and m["files"].update({"x": {"sha256": "", "bytes": 0}}), "other files than its manifest says"),
        (lambda m, f: m["files"].update({"lake/big": {"sha256": "0" * 64, "bytes": 10**15}}) or f.update({"lake/big": b""}), "larger than there is room"),
        (lambda m, f: m.update({"format": 2}), "a form that is not known"),
        (lambda m, f: m["tenant"].update({"id": str(uuid4())}), "another id than its name gives"),
        (lambda m, f: f.update({"tables/dreams.jsonl": b""}), "tables that are not known"),
        (lambda m, f: m["columns"]["runs"].append("dreams"), "columns that are not known"),
        (lambda m, f: m.pop("rows"), "its manifest does not say rows"),
        (lambda m, f: m["tenant"].pop("name"), "its manifest does not say name"),
        (lambda m, f: m["files"].pop("tables/audit.jsonl") and f.pop("tables/audit.jsonl"), "its manifest does not say tables/audit.jsonl"),
        (lambda m, f: again(m, f, "connections", b'{"id": "no id", "name": "x", "source": "files"}\n'), "Rows of the archive do not fit"),
        (lambda m, f: again(m, f, "landings", b"no row\n"), "Rows of the archive do not fit"),
        (lambda m, f: again(m, f, "memberships", b'{"email": "a@b", "role": "king"}\n'), "Rows of the archive do not fit"),
        (lambda m, f: again(m, f, "memberships", b"no row\n"), "Rows of the archive do not fit"),
    ],
)  # fmt: skip
def test_an_archive_that_was_made_to_do_harm_is_refused_and_nothing_is_written(there: Place, archive: Path, tmp_path: Path, change: Any, says: str) -> None:
    before = there.everything()
    made = forged(archive, tmp_path / "forged.zip", change)
    with pytest.raises(NotUnderstood) as refused:
        import_tenant(there.settings, there.world.database, made, OPERATOR)
    assert says in refused.value.sentence
    assert there.everything() == before
    assert not list(tmp_path.parent.rglob("escaped")) and not Path("/etc/escaped").exists()


def test_where_such_a_tenant_is_or_was_erased_it_is_refused(here: Place, there: Place, archive: Path) -> None:
    before = there.everything()
    with pytest.raises(NotUnderstood, match="a tenant of that name already"):
        import_tenant(there.settings, there.world.database, archive, OPERATOR)
    assert there.everything() == before
    erase(there.settings, there.world.database, tenants.tenant_named("acme"), OPERATOR)
    with pytest.raises(Gone, match="does not come back"):
        import_tenant(there.settings, there.world.database, archive, OPERATOR)


def test_an_import_that_fails_in_its_middle_leaves_nothing_and_the_next_one_goes_through(there: Place, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, before = forged(archive, tmp_path / "forged.zip", lambda m, f: None), there.everything()

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    for name in ("_unpack", "_load", "_open"):
        with monkeypatch.context() as patched:
            patched.setattr(importing, name, fail)
            with pytest.raises(OSError, match="full"):
                import_tenant(there.settings, there.world.database, made, OPERATOR)
        assert there.everything() == before, name
    imported = import_tenant(there.settings, there.world.database, made, OPERATOR)
    assert imported.paused == 2 and there.rows(imported.tenant, "quotas")[0] == 0
    assert [one.slug for one in tenants.listed(there.world.database)] == ["forged"]


def test_files_that_are_swept_while_it_is_exported_make_it_begin_again(acme: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, times = exporting._hold, 0

    def hold(*given: Any) -> Any:
        nonlocal times
        times += 1
        if times == 1:
            raise FileNotFoundError("swept")
        return real(*given)

    monkeypatch.setattr(exporting, "_hold", hold)
    export(acme.work.database, acme.work.lake, tmp_path / "again.zip")
    assert times == 2 and [one.name for one in tmp_path.iterdir()] == ["again.zip"]
    assert not any((acme.work.lake.folder / "spill").iterdir())


def test_what_is_written_while_it_is_exported_is_in_it_whole_or_not_at_all(acme: Company, there: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = exporting._said

    def meanwhile(*given: Any) -> Any:
        acme.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "77"}])
        acme.refresh()
        shutil.rmtree(acme.work.lake.folder / "states")  # whatever is swept now was held before
        return real(*given)

    before = acme.count("landings"), acme.content()
    monkeypatch.setattr(exporting, "_said", meanwhile)
    manifest = export(acme.work.database, acme.work.lake, tmp_path / "meanwhile.zip")
    assert manifest["rows"]["landings"] == before[0] < acme.count("landings")
    assert acme.content() != before[1]
