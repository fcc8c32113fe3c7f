"""The questions of a journey: which worker is asked, with what words, and which event its answer is."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from kiosk_core.bank_card import BankCard, BankCardProblem
from kiosk_core.branch_queue import BranchQueue, QueueTicket, QueueWay, TicketRefused
from kiosk_core.card_reader import CardReader
from kiosk_core.errors import DeviceFault, HostSilent, HostUntrusted, OpenTellerError
from kiosk_core.funding import FundingKind, FundingOffer, FundingSource
from kiosk_core.id_card_reader import IdCard, IdCardKind, IdCardProblem, IdCardReader
from kiosk_core.id_document import CaptureProblem, DocumentCapture, DocumentSide
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.ledger import Journal, LedgerState, Transaction
from kiosk_core.ports import (
    BankHost,
    CardCheck,
    CardProblem,
    CarriedOut,
    CreditUnknown,
    Declined,
    LoadAuthorisation,
    LoadInit,
    LoadProof,
    PurseCard,
    PurseHistory,
    ReceiptPrinter,
    ReversalReason,
    Reversed,
    TopUpModule,
)
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem
from openteller.appointments import AppointmentList
from openteller.card_slot import CardSlot
from openteller.qr_funding import QrFunding

_log = logging.getLogger(__name__)

T = TypeVar("T")
Port_co = TypeVar("Port_co", covariant=True)

Question = (
    do.ReadCard
    | do.LookAtCard
    | do.LookInSlot
    | do.ReadBankCard
    | do.CloseSlot
    | do.ReadIdCard
    | do.ReadBirth
    | do.FindAppointment
    | do.TakeTicket
    | do.WithdrawTicket
    | do.CaptureSide
    | do.StopCapture
    | do.UpdateId
    | do.FindIdUpdate
    | do.ChallengeCard
    | do.AskIssuer
    | do.CarryOut
    | do.InitializeLoad
    | do.CreditLoad
    | do.ProveLoad
    | do.FindLoad
    | do.Fund
    | do.PollFunding
    | do.CancelFunding
    | do.OrderDeposit
    | do.AuthoriseLoad
    | do.ConfirmLoad
    | do.ReverseLoad
    | do.PrintReceipt
)

Deliver = Callable[[Callable[[], ev.Event]], None]


class Worker(Protocol[Port_co]):
    """A thread that owns a device or the host link (drivers.device_thread.DeviceThread, WorkerThread)."""

    def call(self, work: Callable[[Port_co], T]) -> "Future[T]":
        """Run `work` there."""
        ...


@dataclass(frozen=True)
class SlotReading:
    """The card reader, and what reads a card in it; `bank_card` None: the terminal takes no bank cards."""

    reader: Worker[CardReader]
    social_security: Callable[[CardReader], SocialSecurityCard | SocialSecurityProblem]
    bank_card: Callable[[CardReader], BankCard | BankCardProblem] | None = None
    slot: CardSlot = field(default_factory=CardSlot)


@dataclass(frozen=True)
class Questions:
    """Asks devices and host on their threads.

    `host_failed` hears that the host did not answer. The journal is only asked for tokens and open cases.
    `funding` are the ways to pay beside QR, whose orders are the host's own. What is None the terminal has not.
    """

    top_up_module: Worker[TopUpModule]
    printer: Worker[ReceiptPrinter]
    host: Worker[BankHost]
    journal: Journal
    host_failed: Callable[[], None]
    id_card_reader: Worker[IdCardReader] | None = None
    funding: Mapping[FundingKind, Worker[FundingSource]] = field(default_factory=dict)
    slot: SlotReading | None = None
    documents: DocumentCapture | None = None
    queue: Worker[BranchQueue] | None = None
    appointments: AppointmentList | None = None

    def queue_ways(self, in_service: Callable[[str], bool]) -> frozenset[QueueWay]:
        """Return what can tell a customer's class at this moment; `in_service` says whether a device works."""
        ways = {
            QueueWay.ID_CARD: self.id_card_reader is not None and in_service("id_card_reader"),
            QueueWay.ID_CARD_PICTURE: self.documents is not None and in_service("camera"),
            QueueWay.BANK_CARD: self.slot is not None and self.slot.bank_card is not None and in_service("card_reader"),
            QueueWay.APPOINTMENT: self.appointments is not None,
        }
        return frozenset(way for way, can_be_had in ways.items() if can_be_had)

    def ask(self, question: Question, terminal_no: bytes, deliver: Deliver) -> None:  # noqa: C901, PLR0912, PLR0915  (a case a question)
        """Put `question` to its worker; `deliver` gets the answer as a function to be called by the asker's thread.

        `terminal_no` are the 6 bytes that a card command names the terminal by.
        """
        match question:
            case do.ReadCard():
                self._card(lambda module: module.read_card(), self._card_read, deliver)
            case do.LookAtCard():
                self._card(_look_at_card, _card_looked_at, deliver)
            case do.LookInSlot():
                self._look_in_slot(self.slot.social_security if self.slot else None, _social_security_card, deliver)
            case do.ReadBankCard():
                self._look_in_slot(self.slot.bank_card if self.slot else None, self._bank_card, deliver)
            case do.CloseSlot():
                if self.slot is not None:
                    self.slot.reader.call(self.slot.slot.close)
            case do.ReadIdCard():
                self._id_card(self._id_card_read, deliver)
            case do.ReadBirth():
                self._id_card(_birth, deliver)
            case do.FindAppointment(code):
                found = self.appointments.find(code) if self.appointments is not None else None
                deliver(lambda: ev.AppointmentSought(found))
            case do.TakeTicket(wish, key):
                self._queue(lambda branch: branch.take(wish, key), _ticket, deliver)
            case do.WithdrawTicket(wish, key):
                self._queue(lambda branch: branch.withdraw(wish, key), lambda _: ev.TicketWithdrawn(), deliver)
            case do.CaptureSide(side):
                self._capture(side, deliver)
            case do.StopCapture():
                if self.documents is not None:
                    self.documents.stop()
            case do.UpdateId(trace, record):
                self._host(
                    lambda host: host.update_id(trace, record),
                    ev.IdUpdateAnswered,
                    _plainly(ev.IdUpdateUnanswered),
                    deliver,
                )
            case do.FindIdUpdate(trace):
                self._host(
                    lambda host: host.id_was_updated(trace), ev.IdUpdateFound, _plainly(ev.IdUpdateNotFound), deliver
                )
            case do.ChallengeCard(number):
                self._card(lambda module: module.challenge(number), _card_challenged, deliver)
            case do.AskIssuer(trace, about):
                self._host(
                    lambda host: host.issuer_commands(trace, about),
                    _issuer_commands,
                    _plainly(ev.IssuerUnanswered),
                    deliver,
                )
            case do.CarryOut(number, commands):
                self._card(lambda module: module.carry_out(number, commands), _commands_ended, deliver)
            case do.InitializeLoad(number, amount_fen):
                self._card(
                    lambda module: module.initialize_load(number, amount_fen, terminal_no), _load_initialised, deliver
                )
            case do.CreditLoad(authorisation):
                _ask(
                    self.top_up_module,
                    lambda module: module.credit_load(authorisation),
                    ev.CreditEnded,
                    lambda error: ev.CreditEnded(CreditUnknown(type(error).__name__)),
                    deliver,
                )
            case do.ProveLoad(token, counter, amount_fen):
                self._card(
                    lambda module: module.prove_load(self._is_card(token), counter, amount_fen, terminal_no),
                    _proof,
                    deliver,
                )
            case do.FindLoad(token, amount_fen, authorised_at):
                moment = authorised_at[:8], authorised_at[8:]
                self._card(
                    lambda module: module.find_load(self._is_card(token), amount_fen, terminal_no, moment),
                    _log_searched,
                    deliver,
                )
            case do.Fund(kind, trace, init):
                self._fund(kind, lambda source: source.begin(trace, init), _offer, ev.FundingUnanswered, deliver)
            case do.PollFunding(kind, trace):
                unknown = _plainly(ev.FundingStateUnknown)
                self._fund(kind, lambda source: source.poll(trace), ev.FundingAnswered, unknown, deliver)
            case do.CancelFunding(kind, trace):
                self._source(kind, lambda source: source.cancel(trace)).add_done_callback(_log_failure)
            case do.OrderDeposit(trace, account, amount_fen):
                self._host(
                    lambda host: host.order_deposit(trace, account, amount_fen), _offer, ev.FundingUnanswered, deliver
                )
            case do.AuthoriseLoad(trace, init):
                self._host(
                    lambda host: host.authorise_load(trace, init), _authorisation, ev.AuthorisationUnanswered, deliver
                )
            case do.ConfirmLoad(trace, amount_fen, tac):
                self._host(
                    lambda host: host.confirm_load(trace, amount_fen, tac),
                    ev.ConfirmationAnswered,
                    _plainly(ev.ConfirmationUnanswered),
                    deliver,
                )
            case do.ReverseLoad(trace, amount_fen, reason):
                self._host(
                    lambda host: host.reverse(trace, amount_fen, reason),
                    _reversal,
                    _plainly(ev.ReversalUnanswered),
                    deliver,
                )
            case do.PrintReceipt(receipt):
                _ask(
                    self.printer,
                    lambda printer: printer.print(receipt),
                    lambda _: ev.ReceiptPrinted(),
                    lambda error: ev.ReceiptFailed(error.fault if isinstance(error, DeviceFault) else None),
                    deliver,
                )

    def _card(self, work: Callable[[TopUpModule], T], answered: Callable[[T], ev.Event], deliver: Deliver) -> None:
        """Ask the card something that may be asked again: a reader that fails is a card that cannot be read."""
        _ask(self.top_up_module, work, answered, lambda _: ev.CardUnusable(CardProblem.UNREADABLE), deliver)

    def _id_card(self, answered: Callable[[IdCard | IdCardProblem], ev.Event], deliver: Deliver) -> None:
        if self.id_card_reader is None:
            deliver(ev.IdCardReaderLost)
        else:
            _ask(self.id_card_reader, _look_for_id_card, answered, lambda _: ev.IdCardReaderLost(), deliver)

    def _queue(self, work: Callable[[BranchQueue], T], answered: Callable[[T], ev.Event], deliver: Deliver) -> None:
        if self.queue is None:
            deliver(ev.QueueUnanswered)
        else:
            _ask(self.queue, work, answered, lambda _: ev.QueueUnanswered(), deliver)

    def _capture(self, side: DocumentSide, deliver: Deliver) -> None:
        if self.documents is None:
            deliver(lambda: ev.CaptureTold(side, CaptureProblem.NO_PICTURE))
        else:
            self.documents.start(side, lambda news: deliver(lambda: ev.CaptureTold(side, news)))

    def _look_in_slot(
        self, read: Callable[[CardReader], T] | None, answered: Callable[[T | None], ev.Event], deliver: Deliver
    ) -> None:
        if self.slot is None or read is None:
            deliver(ev.SlotLost)
            return
        slot = self.slot.slot
        _ask(self.slot.reader, lambda reader: slot.look(reader, read), answered, lambda _: ev.SlotLost(), deliver)

    def _bank_card(self, result: BankCard | BankCardProblem | None) -> ev.Event:
        """Keep nothing of the card but its number, which the host needs, and the number's token."""
        if isinstance(result, BankCard):
            return ev.BankCardRead(result.number, self.journal.token(result.number))
        return ev.BankCardUnusable(result or BankCardProblem.NOT_PRESENT)

    def _id_card_read(self, result: IdCard | IdCardProblem) -> ev.Event:
        """Keep nothing of a person but the token of the number."""
        if isinstance(result, IdCardProblem):
            return ev.IdCardUnusable(result)
        if result.kind is IdCardKind.CITIZEN and not result.number.checks:
            return ev.IdCardUnusable(IdCardProblem.NOT_GENUINE)
        return ev.IdCardRead(self.journal.token(result.number), result.valid_until)

    def _is_card(self, token: str) -> CardCheck:
        return lambda number: self.journal.token(number) == token

    def _host(
        self,
        work: Callable[[BankHost], T],
        answered: Callable[[T], ev.Event],
        unanswered: Callable[[ReversalReason], ev.Event],
        deliver: Deliver,
    ) -> None:
        _answer(self.host.call(work), answered, self._unanswered(unanswered), deliver)

    def _fund(
        self,
        kind: FundingKind,
        work: Callable[[FundingSource], T],
        answered: Callable[[T], ev.Event],
        unanswered: Callable[[ReversalReason], ev.Event],
        deliver: Deliver,
    ) -> None:
        _answer(self._source(kind, work), answered, self._unanswered(unanswered), deliver)

    def _source(self, kind: FundingKind, work: Callable[[FundingSource], T]) -> "Future[T]":
        if kind is FundingKind.QR:
            return self.host.call(lambda host: work(QrFunding(host)))
        return self.funding[kind].call(work)

    def _unanswered(self, unanswered: Callable[[ReversalReason], ev.Event]) -> Callable[[BaseException], ev.Event]:
        def failed(error: BaseException) -> ev.Event:
            if isinstance(error, HostSilent):
                _log.warning("the host is silent: %s", error)
                self.host_failed()
            wrong_mac = isinstance(error, HostUntrusted)
            return unanswered(ReversalReason.MAC_WRONG if wrong_mac else ReversalReason.NO_ANSWER)

        return failed

    def _card_read(self, result: PurseCard | CardProblem) -> ev.Event:
        if isinstance(result, CardProblem):
            return ev.CardUnusable(result)
        token = self.journal.token(result.number)
        return ev.CardRead(result, token, self._open_case(token))

    def _open_case(self, token: str) -> Transaction | None:
        for transaction in self.journal.unsettled():
            waits = transaction.state.needs_card or transaction.state is LedgerState.MANUAL
            if waits and transaction.facts.get("token") == token:
                return transaction
        return None


def _ask(
    worker: Worker[Any],
    work: Callable[[Any], Any],
    answered: Callable[[Any], ev.Event],
    failed: Callable[[BaseException], ev.Event],
    deliver: Deliver,
) -> None:
    _answer(worker.call(work), answered, failed, deliver)


def _answer(
    asked: "Future[Any]",
    answered: Callable[[Any], ev.Event],
    failed: Callable[[BaseException], ev.Event],
    deliver: Deliver,
) -> None:
    def done(future: "Future[Any]") -> None:
        _log_failure(future)
        error = future.exception()
        deliver((lambda: failed(error)) if error is not None else (lambda: answered(future.result())))

    asked.add_done_callback(done)


def _log_failure(future: "Future[Any]") -> None:
    error = future.exception()
    if error is not None and not isinstance(error, OpenTellerError):
        _log.error("a worker failed", exc_info=error)


def _look_for_id_card(reader: IdCardReader) -> IdCard | IdCardProblem:
    return reader.read_card() if reader.find_card() else IdCardProblem.NOT_PRESENT


def _birth(result: IdCard | IdCardProblem) -> ev.Event:
    """Keep nothing of a person but the day of birth, until the class is known."""
    return ev.IdCardUnusable(result) if isinstance(result, IdCardProblem) else ev.BirthRead(result.birth)


def _ticket(result: QueueTicket | TicketRefused) -> ev.Event:
    return ev.TicketDeclined(result) if isinstance(result, TicketRefused) else ev.TicketTaken(result)


def _look_at_card(module: TopUpModule) -> tuple[PurseCard, PurseHistory] | CardProblem:
    card = module.read_card()
    if isinstance(card, CardProblem):
        return card
    history = module.read_history()
    return history if isinstance(history, CardProblem) else (card, history)


def _card_looked_at(result: tuple[PurseCard, PurseHistory] | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.CardLookedAt(*result)


def _social_security_card(result: SocialSecurityCard | SocialSecurityProblem | None) -> ev.Event:
    if isinstance(result, SocialSecurityCard):
        return ev.SocialSecurityCardRead(result)
    return ev.SocialSecurityCardUnusable(result or SocialSecurityProblem.NOT_PRESENT)


def _card_challenged(result: bytes | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.CardChallenged(result)


def _issuer_commands(result: tuple[bytes, ...] | Declined) -> ev.Event:
    return ev.IssuerDeclined(result) if isinstance(result, Declined) else ev.IssuerAnswered(result)


def _commands_ended(result: CarriedOut | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.CommandsEnded(result)


def _load_initialised(result: LoadInit | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.LoadInitialised(result)


def _proof(result: LoadProof | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.ProofEnded(result)


def _log_searched(result: bool | CardProblem) -> ev.Event:
    return ev.CardUnusable(result) if isinstance(result, CardProblem) else ev.LogSearched(result)


def _plainly(event: Callable[[], ev.Event]) -> Callable[[ReversalReason], ev.Event]:
    """Return what makes an event that leads to no reversal, so that the reason does not matter."""
    return lambda _: event()


def _offer(result: FundingOffer | Declined) -> ev.Event:
    return ev.FundingDeclined(result) if isinstance(result, Declined) else ev.FundingOffered(result)


def _authorisation(result: LoadAuthorisation | Declined) -> ev.Event:
    return ev.LoadDeclined(result) if isinstance(result, Declined) else ev.LoadAuthorised(result)


def _reversal(result: Reversed | Declined) -> ev.Event:
    return ev.ReversalDeclined(result) if isinstance(result, Declined) else ev.ReversalAnswered(result)
