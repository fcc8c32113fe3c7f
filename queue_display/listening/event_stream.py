"""Server-sent events from bytes, as the HTML standard parses them (9.2.6), but strict where it forgives.

https://html.spec.whatwg.org/multipage/server-sent-events.html. What is not UTF-8, or never ends, is no event stream.
"""

from dataclasses import dataclass

MEDIA_TYPE = "text/event-stream"

MOST_BYTES = 64 * 1024
"""The longest line, and the longest event: those of the queue have some hundred bytes. No more is kept."""


class BrokenStream(ValueError):
    """What was sent is no event stream, or none that our queue would send."""


@dataclass(frozen=True)
class StreamEvent:
    """An event: its type ("message" where none was said), its data, and the last id that was said before it."""

    kind: str
    data: str
    last_id: str


class EventStreamParser:
    """Makes events of what comes, however it is cut; one for each connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._after_return = False
        self._at_start = True
        self._kind = ""
        self._data: list[str] = []
        self._length = 0
        self._last_id = ""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Return the events that `data` completes.

        Raises:
            BrokenStream: nothing more can be made of this connection.
        """
        if not data:
            return []
        if self._after_return:  # the rest of a CR LF that was cut
            data = data.removeprefix(b"\n")
        self._after_return = data.endswith(b"\r")
        lines = (self._rest + data).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith((b"\r", b"\n")) else b""
        events = [event for line in lines if (event := self._take(line.rstrip(b"\r\n")))]
        if len(self._rest) > MOST_BYTES:
            raise BrokenStream(f"a line of more than {MOST_BYTES} bytes")
        return events

    def _take(self, line: bytes) -> StreamEvent | None:
        if len(line) > MOST_BYTES:
            raise BrokenStream(f"a line of {len(line)} bytes")
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise BrokenStream("a line that is not UTF-8") from None
        if self._at_start:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        if not text:
            return self._dispatch()
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "data":
                self._data.append(value)
                self._length += len(line)
                if self._length > MOST_BYTES:
                    raise BrokenStream(f"an event of more than {MOST_BYTES} bytes")
            case "event":
                self._kind = value
            case "id" if "\0" not in value:
                self._last_id = value
            case _:
                pass  # a comment, or what a later standard knows; `retry`: when to come back is not the server's to say
        return None

    def _dispatch(self) -> StreamEvent | None:
        event = StreamEvent(self._kind or "message", "\n".join(self._data), self._last_id) if self._data else None
        self._kind = ""
        self._data = []
        self._length = 0
        return event
