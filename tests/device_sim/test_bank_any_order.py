"""The bank against honest terminals on a bad line: any message lost, late, repeated or overtaken, any restart.

An honest terminal does one thing with an order: its card was loaded, and it confirms; or it was not, and it reverses.
In between it may tell that it does not know. A phone pays, or a bank card; a deposit comes by phone and loads nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import Enum, auto

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_sim.bank_books import BankBooks
from device_sim.bank_ledger import Account
from kiosk_core.ports import LoadAuthorisation
from tests.bank import ACCOUNT, BANK_RULES, Purse, paying_card
from tests.clocks import SetClock
from tests.device_sim.test_bank_books import CONFIRM
from tests.device_sim.test_bank_host import LOAD, OPEN, REVERSE, purse_of
from tests.device_sim.test_bank_payments import CHARGE, DEPOSIT, SUSPEND
from wire.host_messages import (
    ChargeRequest,
    ChargeResponse,
    ConfirmResponse,
    DepositRequest,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    Request,
    ReversalResponse,
    SuspenseResponse,
)
from wire.settlement import BookingKind, SettledState, Settlement, decode, encode

NOW = datetime(2026, 11, 22, 23, 50, tzinfo=UTC)
DAYS = [date(2026, 11, day) for day in (22, 23)]


class Way(Enum):
    """How a deal is paid, and for what."""

    PHONE = auto()
    BANK_CARD = auto()
    DEPOSIT = auto()


@dataclass
class Deal:
    """A top-up or a deposit as its terminal sees it, and what anybody was told about its money."""

    number: str
    amount_fen: int
    way: Way
    given_up: bool = False
    loaded: bool = False
    debited_fen: int = 0
    refunded_fen: int = 0
    proven: bool = False
    permission: LoadAuthorisation | None = None
    sent: list[Request] = field(default_factory=list)


class BadLine(RuleBasedStateMachine):
    """Messages lie on the line for ever: each may arrive at any time, any number of times, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock(NOW)
        self.books = BankBooks(None, BANK_RULES, self.clock)
        self.deals: list[Deal] = []
        self.stan = 0

    def teardown(self) -> None:
        """In the end every terminal gets its confirmation or reversal through, and what was held up arrives too."""
        for deal in self.deals:
            if not deal.loaded:
                self.give_up(deal, "98")
            for request in (deal.sent[-1], *deal.sent):
                self.arrives(deal, request)
                if self.books.pay(deal.number):
                    deal.debited_fen = deal.amount_fen
            assert deal.debited_fen == (deal.amount_fen if deal.proven else deal.refunded_fen)
            assert deal.proven is deal.loaded
        self.no_fen_is_lost_or_doubled()
        assert self.books.balances()[Account.SUSPENSE] == 0

    def next_stan(self) -> int:
        self.stan += 1
        return self.stan

    def one_of(self, data: st.DataObject, deals: list[Deal]) -> Deal:
        return deals[data.draw(st.integers(0, len(deals) - 1))]

    # -- the customer and the terminal ---------------------------------------------------------------------

    @precondition(lambda self: len(self.deals) < 2)
    @rule(amount_fen=st.integers(1, 100_000), way=st.sampled_from(Way))
    def somebody_wants_a_top_up(self, amount_fen: int, way: Way) -> None:
        number, purse = f"T0000001-{len(self.deals):06}", purse_of(Purse().init(amount_fen))
        request: OrderRequest | ChargeRequest | DepositRequest
        match way:
            case Way.PHONE:
                request = replace(OPEN, purse=purse)
            case Way.BANK_CARD:
                request = replace(CHARGE, purse=purse, payer=paying_card(amount_fen))
            case Way.DEPOSIT:
                request = DEPOSIT
        order = replace(request, order=number, stan=self.next_stan(), amount_fen=amount_fen)
        load = replace(LOAD, order=number, stan=self.next_stan(), amount_fen=amount_fen, purse=purse)
        self.deals.append(Deal(number, amount_fen, way, sent=[order] if way is Way.DEPOSIT else [order, load]))

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def the_phone_pays(self, data: st.DataObject) -> None:
        deal = self.one_of(data, self.deals)
        if self.books.pay(deal.number):
            assert deal.debited_fen == 0
            deal.debited_fen = deal.amount_fen

    @precondition(lambda self: any(deal.permission and not deal.given_up for deal in self.deals))
    @rule(data=st.data())
    def the_card_is_loaded(self, data: st.DataObject) -> None:
        deal = self.one_of(data, [each for each in self.deals if each.permission and not each.given_up])
        init = Purse().init(deal.amount_fen)
        assert deal.permission is not None
        assert Purse().believes(init, deal.permission)
        if not deal.loaded:
            deal.loaded = True
            tac = Purse().tac(init, deal.permission)
            stan, amount_fen = self.next_stan(), deal.amount_fen
            deal.sent.append(replace(CONFIRM, order=deal.number, stan=stan, amount_fen=amount_fen, tac=tac))

    @precondition(lambda self: any(deal.permission for deal in self.deals))
    @rule(data=st.data())
    def the_terminal_does_not_know_whether_it_is(self, data: st.DataObject) -> None:
        deal = self.one_of(data, [each for each in self.deals if each.permission])
        assert deal.permission is not None
        report = replace(SUSPEND, order=deal.number, stan=self.next_stan(), amount_fen=deal.amount_fen)
        granted = {"authorised_date": deal.permission.date, "authorised_time": deal.permission.time}
        deal.sent.insert(1, replace(report, **granted))

    @precondition(lambda self: any(not deal.loaded for deal in self.deals))
    @rule(data=st.data(), reason=st.sampled_from(["98", "96", "A0", "06"]))
    def the_terminal_gives_up(self, data: st.DataObject, reason: str) -> None:
        deal = self.one_of(data, [each for each in self.deals if not each.loaded])
        self.give_up(deal, reason)

    def give_up(self, deal: Deal, reason: str) -> None:
        deal.given_up = True
        back = replace(REVERSE, order=deal.number, stan=self.next_stan(), amount_fen=deal.amount_fen, reason=reason)
        deal.sent.append(replace(back, original_stan=deal.sent[0].stan))

    # -- the line ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.deals)
    @rule(data=st.data(), times=st.integers(1, 2))
    def a_message_arrives(self, data: st.DataObject, times: int) -> None:
        deal = self.one_of(data, self.deals)
        self.arrives(deal, data.draw(st.sampled_from(deal.sent)), times)

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def all_that_was_sent_arrives_in_some_order(self, data: st.DataObject) -> None:
        deal = self.one_of(data, self.deals)
        for request in data.draw(st.permutations(deal.sent)):
            self.arrives(deal, request)

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def all_goes_well_up_to_the_permission(self, data: st.DataObject) -> None:
        deal = self.one_of(data, self.deals)
        self.arrives(deal, deal.sent[0])
        if self.books.pay(deal.number):
            deal.debited_fen = deal.amount_fen
        for request in deal.sent[1:]:
            if isinstance(request, LoadRequest):
                self.arrives(deal, request)

    def arrives(self, deal: Deal, request: Request, times: int = 1) -> None:
        answers = [self.books.answer(request) for _ in range(times)]
        assert answers[0] == answers[-1]
        match answers[0]:
            case LoadResponse(permission=permission) if permission is not None:
                deal.permission = LoadAuthorisation(permission.date, permission.time, permission.mac2)
            case ChargeResponse(response_code="00"):
                deal.debited_fen = deal.amount_fen
            case SuspenseResponse(response_code=code):
                assert code in {"00", "22", "P1"}
            case ConfirmResponse(response_code=code):
                assert code == "00"
                deal.proven = True
            case ReversalResponse(response_code=code, refunded_fen=refunded_fen):
                assert code == "00"
                assert refunded_fen == deal.debited_fen
                deal.refunded_fen = deal.debited_fen

    @precondition(lambda self: self.clock.now() < 72_000)  # before the third day
    @rule(seconds=st.sampled_from([1, 60, 120, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.sleep(seconds)

    @rule()
    def the_bank_is_started_again(self) -> None:
        def all_of_it() -> tuple[object, ...]:
            return self.books.entries(), self.books.postings(), self.books.balances()

        before, kept = all_of_it(), self.books.snapshot()
        self.books = BankBooks(None, BANK_RULES, self.clock)
        self.books.restore(kept)
        assert all_of_it() == before

    # -- what always holds ---------------------------------------------------------------------------------

    @invariant()
    def no_fen_is_lost_or_doubled(self) -> None:
        debits = sum(deal.debited_fen for deal in self.deals)
        refunds = sum(deal.refunded_fen for deal in self.deals)
        proven = sum(deal.amount_fen for deal in self.deals if deal.proven)
        waiting = [deal for deal in self.deals if not deal.proven and not deal.refunded_fen]
        deposited = sum(deal.debited_fen for deal in waiting if deal.way is Way.DEPOSIT)
        still_open = sum(deal.debited_fen for deal in waiting) - deposited
        assert debits - refunds == proven + still_open + deposited
        by_card = [deal for deal in self.deals if deal.way is Way.BANK_CARD]
        charged = sum(deal.debited_fen - deal.refunded_fen for deal in by_card)
        assert self.books.balance_fen(ACCOUNT.number) == 1_000_000 - charged + deposited
        assert self.books.balances() == {
            Account.CUSTOMERS: refunds - debits + deposited,
            Account.SUSPENSE: still_open,
            Account.PURSE_FLOAT: proven,
            Account.TERMINAL_CLEARING: 0,
        }
        assert sum(posting.amount_fen for posting in self.books.postings()) == 0
        assert self.books.flaws() == []

    @invariant()
    def nothing_is_both_loaded_and_given_back(self) -> None:
        assert not any(entry.loaded and (entry.reversed or entry.refunded_fen) for entry in self.books.entries())

    @rule()
    def the_days_are_settled(self) -> None:
        booked = [entry for day in DAYS for entry in self.settled(day).entries]
        by_kind = {kind: sum(each.amount_fen for each in booked if each.kind is kind) for kind in BookingKind}
        assert by_kind[BookingKind.PAYMENT] == sum(deal.debited_fen for deal in self.deals)
        assert by_kind[BookingKind.REFUND] == sum(deal.refunded_fen for deal in self.deals)
        assert sum(each.amount_fen for each in booked if each.tac_proven) == sum(
            deal.amount_fen for deal in self.deals if deal.proven
        )
        assert SettledState.DISPUTED not in {each.state for each in booked}

    def settled(self, day: date) -> Settlement:
        settlement = self.books.settlement(day)
        assert decode(encode(settlement)) == settlement
        return settlement


TestBadLine = BadLine.TestCase
TestBadLine.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
