"""What is true outside the terminal, and what the card, the bank and the payer may do and answer: the model's world.

Every answer agrees with what is true at that moment, and may be lost. Assumed, and not checked here: the card's TAC
and its proof are genuine (the host checks the TAC), a card that says 9406 with its old counter and balance was not
credited (facts: purse-load 1.2), and the bank keeps its books. The crash matrix (tests/money) proves the same with a
real card, wire, journal and bank.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from kiosk_core.funding import BankCardOffer, FundingKind, FundingStage, FundingState, Paid, Pending, Unclear, Unpaid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.top_up import Step, TopUp
from kiosk_core.ports import (
    Confirmation,
    Credited,
    CreditRefused,
    CreditUnknown,
    Declined,
    DeclineReason,
    LoadNotFound,
    LoadProven,
    ProofUnclear,
    PurseCard,
    ReversalReason,
    Reversed,
)
from tests.kiosk_core.journey import (
    AMOUNT,
    AUTHORISATION,
    CARD,
    COUNTER,
    EXPIRED,
    NUMBER,
    OLD_BALANCE,
    ORDER,
    TAC,
    TOKEN,
    WANTING,
)
from tests.kiosk_core.test_money_rules import ANSWERS

Question = type[do.Effect]

DECLINED = Declined(DeclineReason.LIMIT, "61")


class Order(Enum):
    """The order in the bank's books."""

    NONE = "no order"
    OPEN = "open"
    PAID = "debited"
    EXPIRED = "expired"
    CLOSED = "closed unpaid"  # reversed before anybody paid, or before it had arrived
    REFUNDED = "refunded"


class Source(Enum):
    """The terminal's own part of a payment by bank card (openteller/bank_card_funding.py)."""

    IDLE = "idle"
    OPEN = "open"  # card and PIN may come, and the bank be asked at any moment
    PAID = "paid"
    UNPAID = "unpaid"
    UNCLEAR = "unclear"


_SAYS: dict[Source, tuple[FundingState, ...]] = {
    Source.IDLE: (Unclear(ReversalReason.OTHER),),
    Source.OPEN: (Pending(FundingStage.ENTER_PIN),),
    Source.PAID: (Paid("token-of-payer"),),
    Source.UNPAID: (Unpaid(), Unpaid(DeclineReason.PIN_WRONG, "55")),
    Source.UNCLEAR: (Unclear(ReversalReason.NO_ANSWER),),
}


@dataclass(frozen=True)
class World:
    """The bank's order, whether the card was credited, and what is still on its way.

    `shown`: the payer has seen the code, so the order can be paid. `by_card`: a bank card pays, so that what arrives at
    the bank is no order but the charge itself. `late_order`, `late_reversal`: a request that the terminal gave up
    waiting for, and that may still arrive.
    """

    order: Order = Order.NONE
    credited: bool = False
    shown: bool = False
    by_card: bool = False
    source: Source = Source.IDLE
    late_order: bool = False
    late_reversal: bool = False

    @property
    def debited(self) -> bool:
        """Whether the payer's money is taken and not given back."""
        return self.order is Order.PAID

    @property
    def may_still_be_paid(self) -> bool:
        """Whether there is an order, or may yet be one, that nobody has closed."""
        may_come = self.late_order or self.source is Source.OPEN
        return self.order is Order.OPEN or (self.order is Order.NONE and may_come)

    @property
    def money(self) -> str:
        """What is true of the money, in words."""
        payer = {Order.PAID: "debited", Order.REFUNDED: "debited and refunded"}.get(self.order, "not debited")
        return f"{payer}, {'credited' if self.credited else 'not credited'}"

    def order_arrives(self) -> "World":
        """The bank opens the order, or debits the bank card, unless its reversal was there first."""
        arrived = Order.PAID if self.by_card else Order.OPEN
        return replace(self, order=arrived) if self.order is Order.NONE else self

    def reversal_arrives(self) -> "World":
        """The bank gives back what was paid, and remembers the reversal of an order that it has not seen."""
        return replace(self, order=Order.REFUNDED if self.order in {Order.PAID, Order.REFUNDED} else Order.CLOSED)

    def by_itself(self) -> Iterator[tuple[str, "World"]]:
        """Yield what may happen with nobody asking: the payer pays, the order expires, a late request arrives."""
        if self.order is Order.OPEN:
            if self.shown:
                yield "the payer pays", replace(self, order=Order.PAID)
            yield "the order expires", replace(self, order=Order.EXPIRED)
        if self.source is Source.OPEN:
            answered = Source.PAID if self.order is Order.NONE else Source.UNPAID
            yield "the bank card is charged", replace(self.order_arrives(), source=answered)
            yield "the bank card does not pay", replace(self, source=Source.UNPAID)
            for after in self._in_flight():
                yield "nobody knows whether the bank card is charged", replace(after, source=Source.UNCLEAR)
        if self.late_order:
            yield "the order arrives late", replace(self.order_arrives(), late_order=False)
        if self.late_reversal:
            yield "the reversal arrives late", replace(self.reversal_arrives(), late_reversal=False)

    def asked(self, question: Question, s: TopUp) -> Iterator["World"]:
        """Yield what is true when `question` has left."""
        if question is do.Fund:
            yield replace(self, by_card=s.funding is FundingKind.BANK_CARD)
        elif question is do.CancelFunding:
            yield from self.without_source()
        else:
            yield self

    def without_source(self) -> Iterator["World"]:
        """Yield what may be true when the source asks nobody any more: what it had asked, it had asked."""
        for after in self._in_flight() if self.source is Source.OPEN else (self,):
            yield replace(after, source=Source.IDLE)

    def without_what_is_over(self) -> "World":
        """Return it without what told apart how the payment went, where nothing of that can matter any more."""
        if self.source is Source.OPEN or self.late_order or self.order is Order.OPEN:
            return self
        return replace(self, shown=False, by_card=False, source=Source.IDLE)

    def _in_flight(self) -> Iterator["World"]:
        yield self
        yield self.order_arrives()
        yield replace(self, late_order=True)

    def unheard(self, asked: tuple[Question, ...]) -> Iterator["World"]:
        """Yield what may come of questions whose answers nobody waits for: a crash, or the end of a journey."""
        if not asked:
            yield self
            return
        for after in self._unheard(asked[0]):
            yield from after.unheard(asked[1:])

    def _unheard(self, question: Question) -> Iterator["World"]:
        yield self
        if question is do.CreditLoad:
            yield replace(self, credited=True)
        elif question is do.Fund:
            if self.by_card:
                yield replace(self, source=Source.OPEN)
            else:
                yield self.order_arrives()
                yield replace(self, late_order=True)
        elif question is do.ReverseLoad:
            yield self.reversal_arrives()
            yield replace(self, late_reversal=True)

    def answers(self, question: Question, s: TopUp) -> Iterator[tuple[ev.Event, "World"]]:  # noqa: C901, PLR0912, PLR0915  (a case a question)
        """Yield what may be answered to `question`, each with what is true afterwards."""
        if question is do.ReadCard:
            checking = s.step is Step.CHECKING
            yield ev.CardRead(PurseCard(NUMBER, OLD_BALANCE + AMOUNT) if self.credited else CARD, TOKEN), self
            if not checking:
                yield ev.CardRead(WANTING, TOKEN), self
                yield ev.CardRead(EXPIRED, TOKEN), self
            if checking:
                yield ev.CardRead(CARD, "token-of-another-card"), self
            yield from self._same(each for each in ANSWERS[question] if isinstance(each, ev.CardUnusable))
        elif question is do.CreditLoad:
            yield ev.CreditEnded(Credited(TAC)), replace(self, credited=True)
            yield ev.CreditEnded(CreditRefused(0x9302)), self
            for after in self._unheard(question):
                yield ev.CreditEnded(CreditUnknown("torn")), after
        elif question is do.ProveLoad:
            yield from self._same(each for each in ANSWERS[question] if isinstance(each, ev.CardUnusable))
            yield ev.ProofEnded(ProofUnclear(0x6985)), self
            yield ev.ProofEnded(LoadNotFound(COUNTER + 1, OLD_BALANCE)), self  # the card was used elsewhere meanwhile
            proof = LoadProven(bytes(4), TAC) if self.credited else LoadNotFound(COUNTER, OLD_BALANCE)
            yield ev.ProofEnded(proof), self
        elif question is do.Fund:
            yield ev.FundingDeclined(DECLINED), self
            if self.by_card:
                yield ev.FundingOffered(BankCardOffer()), replace(self, source=Source.OPEN)
            elif self.order is Order.NONE:
                yield ev.FundingOffered(ORDER), replace(self.order_arrives(), shown=True)
            for after in self._unheard(question):
                yield ev.FundingUnanswered(), after
        elif question is do.PollFunding:
            yield ev.FundingStateUnknown(), self
            known: dict[Order, FundingState] = {Order.OPEN: Pending(), Order.PAID: Paid()}
            of_order = known.get(self.order, Unpaid(DeclineReason.NOT_PAID))
            for said in _SAYS[self.source] if self.by_card else (of_order,):
                yield ev.FundingAnswered(said), self
        elif question is do.AuthoriseLoad:
            yield ev.AuthorisationUnanswered(), self
            yield ev.LoadDeclined(DECLINED), self
            if self.debited:
                yield ev.LoadAuthorised(AUTHORISATION), self
        elif question is do.ConfirmLoad:
            yield ev.ConfirmationUnanswered(), self
            yield ev.ConfirmationAnswered(Confirmation.TAC_WRONG), self
            if self.credited:
                yield ev.ConfirmationAnswered(Confirmation.ACCEPTED), self
        elif question is do.ReverseLoad:
            yield ev.ReversalDeclined(DECLINED), self
            after = self.reversal_arrives()
            yield ev.ReversalAnswered(Reversed(AMOUNT if after.order is Order.REFUNDED else 0)), after
            if s.paid:
                yield ev.ReversalAnswered(Reversed(0)), self  # the bank contradicts what it said before
            for after in self._unheard(question):
                yield ev.ReversalUnanswered(), after
        else:
            yield from self._same(iter(ANSWERS[question]))

    def _same(self, events: Iterator[ev.Event]) -> Iterator[tuple[ev.Event, "World"]]:
        yield from ((event, self) for event in events)
