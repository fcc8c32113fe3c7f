"""A terminal, its bank, its cards and the people in front of it, on set time: all real but wires, threads and paper.

The conductor, the journey's table, the journal, the driver of the top-up module, the CCID reader, the cards, the
payment by bank card and its chip's driver, the host link, its messages and the bank's books are those of the product
and the simulator. A power cut drops every object of the terminal; what its disk had made safe, the cards and the bank
live on.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import apsw

from device_sim import card_crypto
from device_sim.bank_accounts import BankAccount
from device_sim.bank_books import BankBooks
from device_sim.bank_rules import BankRules
from device_sim.cards.debit import DebitApplication, DebitIdentity, DebitMemory
from device_sim.cards.lasting import Lasting, Tear, Tearing
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.transit_card import CardIdentity, Memory, TransitCard
from drivers.bank_card import EmvBankCard
from drivers.card_profiles import CARDS, CardProfile
from drivers.ccid_reader import CcidReader
from drivers.top_up_module import TUnionTopUpModule
from host_link.link import HostLink
from journal.store import SqliteJournal
from kiosk_core.bank_card import BankCard, BankCardProblem, BankPayment
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import CardReader
from kiosk_core.funding import FundingKind
from kiosk_core.intents import Cancel, ChooseAmount, ChooseFunding, ChooseService, Done, Intent
from kiosk_core.ledger import Facts, LedgerRow, LedgerState, Transaction
from kiosk_core.pages import CapturePage, FundingPage, KeypadPage, MenuPage, Page, PaymentPage, Picture, ResultPage
from kiosk_core.risk import Risk
from kiosk_core.screen_messages import ShowPage
from kiosk_core.services import AccountDeposit, AmountLimits, PaymentTimes, TopUpLimits, TransitTopUp
from kiosk_core.social_security import SocialSecurityProblem
from kiosk_core.status import DeviceState, DeviceStatus
from kiosk_core.terminal import Terminal
from kiosk_core.texts import LocalText, Words
from openteller.bank_card_funding import BankCardDevices, BankCardFunding, PayerRules
from openteller.conductor import Conductor
from openteller.questions import SlotReading
from openteller.risk_check import RiskCheck
from tests.faulty_disk import FaultyDisk, Image
from tests.money.devices import CardSlot, Inline, Keys, Paper, Pipes, WatchedCard, WatchedChip
from tests.money.line import Line, LineFault
from wire import apdu, purse
from wire.host_messages import (
    ChargeRequest,
    ConfirmRequest,
    DepositRequest,
    IssuerRequest,
    LoadRequest,
    OrderRequest,
    Request,
    ReversalRequest,
    StatusRequest,
    SuspenseRequest,
)

TERMINAL_NUMBER = "OT000001"
BANK_CARD = DebitIdentity(
    CardNumber("9999990000000000014"), "311231", bytes.fromhex("00112233445566778899AABBCCDDEEFF")
)
PIN = "123456"
FIRST_ACCOUNT_FEN = 100_000_000
_PIN_KEY = bytes(range(32, 48))
RULES = BankRules(
    load_master_key=bytes(range(16)),
    tac_master_key=bytes(range(16, 32)),
    accounts=(BankAccount(BANK_CARD.number, BANK_CARD.expires[:4], FIRST_ACCOUNT_FEN, PIN, BANK_CARD.key),),
    pin_key=_PIN_KEY,
)
SERVICE = TransitTopUp(
    kind="transit_top_up",
    id="transit_top_up",
    icon="transit_card",
    title=LocalText("公交卡充值", "Top up transit card"),
    subtitle=LocalText("", ""),
    limits=TopUpLimits(min_yuan=10, max_yuan=500, step_yuan=10, presets_yuan=(50, 100), max_balance_yuan=100_000),
)
DEPOSIT = AccountDeposit(
    kind="account_deposit",
    id="account_deposit",
    icon="bank",
    title=LocalText("银行卡存款", "Pay into a bank account"),
    subtitle=LocalText("", ""),
    limits=AmountLimits(min_yuan=10, max_yuan=500, step_yuan=10, presets_yuan=(50, 100)),
    times=PaymentTimes(payment_s=20),
)
AMOUNT_FEN = 5_000
FIRST_BALANCE_FEN = 2_000
FIRST_COUNTER = 23
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
PATIENCE_S = 1_800.0
"""How long the world may take to come to rest: the longest wait of the terminal is for a payment, 120 s."""

_READER = (0x1209, 0x0001)
_ONLINE = ("receipt_printer", "card_reader", "pin_pad")
_ANNOUNCES: Mapping[type, frozenset[LedgerState]] = {
    OrderRequest: frozenset({LedgerState.FUND_REQ}),
    ChargeRequest: frozenset({LedgerState.FUND_REQ}),
    DepositRequest: frozenset({LedgerState.FUND_REQ}),
    StatusRequest: frozenset({LedgerState.FUND_REQ}),
    IssuerRequest: frozenset({LedgerState.CARD_READ}),
    LoadRequest: frozenset({LedgerState.MAC2_REQ}),
    ConfirmRequest: frozenset({LedgerState.CARD_OK, LedgerState.CONFIRM_SAF}),
    ReversalRequest: frozenset({LedgerState.REV_REQ}),
    SuspenseRequest: frozenset({LedgerState.SUSPENSE, LedgerState.MANUAL}),
}
"""Which row is a transaction's last when the message leaves."""
_PROMISES = {"top_up.loaded.title", "top_up.earlier_loaded.title", "account_deposit.deposited.title"}
"""Pages that say that the money has arrived."""
_WAITS_FOR_PEOPLE = {LedgerState.SUSPENSE, LedgerState.MANUAL}


class PowerCut(BaseException):
    """The power is gone. No `except Exception` of the terminal can hear of it."""


class NeverAtRest(AssertionError):
    """The terminal has something to do that it never finishes."""


class SetClock:
    """Time that passes only where somebody waits, and can be set back with the rest of the world."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 0.0)


@dataclass
class Elsewhere:
    """What was loaded on a card at other terminals."""

    fen: int = 0
    loads: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The world at one moment, but for what a power cut destroys: where two are equal, all that follows is too."""

    passed: float
    disk: Image
    bank: bytes
    cards: tuple[tuple[Memory, Tear | None], ...]
    bank_card: DebitMemory
    draws: int
    fault: LineFault | None
    late: tuple[Request, ...]
    promised: frozenset[str]


class Person(Protocol):
    """Who stands before the terminal."""

    def acts(self, world: "World", page: Page, *, fresh: bool) -> Intent | None:
        """Do what `page` asks for with one's own hands; return what to touch. `fresh`: it was not there before."""
        ...


class World:
    """The world. `notice` hears of every point at which the power may go; it may raise PowerCut.

    `promised` are the orders of which a customer was told that his money has arrived.

    Cards are identical twins but for their numbers: what is said of one cannot be told from the other by its balance.
    Their last valid day is `end` (YYYYMMDD); `profiles` are the purses that the terminal knows.
    """

    def __init__(
        self, cards: int = 2, *, end: str = "20341231", profiles: Sequence[CardProfile] = tuple(CARDS.values())
    ) -> None:
        self.profiles = profiles
        self.notice: Callable[[str], None] = lambda _: None
        self.clock = SetClock()
        self.books = BankBooks(None, RULES, self.clock)
        self.line = Line(self.books, self.clock, self._point)
        self.draws = 0
        self.payments: list[tuple[float, str]] = []
        self.cards = tuple(
            WatchedCard(
                TransitCard(
                    CardIdentity.of_issuer(
                        CardNumber(f"310487000001234{number:04}"),
                        RULES.load_master_key,
                        RULES.tac_master_key,
                        end=end,
                    ),
                    balance_fen=FIRST_BALANCE_FEN,
                    counter=FIRST_COUNTER,
                    draw=self._draw,
                ),
                self._point,
            )
            for number in range(cards)
        )
        shared_memory = Path("/dev/shm")
        self.bank_card = WatchedChip(DebitApplication(BANK_CARD), self._point)
        self.unannounced: list[str] = []
        self.promised: frozenset[str] = frozenset()
        self.line.leaving = self._leaves
        folder = Path(tempfile.mkdtemp(prefix="ot-money-", dir=shared_memory if shared_memory.is_dir() else None))
        SqliteJournal(folder, TERMINAL_NUMBER, self.clock).close()
        self.disk = FaultyDisk(folder)
        self.terminal: RunningTerminal | None = None
        self.elsewhere = [Elsewhere() for _ in self.cards]

    def close(self) -> None:
        """Let go of disk and books."""
        self.power_off()
        self.disk.close()
        shutil.rmtree(self.disk.folder)
        self.books.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pays_after(self, seconds: float | None) -> None:
        """Have every order paid so many seconds after it was opened, whoever has seen its QR; None: by a person."""
        self.books._book.rules = replace(RULES, pays_itself_after_s=seconds)

    def pay_what_is_due(self) -> None:
        """Let every phone pay whose time has come."""
        now = self.clock.now()
        for moment, order in self.payments:
            if moment <= now:
                self.books.pay(order)
        self.payments = [each for each in self.payments if each[0] > now]

    # -- moments -------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return the world as it would be found if the power went now."""
        return Snapshot(
            self.clock.passed,
            self.disk.after_power_cut(),
            self.books.snapshot(),
            tuple((each.card.memory, each.card.tear) for each in self.cards),
            self.bank_card.card.memory,
            self.draws,
            self.line.fault,
            self.line.late,
            self.promised,
        )

    def restore(self, moment: Snapshot) -> None:
        """Have the world as it was, the terminal without power."""
        self.power_off()
        self.clock.passed = moment.passed
        self.disk.restore(moment.disk)
        self.books.restore(moment.bank)
        for watched, (memory, tear) in zip(self.cards, moment.cards, strict=True):
            watched.card._lasting = Lasting(memory, None, Tearing(tear))
        self.bank_card.card._lasting = Lasting(moment.bank_card)
        self.draws = moment.draws
        self.line.fault = moment.fault
        self.line.late = moment.late
        self.promised = moment.promised
        self.payments = []

    # -- the terminal --------------------------------------------------------------------------------------

    def power_off(self) -> None:
        """Drop every object of the terminal, as a power cut does; what its disk had not made safe stays until then."""
        terminal, self.terminal = self.terminal, None
        if terminal is not None:
            terminal.drop()
        for watched in self.cards:
            watched.power_off()

    def cut_power(self, disk: Image | None = None) -> None:
        """Cut the power now; the disk holds what is safe, or `disk` where the power went a moment ago."""
        image = disk if disk is not None else self.disk.after_power_cut()
        self.power_off()
        self.disk.restore(image)

    def load_elsewhere(self, card: int, amount_fen: int) -> None:
        """Load a card at a terminal of another bank: its proof of the load before is gone then."""
        bench = self.cards[card].card
        number, terminal_no = bench.identity.number, bytes(6)
        bench.tear_next(None)
        bench.power_on()
        at = f"{self.clock.wall():%Y%m%d}", f"{self.clock.wall():%H%M%S}"
        for command in (purse.Select(purse.T_UNION_AID), purse.InitializeForLoad(1, amount_fen, terminal_no)):
            answer = apdu.decode_response(bench.transmit(apdu.encode_command(purse.encode_command(command))) or b"")
        init = purse.decode_load_initialized(answer.data)
        factor = card_crypto.diversification_factor(number.reveal())
        load_key = card_crypto.diversify(RULES.load_master_key, factor)
        key = card_crypto.session_key(load_key, init.random, init.counter)
        credit = purse.CreditForLoad(*at, card_crypto.mac2(key, amount_fen, purse.PURSE, terminal_no, *at))
        answer = apdu.decode_response(bench.transmit(apdu.encode_command(purse.encode_command(credit))) or b"")
        assert answer.status_word == purse.StatusWord.OK
        bench.power_off()
        self.elsewhere[card].fen += amount_fen
        self.elsewhere[card].loads += 1

    def power_on(self, card: int | None = None) -> "RunningTerminal":
        """Start the terminal, with card number `card` on its reader."""
        self.terminal = RunningTerminal(self, card)
        return self.terminal

    def _leaves(self, request: Request) -> None:
        """Take note of a message that the journal has not announced: no crash would have found it."""
        announced_by = _ANNOUNCES.get(type(request))
        if announced_by is None or self.terminal is None:
            return
        order = getattr(request, "order", "")
        states = [each.state for each in self.terminal.journal.unsettled() if each.id == order]
        if not announced_by.intersection(states):
            last = states[0].value if states else "closed, or not there"
            self.unannounced.append(f"{order}: a {type(request).__name__} leaves, and the journal says: {last}")

    def _point(self, at: str) -> None:
        self.notice(at)

    def _draw(self, size: int) -> bytes:
        self.draws += 1
        return self.draws.to_bytes(size, "big")


class RunningTerminal:
    """The terminal while it has power."""

    def __init__(self, world: World, card: int | None) -> None:
        self._world = world
        clock = world.clock
        self.page_number = 0
        self.page: Page | None = None
        self._handled = 0
        self.reader = SimulatedCcidReader(*_READER, clock)
        if card is not None:
            self.reader.insert(world.cards[card])
        self._known_card = self.reader.card
        self.module = TUnionTopUpModule(
            "top_up_module", CcidReader("top_up_module", Pipes(self.reader, clock), clock), clock, world.profiles
        )
        self.paper = Paper()
        self.journal = SqliteJournal(world.disk.folder, TERMINAL_NUMBER, clock)
        self.journal._database.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._watch_journal()
        self.link = HostLink(world.line.connect, TERMINAL_NUMBER, clock)
        risk = RiskCheck(Risk(), self.journal, clock)
        self.slot = CardSlot()
        self.keys = Keys(_PIN_KEY)
        bank_card = BankCardFunding(
            BankCardDevices(Inline(self.slot), self.keys, Inline(self.link), EmvBankCard),
            PayerRules(self.journal.token, risk.may_pay),
            clock,
            world._draw,
        )
        self.conductor = Conductor(
            services=(SERVICE, DEPOSIT),
            terminal=self._terminal,
            journal=self.journal,
            top_up_module=Inline(self.module),
            printer=Inline(self.paper),
            host=Inline(self.link),
            risk=risk,
            slot=SlotReading(Inline(self.slot), _no_social_security_card, self._read_bank_card),
            funding={FundingKind.BANK_CARD: Inline(bank_card)},
            clock=clock,
            screen=self._show,
        )
        for name in _ONLINE:
            self.conductor.device_changed(DeviceStatus(name, DeviceState.ONLINE, clock.wall()))
        self.conductor.device_changed(self.module.status())

    def drop(self) -> None:
        """Let go of the file descriptors; nothing is written."""
        self.journal.close()

    # -- people --------------------------------------------------------------------------------------------

    def lay(self, card: int) -> None:
        """Lay a card on the reader, in place of the one that lies there."""
        self.reader.remove()
        self.reader.insert(self._world.cards[card])

    def take(self) -> None:
        """Take the card away."""
        self.reader.remove()

    def touch(self, intent: Intent) -> None:
        """Touch the page that is shown."""
        self.conductor.touch(self.page_number, intent)

    # -- time ----------------------------------------------------------------------------------------------

    def serve(self, customer: "Customer") -> None:
        """Let `customer` come and go, and the terminal come to rest."""
        self.run(customer, at_rest=lambda: customer.done and self.at_rest)

    def run(self, person: Person | None = None, at_rest: Callable[[], bool] | None = None) -> None:
        """Let the terminal run, and `person` use it, until it has nothing left to do (or `at_rest`).

        Raises:
            NeverAtRest: it always has something to do.
        """
        clock, conductor = self._world.clock, self.conductor
        give_up = clock.now() + PATIENCE_S
        self._handled = 0
        while clock.now() < give_up:
            self._drain()
            self._world.pay_what_is_due()
            if person is not None and self.page is not None:
                fresh, self._handled = self._handled != self.page_number, self.page_number
                intent = person.acts(self._world, self.page, fresh=fresh)
                if intent is not None:
                    self.touch(intent)
                if intent is not None or fresh:
                    continue
            if at_rest() if at_rest is not None else self.at_rest:
                return
            clock.sleep(max(conductor._next_due() - clock.now(), 0.001))
        raise NeverAtRest(f"open: {[(each.id, each.state) for each in self.journal.unsettled()]}, page: {self.page}")

    def _drain(self) -> None:
        """Carry out all that is due now."""
        conductor = self.conductor
        while True:
            if self.reader.card is not self._known_card:
                self._known_card = self.reader.card
                conductor.device_changed(self.module.status())
            busy = not conductor._inbox.is_empty or conductor._next_due() <= self._world.clock.now()
            if not busy:
                return
            conductor.step(0)

    @property
    def idle(self) -> bool:
        """Whether it has started, and nobody is being served or recovered."""
        return self.conductor.idle

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to do but what waits for a person or a card."""
        return (
            self.idle
            and bool(self.conductor._echo.online)
            and not self.conductor.unacknowledged
            and all(each.state in _WAITS_FOR_PEOPLE for each in self.journal.unsettled())
        )

    def _show(self, shown: ShowPage) -> None:
        self.page_number, self.page = shown.number, shown.page
        if isinstance(shown.page, ResultPage) and shown.page.title.key in _PROMISES:
            (order,) = (each.text for each in shown.page.facts if each.label == Words("fact.reference"))
            self._world.promised |= {order or ""}

    def _read_bank_card(self, reader: CardReader) -> BankCard | BankCardProblem:
        return EmvBankCard(reader).begin(BankPayment(1, self._world.clock.wall(), 1, self._world._draw(4)))

    def _terminal(self) -> Terminal:
        return Terminal(
            number=TERMINAL_NUMBER,
            purse_terminal_no=bytes.fromhex("001122334455"),
            bank=LocalText("示例银行", "Example Bank"),
            branch=LocalText("滨江支行", "Riverside Branch"),
            today=self._world.clock.wall().date(),
        )

    def _watch_journal(self) -> None:
        begin, record, note = self.journal.begin, self.journal.record, self.journal.note
        point = self._world._point

        def watched_begin(facts: Facts) -> Transaction:
            point("NEW is written")
            transaction = begin(facts)
            point("NEW is on disk")
            return transaction

        def watched_record(transaction: str, state: LedgerState, facts: Facts) -> LedgerRow:
            point(f"{state.value} is written")
            row = record(transaction, state, facts)
            point(f"{state.value} is on disk")
            return row

        def watched_note(transaction: str, facts: Facts) -> LedgerRow:
            point("a note is written")
            row = note(transaction, facts)
            point("a note is on disk")
            return row

        self.journal.begin = watched_begin  # type: ignore[method-assign]
        self.journal.record = watched_record  # type: ignore[method-assign]
        self.journal.note = watched_note  # type: ignore[method-assign]


def _no_social_security_card(_: CardReader) -> SocialSecurityProblem:
    return SocialSecurityProblem.UNREADABLE


def order_in(page: PaymentPage) -> str:
    """Return the number of the order whose QR is shown."""
    return page.qr.rpartition("/")[2]


@dataclass
class Customer:
    """Wants to load `amount_fen` on card `card`, pays what he is asked to (or `pays` not), and goes when told so.

    `deposits`: he wants the money in the account of his bank card instead. `funding` is how he pays a load. By bank
    card, one who does not pay cancels when he is to type his PIN, and types it then. `regrets`: he cancels right
    after he has typed his PIN, or seen the code. `patient`: a card that is asked for again is laid down again.
    """

    card: int = 0
    amount_fen: int = AMOUNT_FEN
    pays: bool = True
    deposits: bool = False
    funding: FundingKind = FundingKind.QR
    regrets: bool = False
    patient: bool = True
    done: bool = field(default=False, init=False)
    _came: bool = field(default=False, init=False)

    def acts(self, world: World, page: Page, *, fresh: bool) -> Intent | None:  # noqa: C901  (a case a page)
        terminal = world.terminal
        assert terminal is not None
        match page:
            case _ if not fresh:
                pass
            case MenuPage() if not self._came and page.items[0].unavailable is None:
                self._came = True
                return ChooseService(service_id=DEPOSIT.id if self.deposits else SERVICE.id)
            case FundingPage():
                return ChooseFunding(funding=self.funding)
            case CapturePage(picture=Picture.INSERT_BANK_CARD):
                terminal.slot.insert(world.bank_card)
            case CapturePage(picture=Picture.ENTER_PIN) if not self.pays:
                return Cancel()
            case CapturePage(picture=Picture.ENTER_PIN):
                terminal.keys.type_pin(PIN)
                return Cancel() if self.regrets else None
            case CapturePage() if terminal.reader.card is None and (self.patient or page.deadline_s is None):
                terminal.lay(self.card)
            case KeypadPage():
                return ChooseAmount(amount_fen=self.amount_fen)
            case PaymentPage() if self.regrets:
                return Cancel()
            case PaymentPage() if self.pays:
                world.payments.append((world.clock.now(), order_in(page)))
                world.pay_what_is_due()
            case ResultPage():
                self.done = True
                terminal.keys.type_pin(PIN)
                terminal.take()
                terminal.slot.take()
                return Done()
        return None
