"""The core is killed (SIGKILL) in the middle of a top-up and started again: nothing ever disagrees silently.

A point of the journey is a message on its way: an APDU at the card, a request at the host. The core dies before the
other side has done anything, or after it has acted and before its answer is through.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kiosk_core.ledger import LedgerState as L
from openteller.demo import CARD
from tests.money.power_cut import PowerCuts
from tests.openteller.branch import AMOUNT_FEN, Branch
from tests.patience import PATIENCE_S
from wire import host_decoder
from wire.errors import WireError
from wire.host_mac import unseal

INIT, CREDIT = "8050", "8052"


@dataclass(frozen=True)
class Point:
    """The `count`-th `message` (an APDU's CLA INS, or a request's class), before or after it took effect."""

    message: str
    count: int
    before: bool

    def __str__(self) -> str:
        return f"{'before' if self.before else 'after'}-{self.message}-{self.count}"


class Killer:
    """Stands between terminal and world, and kills the core at one point."""

    def __init__(self, branch: Branch, point: Point) -> None:
        self._branch = branch
        self._point = point
        self._seen = 0
        self._here = False
        self.killed = threading.Event()
        card, bank = branch.card, branch.sim._bank._desk
        self._transmit, self._reply = card.transmit, bank.reply
        card.transmit = self._at_card  # type: ignore[method-assign]
        bank.reply = self._at_bank  # type: ignore[method-assign]

    def _at_card(self, command: bytes) -> Any:
        return self._pass(command[:2].hex(), lambda: self._transmit(command))

    def _at_bank(self, payload: bytes) -> Any:
        name = type(host_decoder.decode(unseal(payload).payload)).__name__
        return self._pass(name, lambda: self._reply(payload))

    def _pass(self, message: str, act: Callable[[], Any]) -> Any:
        here = not self._here and message == self._point.message
        self._seen += here
        if not here or self._seen < self._point.count:
            return act()
        if self._point.before:
            self._kill()
            # The terminal was cut off before its message arrived; what the card says now nobody hears.
            return b"\x6f\x00" if message.startswith("80") else _not_arrived()
        result = act()
        self._kill()
        return result

    def _kill(self) -> None:
        self._here = True
        self._branch.kill_core()
        self.killed.set()


def _not_arrived() -> None:
    raise WireError("the connection broke before the request was through")


def top_up_until_killed(branch: Branch, point: Point) -> None:
    killer = Killer(branch, point)
    branch.spawn_core()
    with branch.customer() as customer, contextlib.suppress(ConnectionError, OSError):
        customer.choose_service()
        branch.sim.place_card(CARD)
        customer.choose_amount()
        customer.see("payment")
        branch.sim.pay()
        customer.see("result")
    assert killer.killed.wait(PATIENCE_S), "the journey never came to this point"


def start_again(branch: Branch) -> None:
    """Start the core and wait until its home page can be used: recovery is done by then."""
    branch.spawn_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)


def check(branch: Branch) -> None:
    """Nothing disagrees but for suspense entries, and those are settled by the card."""
    (transaction,) = branch.transactions()
    if transaction.state is L.SUSPENSE:
        with branch.customer() as customer:
            customer.choose_service()
            branch.sim.place_card(CARD)
            assert customer.see("result").title.key in {"top_up.earlier_loaded.title", "top_up.earlier_refunded.title"}
    assert branch.disagreements() == []
    first = branch.transactions()[-1] if transaction.id == branch.transactions()[-1].id else transaction
    assert first.state in {L.DONE, L.REVERSED, L.ABANDONED, L.DECLINED, L.SUSPENSE}
    loaded = branch.card.memory.balance_fen - 2_350
    assert loaded in {0, AMOUNT_FEN}


BEFORE_THE_CREDIT, AFTER_THE_CREDIT = Point(CREDIT, 1, before=True), Point(CREDIT, 1, before=False)
EVERY_POINT = [
    Point(message, count, before)
    for message, count in [
        (INIT, 1),
        ("OrderRequest", 1),
        ("StatusRequest", 1),
        (INIT, 2),
        ("LoadRequest", 1),
        ("ConfirmRequest", 1),
    ]
    for before in (True, False)
]


@pytest.mark.parametrize(
    ("point", "card_stays"),
    [
        pytest.param(BEFORE_THE_CREDIT, True, id="before, the card stays"),
        pytest.param(AFTER_THE_CREDIT, False, id="after, the card is gone", marks=pytest.mark.slow),
        pytest.param(BEFORE_THE_CREDIT, False, id="before, the card is gone", marks=pytest.mark.slow),
        pytest.param(AFTER_THE_CREDIT, True, id="after, the card stays", marks=pytest.mark.slow),
    ],
)
def test_a_core_killed_around_80_52_settles_with_the_card(branch: Branch, point: Point, card_stays: bool) -> None:
    top_up_until_killed(branch, point)
    if not card_stays:
        branch.sim.take_card()
    start_again(branch)
    (transaction,) = branch.transactions()
    if card_stays:
        assert transaction.state is (L.REVERSED if point.before else L.DONE)
    else:
        assert transaction.state is L.SUSPENSE  # open, and the journal shows it
    check(branch)


@pytest.mark.slow
@pytest.mark.parametrize("card_stays", [True, False], ids=["card-stays", "card-gone"])
@pytest.mark.parametrize("point", EVERY_POINT, ids=str)
def test_a_core_killed_anywhere_leaves_no_silent_disagreement(branch: Branch, point: Point, card_stays: bool) -> None:
    top_up_until_killed(branch, point)
    if not card_stays:
        branch.sim.take_card()
    start_again(branch)
    check(branch)
    assert branch.transactions()[-1].state is not L.SUSPENSE  # the card was never in doubt


@pytest.mark.slow
def test_a_core_killed_while_it_recovers_recovers_again(branch: Branch) -> None:
    top_up_until_killed(branch, Point(CREDIT, 1, before=False))
    killer = Killer(branch, Point("ConfirmRequest", 1, before=False))
    branch.spawn_core()
    with branch.customer() as customer, contextlib.suppress(ConnectionError, OSError):
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    assert killer.killed.wait(PATIENCE_S)
    start_again(branch)
    assert branch.transactions()[0].state is L.DONE
    assert branch.disagreements() == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_core_killed_at_any_instant_again_and_again_keeps_its_books() -> None:
    """Thirty customers; python -m tests.money.power_cut serves thousands."""
    with PowerCuts(seed=1) as cuts:
        for number in range(30):
            assert cuts.transaction() == [], f"transaction {number}: {cuts.counts}"
        assert cuts.counts["killed"] >= 30
