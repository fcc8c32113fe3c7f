"""The terminal's end of the link: kiosk_core's BankHost port spoken as docs/host-messages.md over any connection."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from host_link.connection import Connect
from host_link.line import Line, LineState
from host_link.mac_keys import MacKeys
from host_link.pin_key import PinKeyExchange, PinKeyState
from host_link.servers import Server, ServerList, ServerState
from kiosk_core.bank_card import CardPayment, Charged
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from kiosk_core.errors import HostSilent
from kiosk_core.id_update import IdRecord, IdRefused, IdUpdated, UpdateRefusal
from kiosk_core.pin_pad import PinBlock, PinFormat
from kiosk_core.ports import (
    Confirmation,
    Declined,
    DeclineReason,
    IssuerQuestion,
    LoadAuthorisation,
    LoadInit,
    OrderState,
    QrOrder,
    ReversalReason,
    Reversed,
    SuspenseReport,
    Trace,
)
from wire.host_fields import NO_END
from wire.host_messages import (
    APPROVED,
    ChargeRequest,
    ChargeResponse,
    ConfirmRequest,
    ConfirmResponse,
    DepositRequest,
    DepositResponse,
    EchoRequest,
    EchoResponse,
    IdInquiryRequest,
    IdInquiryResponse,
    IdUpdateRequest,
    IdUpdateResponse,
    IssuerRequest,
    IssuerResponse,
    JournalHeadRequest,
    JournalHeadResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    OrderResponse,
    ReversalRequest,
    ReversalResponse,
    StatusRequest,
    StatusResponse,
    SuspenseRequest,
    SuspenseResponse,
)
from wire.host_values import OrderStatus, PayingCard, PinScheme, PurseData, SealedPin
from wire.id_card_text import NATIONS, Sex

# To an advice and to a reversal: ask again later. 63: the MAC did not arrive whole; 96: out of order.
_AGAIN_LATER = {"63", "96"}

_DECLINES = {
    "14": DeclineReason.CARD_NOT_ACCEPTED,
    "61": DeclineReason.LIMIT,
    "A0": DeclineReason.MAC1_WRONG,
    "P0": DeclineReason.NOT_PAID,
    "P1": DeclineReason.NOT_PAID,
    "P2": DeclineReason.EARLIER_LOAD,
}

# To a bank card, for paying with it or for its account: what these codes say of a transit card, they say of it.
_BANK_CARD_DECLINES = _DECLINES | {
    **dict.fromkeys(("05", "14", "33", "41", "43", "54", "57", "59", "62"), DeclineReason.BANK_CARD_NOT_ACCEPTED),
    **dict.fromkeys(("38", "75"), DeclineReason.PIN_TRIES_EXCEEDED),
    "51": DeclineReason.NOT_ENOUGH_FUNDS,
    "55": DeclineReason.PIN_WRONG,
    "P3": DeclineReason.CARD_NOT_ACCEPTED,
}

# To a new ID card; any other code is the host's own trouble.
_ID_REFUSALS = {
    "K0": UpdateRefusal.UNKNOWN_CUSTOMER,
    "K1": UpdateRefusal.OLDER_CARD,
    "K2": UpdateRefusal.OTHER_PERSON,
    "K3": UpdateRefusal.EXPIRED,
}
_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}
_ETHNICITIES = {name: code for code, name in NATIONS.items() if code <= "56"}

_NEW_PIN_KEY = "99"  # to a charge: the host cannot open the PIN block

_PIN_SCHEMES = {
    PinFormat.ISO0: PinScheme.ISO0_TDES,
    PinFormat.ISO3: PinScheme.ISO3_TDES,
    PinFormat.ISO4: PinScheme.ISO4_AES,
}

_STATES = {
    OrderStatus.PENDING: OrderState.PENDING,
    OrderStatus.PAID: OrderState.PAID,
    OrderStatus.EXPIRED: OrderState.EXPIRED,
}

_Lasting = ConfirmRequest | SuspenseRequest | ReversalRequest
_Decision = TypeVar("_Decision", ConfirmResponse, SuspenseResponse, ReversalResponse)


class HostLink:
    """One connection to the bank host, opened when needed; implements kiosk_core.ports.BankHost.

    Blocking; used by one thread. Every request gets at most `timeout_s` from connecting to its answer. After
    any failure the connection is closed, so that a late answer cannot be taken for the next one's.

    Args:
        connect: opens a connection (host_link.tls.TlsConnector), or the servers to choose from.
        terminal: DE 41, at most 8 characters.
        branch: DE 42, at most 15 characters.
        keys: who holds the MAC key; None for a host that wants no MACs.
        pin_key: fetches the PIN key over the line; None where it does not come so.
    """

    def __init__(
        self,
        connect: Connect | ServerList,
        terminal: str,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        branch: str = "OPENTELLER",
        keys: MacKeys | None = None,
        pin_key: PinKeyExchange | None = None,
    ) -> None:
        if not isinstance(connect, ServerList):
            connect = ServerList([Server("the bank host", connect)], clock)
        self._servers = connect
        self._line = Line(self._servers, terminal, clock, timeout_s=timeout_s, keys=keys)
        self._pin_key = pin_key
        self._terminal = terminal
        self._branch = branch
        self._unanswered: set[tuple[type, str]] = set()  # what was sent and has to be sent until it is answered

    @property
    def state(self) -> LineState:
        """What is known of the line now; any thread may ask."""
        return self._line.state

    @property
    def servers(self) -> tuple[ServerState, ...]:
        """What is known of the bank's servers now; any thread may ask."""
        return self._servers.states

    @property
    def pin_key(self) -> PinKeyState | None:
        """What is known of the PIN key, None where it does not come over the line; any thread may ask."""
        return self._pin_key.state if self._pin_key is not None else None

    def close(self) -> None:
        """Hang up; the next request connects again."""
        self._line.close()

    # -- the port ------------------------------------------------------------------------------------------

    def online(self) -> bool:
        """Return whether the host answers an echo test (0800). If so, a PIN key that is due is fetched."""
        try:
            answer = self._line.ask(EchoRequest(terminal=self._terminal, stan=self._line.own_stan()), EchoResponse)
        except HostSilent:
            return False
        if answer.response_code != APPROVED:
            return False
        if self._pin_key is not None and self._pin_key.is_due:
            self._pin_key.renew(self._line)
        return True

    def order_qr(self, trace: Trace, init: LoadInit) -> QrOrder | Declined:
        """Have the host check MAC1 and open a QR order for the amount of `init`."""
        request = OrderRequest(
            **self._about(trace, trace.order_stan),
            card=init.number.reveal(),
            amount_fen=init.amount_fen,
            purse=_purse(init),
        )
        answer = self._line.ask(request, OrderResponse)
        if answer.offer is None:
            return _declined(answer)
        return QrOrder(code=answer.offer.text, expires_in_s=answer.offer.expires_in_s)

    def charge(self, trace: Trace, init: LoadInit, payment: CardPayment) -> Charged | Declined:
        """Have the host check MAC1 and debit the bank card for the amount of `init`."""
        request = ChargeRequest(
            **self._about(trace, trace.order_stan),
            card=init.number.reveal(),
            amount_fen=init.amount_fen,
            purse=_purse(init),
            payer=_payer(payment),
        )
        if self._pin_key is not None and payment.pin is not None:
            self._pin_key.count_pin()
        answer = self._line.ask(request, ChargeResponse)
        if self._pin_key is not None and answer.response_code == _NEW_PIN_KEY:
            self._pin_key.want("the bank host could not open a PIN block")
        if answer.approval is None:
            return _declined(answer, _BANK_CARD_DECLINES)
        return Charged(answer.approval.issuer_data, answer.approval.code)

    def order_deposit(self, trace: Trace, account: CardNumber, amount_fen: int) -> QrOrder | Declined:
        """Open a QR order whose payment goes to the bank account of the card."""
        request = DepositRequest(
            **self._about(trace, trace.order_stan),
            card=account.reveal(),
            amount_fen=amount_fen,
        )
        answer = self._line.ask(request, DepositResponse)
        if answer.offer is None:
            return _declined(answer, _BANK_CARD_DECLINES)
        return QrOrder(code=answer.offer.text, expires_in_s=answer.offer.expires_in_s)

    def issuer_commands(self, trace: Trace, question: IssuerQuestion) -> tuple[bytes, ...] | Declined:
        """Ask the card's issuer for commands; see the port."""
        request = IssuerRequest(
            **self._about(trace, self._line.own_stan()),
            card=question.number.reveal(),
            expires=f"{question.expires:%Y%m%d}",
            challenge=question.challenge,
        )
        answer = self._line.ask(request, IssuerResponse)
        return _declined(answer) if answer.commands is None else answer.commands

    def query_order(self, trace: Trace) -> OrderState:
        """Ask what became of the order.

        Raises:
            HostSilent: also when the host refuses to tell; EXPIRED would be taken for "nobody can pay any more".
        """
        request = StatusRequest(terminal=self._terminal, stan=self._line.own_stan(), order=trace.transaction)
        answer = self._line.ask(request, StatusResponse)
        if answer.status is None:
            raise HostSilent(f"the bank host does not tell the order's status ({answer.response_code})")
        return _STATES[answer.status]

    def authorise_load(self, trace: Trace, init: LoadInit) -> LoadAuthorisation | Declined:
        """Have the host check MAC1 of a paid order and make MAC2."""
        request = LoadRequest(
            **self._about(trace, trace.authorise_stan),
            card=init.number.reveal(),
            amount_fen=init.amount_fen,
            purse=_purse(init),
        )
        answer = self._line.ask(request, LoadResponse)
        if answer.permission is None:
            return _declined(answer)
        permission = answer.permission
        return LoadAuthorisation(date=permission.date, time=permission.time, mac2=permission.mac2)

    def confirm_load(self, trace: Trace, amount_fen: int, tac: bytes) -> Confirmation:
        """Deliver the proof of the load; any refusal but "again later" means that it is not accepted."""
        request = ConfirmRequest(
            **self._about(trace, trace.confirm_stan),
            amount_fen=amount_fen,
            tac=tac,
        )
        answer = self._insist(request, ConfirmResponse)
        return Confirmation.ACCEPTED if answer.response_code == APPROVED else Confirmation.TAC_WRONG

    def report_suspense(self, trace: Trace, report: SuspenseReport) -> bool:
        """Have the host keep the paid order open until the card or staff settle it; see the port.

        The advice is about the load, so it carries that one's STAN.
        """
        request = SuspenseRequest(
            **self._about(trace, trace.authorise_stan),
            amount_fen=report.amount_fen,
            counter=report.counter,
            authorised_date=report.authorised_at[:8],
            authorised_time=report.authorised_at[8:],
        )
        answer = self._insist(request, SuspenseResponse)
        return answer.response_code == APPROVED

    def reverse(self, trace: Trace, amount_fen: int, reason: ReversalReason) -> Reversed | Declined:
        """Close the order and give back what was paid."""
        request = ReversalRequest(
            **self._about(trace, trace.reverse_stan),
            amount_fen=amount_fen,
            reason=reason.value,
            original_stan=trace.order_stan,
            original_at=f"{trace.began:%m%d%H%M%S}",
        )
        answer = self._insist(request, ReversalResponse)
        if answer.refunded_fen is None:
            return _declined(answer)
        return Reversed(answer.refunded_fen)

    def update_id(self, trace: Trace, record: IdRecord) -> IdUpdated | IdRefused:
        """Have the host take a customer's new ID card; see the port."""
        request = IdUpdateRequest(
            **self._about(trace, trace.order_stan),
            id_number=record.number.reveal(),
            name=record.name.reveal(),
            sex=_SEXES[record.sex].value,
            ethnicity=_ETHNICITIES[record.ethnicity],
            birth=f"{record.birth:%Y%m%d}",
            address=record.address.reveal() if record.address is not None else "",
            authority=record.authority.reveal() if record.authority is not None else "",
            valid_from=f"{record.valid_from:%Y%m%d}",
            valid_until=f"{record.valid_until:%Y%m%d}" if record.valid_until is not None else NO_END,
        )
        answer = self._line.ask(request, IdUpdateResponse)
        if answer.response_code == APPROVED:
            return IdUpdated(answer.rrn)
        code = answer.response_code
        return IdRefused(_ID_REFUSALS.get(code, UpdateRefusal.HOST_ERROR), code)

    def id_was_updated(self, trace: Trace) -> bool:
        """Ask what became of a new ID card.

        Raises:
            HostSilent: also when the host refuses to tell.
        """
        request = IdInquiryRequest(**self._about(trace, trace.reverse_stan))
        answer = self._line.ask(request, IdInquiryResponse)
        if answer.taken is None:
            raise HostSilent(f"the bank host does not tell what became of the ID card ({answer.response_code})")
        return answer.taken

    def report_journal_head(self, number: int, digest: str, confirmed: str) -> bool:
        """Have the host keep number and hash of the journal's newest row; see the port."""
        request = JournalHeadRequest(
            terminal=self._terminal,
            stan=self._line.own_stan(),
            row_number=number,
            row_hash=bytes.fromhex(digest),
            confirmed=bytes.fromhex(confirmed),
        )
        answer = self._line.ask(request, JournalHeadResponse)
        _expect_decision(answer)
        return answer.response_code == APPROVED

    def _insist(self, request: _Lasting, kind: type[_Decision]) -> _Decision:
        """Ask what is asked again until the host decides: from the second time on it is marked as a repeat."""
        key = (type(request), request.order)
        request = replace(request, repeat=key in self._unanswered)
        self._unanswered.add(key)
        answer = self._line.ask(request, kind)
        _expect_decision(answer)
        self._unanswered.discard(key)
        return answer

    def _about(self, trace: Trace, stan: int) -> dict[str, Any]:
        """Return what every message about a transaction's money says of it."""
        return {
            "terminal": self._terminal,
            "branch": self._branch,
            "stan": stan,
            "date": f"{trace.began:%m%d}",
            "time": f"{trace.began:%H%M%S}",
            "order": trace.transaction,
        }


def _purse(init: LoadInit) -> PurseData:
    return PurseData(
        balance_fen=init.balance_fen % 2**31,  # the card's own four bytes, over which it made MAC1
        counter=init.counter,
        key_version=init.key_version,
        algorithm=init.algorithm,
        random=init.random,
        mac1=init.mac1,
        terminal_no=init.terminal_no,
    )


def _payer(payment: CardPayment) -> PayingCard:
    card = payment.card
    return PayingCard(
        number=card.number.reveal(),
        expires=f"{card.expires:%y%m}",
        sequence=card.sequence,
        track2=card.track2,
        chip=payment.chip.data,
        pin=_sealed(payment.pin) if payment.pin is not None else None,
    )


def _sealed(pin: PinBlock) -> SealedPin:
    return SealedPin(_PIN_SCHEMES[pin.format], pin.data)


def _expect_decision(answer: ConfirmResponse | SuspenseResponse | ReversalResponse | JournalHeadResponse) -> None:
    if answer.response_code in _AGAIN_LATER:
        raise HostSilent(f"the bank host takes it later, not now ({answer.response_code})")


def _declined(
    answer: OrderResponse | ChargeResponse | DepositResponse | LoadResponse | IssuerResponse | ReversalResponse,
    reasons: Mapping[str, DeclineReason] = _DECLINES,
) -> Declined:
    code = answer.response_code
    return Declined(reasons.get(code, DeclineReason.HOST_ERROR), code)
