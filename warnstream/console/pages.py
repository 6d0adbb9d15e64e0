"""The page and what belongs to it: files of `static/`, read once, each under its own name."""

import gzip
import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_FILES = {
    path.name: (path.read_bytes(), MEDIA[path.suffix])
    for path in sorted(FOLDER.iterdir())
    if path.suffix in MEDIA
}
_COMPRESSED = {name: gzip.compress(content, 9, mtime=0) for name, (content, _) in _FILES.items()}
_TAGS = {name: f'"{hashlib.sha256(content).hexdigest()[:32]}"' for name, (content, _) in _FILES.items()}


async def page_of(request: Request) -> Response:
    """A file of the page; no path leads anywhere else."""
    name = request.path_params["name"] or "index.html"
    if name not in _FILES:
        raise HTTPException(404, "there is no such page")
    headers = {"ETag": _TAGS[name], "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == _TAGS[name]:
        return Response(status_code=304, headers=headers)
    content, media = _FILES[name]
    headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = _COMPRESSED[name]
    return Response(content, media_type=media, headers=headers)
