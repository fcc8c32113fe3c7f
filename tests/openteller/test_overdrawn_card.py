"""An overdrawn card from the reader to the bank and back: a balance below zero is in MAC1 and paid back in the TAC."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFaults
from device_sim.transit_card import CardIdentity, PurseProfile, TransitCard
from host_link.link import HostLink
from kiosk_core.card_number import CardNumber
from kiosk_core.ports import Confirmation, Credited, LoadAuthorisation, LoadInit, Overdraft, PurseCard, QrOrder
from tests.bank import CARD, RULES, TERMINAL, TERMINAL_NO, TRACE
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork
from tests.top_up import Bench


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture
def books(clock: SetClock) -> Iterator[BankBooks]:
    books = BankBooks(None, RULES, clock)
    yield books
    books.close()


@pytest.mark.parametrize(
    ("amount_fen", "after"),
    # 1.00 is owed: 50.00 leave 49.00; 0.50 leave it owing 0.50
    [(5000, 4900), (50, -50)],
)
def test_an_overdrawn_card_is_topped_up_and_proven(
    clock: SetClock, books: BankBooks, amount_fen: int, after: int
) -> None:
    desk = BankDesk(books, BankFaults())

    def answer(data: bytes) -> list[Arrival]:
        return [(0.0, desk.reply(data[2:]).data)]

    link = HostLink(FakeNetwork(clock, answer).connect, TERMINAL, clock, branch="BRANCH-0001")
    identity = CardIdentity.of_issuer(CardNumber(CARD), RULES.load_master_key, RULES.tac_master_key)
    card = TransitCard(identity, balance_fen=-100, counter=23, profile=PurseProfile(overdraft_limit_fen=800))
    bench = Bench(clock)
    bench.reader.insert(card)
    module = bench.open()

    read = module.read_card()
    assert isinstance(read, PurseCard)
    assert (read.balance_fen, read.overdraft) == (-100, Overdraft(0, 100, 800))
    init = module.initialize_load(read.number, amount_fen, TERMINAL_NO)
    assert isinstance(init, LoadInit)
    assert isinstance(link.order_qr(TRACE, init), QrOrder)
    assert books.pay(TRACE.transaction)
    permission = link.authorise_load(TRACE, init)
    assert isinstance(permission, LoadAuthorisation)
    credited = module.credit_load(permission)
    assert isinstance(credited, Credited)
    assert link.confirm_load(TRACE, amount_fen, credited.tac) is Confirmation.ACCEPTED
    assert card.memory.balance_fen == after
    module.close()
