"""The socket between core and screen: one JSON object a line, UTF-8 (docs/core-protocol.md)."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from kiosk_core.screen_messages import Answer, FromCore, Hello, Question, ShowPage, ToCore, Touched

MAX_LINE_BYTES = 64 * 1024

_from_core: TypeAdapter[Any] = TypeAdapter(FromCore)
_to_core: TypeAdapter[Any] = TypeAdapter(ToCore)


class BadMessage(ValueError):
    """A line that is not a message of this protocol."""


def encode(message: Hello | ShowPage | Answer | Touched | Question) -> bytes:
    """Return the line of `message`, with its newline."""
    adapter = _to_core if isinstance(message, Touched | Question) else _from_core
    return bytes(adapter.dump_json(message)) + b"\n"


def decode_from_core(line: bytes) -> Hello | ShowPage | Answer:
    """Return what the core said.

    Raises:
        BadMessage: the line is not one of the messages.
    """
    return _decode(_from_core, line)  # type: ignore[no-any-return]


def decode_to_core(line: bytes) -> Touched | Question:
    """Return what a client said.

    Raises:
        BadMessage: the line is not one of the messages.
    """
    return _decode(_to_core, line)  # type: ignore[no-any-return]


def _decode(adapter: TypeAdapter[Any], line: bytes) -> Any:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        raise BadMessage(str(error)) from None
