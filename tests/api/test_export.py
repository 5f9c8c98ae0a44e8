"""The export over HTTP: an owner's alone, told in the audit log, and not kept."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from aos_resources.archives import reading
from aos_resources.people import add_member, create_tenant, create_user
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, sign_in


@pytest.fixture
def owner(world: World, served: Served) -> Iterator[httpx.Client]:
    """Of a tenant with a connection and no files yet."""
    slug, email = f"exported-{uuid4().hex[:8]}", f"{uuid4().hex[:8]}@exported.example"
    tenant = create_tenant(world.database, slug, "Exported")
    add_member(world.database, tenant, create_user(world.database, email, "E", PASSWORD), "owner")
    with served.client() as anonymous, served.client(sign_in(anonymous, email)) as client:
        yield client


def test_an_owner_gets_everything_as_one_archive_and_nothing_of_it_is_kept(owner: httpx.Client, world: World, tmp_path: Path) -> None:
    answer = owner.post("/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"].startswith('attachment; filename="exported-')
    (tmp_path / "e.zip").write_bytes(answer.content)
    with reading(tmp_path / "e.zip", 10**9) as archive:
        assert archive.manifest["rows"]["memberships"] == 1
    assert "globex" not in str(zipfile.ZipFile(BytesIO(answer.content)).read("tables/memberships.jsonl")).lower()
    newest = owner.get("/audit", params={"limit": 1}).json()["items"][0]
    assert (newest["verb"], newest["noun"]) == ("export", "tenant")
    assert not [one for one in (world.settings.home / "exports").rglob("*") if one.is_file()]


@pytest.mark.parametrize("role", ["admin", "engineer", "analyst", "viewer"])
def test_nobody_but_an_owner_gets_it(caller: Callable[[str], httpx.Client], role: str) -> None:
    assert caller(f"{role}@acme.example").post("/export").status_code == 403
