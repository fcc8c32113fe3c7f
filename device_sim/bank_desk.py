"""The simulated bank as a pure machine: a request in, what the line brings back out; books and faults, no socket."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from device_sim.bank_answers import refusal
from device_sim.bank_books import BankBooks
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune, kind_of
from device_sim.bank_keys import LineKeys
from wire.errors import WireError
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_frames import frame
from wire.host_mac import Sealed, covered, unseal
from wire.host_messages import (
    APPROVED,
    ChargeRequest,
    DepositRequest,
    IssuerResponse,
    KeyRequest,
    KeyResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    Request,
    Response,
    has_mac,
)

_REFUSED_BY_THE_BOOKS = OrderRequest | ChargeRequest | DepositRequest | LoadRequest  # and remembered by them

Befallen = Mapping[BankFault, BankMisfortune]


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
    """Takes requests from any thread, does what the books decide, and spoils what the faults demand.

    With `keys` every message but those of network management carries a MAC; without, none does.
    """

    def __init__(self, books: BankBooks, faults: BankFaults, keys: LineKeys | None = None) -> None:
        self._books = books
        self._faults = faults
        self._keys = keys
        self._lock = threading.Lock()
        self._held_up: list[bytes] = []
        self._last = b""

    def reply(self, payload: bytes) -> Reply:
        """Return what comes back for a request, which is a message without its frame.

        Raises:
            WireError: it is none, or has a MAC and no key is agreed.
        """
        sealed, request = _read(payload)
        if self._keys is None and sealed.mac is not None:
            raise WireError("it has a MAC, and no key is agreed for it")
        befallen = self._faults.befall(kind_of(request))
        if BankFault.REQUEST_LOST in befallen:
            return Reply()
        skew = befallen.get(BankFault.CLOCK_SKEW)
        self._books.skew_s = skew.seconds if skew is not None else 0.0
        with self._lock:
            held_up, self._held_up = self._held_up, []
            if BankFault.REQUEST_LATE in befallen:
                self._held_up.append(payload)
        reply = Reply()
        if BankFault.REQUEST_LATE not in befallen:
            answer = self._answer(request, sealed, befallen)
            with self._lock:
                last, self._last = self._last, answer
            reply = _on_the_line(answer, last, befallen)
        for late in held_up:
            sealed, request = _read(late)
            self._answer(request, sealed, {})
        return reply

    def _answer(self, request: Request, sealed: Sealed, befallen: Befallen) -> bytes:
        """Return the answer to a request, without its frame; what was decided is on disk by then."""
        keys, block = self._keys, ""
        declined = befallen.get(BankFault.DECLINED)
        answer: Response | None = None
        if keys is not None and has_mac(request):
            block = keys.check(request.terminal, sealed.covered, sealed.mac) or ""
            if not block:
                block, answer = keys.any_block(request.terminal), refusal(request, "63")
        if answer is None and declined is not None and not isinstance(request, _REFUSED_BY_THE_BOOKS):
            answer = refusal(request, declined.code)  # not remembered: it may be approved when it is repeated
        if answer is None and keys is not None and isinstance(request, KeyRequest):
            block = keys.renew(request.terminal)
            answer = _approval(request, block)
        if answer is None:
            answer = self._books.answer(request, declined.code if declined is not None else None)
        if answer is None:
            answer = refusal(request, "96")  # a key is wanted, and none is agreed
        if BankFault.WRONG_MAC2 in befallen:
            answer = _forged(answer)
        data = encode(answer)
        if keys is not None and block:
            data = covered(data)
            data += keys.mac(block, data)
        return data if BankFault.WRONG_MAC not in befallen else data[:-1] + bytes((data[-1] ^ 1,))


def _read(payload: bytes) -> tuple[Sealed, Request]:
    sealed = unseal(payload)
    request = decode(sealed.payload)
    if not isinstance(request, Request):
        raise WireError("a response is no request")
    return sealed, request


def _approval(request: KeyRequest, block: str) -> KeyResponse:
    return KeyResponse(
        terminal=request.terminal,
        stan=request.stan,
        response_code=APPROVED,
        challenge=request.challenge,
        key_block=block,
    )


def _on_the_line(payload: bytes, last: bytes, befallen: Befallen) -> Reply:
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


def _forged(answer: Response) -> Response:
    """Return an answer with the card's MACs in it wrong."""
    match answer:
        case LoadResponse(permission=permission) if permission is not None:
            return replace(answer, permission=replace(permission, mac2=_inverted(permission.mac2)))
        case IssuerResponse(commands=commands) if commands is not None:
            return replace(answer, commands=tuple(each[:-4] + _inverted(each[-4:]) for each in commands))
        case _:
            return answer


def _inverted(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)
