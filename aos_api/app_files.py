"""The built app's files under the API's own origin: hashed assets, and the one page that every deep link opens."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

# Everything comes from here and nothing is inline. The app sets styles by script on elements, which no policy forbids.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FOR_EVER, _ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
# What answers for itself, there or not: a mistyped path of the API is a problem in JSON, never a page.
_NOT_PAGES = frozenset({"api", "docs", "mcp", "assets", "openapi.json", "dagster"})
_TEXTS = frozenset({".html", ".js", ".css", ".svg", ".json", ".txt", ".map"})
_SMALL = 1024  # bytes below which packing gains nothing


@dataclass(frozen=True)
class _File:
    plain: bytes
    packed: bytes | None
    media_type: str
    tag: str
    caching: str


def install(app: FastAPI, folder: Path) -> None:
    """Serve what stands in `folder`, read once; must come after every other route. Without the folder nothing changes."""
    if not (folder / "index.html").is_file():
        return
    files = {f"/{path.relative_to(folder).as_posix()}": _read(path, folder) for path in sorted(folder.rglob("*")) if _is_served(path, folder)}
    page = files["/index.html"]

    def serve(request: Request, path: str) -> Response:
        found = files.get(f"/{path}")
        if found is None:
            if not _is_page(path):
                raise HTTPException(404, "Not Found")
            found = page
        return _answer(request, found)

    app.add_api_route("/{path:path}", serve, methods=["GET", "HEAD"], include_in_schema=False)


def _is_served(path: Path, folder: Path) -> bool:
    """Files of the folder itself: nothing hidden (the build's own notes), nothing that a link reaches elsewhere."""
    parts = path.relative_to(folder).parts
    return path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in parts)


def _read(path: Path, folder: Path) -> _File:
    plain = path.read_bytes()
    packed = gzip.compress(plain, compresslevel=9, mtime=0) if path.suffix in _TEXTS and len(plain) >= _SMALL else None
    hashed = path.relative_to(folder).parts[0] == "assets"
    stat = path.stat()
    return _File(
        plain=plain,
        packed=packed if packed is not None and len(packed) < len(plain) else None,
        media_type=_media_type(path),
        tag=f'"{stat.st_mtime_ns:x}-{len(plain):x}"',
        caching=_FOR_EVER if hashed else _ASK_AGAIN,
    )


def _media_type(path: Path) -> str:
    known = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}.get(path.suffix)
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _is_page(path: str) -> bool:
    """A deep link names no file and belongs to nobody else."""
    parts = PurePosixPath("/" + path).parts[1:]
    return not parts or (parts[0] not in _NOT_PAGES and "." not in parts[-1])


def _answer(request: Request, file: _File) -> Response:
    headers = {"Cache-Control": file.caching, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.media_type == "text/html":
        headers["Content-Security-Policy"] = _POLICY
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.plain
    if file.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers["Content-Encoding"] = file.packed, "gzip"
    return Response(body, media_type=file.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    said = {name.strip().lower(): weight.replace(" ", "") for name, _, weight in (one.partition(";") for one in accepted.split(","))}
    return "gzip" in said and said["gzip"] not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
