"""Keyset pages: every row once, whatever is published meanwhile; and versions kept open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from tests.api.built_version import account_id, build_version
from tests.api.serving import Served
from tests.scenario import SHARED, World, made_id, secret_words


@pytest.mark.parametrize("limit", [1, 7, 401, 500])
def test_pages_meet_every_row_once(acme: httpx.Client, limit: int) -> None:
    seen, cursor, pages = [], None, 0
    while cursor is not None or pages == 0:
        page = acme.get("/entities/accounts", params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["rows"]]
        cursor, pages = page["next"], pages + 1
        if limit == 1 and pages == 40:
            break
    expected = [str(account_id(number)) for number in range(1, 1204)]
    assert seen == (expected[:40] if limit == 1 else expected)


def test_a_version_published_between_two_pages_changes_neither(world: World, served: Served, globex: httpx.Client) -> None:
    first = globex.get("/entities/accounts", params={"limit": 500}).json()
    newer = made_id("newer version of globex")
    build_version(world.version_path(world.globex, newer), f"{secret_words(world.globex)} newer", accounts=20)
    world.publish(world.globex, newer, 200)
    try:
        seen, cursor = [one["id"] for one in first["rows"]], first["next"]
        while cursor is not None:
            page = globex.get("/entities/accounts", params={"limit": 500, "cursor": cursor}).json()
            assert page["version"] == first["version"]
            seen, cursor = seen + [one["id"] for one in page["rows"]], page["next"]
        assert len(seen) == len(set(seen)) == 1208
        fresh = globex.get("/entities/accounts", params={"limit": 500}).json()
        assert (fresh["version"]["id"], fresh["version"]["applied_seq"], len(fresh["rows"])) == (str(newer), 200, 20)
    finally:
        with world.database.of(world.globex).transaction() as transaction:
            transaction.run("update aos.warehouses set current = :id", id=SHARED.version)


def test_a_page_of_a_swept_version_is_gone_in_words(world: World, globex: httpx.Client) -> None:
    swept = made_id("swept version of globex")
    build_version(world.version_path(world.globex, swept), secret_words(world.globex), accounts=20)
    world.publish(world.globex, swept, 300)
    cursor = globex.get("/entities/accounts", params={"limit": 5}).json()["next"]
    with world.database.of(world.globex).transaction() as transaction:
        transaction.run("update aos.warehouses set current = :id", id=SHARED.version)
    crowd_out(world, globex)
    world.version_path(world.globex, swept).unlink()
    answer = globex.get("/entities/accounts", params={"limit": 5, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert globex.get("/entities/accounts", params={"limit": 5}).status_code == 200


def test_many_readers_of_many_versions_all_get_their_own_rows(world: World, served: Served, acme: httpx.Client) -> None:
    """Twice as many versions as may stay open, read at once from sixteen threads."""
    versions = [made_id(f"crowd {number}") for number in range(6)]
    for number, version in enumerate(versions):
        build_version(world.version_path(world.acme, version), f"crowd {number}", accounts=50)
        world.publish(world.acme, version, number, current=False)

    def read(step: int) -> bool:
        number = step % 6
        from aos_api.paging import write_cursor

        cursor = write_cursor("account []", versions[number], 0)
        rows = acme.get("/entities/account", params={"limit": 50, "cursor": cursor}).json()["rows"]
        return {one["values"]["name"].rsplit(" ", 1)[0] for one in rows} == {f"crowd {number}"}

    with ThreadPoolExecutor(16) as together:
        assert all(together.map(read, range(240)))
    assert len(served.app.state.services.warehouse.open) <= world.settings.open_versions


def crowd_out(world: World, client: httpx.Client) -> None:
    """Open enough other versions that the least recently used one is closed."""
    from aos_api.paging import write_cursor

    for number in range(world.settings.open_versions):
        version: UUID = made_id(f"other {number} {client.headers['authorization'][-8:]}")
        build_version(world.version_path(world.globex, version), "other", accounts=1)
        world.publish(world.globex, version, 1, current=False)
        assert client.get("/entities/account", params={"cursor": write_cursor("account []", version, 0)}).status_code == 200
