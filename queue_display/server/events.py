"""The log as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

The id of an event is its number in the log, so a browser that reconnects says by `Last-Event-ID` what it has. An event
of type `alive`, without an id, follows every two seconds with the branch's time: who hears nothing for five is offline.
"""

import asyncio
import json
import logging
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from kiosk_core.clock import Clock
from queue_display.events import DayOpened, Entry, Issued, TicketEvent
from queue_display.feed import Feed
from queue_display.keeping import StoreUnavailable
from queue_display.telling import Audience, told

_log = logging.getLogger(__name__)

_KEPT_FRAMES = 6000
_SLOWEST_S = 20.0

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
    (b"x-content-type-options", b"nosniff"),  # old browsers would hold the first back, to guess what they are
]


class Frames:
    """Entries as bytes for the wire, each made once for all who follow."""

    def __init__(self) -> None:
        self._frames: dict[tuple[int, Audience], bytes] = {}

    def of(self, entry: Entry, audience: Audience) -> bytes:
        """Return an entry as an event."""
        key = (entry.number, audience)
        frame = self._frames.get(key)
        if frame is None:
            frame = self._frames[key] = _frame(entry, audience)
            if len(self._frames) > _KEPT_FRAMES:
                del self._frames[next(iter(self._frames))]
        return frame


def _frame(entry: Entry, audience: Audience) -> bytes:
    data = json.dumps(told(entry, audience), ensure_ascii=False, separators=(",", ":"))
    return f"id: {entry.number}\ndata: {data}\n\n".encode()


class OneTicket:
    """The log as the holder of a ticket sees it: his own ticket, and of others only that something happened.

    It is given entries from the one that issued the ticket on; when a day begins the ticket is over.
    """

    def __init__(self, frames: Frames, number: str) -> None:
        self._frames = frames
        self._number = number
        self._is_over = False

    def frame(self, entry: Entry) -> bytes:
        """Return an entry as an event; entries come in order."""
        event = entry.event
        is_own = isinstance(event, Issued | TicketEvent) and event.ticket == self._number
        ends = isinstance(event, DayOpened)
        if (is_own or ends) and not self._is_over:
            self._is_over = ends
            return self._frames.of(entry, Audience.PUBLIC)
        return b"id: %d\nevent: other\ndata: {}\n\n" % entry.number


class EventStream:
    """An answer that goes on with the log from `after`, until either side ends it; `shown` makes the events of it.

    A client that takes longer than 20 s for what it is sent is let go; it comes back where it was.
    """

    def __init__(self, feed: Feed, clock: Clock, shown: Callable[[Entry], bytes], after: int) -> None:
        self._feed = feed
        self._clock = clock
        self._shown = shown
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by ASGI."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":  # what has no body would have no end either
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        gone = asyncio.ensure_future(_until_gone(receive))
        following = asyncio.ensure_future(self._follow(send))
        try:
            await asyncio.wait((gone, following), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            following.cancel()
            await asyncio.gather(gone, following, return_exceptions=True)  # too slow, or gone: nobody is to be told

    async def _follow(self, send: Send) -> None:
        await self._send(send, b"retry: 1000\n\n" + self._alive())
        try:
            while not self._feed.is_closed:
                if not await self._send_what_is_new(send):
                    await self._feed.changed()
                    if self._after == self._feed.last:
                        await self._send(send, self._alive())
        except StoreUnavailable as error:
            _log.error("%s", error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_what_is_new(self, send: Send) -> bool:
        entries = await self._feed.after(self._after)
        if entries:
            await self._send(send, b"".join(map(self._shown, entries)))
            self._after = entries[-1].number
        return bool(entries)

    def _alive(self) -> bytes:
        return b'event: alive\ndata: {"entry":%d,"at":%.3f}\n\n' % (self._feed.last, self._clock.wall().timestamp())

    @staticmethod
    async def _send(send: Send, data: bytes) -> None:
        async with asyncio.timeout(_SLOWEST_S):
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
