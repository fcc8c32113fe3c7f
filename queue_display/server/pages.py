"""The web pages for phones and staff: the files of `queue_display/web/`, read once, served as they are.

There is no session here: a page asks /v1/ by the token that its user brought. docs/queue/pages.md says what keeps
strangers out.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

WEB = Path(__file__).parent.parent / "web"

PAGES: Mapping[str, str] = {
    "/": "index.html",
    "/t": "phone.html",
    "/teller": "teller.html",
    "/manager": "manager.html",
    "/service-worker.js": "service-worker.js",  # it may only look after what lies beside it or below
}
"""Pages by path. All other files are at /pages/."""

_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache",  # kept, but asked for again: pages and server are of one version
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none';"
        " require-trusted-types-for 'script'; trusted-types service-worker"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}


@cache
def routes() -> tuple[BaseRoute, ...]:
    """Return a route for each file: there is no other path, whatever is asked for.

    Raises:
        OSError: a file cannot be read.
        KeyError: a file is of a kind that has no media type here.
    """
    served = dict(PAGES)
    files = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file())
    served |= {f"/pages/{name}": name for name in files if name not in PAGES.values()}
    return tuple(Route(path, _serving(WEB / name), methods=["GET"]) for path, name in served.items())


def _serving(file: Path) -> Callable[[Request], Awaitable[Response]]:
    body = file.read_bytes()
    media_type = _MEDIA_TYPES[file.suffix]
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}

    async def answer(request: Request) -> Response:
        known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=media_type)

    return answer
