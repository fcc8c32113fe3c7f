"""A bank card with its PIN as a way to pay: card reader, PIN pad and bank host, each on its own thread, in one order.

The order is EMV's (kiosk_core/bank_card.py): the card, the rules of the terminal, the PIN, the chip's question, the
bank, the chip's end. What goes wrong before the bank is asked took nothing; afterwards only the bank's own no did.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kiosk_core.bank_card import (
    BankCard,
    BankCardChip,
    BankCardProblem,
    BankPayment,
    CardPayment,
    Charged,
    ChipEnd,
    ChipRequest,
)
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import CardReader
from kiosk_core.clock import Clock
from kiosk_core.errors import HostSilent, HostUntrusted, OpenTellerError
from kiosk_core.funding import BankCardOffer, FundingStage, FundingState, Paid, Pending, Unclear, Unpaid
from kiosk_core.pin_pad import EntryEnd, PinBlock, PinEntry, PinFormat, PinPad, PinPadRefusal
from kiosk_core.ports import BankHost, Declined, DeclineReason, LoadInit, ReversalReason, Trace
from kiosk_core.risk import Cap
from openteller.card_gate import INSIDE, give_card_back, has_card, let_card_in
from openteller.questions import Worker

_log = logging.getLogger(__name__)

PIN_SECONDS = 60

_APPROVED = "00"
_BANK_NOT_REACHED = "Z3"  # EMV 4.3 Book 4, A6: unable to go online, declined

T = TypeVar("T")
P = TypeVar("P")

_Steps = Generator[None, None, T]
"""A part of a payment. It yields where it has to wait, and looks again whenever it is resumed."""


@dataclass(frozen=True)
class BankCardDevices:
    """Who a payment by bank card works with. `chip` makes of an open reader the card in it.

    `pin_formats` are those that the host takes, best first; the first that the pad can make is used.
    """

    reader: Worker[CardReader]
    pin_pad: Worker[PinPad]
    host: Worker[BankHost]
    chip: Callable[[CardReader], BankCardChip]
    pin_formats: tuple[PinFormat, ...] = (PinFormat.ISO0,)


@dataclass(frozen=True)
class PayerRules:
    """What the terminal knows of a payer: his token in the journal, and whether he may pay so much now.

    `token` may be asked by any thread, `may_pay` (token, fen) by the one that polls.
    """

    token: Callable[[CardNumber], str]
    may_pay: Callable[[str, int], DeclineReason | Cap | None]


class BankCardFunding:
    """Implements kiosk_core.funding.FundingSource. Nothing in it waits, so any thread may call.

    Whatever a device or the host answers carries a payment on at once; `poll` is needed to look for the card.

    Args:
        random: gives so many unpredictable bytes.
    """

    def __init__(
        self,
        devices: BankCardDevices,
        payer: PayerRules,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._devices = devices
        self._payer = payer
        self._clock = clock
        self._random = random
        self._lock = threading.RLock()
        self._payment: _Payment | None = None

    def begin(self, trace: Trace, init: LoadInit) -> BankCardOffer:
        """Let a bank card in, as soon as one that lies in the reader has been taken."""
        to_pay = BankPayment(init.amount_fen, self._clock.wall(), trace.order_stan, self._random(4))
        with self._lock:
            self.close()
            self._payment = _Payment(self._devices, self._payer, self._lock, trace=trace, init=init, to_pay=to_pay)
            self._payment.go_on()
        return BankCardOffer()

    def poll(self, trace: Trace) -> FundingState:
        """Return where the payment stands; of one that was never begun, or forgotten, nobody can tell."""
        with self._lock:
            payment = self._payment
            if payment is None or payment.trace != trace:
                return Unclear(ReversalReason.OTHER)
            return payment.look()

    def cancel(self, trace: Trace) -> None:
        """End the customer's part. The bank is not asked any more; if it has been, its answer is still awaited."""
        with self._lock:
            if self._payment is not None and self._payment.trace == trace:
                self._payment.cancel()

    def close(self) -> None:
        """End what is under way, for the terminal goes down: the pad's thread must not wait for a PIN then."""
        with self._lock:
            if self._payment is not None:
                self._payment.cancel()


class AtOnce(Generic[P]):
    """A Worker for a port that never waits: its work is done on the caller's own thread."""

    def __init__(self, port: P) -> None:
        self._port = port

    def call(self, work: Callable[[P], T]) -> "Future[T]":
        """Do `work(port)` now; its result or exception is in the future."""
        future: Future[T] = Future()
        try:
            future.set_result(work(self._port))
        except Exception as error:  # noqa: BLE001  (it belongs to whoever reads the future)
            future.set_exception(error)
        return future


class _Over(Exception):
    """The payment ends here, before the bank was asked."""

    def __init__(self, state: Unpaid) -> None:
        super().__init__("over")
        self.state = state


class _CardLost(OpenTellerError):
    """The card is not where it was; the reader that is open now is not to blame and stays open."""


class _Payment:
    """One payment. Every method is called with `lock` held; what devices and host answer comes on their threads."""

    def __init__(
        self,
        devices: BankCardDevices,
        payer: PayerRules,
        lock: contextlib.AbstractContextManager[object],
        *,
        trace: Trace,
        init: LoadInit,
        to_pay: BankPayment,
    ) -> None:
        self.trace = trace
        self._devices = devices
        self._payer = payer
        self._lock = lock
        self._init = init
        self._to_pay = to_pay
        self._state: FundingState = Pending(FundingStage.INSERT_CARD)
        self._problem: str | None = None
        self._canceled = False
        self._no_pin = False  # read by the pad's thread
        self._chip: tuple[CardReader, BankCardChip] | None = None  # of the reader's thread
        self._steps = self._pay()
        self._running = False
        self._again = False
        self._polls = 0

    # -- from outside ----------------------------------------------------------------------------------------

    def look(self) -> FundingState:
        """Go on, look where the card is, and return the state."""
        self._polls += 1
        self.go_on()
        return self._state

    def cancel(self) -> None:
        """See FundingSource.cancel."""
        self._canceled = True
        self.go_on()

    def go_on(self) -> None:
        """Do all that can be done now."""
        self._again = True
        if self._running:  # an answer that was there as soon as it was asked for
            return
        self._running = True
        try:
            while self._again and isinstance(self._state, Pending):
                self._again = False
                next(self._steps)
        except StopIteration as end:
            self._state = end.value
        finally:
            self._running = False

    # -- the order of a payment ------------------------------------------------------------------------------

    def _pay(self) -> _Steps[FundingState]:
        try:
            payment, payer = yield from self._until_the_bank()
        except _Over as over:
            self._give_back()
            return over.state
        except Exception as error:  # noqa: BLE001  (whatever it is, the bank was not asked)
            self._tell("nothing was taken", error)
            self._give_back()
            return Unpaid(DeclineReason.DEVICE_FAILED)
        finally:
            self._no_pin = True
        # From here on the bank may have been asked; nothing comes between the last look at `cancel` and this.
        try:
            return (yield from self._ask_bank(payment, payer))
        except Exception as error:  # noqa: BLE001  (whatever it is, the money may be gone)
            self._tell("it is to be reversed", error)
            return Unclear(ReversalReason.TERMINAL_FAULT)

    def _until_the_bank(self) -> _Steps[tuple[CardPayment, str]]:
        card = yield from self._take_card()
        payer = self._payer.token(card.number)
        yield from self._next_poll()  # the rules are asked by the thread that polls
        refused = self._payer.may_pay(payer, self._init.amount_fen)
        if refused is not None:
            raise _Over(Unpaid(refused))
        self._stand(FundingStage.ENTER_PIN)
        pin = yield from self._take_pin(card)
        self._stand(FundingStage.ASK_BANK)
        request = yield from self._answer(self._ask(self._devices.reader, self._authorise))
        if isinstance(request, BankCardProblem):
            pulled = request is BankCardProblem.NOT_PRESENT
            raise _Over(Unpaid(None if pulled else DeclineReason.BANK_CARD_NOT_ACCEPTED))
        return CardPayment(card, request, pin), payer

    def _take_card(self) -> _Steps[BankCard]:
        while True:
            # A card that is there already may be somebody else's, or one that did not do.
            while not (yield from self._answer(self._ask(self._devices.reader, let_card_in))):
                self._stand(FundingStage.TAKE_CARD)
                yield from self._next_poll()
            self._stand(FundingStage.INSERT_CARD)
            while not (yield from self._answer(self._ask(self._devices.reader, has_card))):
                yield from self._next_poll()
            self._problem = None
            self._stand(FundingStage.READ_CARD)
            card = yield from self._answer(self._ask(self._devices.reader, self._read))
            match card:
                case BankCard():
                    return card
                case BankCardProblem.NOT_PRESENT:
                    raise _Over(Unpaid())
                case BankCardProblem():
                    self._problem = card.value

    def _take_pin(self, card: BankCard) -> _Steps[PinBlock]:
        typing = self._ask(self._devices.pin_pad, lambda pad: self._enter_pin(pad, card.number))
        while not typing.done():
            looking = self._ask(self._devices.reader, lambda reader: reader.media())
            while not (looking.done() or typing.done()):
                yield from self._pause()
            if looking.done() and looking.result() not in INSIDE:
                raise _Over(Unpaid())  # he has pulled his card out
            yield from self._next_poll(typing)
        typed = yield from self._answer(typing)
        match typed:
            case PinBlock():
                return typed
            case EntryEnd():
                raise _Over(Unpaid())
            case PinPadRefusal():
                _log.error("the PIN pad takes no PIN: %s", typed.value)
                raise _Over(Unpaid(DeclineReason.DEVICE_FAILED))

    def _ask_bank(self, payment: CardPayment, payer: str) -> _Steps[FundingState]:
        trace, init = self.trace, self._init
        charging = self._ask(self._devices.host, lambda host: host.charge(trace, init, payment))
        while not charging.done():
            yield
        try:
            answer = charging.result()
        except (HostSilent, CancelledError) as error:
            self._tell("it is to be reversed", error)
            self._complete(_BANK_NOT_REACHED)
            untrusted = isinstance(error, HostUntrusted)
            return Unclear(ReversalReason.MAC_WRONG if untrusted else ReversalReason.NO_ANSWER)
        except Exception:
            self._complete(_BANK_NOT_REACHED)
            raise
        if isinstance(answer, Declined):
            self._complete(answer.response_code)
            return Unpaid(answer.reason, answer.response_code)
        ending = self._complete(_APPROVED, answer)
        while not ending.done():
            yield
        paid = Paid(payer, answer.approval)
        return paid if ending.result() is ChipEnd.APPROVED else Unclear(ReversalReason.OTHER)

    # -- waiting ---------------------------------------------------------------------------------------------

    def _stand(self, stage: FundingStage) -> None:
        self._state = Pending(stage, self._problem)

    def _ask(self, worker: Worker[P], work: Callable[[P], T]) -> "Future[T]":
        future = worker.call(work)
        future.add_done_callback(lambda _: self._answered())
        return future

    def _answered(self) -> None:
        with self._lock:
            self.go_on()

    def _answer(self, future: "Future[T]") -> _Steps[T]:
        while not future.done():
            yield from self._pause()
        self._stop_if_canceled()
        return future.result()

    def _next_poll(self, unless: "Future[Any] | None" = None) -> _Steps[None]:
        polls = self._polls
        while polls == self._polls and not (unless is not None and unless.done()):
            yield from self._pause()

    def _pause(self) -> _Steps[None]:
        self._stop_if_canceled()
        yield
        self._stop_if_canceled()

    def _stop_if_canceled(self) -> None:
        if self._canceled:
            raise _Over(Unpaid())

    def _tell(self, outcome: str, error: BaseException) -> None:
        expected = isinstance(error, OpenTellerError | CancelledError)
        _log.log(
            logging.WARNING if expected else logging.ERROR,
            "payment %s by bank card failed, %s: %s",
            self.trace.transaction,
            outcome,
            error if isinstance(error, OpenTellerError) else type(error).__name__,
            exc_info=None if expected else error,
        )

    # -- on the threads of the devices -----------------------------------------------------------------------

    def _read(self, reader: CardReader) -> BankCard | BankCardProblem:
        chip = self._devices.chip(reader)
        self._chip = reader, chip
        return chip.begin(self._to_pay)

    def _enter_pin(self, pad: PinPad, number: CardNumber) -> PinBlock | EntryEnd | PinPadRefusal:
        can_make = [each for each in self._devices.pin_formats if each in pad.formats]
        if not can_make:
            return PinPadRefusal.FORMAT_NOT_SUPPORTED
        entry = PinEntry(number, format=can_make[0], timeout_s=PIN_SECONDS)
        return pad.enter_pin(entry, lambda: self._no_pin)

    def _authorise(self, reader: CardReader) -> ChipRequest | BankCardProblem:
        return self._chip_in(reader).authorise(pin_entered=True)

    def _complete(self, code: str, charged: Charged | None = None) -> "Future[ChipEnd]":
        """Tell the chip how it ended, and give the card back whatever it says."""

        def work(reader: CardReader) -> ChipEnd:
            try:
                issuer_data = charged.issuer_data if charged is not None else b""
                return self._chip_in(reader).complete(code, issuer_data)
            finally:
                self._let_go(reader)

        return self._ask(self._devices.reader, work)

    def _give_back(self) -> None:
        """Give the card back, if there is one, and let none in; the customer is not kept waiting for it."""
        with contextlib.suppress(Exception):  # a worker that has ended: the terminal goes down
            self._ask(self._devices.reader, self._let_go)

    def _let_go(self, reader: CardReader) -> None:
        self._chip = None  # and with it all that was read of the card
        with contextlib.suppress(OpenTellerError):  # the reader's status says what is wrong
            give_card_back(reader)

    def _chip_in(self, reader: CardReader) -> BankCardChip:
        if self._chip is None or self._chip[0] is not reader:
            raise _CardLost("the card reader was lost while the card was in it, and opened anew")
        return self._chip[1]
