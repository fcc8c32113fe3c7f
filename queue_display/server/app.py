"""The branch queue as an ASGI application: who asks, how often, what; then the writer or the folds answer."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk_core.clock import Clock
from queue_display.events import Entry
from queue_display.feed import Feed
from queue_display.keeping import StoreUnavailable
from queue_display.refusals import Refusal
from queue_display.server import asking, pages
from queue_display.server.access import Caller, Limits, Role, Tokens
from queue_display.server.answers import CsvFile
from queue_display.server.day_log import day_log
from queue_display.server.endpoints import EVERYBODY, VIEWS, Doing, Looking, View, doings, status_view
from queue_display.server.events import EventStream, Frames, OneTicket
from queue_display.server.gate import Gate
from queue_display.server.openapi import openapi
from queue_display.server.outgoing import Deed, Outgoing
from queue_display.server.problems import Problem, no_such_path, other_method, refused
from queue_display.server.requests import adapter, body_of, checked, key_of, names_of, query_of
from queue_display.telling import Audience
from queue_display.writer import KeyUsedOtherwise, Writer

_log = logging.getLogger(__name__)

MOST_FOLLOWERS = 600

_AUDIENCES = {Role.TELLER: Audience.STAFF, Role.MANAGER: Audience.MANAGERS}

Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Server:
    """What the application is made of.

    `beat_s`: how often time passes and followers see that the queue is alive. `public_url`: where phones find it.
    `outgoing` tells others outside while it runs, `deeds` are what may be asked of that.
    """

    writer: Writer
    feed: Feed
    tokens: Tokens
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    beat_s: float = 2.0
    public_url: str = ""
    outgoing: Sequence[Outgoing] = ()
    deeds: Sequence[Deed] = ()

    def __post_init__(self) -> None:
        self._gate = Gate(self.tokens, self.limits, self.clock)
        self._frames = Frames()
        self._followers = 0
        self._lost = ""  # why the log cannot be read now

    @cached_property
    def app(self) -> ASGIApp:
        """The application."""
        acts = doings(self.tokens, self.public_url)
        views = (*VIEWS, status_view(self.outgoing))
        deeds = (day_log(self.feed, self.writer), *self.deeds)

        @cache
        def document() -> bytes:
            return json.dumps(openapi(views, acts, deeds), ensure_ascii=False).encode()

        async def described(_: Request) -> Response:
            return _json(document())

        async def health(_: Request) -> Response:
            if self._lost:
                raise StoreUnavailable(self._lost)
            return _json(b'{"works":true}')

        routes: list[BaseRoute] = [
            Route(each.path, self._telling(self._doing(each)), methods=["POST"]) for each in acts
        ]
        routes += [Route(each.path, self._telling(self._viewing(each)), methods=["GET"]) for each in views]
        routes += [Route(each.path, self._telling(self._managing(each)), methods=[each.method]) for each in deeds]
        routes += pages.routes()
        routes += [
            Route("/v1/events", self._telling(self._follow), methods=["GET"]),
            Route("/v1/openapi.json", described, methods=["GET"]),
            Route("/v1/health", self._telling(health), methods=["GET"]),
        ]
        app = Starlette(routes=routes, lifespan=self._life, exception_handlers={404: no_such_path, 405: other_method})
        app.router.redirect_slashes = False  # it would send to whatever host the request names
        return app

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        await self.writer.let_time_pass()
        writing = asyncio.create_task(self.writer.run())
        others = [asyncio.create_task(self._beat()), *(asyncio.create_task(_run(each)) for each in self.outgoing)]
        try:
            yield
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self.writer.stop()
            await writing

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.beat_s)
            try:
                await self.writer.let_time_pass()
                self._lost = ""
            except StoreUnavailable as error:
                _log.error("%s", error)
                self._lost = str(error)
            self.feed.wake()

    # -- what every request goes through -------------------------------------------------------------------------

    def _telling(self, answer: Answer) -> Answer:
        """Turn what is wrong into an answer that tells of it."""

        async def told(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as problem:
                return problem.response
            except StoreUnavailable as error:
                _log.error("%s", error)
                return Problem(
                    503,
                    "unavailable",
                    "The queue cannot be written now; ask again with the same Idempotency-Key.",
                    "排队系统暂时无法记录，请用同一个Idempotency-Key重试。",
                    {"Retry-After": "1"},
                ).response

        return told

    # -- the endpoints -------------------------------------------------------------------------------------------

    def _viewing(self, view: View) -> Answer:
        made = adapter(view.answer)

        async def answer(request: Request) -> Response:
            caller = self._gate.caller(request, view.roles)
            looking = Looking(caller, names_of(request), query_of(request, view.query))
            await self._known_to(caller.order)
            async with self.writer.looking() as live:
                seen = view.see(live, looking)
            if isinstance(seen, Refusal):
                raise refused(seen)
            return _csv(seen) if isinstance(seen, CsvFile) else _json(made.dump_json(seen))

        return answer

    def _doing(self, doing: Doing) -> Answer:
        made = adapter(doing.answer)
        status = 201 if doing.makes else 200

        async def answer(request: Request) -> Response:
            caller = self._gate.caller(request, doing.roles)
            sent = await body_of(request)
            body = checked(doing.body, sent)
            path = names_of(request)
            wish = doing.asked(caller, path, body)
            try:
                said = await self.writer.do(
                    wish,
                    lambda live, entries: made.dump_json(doing.tell(live, entries, caller, path)).decode(),
                    caller.author,
                    key_of(request, caller, sent),
                )
            except KeyUsedOtherwise:
                raise Problem(
                    422,
                    "key_used_otherwise",
                    "This Idempotency-Key came before with another request; take a new key for a new request.",
                    "这个Idempotency-Key已用于另一请求；新请求请用新的Key。",
                ) from None
            if isinstance(said, Refusal):
                raise refused(said)
            return _json(said.encode(), status)

        return answer

    def _managing(self, deed: Deed) -> Answer:
        made = adapter(deed.answer)

        async def answer(request: Request) -> Response:
            self._gate.caller(request, deed.roles)
            sent = checked(deed.body, await body_of(request))
            seen = await deed.do(names_of(request), query_of(request, deed.query) or sent)
            return _csv(seen) if isinstance(seen, CsvFile) else _json(made.dump_json(seen), 201 if deed.makes else 200)

        return answer

    async def _follow(self, request: Request) -> Response:
        caller = self._gate.caller(request, EVERYBODY)
        text = request.headers.get("last-event-id") or request.query_params.get("after") or str(self.feed.last)
        is_number = text.isascii() and text.isdigit() and len(text) <= 18
        if is_number:
            await self._known_to(int(text))
        if not is_number or int(text) > self.feed.last:
            raise Problem(
                422,
                "no_such_event",
                f"Last-Event-ID must be a number from 0 to {self.feed.last}: the last event that you have.",
                f"Last-Event-ID须为0至{self.feed.last}的数字，即已收到的最后一条。",
            )
        after = max(int(text), caller.order - 1)  # what was before a ticket is not its business
        if self._followers >= MOST_FOLLOWERS:
            raise Problem(503, "too_many", "Too many follow already; come back later.", "连接过多，请稍后再试。")
        return _Counted(self, EventStream(self.feed, self.clock, await self._shown_to(caller), after))

    async def _shown_to(self, caller: Caller) -> Callable[[Entry], bytes]:
        if caller.role is not Role.TICKET:
            return partial(self._frames.of, audience=_AUDIENCES.get(caller.role, Audience.PUBLIC))
        await self._known_to(caller.order)
        async with self.writer.looking() as live:
            number = asking.own_ticket(live, caller)
        if isinstance(number, Refusal):
            raise refused(number)
        return OneTicket(self._frames, number).frame

    async def _known_to(self, number: int) -> None:
        """Learn of an entry that whoever asks has heard of from another server of this branch."""
        if number > self.feed.last:
            await self.writer.catch_up()

    def followers_changed(self, by: int) -> None:
        """Count who follows the log."""
        self._followers += by


class _Counted(Response):
    """An event stream that is counted while it lasts."""

    def __init__(self, server: Server, stream: EventStream) -> None:
        self._server = server
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._server.followers_changed(1)
        try:
            await self._stream(scope, receive, send)
        finally:
            self._server.followers_changed(-1)


async def _run(outgoing: Outgoing) -> None:
    try:
        await outgoing.run()
    except Exception:  # noqa: BLE001
        _log.exception("a mistake of the program: the branch goes on without this")


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, {"Cache-Control": "no-store"}, "application/json")


def _csv(file: CsvFile) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.text.encode(), 200, headers, "text/csv")
