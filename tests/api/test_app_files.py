"""The app's files over HTTP: deep links, what is never a page, caching, packing, and the page's policy."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from aos_api.app import create_app
from aos_api.app_files import install
from aos_resources.settings import Settings
from tests.api.serving import Served

PAGE = "<!doctype html><title>AOS</title>" + "<!-- filled, so that packing it gains something -->" * 40
SCRIPT = "export const answer = 42;\n" * 100
HASHED = "/assets/index-B3xK9.js"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("built") / "dist"
    (made / "assets").mkdir(parents=True)
    (made / ".vite").mkdir()
    (made / "index.html").write_text(PAGE)
    (made / "theme.js").write_text("// small")
    (made / "assets" / "index-B3xK9.js").write_text(SCRIPT)
    (made / "assets" / "font-1.woff2").write_bytes(b"wOF2" + bytes(2000))
    (made / ".vite" / "manifest.json").write_text("{}")
    (made.parent / "secret.txt").write_text("not of the app")
    (made / "assets" / "link.txt").symlink_to(made.parent / "secret.txt")
    return made


@pytest.fixture(scope="module")
def app_served(world: object, settings: Settings, folder: Path) -> Iterator[httpx.Client]:
    app = create_app(settings)
    # As if nothing had been built yet: what the checkout's own build serves is not what these tests are about.
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != "/{path:path}"]
    install(app, folder)
    with Served(settings, app) as served, httpx.Client(base_url=served.address, timeout=30) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/data/opportunity", "/data/account/0b8e7a52?cell=name", "/sign-in", "/apiary", "/documents"])
def test_every_deep_link_opens_the_one_page(app_served: httpx.Client, path: str) -> None:
    answer = app_served.get(path)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, PAGE, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api", "/docs/nothing", "/mcp", "/mcp/x", "/assets/gone-1.js", "/assets/gone", "/gone.png", "/.vite/manifest.json"])
def test_what_answers_for_itself_is_never_a_page(app_served: httpx.Client, path: str) -> None:
    answer = app_served.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] in ("application/problem+json", "text/plain; charset=utf-8")
    assert "<!doctype" not in answer.text


def test_the_api_and_its_documentation_answer_as_before(app_served: httpx.Client) -> None:
    assert app_served.get("/api/v1/health").json() == {"status": "up"}
    assert app_served.get("/openapi.json").headers["content-type"] == "application/json"
    assert app_served.get("/api/v1/me").status_code == 401
    assert "swagger" in app_served.get("/docs").text
    assert app_served.post("/data").status_code == 405


def test_the_page_may_load_nothing_from_elsewhere_and_nothing_inline(app_served: httpx.Client) -> None:
    headers = app_served.get("/data").headers
    policy = dict(one.strip().split(" ", 1) for one in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "font-src": "'self'",
        "connect-src": "'self'", "manifest-src": "'self'", "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert headers["x-content-type-options"] == "nosniff"


def test_hashed_files_are_kept_for_ever_and_others_asked_for_again(app_served: httpx.Client) -> None:
    assert app_served.get(HASHED).headers["cache-control"] == "public, max-age=31536000, immutable"
    first = app_served.get("/theme.js")
    assert first.headers["cache-control"] == "no-cache"
    again = app_served.get("/theme.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("accepted", "packed"), [("gzip, br", True), ("br;q=1, gzip;q=0.5", True), ("br", False), ("gzip;q=0", False), ("", False)])
def test_texts_are_packed_for_those_who_take_it(app_served: httpx.Client, accepted: str, packed: bool) -> None:
    with app_served.stream("GET", HASHED, headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join(answer.iter_raw())
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(body) if packed else body) == SCRIPT.encode()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_font_has_its_type_and_is_packed_already(app_served: httpx.Client) -> None:
    headers = app_served.get("/assets/font-1.woff2").headers
    assert (headers["content-type"], "content-encoding" in headers) == ("font/woff2", False)


def test_nothing_outside_the_folder_is_reached(app_served: httpx.Client) -> None:
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/link.txt"):
        assert "not of the app" not in app_served.get(path).text


def test_head_says_what_get_would(app_served: httpx.Client) -> None:
    answer = app_served.head("/data")
    assert (answer.status_code, answer.content) == (200, b"")


def test_without_a_build_nothing_changes(tmp_path: Path) -> None:
    app = FastAPI()
    before = len(app.router.routes)
    install(app, tmp_path / "dist")
    (tmp_path / "dist").mkdir()
    install(app, tmp_path / "dist")  # a folder without a page is no build
    assert len(app.router.routes) == before
