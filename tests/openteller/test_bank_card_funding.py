"""Paying by bank card, step by step, with a reader, a pad and a bank that fail at any of them."""

import gc
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.bank_card import BankCard, BankCardProblem, BankPayment, CardPayment, Charged, ChipEnd, ChipRequest
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import ChipPower, Destination, ResetAction
from kiosk_core.errors import (
    DeviceFault,
    DeviceUnavailable,
    Fault,
    HostSilent,
    HostUntrusted,
    ProtocolViolation,
)
from kiosk_core.funding import BankCardOffer, FundingStage, FundingState, Paid, Pending, Unclear, Unpaid
from kiosk_core.pin_pad import EntryEnd, PinBlock, PinEntry, PinFormat, PinPadRefusal
from kiosk_core.ports import Declined, DeclineReason, LoadInit, ReversalReason, Trace
from kiosk_core.status import Media
from openteller.bank_card_funding import AtOnce, BankCardDevices, BankCardFunding, PayerRules
from tests.clocks import SetClock

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
NUMBER = "9999990000000000014"
CARD = BankCard(CardNumber(NUMBER), date(2031, 12, 31), 1, "PBOC DEBIT", f"{NUMBER}=311222000000")
BEGAN = datetime(2026, 11, 22, 10, 29, tzinfo=UTC)
TRACE = Trace("OT000001-000000007", BEGAN, 41, 42, 43, 44)
INIT = LoadInit(CardNumber("3104870000012345678"), 5_000, bytes(6), 2_350, 7, 1, 0, bytes(4), bytes(4))
PIN = PinBlock(PinFormat.ISO0, 6, bytes.fromhex("9C7E01D5A2F04B6B"))
REQUEST = ChipRequest(bytes.fromhex("9F270180"))
FROM_ISSUER = bytes.fromhex("910A0102030405060708 3030")

INSERT, READ, PINS, BANK, TAKE = (
    FundingStage.INSERT_CARD,
    FundingStage.READ_CARD,
    FundingStage.ENTER_PIN,
    FundingStage.ASK_BANK,
    FundingStage.TAKE_CARD,
)

FAILED = Unpaid(DeclineReason.DEVICE_FAILED)

P = TypeVar("P")
T = TypeVar("T")


class Reader:
    """A reader, and the chip of the card in it."""

    def __init__(self) -> None:
        self.lies = Media.NOT_PRESENT
        self.entry = False
        self.done: list[str] = []
        self.begun: list[BankPayment] = []
        self.cards: deque[BankCard | BankCardProblem] = deque([CARD])
        self.request: ChipRequest | BankCardProblem = REQUEST
        self.end = ChipEnd.APPROVED

    def insert(self) -> None:
        assert self.entry, "the gate is closed"
        self.lies = Media.PRESENT

    # the port, as far as a payment goes

    def media(self) -> Media:
        return self.lies

    def set_entry(self, enabled: bool) -> None:
        self.entry = enabled

    def move(self, to: Destination) -> None:
        assert to is Destination.EXIT
        self.done.append("exit")
        self.lies = Media.ENTERING

    def reset(self, action: ResetAction) -> None:
        self.done.append(f"reset to {action.value}")
        self.lies = Media.ENTERING

    def chip_power(self, power: ChipPower) -> None:
        self.done.append(f"chip {power.value}")

    # its card

    def begin(self, payment: BankPayment) -> BankCard | BankCardProblem:
        self.begun.append(payment)
        self.lies = Media.LATCHED
        return self.cards.popleft()

    def authorise(self, *, pin_entered: bool) -> ChipRequest | BankCardProblem:
        assert pin_entered
        return self.request

    def complete(self, response_code: str, issuer_data: bytes) -> ChipEnd:
        self.done.append(f"complete {response_code} {issuer_data.hex()}".strip())
        return self.end


class Pad:
    formats = frozenset({PinFormat.ISO0})

    def __init__(self) -> None:
        self.asked: list[PinEntry] = []
        self.ended: list[bool] = []
        self.typed: PinBlock | EntryEnd | PinPadRefusal = PIN

    def enter_pin(self, entry: PinEntry, is_canceled: Callable[[], bool]) -> PinBlock | EntryEnd | PinPadRefusal:
        self.asked.append(entry)
        self.ended.append(is_canceled())
        return EntryEnd.CANCELED if self.ended[-1] else self.typed


class Host:
    def __init__(self) -> None:
        self.charged: list[tuple[Trace, LoadInit, CardPayment]] = []
        self.answer: Charged | Declined = Charged(FROM_ISSUER, "004711")

    def charge(self, trace: Trace, init: LoadInit, payment: CardPayment) -> Charged | Declined:
        self.charged.append((trace, init, payment))
        return self.answer


class Later(Generic[P]):
    """A worker that does what it was asked when the test says so, or fails then."""

    def __init__(self, port: P) -> None:
        self.port = port
        self.jobs: deque[tuple[Callable[[P], Any], Future[Any]]] = deque()

    def call(self, work: Callable[[P], T]) -> "Future[T]":
        future: Future[T] = Future()
        self.jobs.append((work, future))
        return future

    def do(self, fails: Exception | None = None) -> None:
        work, future = self.jobs.popleft()
        if fails is not None:
            future.set_exception(fails)
            return
        try:
            future.set_result(work(self.port))
        except Exception as error:
            future.set_exception(error)


def _its_card(reader: Any) -> Any:
    return reader


@dataclass
class World:
    reader: Reader = field(default_factory=Reader)
    pad: Pad = field(default_factory=Pad)
    host: Host = field(default_factory=Host)
    refused: DeclineReason | None = None
    asked_about: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at_reader, self.at_pad, self.at_host = Later(self.reader), Later(self.pad), Later(self.host)
        self.funding = self.source(self.at_reader, self.at_pad, self.at_host)

    def source(self, reader: Any, pad: Any, host: Any, formats: tuple[PinFormat, ...] = (PinFormat.ISO0,)) -> Any:
        devices = BankCardDevices(reader, pad, host, lambda reader: reader, formats)  # type: ignore[arg-type, return-value]
        return BankCardFunding(
            devices, PayerRules(self.token, self.may_pay), SetClock(NOW), lambda size: b"\xde" * size
        )

    def token(self, number: CardNumber) -> str:
        assert number.reveal() == NUMBER
        return "t0ken"

    def may_pay(self, token: str, amount_fen: int) -> DeclineReason | None:
        self.asked_about.append((token, amount_fen))
        return self.refused

    def poll(self) -> FundingState:
        state: FundingState = self.funding.poll(TRACE)
        return state

    def go_until(self, step: str) -> None:
        """Let a payment go well until `step` has been asked of its worker, and not yet been done."""
        assert self.funding.begin(TRACE, INIT) == BankCardOffer()
        if step == "let in":
            return
        self.at_reader.do()
        if step == "look":
            return
        self.reader.insert()
        self.at_reader.do()
        if step == "read":
            return
        self.at_reader.do()
        if step == "rules":
            return
        assert self.poll() == Pending(PINS)
        if step == "pin":
            return
        self.at_pad.do()
        self.at_reader.do()  # where the card lies
        if step == "authorise":
            return
        self.at_reader.do()
        if step == "charge":
            return
        self.at_host.do()
        assert step == "complete"

    def settle(self) -> None:
        """Let every worker do what it was asked, in the order reader, pad, host."""
        while any(each.jobs for each in (self.at_reader, self.at_pad, self.at_host)):
            for worker in (self.at_reader, self.at_pad, self.at_host):
                if worker.jobs:
                    worker.do()


@pytest.fixture
def world() -> World:
    return World()


# -- a payment that goes well ----------------------------------------------------------------------------------------


def test_each_step_is_told_and_the_last_is_that_the_money_is_there(world: World) -> None:
    world.funding.begin(TRACE, INIT)
    assert world.poll() == Pending(INSERT)
    world.at_reader.do()
    assert world.reader.entry
    world.at_reader.do()
    assert world.poll() == Pending(INSERT)
    world.reader.insert()
    world.at_reader.do()
    assert world.poll() == Pending(READ)
    assert not world.reader.entry
    world.at_reader.do()
    assert world.asked_about == []
    assert world.poll() == Pending(PINS)
    assert world.asked_about == [("t0ken", 5_000)]
    world.at_reader.do()
    assert world.poll() == Pending(PINS)
    world.at_pad.do()
    world.at_reader.do()
    assert world.poll() == Pending(BANK)
    world.at_reader.do()
    assert world.poll() == Pending(BANK)
    world.at_host.do()
    assert world.poll() == Pending(BANK)
    world.at_reader.do()
    assert world.poll() == Paid("t0ken", "004711")
    assert world.reader.done == ["complete 00 910a01020304050607083030", "chip off", "exit"]


def test_the_chip_the_pad_and_the_host_are_asked_for_this_payment(world: World) -> None:
    world.go_until("complete")
    assert world.reader.begun == [BankPayment(5_000, NOW, 41, b"\xde\xde\xde\xde")]
    assert world.pad.asked == [PinEntry(CardNumber(NUMBER), format=PinFormat.ISO0, timeout_s=60)]
    assert world.host.charged == [(TRACE, INIT, CardPayment(CARD, REQUEST, PIN))]


def test_workers_that_answer_at_once_are_no_different(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    funding = world.source(AtOnce(world.reader), AtOnce(world.pad), AtOnce(world.host))
    funding.begin(TRACE, INIT)
    assert funding.poll(TRACE) == Pending(INSERT)
    world.reader.insert()
    assert funding.poll(TRACE) == Pending(READ)
    assert funding.poll(TRACE) == Paid("t0ken", "004711")
    assert len(world.host.charged) == 1
    assert caplog.records == []


def test_the_best_format_that_pad_and_host_share_is_taken() -> None:
    world = World()
    world.pad.formats = frozenset({PinFormat.ISO0, PinFormat.ISO3})
    formats = (PinFormat.ISO4, PinFormat.ISO3, PinFormat.ISO0)
    funding = world.source(AtOnce(world.reader), AtOnce(world.pad), AtOnce(world.host), formats)
    funding.begin(TRACE, INIT)
    world.reader.insert()
    funding.poll(TRACE)
    funding.poll(TRACE)
    assert [each.format for each in world.pad.asked] == [PinFormat.ISO3]


def test_nothing_of_card_and_pin_can_be_seen_in_the_source(world: World) -> None:
    world.go_until("charge")
    seen = repr(vars(world.funding)) + repr(world.poll()) + repr(world.at_host.jobs)
    assert NUMBER not in seen
    assert PIN.data.hex() not in seen.lower()


@pytest.mark.parametrize("step", ["pin", "complete"])
def test_of_a_card_that_was_given_back_nothing_is_kept(step: str) -> None:
    world = World()
    world.go_until(step)
    world.funding.cancel(TRACE)
    world.settle()
    world.at_pad.jobs.clear()
    gc.collect()
    kept = [each for each in gc.get_referrers(world.reader) if isinstance(each, tuple)]
    assert kept == []


# -- the customer does otherwise -------------------------------------------------------------------------------------


def test_a_card_that_lies_there_already_goes_out_first(world: World) -> None:
    world.reader.lies = Media.PRESENT
    world.funding.begin(TRACE, INIT)
    world.at_reader.do()
    assert world.poll() == Pending(TAKE)
    assert world.reader.done == ["exit"]
    world.at_reader.do()
    assert world.poll() == Pending(TAKE)
    assert world.reader.done == ["exit"]  # it sticks out; nothing more can be done
    assert not world.reader.entry
    world.reader.lies = Media.NOT_PRESENT
    world.at_reader.do()
    assert world.poll() == Pending(INSERT)
    assert world.reader.entry


def test_a_card_that_does_not_do_is_given_back_and_another_may_come(world: World) -> None:
    world.reader.cards = deque([BankCardProblem.NOT_ACCEPTED, BankCardProblem.UNREADABLE, CARD])
    world.go_until("rules")
    assert world.poll() == Pending(READ)
    world.at_reader.do()
    assert world.poll() == Pending(TAKE, "not_accepted")
    world.reader.lies = Media.NOT_PRESENT
    world.at_reader.do()
    assert world.poll() == Pending(INSERT, "not_accepted")
    world.reader.insert()
    world.at_reader.do()
    assert world.poll() == Pending(READ)
    world.at_reader.do()
    world.at_reader.do()
    assert world.poll() == Pending(TAKE, "unreadable")
    world.reader.lies = Media.NOT_PRESENT
    world.at_reader.do()
    world.reader.insert()
    world.at_reader.do()
    world.at_reader.do()
    assert world.poll() == Pending(PINS)


def test_who_may_not_pay_is_asked_for_no_pin(world: World) -> None:
    world.refused = DeclineReason.LIMIT
    world.go_until("rules")
    assert world.poll() == Unpaid(DeclineReason.LIMIT)
    world.settle()
    assert world.pad.asked == []
    assert world.reader.lies is Media.ENTERING


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        (EntryEnd.CANCEL, Unpaid()),
        (EntryEnd.TIMED_OUT, Unpaid()),
        (PinPadRefusal.TOO_MANY, FAILED),
        (PinPadRefusal.USE_VIOLATION, FAILED),
    ],
)
def test_without_a_pin_nothing_is_asked_of_chip_or_bank(
    world: World, typed: EntryEnd | PinPadRefusal, state: FundingState
) -> None:
    world.pad.typed = typed
    world.go_until("pin")
    world.settle()
    assert world.poll() == state
    assert world.host.charged == []
    assert world.reader.done == ["chip off", "exit"]


def test_a_pad_without_a_format_that_the_host_takes_is_not_asked_for_a_pin() -> None:
    world = World()
    funding = world.source(AtOnce(world.reader), AtOnce(world.pad), AtOnce(world.host), (PinFormat.ISO4,))
    funding.begin(TRACE, INIT)
    world.reader.insert()
    funding.poll(TRACE)
    assert funding.poll(TRACE) == FAILED
    assert world.pad.asked == []


@pytest.mark.parametrize("lies", [Media.NOT_PRESENT, Media.ENTERING, Media.JAMMED])
def test_a_card_that_leaves_while_the_pin_is_typed_ends_the_entry(world: World, lies: Media) -> None:
    world.go_until("pin")
    world.reader.lies = lies
    world.at_reader.do()
    assert world.poll() == Unpaid()
    world.at_pad.do()
    assert world.pad.ended == [True]
    assert world.poll() == Unpaid()
    assert world.host.charged == []


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (BankCardProblem.NOT_PRESENT, Unpaid()),
        (BankCardProblem.DECLINED, Unpaid(DeclineReason.BANK_CARD_NOT_ACCEPTED)),
        (BankCardProblem.UNREADABLE, Unpaid(DeclineReason.BANK_CARD_NOT_ACCEPTED)),
    ],
)
def test_a_chip_that_does_not_ask_the_bank_pays_nothing(
    world: World, problem: BankCardProblem, state: FundingState
) -> None:
    world.reader.request = problem
    world.go_until("authorise")
    world.settle()
    assert world.poll() == state
    assert world.host.charged == []


def test_a_card_pulled_out_while_it_is_read_pays_nothing(world: World) -> None:
    world.reader.cards = deque([BankCardProblem.NOT_PRESENT])
    world.go_until("rules")
    assert world.poll() == Unpaid()


# -- the bank --------------------------------------------------------------------------------------------------------


def test_a_decline_is_told_to_the_chip_and_the_card_comes_back(world: World) -> None:
    world.host.answer = Declined(DeclineReason.PIN_WRONG, "55")
    world.go_until("complete")
    assert world.poll() == Unpaid(DeclineReason.PIN_WRONG, "55")
    world.settle()
    assert world.reader.done == ["complete 55", "chip off", "exit"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HostSilent("no answer"), ReversalReason.NO_ANSWER),
        (HostUntrusted("a wrong MAC"), ReversalReason.MAC_WRONG),
        (RuntimeError("a mistake of ours"), ReversalReason.TERMINAL_FAULT),
    ],
)
def test_an_answer_that_did_not_come_is_unclear_and_the_chip_hears_that_there_was_none(
    world: World, error: Exception, reason: ReversalReason
) -> None:
    world.go_until("charge")
    world.at_host.do(fails=error)
    assert world.poll() == Unclear(reason)
    world.settle()
    assert world.reader.done == ["complete Z3", "chip off", "exit"]


@pytest.mark.parametrize("end", [ChipEnd.DECLINED, ChipEnd.UNKNOWN])
def test_a_chip_that_says_no_after_the_banks_yes_is_unclear(world: World, end: ChipEnd) -> None:
    world.reader.end = end
    world.go_until("complete")
    world.at_reader.do()
    assert world.poll() == Unclear(ReversalReason.OTHER)
    assert world.reader.lies is Media.ENTERING


def test_a_host_that_goes_down_with_the_question_leaves_it_unclear(world: World) -> None:
    world.go_until("charge")
    world.at_host.jobs.popleft()[1].cancel()
    assert world.poll() == Unclear(ReversalReason.NO_ANSWER)


def test_a_reader_that_cannot_give_the_card_back_changes_nothing_about_the_money(world: World) -> None:
    class Stuck(Reader):
        def move(self, to: Destination) -> None:
            raise DeviceFault("card_reader", Fault.CARD_JAM)

    stuck = World(reader=Stuck())
    stuck.go_until("complete")
    stuck.at_reader.do()
    assert stuck.poll() == Paid("t0ken", "004711")


def test_a_jammed_card_is_brought_out_by_a_reset(world: World) -> None:
    world.go_until("look")
    world.reader.lies = Media.JAMMED
    world.at_reader.do()
    assert world.poll() == FAILED
    world.at_reader.do()
    assert world.reader.done == ["reset to exit"]


def test_a_reader_that_was_opened_anew_is_not_asked_about_a_card_that_it_does_not_know(world: World) -> None:
    world.go_until("authorise")
    world.at_reader.port = Reader()
    world.at_reader.do()
    assert world.poll() == FAILED
    assert world.host.charged == []


# -- everything fails everywhere -------------------------------------------------------------------------------------

STEPS = ["let in", "look", "read", "rules", "pin", "authorise", "charge", "complete"]
NOTHING_TAKEN = ["let in", "look", "read", "pin", "authorise"]
LOST = [
    DeviceUnavailable("device", "unplugged"),
    DeviceFault("device", Fault.CARD_JAM),
    ProtocolViolation("device", "nonsense"),
    ValueError("a mistake of ours"),
]


def worker_of(world: World, step: str) -> Later[Any]:
    workers: dict[str, Later[Any]] = {"pin": world.at_pad, "charge": world.at_host}
    return workers.get(step, world.at_reader)


@pytest.mark.parametrize("error", LOST, ids=[type(each).__name__ for each in LOST])
@pytest.mark.parametrize("step", NOTHING_TAKEN)
def test_a_device_that_fails_before_the_bank_is_asked_takes_nothing(step: str, error: Exception) -> None:
    world = World()
    world.go_until(step)
    worker_of(world, step).do(fails=error)
    if step == "pin":
        world.at_reader.do()
    assert world.poll() == FAILED
    world.settle()
    assert world.host.charged == []
    assert not world.reader.entry
    assert world.reader.lies in {Media.NOT_PRESENT, Media.ENTERING}


@pytest.mark.parametrize("error", LOST, ids=[type(each).__name__ for each in LOST])
def test_a_reader_that_fails_after_the_banks_yes_leaves_it_unclear(world: World, error: Exception) -> None:
    world.go_until("complete")
    world.at_reader.do(fails=error)
    assert world.poll() == Unclear(ReversalReason.TERMINAL_FAULT)


def test_a_reader_that_is_lost_while_the_pin_is_typed_ends_the_entry(world: World) -> None:
    world.go_until("pin")
    world.at_reader.do(fails=DeviceUnavailable("card_reader", "unplugged"))
    assert world.poll() == FAILED
    world.settle()
    assert world.host.charged == []


@pytest.mark.parametrize("step", STEPS)
def test_after_cancel_a_bank_that_was_not_asked_is_never_asked(step: str) -> None:
    world = World()
    world.go_until(step)
    world.funding.cancel(TRACE)
    world.settle()
    asked = step in {"charge", "complete"}
    assert world.poll() == (Paid("t0ken", "004711") if asked else Unpaid())
    assert len(world.host.charged) == asked
    assert not world.reader.entry
    assert world.reader.lies in {Media.NOT_PRESENT, Media.ENTERING}  # the card is out, though nobody polls


@pytest.mark.parametrize("step", ["pin", "authorise", "charge"])
def test_after_cancel_nothing_is_awaited_that_is_not_about_the_money(step: str) -> None:
    world = World()
    world.go_until(step)
    world.funding.cancel(TRACE)
    assert world.poll() == (Pending(BANK) if step == "charge" else Unpaid())


def test_a_pin_that_is_being_typed_is_no_longer_taken_after_cancel(world: World) -> None:
    world.go_until("pin")
    world.funding.cancel(TRACE)
    world.settle()
    assert world.pad.ended == [True]
    assert world.host.charged == []


@pytest.mark.parametrize("step", STEPS)
def test_a_new_payment_forgets_the_one_before(step: str) -> None:
    world = World()
    world.go_until(step)
    again = Trace("OT000001-000000008", BEGAN, 51, 52, 53, 54)
    world.funding.begin(again, INIT)
    world.settle()
    assert world.poll() == Unclear(ReversalReason.OTHER)  # nobody can tell of the first
    assert [trace for trace, _, _ in world.host.charged] == [TRACE] * (step in {"charge", "complete"})
    assert isinstance(world.funding.poll(again), Pending)


@pytest.mark.parametrize("step", STEPS)
def test_a_terminal_that_goes_down_gives_the_card_back_and_asks_no_bank_any_more(step: str) -> None:
    world = World()
    world.go_until(step)
    world.funding.close()
    world.settle()
    assert len(world.host.charged) == (step in {"charge", "complete"})
    assert world.pad.ended in ([], [True] if step == "pin" else [False])
    assert world.reader.lies in {Media.NOT_PRESENT, Media.ENTERING}


def test_a_terminal_may_go_down_before_anybody_has_paid(world: World) -> None:
    world.funding.close()


def test_cancelling_another_payment_does_nothing(world: World) -> None:
    world.go_until("pin")
    world.funding.cancel(Trace("OT000001-000000006", BEGAN, 31, 32, 33, 34))
    assert world.poll() == Pending(PINS)


# -- whatever comes, in whatever order -------------------------------------------------------------------------------

DEEDS = st.sampled_from(
    [*["poll", "reader", "pad", "host", "insert"] * 3, "reader fails", "pad fails", "host is silent", "pull", "cancel"]
)


def do_deed(world: World, deed: str) -> None:
    """Let something happen, if it can."""
    match deed:
        case "poll":
            world.poll()
        case "reader" | "pad" | "host" if (worker := getattr(world, f"at_{deed}")).jobs:
            worker.do()
        case "insert" if world.reader.entry and world.reader.lies is Media.NOT_PRESENT:
            world.reader.insert()
        case "reader fails" if world.at_reader.jobs:
            world.at_reader.do(fails=DeviceUnavailable("card_reader", "unplugged"))
        case "pad fails" if world.at_pad.jobs:
            world.at_pad.do(fails=DeviceFault("pin_pad", Fault.KEY_MISSING))
        case "host is silent" if world.at_host.jobs:
            world.at_host.do(fails=HostSilent("no answer"))
        case "pull":
            world.reader.lies = Media.NOT_PRESENT
        case "cancel":
            world.funding.cancel(TRACE)


@given(
    step=st.sampled_from(STEPS),
    deeds=st.lists(DEEDS, min_size=5, max_size=20),
    declines=st.booleans(),
    end=st.sampled_from(ChipEnd),
)
def test_what_is_told_is_true_whatever_happens(step: str, deeds: list[str], declines: bool, end: ChipEnd) -> None:
    world = World()
    world.reader.end = end
    if declines:
        world.host.answer = Declined(DeclineReason.NOT_ENOUGH_FUNDS, "51")
    world.go_until(step)
    handed_over = step in {"charge", "complete"}
    canceled_before = False
    for deed in deeds:
        canceled_before |= deed == "cancel" and not handed_over
        do_deed(world, deed)
        state = world.poll()
        handed_over |= bool(world.at_host.jobs)
        assert not (canceled_before and handed_over)
        match state:
            case Paid():
                assert (len(world.host.charged), declines, end) == (1, False, ChipEnd.APPROVED)
            case Unpaid(reason):
                assert not handed_over or (declines and reason is DeclineReason.NOT_ENOUGH_FUNDS)
            case Unclear():
                assert handed_over
    assert len(world.host.charged) <= 1
