"""The branch's queue over HTTP (docs/queue/server.md), as a kiosk needs it."""

import json
import logging
import socket
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from kiosk_core.branch_queue import QueueSilent, QueueTicket, TicketRefused, TicketWish
from kiosk_core.clock import Clock
from kiosk_core.texts import LocalText
from openteller.queue_answers import NEW_TICKET, PROBLEM, NewTicket, wait_of
from queue_display.listening.event_stream import MEDIA_TYPE
from queue_display.listening.heard import Board, NotUnderstood, read_board, where_wrong
from queue_display.listening.listener import SILENCE_S
from queue_display.listening.place import QueuePlace
from queue_display.retry_after import retry_after_s

_log = logging.getLogger(__name__)

A = TypeVar("A")

_ANSWER_S = 3.0  # for one request, from its first byte to the answer's last
_PATIENCE_S = 8.0  # for a ticket, however often it is asked for
_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
_MOST_BYTES = 256 * 1024
_LONGEST_PROBLEM = 300


class _NotNow(QueueSilent):
    """Asking again may help. `after_s`: not sooner."""

    def __init__(self, reason: str, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    retry_after_s: float


class QueueClient:
    """A kiosk_core.branch_queue.BranchQueue, and what a follower reads. One thread owns it, but any may `interrupt` it.

    Raises (in the constructor):
        OSError: `ca` cannot be read or holds no certificate.
    """

    def __init__(self, place: QueuePlace, clock: Clock) -> None:
        self._clock = clock
        self._stream: socket.socket | None = None
        self._http = httpx.Client(
            base_url=place.url,
            headers={"Authorization": f"Bearer {place.token}", "Accept-Encoding": "identity"},
            timeout=_ANSWER_S,
            verify=_trust(place),
            trust_env=False,  # the branch's own network, never a proxy
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def interrupt(self) -> None:
        """End the stream that is followed, if there is one."""
        stream = self._stream
        if stream is not None:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def board(self) -> Board:
        """Return how the queue stands.

        Raises:
            QueueSilent: it does not say.
        """
        answer = self._ask("GET", "/v1/board")
        if answer.status != 200:
            raise _failed(answer)
        try:
            return read_board(answer.body)
        except NotUnderstood as error:
            raise _NotNow(str(error)) from None

    def take(self, wish: TicketWish, key: str) -> QueueTicket | TicketRefused:
        """Take a ticket; an answer that was lost is asked for again, with the same key."""
        taken = self._take(wish, key)
        return taken if isinstance(taken, TicketRefused) else self._ticket(taken)

    def withdraw(self, wish: TicketWish, key: str) -> None:
        """Give up the ticket of this wish and key: the same request tells its token."""
        taken = self._take(wish, key)
        if isinstance(taken, TicketRefused):
            return  # there is none
        bearer = {"Authorization": f"Bearer {taken.token}"}
        answer = self._ask("POST", "/v1/my-ticket/cancel", b"{}", {**bearer, "Idempotency-Key": f"{key} withdrawn"})
        if answer.status not in {200, 404, 409}:  # 409: it is done with, or somebody is at it already
            raise _failed(answer)

    def events(self, after: str) -> Generator[bytes]:
        """Yield the stream of the events behind entry `after`, as it comes.

        It goes on until nothing comes for SILENCE_S, or it ends or is interrupted: QueueSilent.
        """
        with self._following(after) as stream:
            try:
                yield from stream.iter_raw()
            except httpx.HTTPError as error:
                raise _NotNow(f"the stream of the queue broke: {error!r}") from None
        raise _NotNow("the queue ended its stream")

    # -- inside ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _following(self, after: str) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(_ANSWER_S, read=SILENCE_S)
        try:
            with self._http.stream("GET", "/v1/events", headers={"Last-Event-ID": after}, timeout=timeout) as stream:
                self._stream = stream.extensions["network_stream"].get_extra_info("socket")
                if stream.status_code != 200:
                    raise _failed(_Answer(stream.status_code, b"", 0.0))
                kind = stream.headers.get("content-type", "")
                if not kind.startswith(MEDIA_TYPE):
                    raise _NotNow(f"{kind!r:.40} is no stream of a queue")
                yield stream
        except httpx.HTTPError as error:
            raise _NotNow(f"the queue cannot be reached: {error!r}") from None
        finally:
            self._stream = None

    def _take(self, wish: TicketWish, key: str) -> NewTicket | TicketRefused:
        until = self._clock.now() + _PATIENCE_S
        pauses = iter(_PAUSES_S)
        while True:
            try:
                return self._take_once(wish, key)
            except _NotNow as error:
                pause = next(pauses, None)
                if pause is None or self._clock.now() + max(pause, error.after_s) > until:
                    raise
                _log.warning("the queue is asked for the same ticket again: %s", error)
                self._clock.sleep(max(pause, error.after_s))

    def _take_once(self, wish: TicketWish, key: str) -> NewTicket | TicketRefused:
        answer = self._ask("POST", "/v1/tickets", _body(wish), {"Idempotency-Key": key})
        if answer.status == 201:
            return _read(NEW_TICKET, answer)
        if answer.status == 409:
            problem = _read(PROBLEM, answer)
            return TicketRefused(LocalText(problem.detail_zh[:_LONGEST_PROBLEM], problem.detail[:_LONGEST_PROBLEM]))
        raise _failed(answer)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> _Answer:
        """Ask once; the answer comes whole within the time and size that it may take, or _NotNow is raised."""
        until = self._clock.now() + _ANSWER_S
        data = bytearray()
        try:
            with self._http.stream(method, path, content=body, headers=headers) as answer:
                for chunk in answer.iter_raw():
                    data += chunk
                    if len(data) > _MOST_BYTES or self._clock.now() > until:
                        raise _NotNow("the queue's answer does not end")
                return _Answer(answer.status_code, bytes(data), retry_after_s(answer.headers.get("retry-after")))
        except httpx.HTTPError as error:
            raise _NotNow(f"the queue does not answer: {error!r}") from None

    def _ticket(self, taken: NewTicket) -> QueueTicket:
        ticket = taken.ticket
        issued_at = datetime.fromtimestamp(ticket.issued_at, self._clock.wall().tzinfo)
        return QueueTicket(ticket.ticket, ticket.ahead, wait_of(ticket.wait), issued_at, taken.page_url)


def _trust(place: QueuePlace) -> ssl.SSLContext:
    """Return whom to trust: `ca`, or whom this machine trusts; without TLS nobody is asked, and nobody is trusted."""
    if place.url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context(cafile=place.ca)


def _body(wish: TicketWish) -> bytes:
    """Return the request for a ticket; of the same wish it is the same to the last byte, as its key demands."""
    asked: dict[str, object] = {
        "services": [wish.service],
        "customer_class": wish.customer_class,
        "language": wish.language,
    }
    if wish.slot is not None:
        asked |= {"channel": "booking", "slot": wish.slot}
    return json.dumps(asked, ensure_ascii=False).encode()


def _read(kind: "TypeAdapter[A]", answer: _Answer) -> A:
    try:
        return kind.validate_json(answer.body)
    except ValidationError as error:
        raise _NotNow(f"the queue's answer {answer.status}: {where_wrong(error)}") from None


def _failed(answer: _Answer) -> QueueSilent:
    """Return what an answer means that is none; where a person must mend something first, the log says what."""
    if answer.status == 429 or answer.status >= 500:
        return _NotNow(f"the queue answers {answer.status}", answer.retry_after_s)
    try:
        problem = PROBLEM.validate_json(answer.body).detail[:_LONGEST_PROBLEM]
    except ValidationError:
        problem = ""
    _log.error("the queue does not take what this terminal asks (HTTP %d): %s", answer.status, problem)
    return QueueSilent(f"the queue answers {answer.status}")
