"""A deposit whose power is cut at every point, whose messages are lost, late and doubled, by journal and bank.

The real table, journal, conductor, host link and books; only the card reader is a stand-in that names the account.
Afterwards, at rest: what the bank keeps paid is DONE in the journal, all else was given back or never paid.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from device_sim.bank_accounts import BankAccount
from device_sim.bank_books import BankBooks, BankEntry
from host_link.link import HostLink
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.bank_card import BankCard
from kiosk_core.card_number import CardNumber
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import Transaction
from kiosk_core.pages import (
    ChooseAmount,
    ChooseService,
    Done,
    Intent,
    KeypadPage,
    MenuPage,
    Page,
    PaymentPage,
    ResultPage,
    ShowPage,
)
from kiosk_core.risk import Risk
from kiosk_core.services import DepositTimes
from kiosk_core.status import DeviceState, DeviceStatus
from openteller.conductor import Conductor
from openteller.questions import SlotReading
from openteller.risk_check import RiskCheck
from tests.kiosk_core import test_account_deposit
from tests.kiosk_core.journey import TERMINAL
from tests.money.devices import Inline, Paper
from tests.money.line import Line, LineFault, Mishap
from tests.money.world import RULES, TERMINAL_NUMBER, PowerCut, SetClock

ACCOUNT = BankAccount(CardNumber("9999990000000000014"), "3112", 10_000, "123456", bytes(16))
AMOUNT = 50_000
SERVICE = replace(test_account_deposit.SERVICE, times=DepositTimes(payment_s=20))
PATIENCE_S = 900.0
REQUESTS = ("DepositRequest", "StatusRequest", "ReversalRequest")


class Slot:
    """Stands for the CardSlot: the customer's card comes in at the first look."""

    def look(self, _: object, read: Callable[[Any], BankCard]) -> BankCard:
        return read(None)

    def close(self, _: object) -> None:
        pass


@dataclass
class Customer:
    """Pays, or does not, and cancels or does not."""

    pays: bool = True

    def acts(self, bench: "Bench", page: Page) -> Intent | None:
        match page:
            case MenuPage(items=items) if items[0].unavailable is None and not bench.transactions():
                return ChooseService(service_id=SERVICE.id)
            case KeypadPage():
                return ChooseAmount(amount_fen=AMOUNT)
            case PaymentPage(qr=qr) if self.pays:
                bench.books.pay(qr.rpartition("/")[2])
            case ResultPage():
                return Done()
        return None


class Bench:
    """A bank, a line and a terminal that can lose its power; `points` are those at which it may."""

    def __init__(self, folder: Path, fault: LineFault | None = None) -> None:
        self.folder = folder
        self.clock = SetClock()
        self.books = BankBooks(None, replace(RULES, accounts=(ACCOUNT,)), self.clock)
        self.line = Line(self.books, self.clock, self._point)
        self.line.fault = fault
        self.points: list[str] = []
        self.cut_at: list[int] = []
        self.told: list[str] = []
        self._start()

    def _start(self) -> None:
        self.journal = SqliteJournal(self.folder, TERMINAL_NUMBER, self.clock)
        record = self.journal.record

        def watched(transaction: str, state: L, facts: Any) -> Any:
            self._point(f"{state.value} is written")
            row = record(transaction, state, facts)
            self._point(f"{state.value} is on disk")
            return row

        self.journal.record = watched  # type: ignore[method-assign]
        card = BankCard(ACCOUNT.number, date(2031, 12, 31), None, "")
        slot: Any = Slot()
        self.page: ShowPage | None = None
        self.handled = 0
        self.conductor = Conductor(
            services=(SERVICE,),
            terminal=lambda: TERMINAL,
            journal=self.journal,
            top_up_module=Inline(None),
            printer=Inline(Paper()),
            host=Inline(HostLink(self.line.connect, TERMINAL_NUMBER, self.clock)),
            risk=RiskCheck(Risk(), self.journal, self.clock),
            slot=SlotReading(Inline(None), lambda _: None, lambda _: card, slot),  # type: ignore[arg-type, return-value]
            clock=self.clock,
            screen=self._show,
        )
        for name in ("top_up_module", "card_reader", "receipt_printer"):
            self.conductor.device_changed(DeviceStatus(name, DeviceState.ONLINE, self.clock.wall()))

    def _show(self, page: ShowPage) -> None:
        self.page = page
        if isinstance(page.page, ResultPage):
            self.told.append(page.page.title.key)

    def _point(self, at: str) -> None:
        self.points.append(at)
        if len(self.points) - 1 in self.cut_at:
            raise PowerCut(at)

    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.journal.since(self.clock.wall().replace(hour=0)))

    def live(self, customer: Customer | None) -> None:
        """Let the terminal run, through every power cut, until nothing is left to do."""
        until = self.clock.now() + PATIENCE_S
        while not self._run(customer, until):
            self.journal.close()
            customer = None
            self._start()

    def _run(self, customer: Customer | None, until: float) -> bool:
        """Return whether it has come to rest; False: the power went."""
        try:
            while self.clock.now() < until:
                self._drain()
                intent = self._intent_of(customer)
                if intent is not None:
                    self.conductor.touch(*intent)
                    continue
                came = customer is None or self.handled > 1
                if came and self.conductor.idle and self.conductor._echo.online and not self.journal.unsettled():
                    return True
                self.clock.sleep(max(self.conductor._next_due() - self.clock.now(), 0.001))
        except PowerCut:
            return False
        raise AssertionError(f"never at rest: {[each.state for each in self.journal.unsettled()]}, {self.page}")

    def _drain(self) -> None:
        """Carry out all that is due now."""
        while not self.conductor._inbox.empty() or self.conductor._next_due() <= self.clock.now():
            self.conductor.step(0)

    def _intent_of(self, customer: Customer | None) -> tuple[int, Intent] | None:
        """Return what the customer touches on a page that he has not seen yet, and the page's number."""
        if customer is None or self.page is None or self.page.number == self.handled:
            return None
        self.handled = self.page.number
        intent = customer.acts(self, self.page.page)
        return None if intent is None else (self.page.number, intent)

    def close(self) -> None:
        self.journal.close()
        self.books.close()


@contextmanager
def bench(fault: LineFault | None = None) -> Iterator[Bench]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="ot-deposit-", dir=memory if memory.is_dir() else None) as folder:
        made = Bench(Path(folder), fault)
        try:
            yield made
        finally:
            made.close()


def wrong_about(found: Bench) -> list[str]:
    """Return what is not as the auditor was promised."""
    transactions = found.transactions()
    entries: dict[str, BankEntry] = {each.order: each for each in found.books.entries()}
    wrong = [f"{each.id} is {each.state.value}" for each in transactions if not each.state.closed]
    kept = 0
    for each in transactions:
        entry = entries.pop(each.id, None)
        stays = entry is not None and entry.paid and not entry.reversed
        kept += AMOUNT * stays
        if stays != (each.state is L.DONE):
            wrong.append(f"{each.id} is {each.state.value}, and the bank says {entry}")
        if entry is not None and entry.payable:
            wrong.append(f"{each.id} can still be paid")
        refunded = each.facts.get("refunded_fen") or 0
        if entry is not None and refunded != entry.refunded_fen:
            wrong.append(f"{each.id} says {refunded} fen were refunded, and the bank {entry.refunded_fen}")
    wrong += [f"nobody knows the order {order}" for order in entries]
    if found.books.balance_fen(ACCOUNT.number) != ACCOUNT.balance_fen + kept:
        wrong.append("the account has not what was paid into it")
    if "account_deposit.deposited.title" in found.told and not kept:
        wrong.append("a customer was told of a deposit that there is not")
    return wrong


@pytest.mark.parametrize(
    ("customer", "state", "title"),
    [
        (Customer(), L.DONE, "account_deposit.deposited.title"),
        (Customer(pays=False), L.REVERSED, "account_deposit.not_paid.title"),
    ],
)
def test_a_deposit_arrives_or_was_never_paid(customer: Customer, state: L, title: str) -> None:
    with bench() as found:
        found.live(customer)
        assert [each.state for each in found.transactions()] == [state]
        assert found.told == [title]
        assert wrong_about(found) == []
        assert verify(found.folder).good


def scenarios() -> Iterator[tuple[LineFault | None, bool]]:
    for pays in (True, False):
        yield None, pays
        for request in REQUESTS:
            for mishap in Mishap:
                yield LineFault(mishap, request), pays


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("fault", "pays"), list(scenarios()), ids=str)
def test_no_power_cut_and_no_mishap_loses_or_doubles_a_deposit(
    fault: LineFault | None,
    pays: bool,
) -> None:
    """Cut the power at each point, and once more at each of the next five: those of the recovery."""
    with bench(fault) as whole:
        whole.live(Customer(pays))
        assert wrong_about(whole) == []
        points = len(whole.points)
    assert points > 8
    for first in range(points):
        for second in (None, *range(first + 1, first + 6)):
            with bench(fault) as cut:
                cut.cut_at = [first] if second is None else [first, second]
                cut.live(Customer(pays))
                assert wrong_about(cut) == [], f"cut at {cut.cut_at}: {cut.points}"
