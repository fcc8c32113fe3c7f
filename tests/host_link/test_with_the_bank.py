"""The link and the simulated bank with their own keys and their own cryptography, on set time and without a socket."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFaults
from device_sim.bank_keys import LineKeys, MacAgreement
from device_sim.bank_keys import MacAlgorithm as BankAlgorithm
from host_link.link import HostLink
from host_link.software_keys import MacAlgorithm, SoftwareMacKeys
from kiosk_core.bank_card import BankCard, CardPayment, Charged, ChipRequest
from kiosk_core.errors import HostSilent, HostUntrusted
from kiosk_core.pin_pad import PinBlock, PinFormat
from kiosk_core.ports import (
    Confirmation,
    Declined,
    DeclineReason,
    LoadAuthorisation,
    OrderState,
    QrOrder,
    ReversalReason,
    Reversed,
    SuspenseReport,
)
from tests.bank import ACCOUNT, BANK_RULES, TERMINAL, TRACE, Purse, paying_card
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork
from tests.host_link.test_line import NOON

INIT = Purse().init()
EXCHANGE = bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")


@dataclass
class Pair:
    """A terminal's link and the bank that it talks to; `lost` loses the next answer."""

    algorithm: str

    def __post_init__(self) -> None:
        self.clock = SetClock(NOON)
        self.books = BankBooks(None, BANK_RULES, self.clock)
        agreement = MacAgreement(BankAlgorithm(self.algorithm), EXCHANGE)
        self.desk = BankDesk(self.books, BankFaults(), LineKeys(agreement, self.books))
        self.network = FakeNetwork(self.clock, self.answer)
        self.lost = False
        self.keys = SoftwareMacKeys(MacAlgorithm(self.algorithm), EXCHANGE)
        self.link = HostLink(self.network.connect, TERMINAL, self.clock, branch="BRANCH-0001", keys=self.keys)

    def answer(self, data: bytes) -> list[Arrival]:
        reply = self.desk.reply(data[2:]).data
        lost, self.lost = self.lost, False
        return [] if lost else [(0.0, reply)]


@pytest.fixture(params=["retail", "cmac"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = Pair(request.param)
    yield pair
    pair.books.close()


def test_a_top_up_under_macs(pair: Pair) -> None:
    assert isinstance(pair.link.order_qr(TRACE, INIT), QrOrder)
    assert pair.books.pay(TRACE.transaction)
    assert pair.link.query_order(TRACE) is OrderState.PAID
    permission = pair.link.authorise_load(TRACE, INIT)
    assert isinstance(permission, LoadAuthorisation)
    assert pair.link.confirm_load(TRACE, 5000, Purse().tac(INIT, permission)) is Confirmation.ACCEPTED
    assert pair.link.report_journal_head(100, "ab" * 32, "0" * 64)
    assert pair.link.state.mac_key == pair.keys.check_value != ""


def test_a_reversal_whose_answer_was_lost_is_repeated_under_its_mac_and_pays_back_once(pair: Pair) -> None:
    pair.link.order_qr(TRACE, INIT)
    pair.books.pay(TRACE.transaction)
    pair.lost = True
    with pytest.raises(HostSilent):
        pair.link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)
    assert pair.link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER) == Reversed(5000)
    assert [entry.refunded_fen for entry in pair.books.entries()] == [5000]


def payment(pin: str = "123456") -> CardPayment:
    made = paying_card(pin=pin)
    assert made.pin is not None
    card = BankCard(ACCOUNT.number, date(2031, 12, 31), made.sequence, "PBOC DEBIT", made.track2)
    return CardPayment(card, ChipRequest(made.chip), PinBlock(PinFormat.ISO0, len(pin), made.pin.block))


def test_a_bank_card_pays_a_top_up_under_macs(pair: Pair) -> None:
    charged = pair.link.charge(TRACE, INIT, payment())
    assert isinstance(charged, Charged)
    assert len(charged.issuer_data) == 12
    assert pair.books.balance_fen(ACCOUNT.number) == 995_000
    permission = pair.link.authorise_load(TRACE, INIT)
    assert isinstance(permission, LoadAuthorisation)
    assert pair.link.report_suspense(TRACE, SuspenseReport(5000, 23, f"{permission.date}{permission.time}"))
    assert pair.link.confirm_load(TRACE, 5000, Purse().tac(INIT, permission)) is Confirmation.ACCEPTED
    assert pair.books.flaws() == []


def test_a_charge_whose_answer_was_lost_is_given_back_under_its_mac(pair: Pair) -> None:
    assert pair.link.online()
    pair.lost = True
    with pytest.raises(HostSilent):
        pair.link.charge(TRACE, INIT, payment())
    assert pair.books.balance_fen(ACCOUNT.number) == 995_000
    assert pair.link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER) == Reversed(5000)
    assert pair.books.balance_fen(ACCOUNT.number) == 1_000_000


def test_a_wrong_pin_is_told_and_debits_nothing(pair: Pair) -> None:
    assert pair.link.charge(TRACE, INIT, payment("654321")) == Declined(DeclineReason.PIN_WRONG, "55")
    assert pair.books.balance_fen(ACCOUNT.number) == 1_000_000


def test_a_deposit_arrives_when_its_qr_is_paid(pair: Pair) -> None:
    assert isinstance(pair.link.order_deposit(TRACE, ACCOUNT.number, 20_000), QrOrder)
    assert pair.link.query_order(TRACE) is OrderState.PENDING
    assert pair.books.pay(TRACE.transaction)
    assert pair.link.query_order(TRACE) is OrderState.PAID
    assert pair.books.balance_fen(ACCOUNT.number) == 1_020_000


def test_a_key_whose_answer_was_lost_leaves_both_ends_able_to_talk(pair: Pair) -> None:
    host, asked = pair.network.host, 0

    def lose_the_first_key(data: bytes) -> list[Arrival]:
        nonlocal asked
        answer = list(host(data))
        if data[-2:] == bytes.fromhex("0161"):
            asked += 1
            return [] if asked == 1 else answer
        return answer

    pair.network.host = lose_the_first_key
    with pytest.raises(HostSilent):
        pair.link.order_qr(TRACE, INIT)
    assert isinstance(pair.link.order_qr(TRACE, INIT), QrOrder)
    assert len(pair.books.entries()) == 1


def test_keys_that_differ_are_found_out_and_mended_by_themselves(pair: Pair) -> None:
    """The bank has lost its keys, say: it refuses what we seal, and we do not believe its refusal."""
    pair.link.order_qr(TRACE, INIT)
    pair.books.keep_mac_key_blocks(TERMINAL, ())
    LineKeys(MacAgreement(BankAlgorithm(pair.algorithm), EXCHANGE), pair.books).renew(TERMINAL)
    with pytest.raises(HostUntrusted):
        pair.link.reverse(TRACE, 5000, ReversalReason.MAC_WRONG)
    assert pair.link.reverse(TRACE, 5000, ReversalReason.MAC_WRONG) == Reversed(0)


def test_a_message_changed_on_the_way_to_the_bank_does_nothing(pair: Pair) -> None:
    pair.link.online()
    host = pair.network.host
    pair.network.host = lambda data: host(data[:-1] + bytes([data[-1] ^ 1]))
    assert pair.link.order_qr(TRACE, INIT) == Declined(DeclineReason.HOST_ERROR, "63")
    assert pair.books.entries() == []


def test_a_terminal_and_a_bank_of_different_minds_do_no_business(pair: Pair) -> None:
    bare = HostLink(pair.network.connect, TERMINAL, pair.clock)
    assert bare.order_qr(TRACE, INIT) == Declined(DeclineReason.HOST_ERROR, "63")
    other = "cmac" if pair.algorithm == "retail" else "retail"
    keys = SoftwareMacKeys(MacAlgorithm(other), EXCHANGE)
    with pytest.raises(HostSilent, match=f"no MAC key: the key block holds no {other} MAC key"):
        HostLink(pair.network.connect, TERMINAL, pair.clock, keys=keys).order_qr(TRACE, INIT)
    assert pair.books.entries() == []
