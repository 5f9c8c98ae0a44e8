"""What every answer carries, and what no request may exceed: over every path that the API describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from aos_api.protection import LARGEST_BODY, LARGEST_UPLOAD
from tests.api.serving import Served
from tests.api.test_doors import BODIES, filled, ids_of, operations
from tests.scenario import SHARED

CARRIED = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin", "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}  # fmt: skip


def test_every_path_answers_with_the_same_protection_and_lets_no_other_site_read_it(served: Served, anonymous: httpx.Client) -> None:
    for method, path, _ in operations(served):
        url = filled(path, ids_of(SHARED, SHARED.stream))
        answer = anonymous.request(method, url, json=BODIES.get(path), headers={"Origin": "https://evil.example", "X-Forwarded-Proto": "https"})
        assert {name: answer.headers.get(name) for name in CARRIED} == CARRIED, (method, path)
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000"), path
        assert not [name for name in answer.headers if name.startswith("access-control")], path
        assert len(answer.headers["x-trace-id"]) == 32, path


def test_a_verb_that_a_path_does_not_know_is_refused(served: Served, acme: httpx.Client) -> None:
    paths = served.app.openapi()["paths"]
    for path, methods in paths.items():
        url = filled(path, ids_of(SHARED, SHARED.stream))
        for verb in ({"get", "post", "put", "patch", "delete"} - set(methods)):
            refused = (404, 405, 422) if verb == "get" else (403, 405, 422)  # a GET is looked for among the pages; `me` may be an id to another path
            assert acme.request(verb, url).status_code in refused, (verb, path)


def test_a_path_that_is_not_there_is_said_so_like_every_problem(acme: httpx.Client) -> None:
    answer = acme.get("/no-such-noun")
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (404, "application/problem+json", "not_found")


@pytest.mark.parametrize("body", [lambda: b" " * (LARGEST_BODY + 1), lambda: iter([b"{}"])])
def test_a_body_that_is_too_large_or_does_not_say_its_size_is_refused_before_it_is_read(served: Served, acme: httpx.Client, body: Callable[[], Any]) -> None:
    for method, path, said in operations(served):
        if "requestBody" in said:
            url = filled(path, ids_of(SHARED, SHARED.stream))
            if path.endswith("/files/{name}") and isinstance(body(), bytes):  # a file may be larger than what anything else says
                assert served.status_of_declared(method, url, acme.headers["Authorization"], LARGEST_UPLOAD + 1) == 413
                continue
            answer = acme.request(method, url, content=body())
            assert answer.status_code == 413, (method, path)


def unbounded(schemas: dict[str, Any], form: dict[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Parts of a form that may be of any size."""
    if "$ref" in form:
        name = form["$ref"].rsplit("/", 1)[-1]
        if name not in seen:
            yield from unbounded(schemas, schemas[name], seen | {name})
    for one in form.get("anyOf", []):
        yield from unbounded(schemas, one, seen)
    for name, one in form.get("properties", {}).items():
        yield from (f"{name} {part}".strip() for part in unbounded(schemas, one, seen))
    if form.get("type") == "array":
        yield from ([] if "maxItems" in form else ["has no most items"])
        yield from unbounded(schemas, form["items"], seen)
    fixed = {"enum", "const"} & set(form) or form.get("format") in ("uuid", "date", "date-time")
    if form.get("type") == "string" and not fixed and "maxLength" not in form:
        yield "is text of any length"
    if form.get("type") == "integer" and not fixed and not {"maximum", "exclusiveMaximum"} & set(form):
        yield "is a number of any size"


def test_every_part_of_every_body_and_every_number_asked_for_has_a_most(served: Served) -> None:
    schemas = served.app.openapi()["components"]["schemas"]
    found = []
    for method, path, said in operations(served):
        for content in said.get("requestBody", {}).get("content", {}).values():
            found += [(method, path, part) for part in unbounded(schemas, content["schema"])]
        for asked in said.get("parameters", []):
            if {one.get("type") for one in (asked["schema"], *asked["schema"].get("anyOf", []))} & {"integer", "number"}:
                found += [(method, path, asked["name"], part) for part in unbounded(schemas, asked["schema"])]
    assert found == []
