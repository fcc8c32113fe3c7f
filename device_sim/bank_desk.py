"""The simulated bank as a pure machine: a request in, what the line brings back out; books and faults, no socket."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from device_sim.bank_books import BankBooks
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune, kind_of
from wire.errors import WireError
from wire.host_messages import LoadResponse, Message, decode, encode, frame


class Ending(Enum):
    """What becomes of the connection behind an answer."""

    OPEN = "open"
    CLOSED = "closed"  # in good order, by TLS's close_notify
    LOST = "lost"  # at once
    RESTART = "restart"  # every connection is lost at once, and the books are opened anew


@dataclass(frozen=True)
class Reply:
    """What comes back for a request: after `late_s` seconds these bytes, then the ending."""

    data: bytes = b""
    late_s: float = 0.0
    ending: Ending = Ending.OPEN


class BankDesk:
    """Takes requests from any thread, does what the books decide, and spoils what the faults demand."""

    def __init__(self, books: BankBooks, faults: BankFaults) -> None:
        self._books = books
        self._faults = faults
        self._lock = threading.Lock()
        self._held_up: list[Message] = []
        self._last = b""

    def reply(self, payload: bytes) -> Reply:
        """Return what comes back for a request, which is a message without its frame.

        Raises:
            WireError: it is none.
        """
        request = decode(payload)
        befallen = self._faults.befall(kind_of(request))
        if BankFault.REQUEST_LOST in befallen:
            return Reply()
        skew = befallen.get(BankFault.CLOCK_SKEW)
        self._books.skew_s = skew.seconds if skew is not None else 0.0
        with self._lock:
            held_up, self._held_up = self._held_up, []
            if BankFault.REQUEST_LATE in befallen:
                self._held_up.append(request)
        reply = Reply() if BankFault.REQUEST_LATE in befallen else self._answered(request, befallen)
        for late in held_up:
            self._books.answer(late)
        return reply

    def _answered(self, request: Message, befallen: Mapping[BankFault, BankMisfortune]) -> Reply:
        declined = befallen.get(BankFault.DECLINED)
        answer = self._books.answer(request, declined.code if declined is not None else None)
        if answer is None:
            raise WireError("a response is no request")
        if BankFault.WRONG_MAC2 in befallen and isinstance(answer, LoadResponse) and answer.permission:
            answer = replace(answer, permission=replace(answer.permission, mac2=_inverted(answer.permission.mac2)))
        payload = encode(answer)
        if BankFault.WRONG_MAC in befallen:
            payload = payload[:-1] + bytes((payload[-1] ^ 1,))
        with self._lock:
            last, self._last = self._last, payload
        return _on_the_line(payload, last, befallen)


def _on_the_line(payload: bytes, last: bytes, befallen: Mapping[BankFault, BankMisfortune]) -> Reply:
    """Return what the line makes of an answer; `last` is the answer before it."""
    late = befallen.get(BankFault.ANSWER_LATE)
    late_s = late.seconds if late is not None else 0.0
    if BankFault.RESTART in befallen:
        return Reply(late_s=late_s, ending=Ending.RESTART)
    if BankFault.HANG_UP in befallen:
        return Reply(late_s=late_s, ending=Ending.CLOSED)
    if BankFault.ANSWER_LOST in befallen:
        return Reply(late_s=late_s)
    data = frame(payload)
    if BankFault.ANSWER_OF_ANOTHER in befallen:
        data = frame(last) if last else b""
    if BankFault.ANSWER_TWICE in befallen:
        data += data
    if (cut := befallen.get(BankFault.ANSWER_CUT)) is not None:
        return Reply(data[: cut.byte], late_s, Ending.LOST)
    if BankFault.ANSWER_HALF in befallen:
        data = data[: len(data) // 2]
    return Reply(data, late_s)


def _inverted(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)
