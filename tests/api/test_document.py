"""The OpenAPI document, the page that shows it, and the headers of every answer."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.api.serving import Served
from tests.api.test_doors import OPEN

PROBLEM = "application/problem+json"


def operations(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, said) for path, methods in served.app.openapi()["paths"].items() for method, said in methods.items()
    ]


def test_every_operation_has_a_name_a_summary_a_tag_a_model_an_example_and_its_errors(served: Served) -> None:
    names = []
    for method, path, said in operations(served):
        names.append(said["operationId"])
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", said["operationId"]), path
        assert said["summary"], path
        assert len(said["tags"]) == 1, path
        if "requestBody" in said:
            (content,) = said["requestBody"]["content"].values()
            assert content.get("example") or content["schema"].get("format") == "binary", path
        good = next(status for status in said["responses"] if status.startswith(("2", "3")))
        if good not in ("204", "303") and not set(said["responses"][good]["content"]) & {"application/zip", "text/csv"}:
            (content,) = said["responses"][good]["content"].values()
            assert "$ref" in content["schema"], path
            assert content["example"], path
        refused = {status for status in said["responses"] if status[0] in "45"}
        for status in refused - {"503"}:
            assert PROBLEM in said["responses"][status]["content"], (path, status)
        if (method, path) not in OPEN:
            assert "401" in refused, path
        if "{" in path:
            assert {"404", "422"} <= refused, path
    assert len(names) == len(set(names))


def test_every_example_is_of_its_own_form(served: Served) -> None:
    """An example that its own model refuses would mislead whoever reads it."""
    from pydantic import TypeAdapter

    checked = 0
    for _, _, said in operations(served):
        for status, answer in said["responses"].items():
            example = answer.get("content", {}).get("application/json", {}).get("example")
            if example is None or not status.startswith("2"):
                continue
            name = answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            model = next(one for one in _models() if one.__name__ == name)
            TypeAdapter(model).validate_python(example)
            checked += 1
    assert checked >= 25


def _models() -> list[type]:
    from pydantic import BaseModel

    found: list[type] = []
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found += [one for one in below if one.__module__.startswith("aos_api")]
    return found


def test_every_reference_of_the_document_leads_somewhere(served: Served) -> None:
    document = served.app.openapi()
    referred = set(re.findall(r"#/components/schemas/([A-Za-z_]+)", str(document)))
    assert referred == set(document["components"]["schemas"])


def test_the_documentation_page_works_without_a_network(served: Served) -> None:
    page = httpx.get(f"{served.address}/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 4
    for source in sources:
        assert source.startswith("/docs/")
        assert httpx.get(served.address + source).status_code == 200
    assert "<script>" not in page.text
    assert "'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/me", "/nothing", "/docs", "/openapi.json"])
def test_every_answer_carries_the_security_headers(served: Served, path: str) -> None:
    answer = httpx.get(served.address + path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-trace-id"])
    assert "strict-transport-security" not in answer.headers
    secure = httpx.get(served.address + path, headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["strict-transport-security"].startswith("max-age=31536000")


def test_the_callers_trace_goes_on(anonymous: httpx.Client) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = anonymous.get("/me", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert (answer.headers["x-trace-id"], answer.json()["trace_id"]) == (trace, trace)


def test_an_unknown_path_a_wrong_verb_and_broken_json_are_problems_too(anonymous: httpx.Client, acme: httpx.Client) -> None:
    broken = acme.post("/runs", content="{", headers={"Content-Type": "application/json"})
    answers = [anonymous.get("/nothing"), anonymous.delete("/health"), broken, acme.get("/entities/account", params={"limit": 501})]
    assert [(one.status_code, one.headers["content-type"]) for one in answers] == [
        (404, PROBLEM), (405, PROBLEM), (422, PROBLEM), (422, PROBLEM),
    ]  # fmt: skip
    for one in answers:
        assert set(one.json()) == {"type", "title", "status", "detail", "code", "culprit", "fix", "trace_id", "errors"}


def test_what_was_sent_is_never_repeated_in_an_error(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/auth/login", json={"email": "a@b", "password": {"secret": "hunter22"}})
    assert answer.status_code == 422
    assert "hunter22" not in answer.text


def test_a_body_of_unknown_or_too_great_length_is_refused(acme: httpx.Client) -> None:
    assert acme.post("/runs", json={"reason": "x" * 1_100_000}).status_code == 413
    assert acme.post("/runs", content=iter([b"{}"])).status_code == 413


def test_a_text_that_cannot_be_stored_is_refused_in_words(acme: httpx.Client, anonymous: httpx.Client) -> None:
    assert acme.post("/runs", json={"reason": "a\x00b"}).status_code == 422
    assert anonymous.post("/auth/login", json={"email": "a\x00b@c", "password": "x"}).status_code == 422
    assert acme.get("/entities/account", params={"name": "a\x00b"}).status_code in (200, 422)


def test_the_api_starts_without_what_only_builders_need() -> None:
    heavy = "('dagster', 'dbt', 'pandas', 'alembic', 'pyarrow', 'splink')"
    code = f"import aos_api.app, sys; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
