"""Masked fields, by role: every path that shows a value, asked by who sees everything and by who does not."""

from __future__ import annotations

import base64
import itertools
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from aos_api.masking import Mask
from aos_api.paging import write_cursor
from aos_core.masking import DEFAULTS, KINDS, Policy
from aos_core.ontology import standard
from aos_core.sight import Feed, Lineage
from aos_resources.database import as_json
from aos_resources.masks import Known
from tests.api.canaries import AMOUNTS, Planted, contact_id, deal_id, map_anew, plant
from tests.api.serving import Served
from tests.api.test_doors import PATH_IDS, operations
from tests.scenario import SHARED, World

Caller = Callable[[str], httpx.Client]
_OF = {"contact": contact_id(), "opportunity": deal_id()}
_ASKED: dict[str, tuple[dict[str, Any], ...]] = {"quarantine": ({}, {"kind": "cell"}), "rows": ({}, {"limit": 1}), "{name}": ({}, {"limit": 1})}
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{12,}={0,2}")


@pytest.fixture(scope="module")
def ours(world: World) -> Planted:
    return plant(world, "umbrella")


@pytest.fixture(scope="module")
def theirs(world: World) -> Planted:
    return plant(world, "tyrell")


@pytest.fixture
def policy(ours: Planted, caller: Caller) -> Iterator[Callable[..., httpx.Response]]:
    """What the owner says of a class; as by default again at the end."""

    def say(kind: str, *roles: str) -> httpx.Response:
        answer = caller(ours.email("owner")).put(f"/masks/{kind}", json={"roles": roles})
        assert answer.status_code == 200, answer.text
        return answer

    yield say
    for kind in KINDS:
        say(kind, *DEFAULTS[kind])


def ways(path: str) -> list[str]:
    """The path with everything that the planted tenant has put into its places."""
    two = {"stream_id": [SHARED.stream, SHARED.loose_stream], "mapping_id": [SHARED.mapping, SHARED.loose_mapping]}
    places: dict[str, list[Any]] = {}
    for word in re.findall(r"{(\w+)}", path):
        known = two.get(word) or ([getattr(SHARED, PATH_IDS[word])] if word in PATH_IDS else [uuid4()])
        places[word] = {"name": ["contact", "opportunity", "account"], "kind": ["personal"], "entity_id": [*_OF.values()], "field": _fields()}.get(word, known)
    return [path.removeprefix("/api/v1").format(**dict(zip(places, one, strict=True))) for one in itertools.product(*places.values())]


def _fields() -> list[str]:
    """Those that are planted, the keys and references among them, and one of each kind that is free or empty."""
    return ["email", "name", "first_name", "phone", "owner", "amount", "title", "stage_source", "status", "contact_id", "opportunity_id"]


def everything(served: Served, client: httpx.Client) -> str:
    """All that the caller can read, by every path of the document, in every encoding that the API uses."""
    said: list[str] = []
    for method, path, _ in operations(served):
        if method != "get" or path.endswith("/events"):  # these never end, and tell what happened, not values
            continue
        for url in ways(path):
            for asked in _ASKED.get(path.rpartition("/")[2], ({},)):
                answer = client.get(url, params=asked)
                assert answer.status_code < 500, (url, answer.text)
                said += [f"{url}: {answer.text}", str(answer.headers)]
    whole = "\n".join(said)
    words = (base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode(errors="replace") for word in set(_BASE64.findall(whole)) if len(word.rstrip("=")) % 4 != 1)
    return unquote(whole.replace("\\u0040", "@") + "\n" + "\n".join(words))


def leaked(words: Any, text: str) -> list[str]:
    return [word for word in words if word.lower() in text.lower()]


def test_who_sees_everything_finds_every_planted_word_and_who_does_not_finds_none(
    served: Served, ours: Planted, caller: Caller, policy: Callable[..., httpx.Response]
) -> None:
    policy("money", "viewer")
    personal, amounts, free = ours.personal.values(), AMOUNTS.values(), [*ours.free, "free account umbrella"]
    seen = everything(served, caller(ours.email("owner")))
    assert leaked([*personal, *amounts, *free], seen) == [*personal, *amounts, *free]
    for role, hidden in (("viewer", [*personal, *amounts]), ("analyst", personal)):
        shown = everything(served, caller(ours.email(role)))
        assert leaked(hidden, shown) == [], role
        assert leaked(free, shown) == free, role


def test_an_engineer_may_be_masked_too_and_nobody_masks_an_owner(served: Served, ours: Planted, caller: Caller, policy: Callable[..., httpx.Response]) -> None:
    policy("personal", "engineer", "admin")
    assert leaked(ours.personal.values(), everything(served, caller(ours.email("engineer")))) == []
    assert ours.personal["field"] in caller(ours.email("viewer")).get("/entities/contact").text
    answer = caller(ours.email("owner")).put("/masks/personal", json={"roles": ["owner"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")


def test_a_masked_cell_is_null_and_named_like_an_empty_one_and_not(ours: Planted, caller: Caller) -> None:
    viewer = caller(ours.email("viewer"))
    page = viewer.get("/entities/contact").json()
    row = page["rows"][0]
    assert page["masked"] == sorted(["contact_id", "email", "extras", "first_name", "last_name", "name", "owner", "phone"])
    assert {row["values"][name] for name in page["masked"] if name in row["values"]} == {None}
    assert (row["source_key"], row["extras"], row["values"]["title"]) == (None, None, ours.free[0])
    assert viewer.get(f"/entities/contact/{contact_id()}").json()["masked"] == page["masked"]
    assert caller(ours.email("owner")).get("/entities/contact").json()["masked"] == []
    # The same words for a cell that holds something and for one that does not.
    filled, empty = (viewer.get(f"/entities/contact/{contact_id()}/provenance/{name}").json() for name in ("email", "last_name"))
    assert filled | {"field": "", "masked": []} == empty | {"field": "", "masked": []}
    assert (filled["value"], filled["source"], filled["masked"]) == (None, None, ["email"])


def test_of_a_source_row_only_columns_that_are_known_to_be_free_are_told(ours: Planted, caller: Caller) -> None:
    viewer = caller(ours.email("viewer"))
    page = viewer.get(f"/streams/{SHARED.stream}/rows").json()
    assert page["rows"][0]["values"] == {"Email": None, "FullName": None, "Title": ours.free[0], "Fax": None}
    assert (page["masked"], page["key_masked"], page["rows"][0]["key"]) == (["Email", "Fax", "FullName"], True, None)
    deals = viewer.get(f"/streams/{SHARED.loose_stream}/rows").json()
    assert (deals["masked"], deals["key_masked"], deals["rows"][0]["key"]) == (["Agent"], False, "D-1")
    story = viewer.get(f"/entities/contact/{contact_id()}/provenance/title").json()
    assert story["source"]["values"] == page["rows"][0]["values"]
    assert (story["value"], story["source"]["key"], story["source"]["masked"]) == (ours.free[0], None, page["masked"])


@pytest.mark.parametrize("asked", ["{0}=x", "sort={0}", "sort=-{0}", "empty={0}", "empty={0}&title=a"])
@pytest.mark.parametrize("name", ["email", "name", "phone", "owner"])
def test_nothing_is_asked_by_a_masked_field(ours: Planted, caller: Caller, name: str, asked: str) -> None:
    for listing in ("/entities/contact", "/entities/contact/facets"):
        if "sort" in asked and "facets" in listing:
            continue
        answer = caller(ours.email("viewer")).get(f"{listing}?{asked.format(name)}")
        assert (answer.status_code, answer.json()["code"], answer.json()["culprit"]) == (403, "not_allowed", name)
        assert "owner" in answer.json()["fix"]
        assert caller(ours.email("owner")).get(f"{listing}?{asked.format(name)}").status_code == 200


def test_keys_and_references_that_a_masked_column_spells_are_asked_by_our_own_ids_alone(ours: Planted, caller: Caller) -> None:
    viewer, owner = caller(ours.email("viewer")), caller(ours.email("owner"))
    for listing, name, spelled, known in (
        ("/entities/contact", "contact_id", ours.personal["key"], contact_id()),
        ("/entities/opportunity", "contact_id", ours.personal["reference"], contact_id()),
    ):
        assert owner.get(listing, params={name: spelled}).json()["total"] > 0
        assert viewer.get(listing, params={name: spelled}).status_code == 403
        assert viewer.get(listing, params={"sort": name}).status_code == 403
        assert viewer.get(listing, params={name: str(known)}).json()["total"] > 0
    deal = viewer.get(f"/entities/opportunity/{deal_id()}").json()
    assert (deal["record"]["values"]["contact_id"], deal["record"]["references"]["contact_id"]) == (str(contact_id()), None)
    assert deal["record"]["source_key"] == "D-1"


def test_a_search_does_not_look_into_what_is_masked_and_facets_do_not_count_it(ours: Planted, caller: Caller) -> None:
    viewer, owner = caller(ours.email("viewer")), caller(ours.email("owner"))
    for place in ("field", "first", "phone", "key"):
        word = ours.personal[place]
        assert owner.get("/entities/contact", params={"search": word}).json()["total"] == 1, place
        assert viewer.get("/entities/contact", params={"search": word}).json()["total"] == 0, place
        assert viewer.get("/entities/contact/facets", params={"search": word}).json()["total"] == 0, place
    assert viewer.get("/entities/contact", params={"search": "free title"}).json()["total"] == 1
    counted = {role: caller(ours.email(role)).get("/entities/opportunity/facets").json() for role in ("owner", "viewer")}
    assert {"owner", "stage_source"} <= {one["field"] for one in counted["owner"]["facets"]}
    assert {"owner", "contact_id"}.isdisjoint(one["field"] for one in counted["viewer"]["facets"])
    assert "owner" in counted["viewer"]["masked"]


def test_money_is_masked_for_nobody_until_the_tenant_says_so_and_then_its_figures_are_too(
    ours: Planted, caller: Caller, policy: Callable[..., httpx.Response]
) -> None:
    viewer = caller(ours.email("viewer"))
    assert viewer.get("/entities/opportunity").json()["rows"][0]["values"]["amount"] == AMOUNTS["field"]
    policy("money", "viewer")
    assert viewer.get("/entities/opportunity").json()["rows"][0]["values"]["amount"] is None
    assert viewer.get("/entities/opportunity?sort=-amount").status_code == 403
    figures = {one["name"]: one for one in viewer.get("/metrics").json()["metrics"]}
    assert (figures["won_revenue"]["value"], figures["won_revenue"]["rows"]) == (None, None)
    assert figures["won_revenue"]["masked"].startswith("Money is masked for your role. An owner")
    assert (figures["opportunities"]["value"], figures["opportunities"]["masked"]) == ("2", None)
    assert {one["masked"] for one in caller(ours.email("owner")).get("/metrics").json()["metrics"]} == {None}


def test_a_change_is_in_force_at_once_and_within_seconds_in_another_process(
    world: World, ours: Planted, caller: Caller, policy: Callable[..., httpx.Response]
) -> None:
    viewer, token = caller(ours.email("viewer")), ""
    with Served(world.settings) as other:
        token = viewer.headers["authorization"]
        elsewhere = other.client(token.removeprefix("Bearer "))
        assert ours.personal["field"] not in elsewhere.get("/entities/contact").text
        policy("personal")
        assert ours.personal["field"] in viewer.get("/entities/contact").text
        assert _seen_within(5, lambda: ours.personal["field"] in elsewhere.get("/entities/contact").text)
        policy("personal", "viewer")
        assert ours.personal["field"] not in viewer.get("/entities/contact").text
        assert _seen_within(5, lambda: ours.personal["field"] not in elsewhere.get("/entities/contact").text)
        elsewhere.close()


def test_a_column_that_begins_to_feed_a_masked_field_is_masked_within_seconds(world: World, caller: Caller) -> None:
    fresh = plant(world, "weyland")
    viewer = caller(fresh.email("viewer"))
    rows = f"/streams/{SHARED.loose_stream}/rows"
    assert viewer.get(rows).json()["masked"] == ["Agent"]
    map_anew(world, fresh, SHARED.loose_mapping, {"fields": {"owner": "Agent", "stage_source": "Stage", "next_step": "Stage"}})
    others = caller(fresh.email("engineer"))  # whose own questions keep the policy fresh
    assert _seen_within(5, lambda: others.get(rows).status_code == 200 and viewer.get(rows).json()["masked"] == ["Agent", "Stage"])
    assert viewer.get("/entities/opportunity").json()["rows"][0]["values"]["stage_source"] is None


def test_what_a_replaced_mapping_made_stays_masked_in_every_version_that_has_it(world: World, caller: Caller) -> None:
    fresh, following = plant(world, "oscorp"), uuid4()
    viewer, old = caller(fresh.email("viewer")), {"cursor": write_cursor("contact []", SHARED.version, 0)}
    seq = map_anew(world, fresh, SHARED.mapping, {"key": "Title", "fields": {"department": "Title"}})
    time.sleep(2.5)  # longer than anything is remembered
    assert viewer.get("/entities/contact").json()["rows"][0]["source_key"] is None
    assert viewer.get(f"/streams/{SHARED.stream}/rows").json()["masked"] == ["Email", "Fax", "FullName", "Title"]
    shutil.copy(world.version_path(fresh.tenant, SHARED.version), world.version_path(fresh.tenant, following))
    world.publish(fresh.tenant, following, seq)
    assert _seen_within(5, lambda: viewer.get("/entities/contact").json()["rows"][0]["source_key"] is not None)
    assert _seen_within(5, lambda: viewer.get(f"/streams/{SHARED.stream}/rows").json()["masked"] == ["Email", "Fax", "FullName"])
    assert viewer.get("/entities/contact", params=old).json()["rows"][0]["source_key"] is None


def test_a_column_whose_values_look_like_addresses_is_masked_whatever_it_feeds(world: World, caller: Caller) -> None:
    fresh = plant(world, "cyberdyne")
    fields = [{"name": "Stage", "inferred": "text", "share": {"email": 0.2}, "top": [], "nulls": 0.0, "distinct": 1, "declared": "", "description": ""}]
    with world.database.of(fresh.tenant).transaction() as transaction:
        sync = uuid4()
        transaction.run("insert into aos.syncs (id, connection_id, epoch, state) values (:id, :connection, 1, 'succeeded')", id=sync, connection=SHARED.connection)
        transaction.run(
            "insert into aos.fingerprints (id, stream_id, sync_id, shape, fields, rows, seq) values (:id, :stream, :sync, 's', cast(:fields as jsonb), 1, :seq)",
            id=uuid4(), stream=SHARED.loose_stream, sync=sync, fields=as_json(fields), seq=transaction.next_seq(),
        )  # fmt: skip
    viewer = caller(fresh.email("viewer"))
    assert viewer.get(f"/streams/{SHARED.loose_stream}/rows").json()["masked"] == ["Agent", "Stage"]
    assert viewer.get("/entities/opportunity").json()["rows"][0]["values"]["stage_source"] is None
    assert fresh.free[2] in caller(fresh.email("engineer")).get(f"/streams/{SHARED.loose_stream}/rows").text


def _seen_within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return held


def test_the_neighbours_masks_are_not_mine(ours: Planted, theirs: Planted, caller: Caller, policy: Callable[..., httpx.Response]) -> None:
    before = caller(theirs.email("viewer")).get("/masks").json()
    policy("personal")
    policy("money", "viewer", "analyst")
    assert theirs.personal["field"] not in caller(theirs.email("viewer")).get("/entities/contact").text
    assert AMOUNTS["field"] in caller(theirs.email("viewer")).get("/entities/opportunity").text
    assert ours.personal["field"] in caller(ours.email("viewer")).get("/entities/contact").text
    assert caller(theirs.email("viewer")).get("/masks").json() == before


def test_masks_are_read_by_everybody_and_changed_by_owners_alone(ours: Planted, caller: Caller, policy: Callable[..., httpx.Response]) -> None:
    for role in ("admin", "engineer", "analyst", "viewer"):
        answer = caller(ours.email(role)).put("/masks/personal", json={"roles": []})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), role
    said = policy("money", "viewer").json()
    assert (said["kind"], said["roles"], said["by_default"]) == ("money", ["viewer"], False)
    seen = caller(ours.email("viewer")).get("/masks").json()
    assert seen["yours"] == ["money", "personal"]
    assert {one["kind"]: one["roles"] for one in seen["items"]} == {"personal": ["analyst", "viewer"], "money": ["viewer"]}
    assert "contact.email" in seen["items"][0]["fields"]
    assert caller(ours.email("owner")).put("/masks/secrets", json={"roles": []}).status_code == 404


def test_each_change_of_a_mask_is_one_entry_of_the_audit_log(world: World, ours: Planted, policy: Callable[..., httpx.Response]) -> None:
    def entries() -> list[Any]:
        with world.database.of(ours.tenant).transaction() as transaction:
            return transaction.all("select verb, subject, detail, before, after from aos.audit where noun = 'masks' order by seq")

    before = len(entries())
    policy("money", "viewer")
    policy("money", "viewer")
    fresh = entries()[before:]
    assert [(one["verb"], one["subject"], one["detail"]) for one in fresh] == [("change", "money", {"roles": ["viewer"]})] * 2
    assert fresh[0]["before"] != fresh[0]["after"] == fresh[1]["before"]


def test_the_policys_word_differs_wherever_something_else_is_seen() -> None:
    money, traced = Policy({"money": frozenset({"viewer"})}), Lineage((Feed(SHARED.stream, "contact", "email", frozenset({"Email"})),))
    known = [Known(Policy()), Known(money), Known(Policy(), traced), Known(money, traced)]
    words = [[Mask(role, standard(), one).policy for one in known] for role in ("viewer", "engineer")]
    assert len(set(words[0])) == 4
    assert words[1][0] == words[1][2]  # who sees everything does so whatever mappings feed
    assert len({*words[0], *words[1]}) == 6
