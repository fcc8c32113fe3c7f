"""What went wrong with a request, as RFC 9457 problem details: `detail` says it in English, `detail_zh` in Chinese."""

import json
from collections.abc import Mapping

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from queue_display.refusals import Refusal, Why

_MISSING = frozenset({Why.NO_TICKET, Why.NO_WINDOW})
_UNKNOWN = frozenset({Why.NO_SERVICE, Why.NO_CLASS})


class Problem(Exception):
    """A request that is not done. `code` is for programs, `detail` and `detail_zh` are for people."""

    def __init__(
        self, status: int, code: str, detail: str, detail_zh: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.detail_zh = detail_zh
        self.headers = headers

    @property
    def response(self) -> Response:
        """The answer that tells of it."""
        told = {"status": self.status, "code": self.code, "detail": self.detail, "detail_zh": self.detail_zh}
        return Response(
            json.dumps(told, ensure_ascii=False),
            self.status,
            headers=dict(self.headers or {}),
            media_type="application/problem+json",
        )


def refused(refusal: Refusal) -> Problem:
    """Return the problem for an act that the branch refuses: 404, 422 or 409."""
    status = 404 if refusal.why in _MISSING else 422 if refusal.why in _UNKNOWN else 409
    return Problem(status, refusal.why.value, refusal.sentence("en"), refusal.sentence("zh"))


def malformed(error: ValidationError) -> Problem:
    """Return the problem for a request that is not as it must be; what it said is not repeated: it may be personal."""
    told = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors(include_input=False)]
    listed = "; ".join(told)
    return Problem(422, "malformed", f"The request is wrong: {listed}.", f"请求内容有误：{listed}。")


def too_often(wait_s: float) -> Problem:
    """Return the problem of a client that must wait so long."""
    seconds = max(1, round(wait_s + 0.5))
    return Problem(
        429,
        "too_often",
        f"Too many requests; ask again in {seconds} s.",
        f"请求过于频繁，请{seconds}秒后再试。",
        {"Retry-After": str(seconds)},
    )


async def no_such_path(_: Request, __: Exception) -> Response:
    """Answer whoever asks for what there is not."""
    detail = "There is no such path; /v1/openapi.json lists what there is."
    return Problem(404, "no_such_path", detail, "没有这个地址；/v1/openapi.json列出全部地址。").response


async def other_method(request: Request, _: Exception) -> Response:
    """Answer whoever asks in the wrong way; `Allow` names all methods of the path (RFC 9110, 15.5.6)."""
    detail = "This path takes another method; /v1/openapi.json says which."
    taken = {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
    allow = {"Allow": ", ".join(sorted(taken))}
    return Problem(405, "other_method", detail, "此地址须用另一种方法，见/v1/openapi.json。", allow).response
