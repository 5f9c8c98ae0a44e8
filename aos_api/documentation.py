"""The API's own documentation: the OpenAPI document and a page that shows it without a network."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic.json_schema import models_json_schema

from aos_api.errors import Problem, problems

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>AOS API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="icon" href="/docs/assets/favicon.png"></head>
<body><div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
# A file of its own, so that the page needs no inline script.
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#page", deepLinking: true, displayOperationId: true, tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset].filter(Boolean),
});
"""


def install(app: FastAPI) -> None:
    def page() -> HTMLResponse:
        return HTMLResponse(_PAGE)

    def start() -> Response:
        return Response(_START, media_type="text/javascript")

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.add_api_route("/docs", page, include_in_schema=False)
    app.add_api_route("/docs/start.js", start, include_in_schema=False)
    assets = str(files("fastapi_offline") / "static")
    app.mount("/docs/assets", StaticFiles(directory=assets), name="docs-assets")
    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    said: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas: dict[str, Any] = said["components"]["schemas"]
    _, made = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas |= made["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in said["paths"].values():
        for operation in path.values():
            _show_example(operation, schemas)
            if operation.get("security"):  # whoever is known may ask too often, whatever for
                operation["responses"].setdefault("429", problems(429)[429])
    return said


def _show_example(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    answers = [answer for status, answer in operation["responses"].items() if status.startswith(("2", "503"))]
    for said in [*answers, operation.get("requestBody", {})]:
        for kind, content in said.get("content", {}).items():
            if kind in ("application/json", "text/event-stream"):
                content["example"] = _example(content.get("schema", {}), schemas)


def _example(schema: dict[str, Any], schemas: dict[str, Any], given: Any = None) -> Any:
    """A form's own example, or one put together from those of its parts.

    The framework leaves nulls out of the document, examples included: what may be null and is missing was null.
    """
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, given)
    given = schema.get("example", given) if given is None else given
    if "anyOf" in schema:
        nullable = {"type": "null"} in schema["anyOf"]
        return None if nullable and given is None else _example(schema["anyOf"][0], schemas, given)
    if schema.get("type") == "array" and "items" in schema:
        return [_example(schema["items"], schemas, one) for one in ([None] if given is None else given)]
    if "properties" in schema:
        said = given if isinstance(given, dict) else {}
        return {name: _example(one, schemas, said.get(name)) for name, one in schema["properties"].items()}
    if given is None:
        plain = {"string": "", "integer": 0, "number": 0, "boolean": True, "object": {}}
        return schema.get("const", plain.get(schema.get("type", "")))
    return given
