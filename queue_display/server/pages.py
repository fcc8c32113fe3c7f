"""The web pages for phones and staff: the files of `queue_display/web/`, read once, with their shared parts put in.

There is no session here: a page asks /v1/ by the token that its user brought. docs/queue/pages.md says what keeps
strangers out.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from textwrap import indent

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

WEB = Path(__file__).parent.parent / "web"
PARTS = WEB / "parts"
"""What pages share: in one, the line `<!-- part NAME -->` stands for NAME.html of this folder."""

PAGES: Mapping[str, str] = {
    "/": "index.html",
    "/t": "phone.html",
    "/teller": "teller.html",
    "/manager": "manager.html",
    "/service-worker.js": "service-worker.js",  # it may only look after what lies beside it or below
}
"""Pages by path. All other files are at /pages/."""

_PART = re.compile(r"^( *)<!-- part ([\w-]+) -->\n", re.MULTILINE)

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
    own = {PARTS.name, *PAGES.values()}
    served |= {f"/pages/{name}": name for name in files if own.isdisjoint((name, name.partition("/")[0]))}
    return tuple(Route(path, _serving(WEB / name), methods=["GET"]) for path, name in served.items())


def page(name: str) -> str:
    """Return a page with its parts in it.

    Raises:
        OSError: the page or a part cannot be read.
    """
    text = (WEB / name).read_text(encoding="utf-8")
    return _PART.sub(lambda found: indent((PARTS / f"{found[2]}.html").read_text(encoding="utf-8"), found[1]), text)


def _serving(file: Path) -> Callable[[Request], Awaitable[Response]]:
    body = page(file.name).encode() if file.suffix == ".html" else file.read_bytes()
    media_type = _MEDIA_TYPES[file.suffix]
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}

    async def answer(request: Request) -> Response:
        known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=media_type)

    return answer
