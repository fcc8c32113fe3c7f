"""What comes with a request: its body, its query, and the key by which a repeated one is known."""

import hashlib
from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from queue_display.server.access import Caller
from queue_display.server.asking import Name
from queue_display.server.problems import Problem, malformed
from queue_display.writer import Key

MOST_BYTES = 16 * 1024
_LONGEST_KEY = 200
_NAMES = TypeAdapter(Mapping[str, Name])


async def body_of(request: Request) -> bytes:
    """Return the body.

    Raises:
        Problem: it is too long, or was cut off.
    """
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Problem(413, "too_long", f"The body is longer than {MOST_BYTES} bytes.", "请求内容过长。")
    except ClientDisconnect:
        raise Problem(400, "cut_off", "The request was cut off.", "请求中断。") from None
    return body


@cache
def adapter(kind: type) -> TypeAdapter[object]:
    """Return what reads and writes a kind of record."""
    return TypeAdapter(kind)


def checked(kind: type, sent: bytes) -> object:
    """Return what was sent as the record that it must be.

    Raises:
        Problem: it is not one.
    """
    try:
        return adapter(kind).validate_json(sent or b"{}")
    except ValidationError as error:
        raise malformed(error) from None


def names_of(request: Request) -> Mapping[str, str]:
    """Return what the path names.

    Raises:
        Problem: one of it can be nobody's name.
    """
    try:
        return _NAMES.validate_python(request.path_params)
    except ValidationError as error:
        raise malformed(error) from None


def query_of(request: Request, kind: type | None) -> object:
    """Return what the query says as the record that it must be, None where nothing may be asked.

    Raises:
        Problem: it is not one.
    """
    if kind is None:
        return None
    try:
        return adapter(kind).validate_strings(dict(request.query_params))
    except ValidationError as error:
        raise malformed(error) from None


def key_of(request: Request, caller: Caller, body: bytes) -> Key | None:
    """Return by what the answer is kept, None if the request names nothing.

    Raises:
        Problem: it names something that cannot be a key.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Problem(
            422,
            "wrong_key",
            f"An Idempotency-Key has 1 to {_LONGEST_KEY} characters.",
            f"Idempotency-Key须为1至{_LONGEST_KEY}个字符。",
        )
    of_caller = f"{caller.role.value} {caller.name} {caller.order}\n{key}"
    content = f"{request.method} {request.scope['path']}\n".encode() + body
    return Key(hashlib.sha256(of_caller.encode()).hexdigest(), hashlib.sha256(content).hexdigest())
