"""The terminal's end of the link: kiosk_core's BankHost port spoken as docs/host-messages.md over any connection."""

import logging
import socket
import ssl
from typing import NoReturn, TypeVar

from host_link.connection import Connect, Connection
from kiosk_core.clock import Clock
from kiosk_core.errors import HostSilent
from kiosk_core.ports import (
    Confirmation,
    Declined,
    DeclineReason,
    LoadAuthorisation,
    LoadInit,
    OrderState,
    QrOrder,
    ReversalReason,
    Reversed,
    Trace,
)
from wire.errors import WireError
from wire.host_messages import (
    APPROVED,
    ConfirmRequest,
    ConfirmResponse,
    Deframer,
    EchoRequest,
    EchoResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    OrderResponse,
    OrderStatus,
    PurseData,
    Request,
    Response,
    ReversalRequest,
    ReversalResponse,
    StatusRequest,
    StatusResponse,
    decode,
    encode,
    frame,
    is_answer,
)

_OUT_OF_ORDER = "96"

_DECLINES = {
    "14": DeclineReason.CARD_NOT_ACCEPTED,
    "61": DeclineReason.LIMIT,
    "A0": DeclineReason.MAC1_WRONG,
    "P0": DeclineReason.NOT_PAID,
    "P1": DeclineReason.NOT_PAID,
}

_STATES = {
    OrderStatus.PENDING: OrderState.PENDING,
    OrderStatus.PAID: OrderState.PAID,
    OrderStatus.EXPIRED: OrderState.EXPIRED,
}

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer", bound=Response)


class HostLink:
    """One connection to the bank host, opened when needed; implements kiosk_core.ports.BankHost.

    Blocking; used by one thread. Every request gets at most `timeout_s` from connecting to its answer. After
    any failure the connection is closed, so that a late answer cannot be taken for the next one's.

    Args:
        connect: opens a connection (host_link.tls.TlsConnector).
        terminal: DE 41, at most 8 characters.
        branch: DE 42, at most 15 characters.
    """

    def __init__(
        self, connect: Connect, terminal: str, clock: Clock, *, timeout_s: float = 10.0, branch: str = "OPENTELLER"
    ) -> None:
        self._connect = connect
        self._terminal = terminal
        self._branch = branch
        self._clock = clock
        self._timeout_s = timeout_s
        self._connection: Connection | None = None
        self._deframer = Deframer()
        self._next_stan = 1

    def close(self) -> None:
        """Hang up; the next request connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- the port ------------------------------------------------------------------------------------------

    def online(self) -> bool:
        """Return whether the host answers an echo test (0800)."""
        try:
            answer = self._ask(EchoRequest(terminal=self._terminal, stan=self._own_stan()), EchoResponse)
        except HostSilent:
            return False
        return answer.response_code == APPROVED

    def order_qr(self, trace: Trace, init: LoadInit) -> QrOrder | Declined:
        """Have the host check MAC1 and open a QR order for the amount of `init`."""
        date, time = self._local()
        request = OrderRequest(
            terminal=self._terminal,
            branch=self._branch,
            stan=trace.order_stan,
            date=date,
            time=time,
            order=trace.transaction,
            card=init.number.reveal(),
            amount_fen=init.amount_fen,
            purse=_purse(init),
        )
        answer = self._ask(request, OrderResponse)
        if answer.offer is None:
            return _declined(answer)
        return QrOrder(code=answer.offer.text, expires_in_s=answer.offer.expires_in_s)

    def query_order(self, trace: Trace) -> OrderState:
        """Ask what became of the order.

        Raises:
            HostSilent: also when the host refuses to tell; EXPIRED would be taken for "nobody can pay any more".
        """
        request = StatusRequest(terminal=self._terminal, stan=self._own_stan(), order=trace.transaction)
        answer = self._ask(request, StatusResponse)
        if answer.status is None:
            raise HostSilent(f"the bank host does not tell the order's status ({answer.response_code})")
        return _STATES[answer.status]

    def authorise_load(self, trace: Trace, init: LoadInit) -> LoadAuthorisation | Declined:
        """Have the host check MAC1 of a paid order and make MAC2."""
        date, time = self._local()
        request = LoadRequest(
            terminal=self._terminal,
            branch=self._branch,
            stan=trace.authorise_stan,
            date=date,
            time=time,
            order=trace.transaction,
            card=init.number.reveal(),
            amount_fen=init.amount_fen,
            purse=_purse(init),
        )
        answer = self._ask(request, LoadResponse)
        if answer.permission is None:
            return _declined(answer)
        permission = answer.permission
        return LoadAuthorisation(date=permission.date, time=permission.time, mac2=permission.mac2)

    def confirm_load(self, trace: Trace, amount_fen: int, tac: bytes) -> Confirmation:
        """Deliver the proof of the load; any refusal but "out of order" means that it is not accepted."""
        date, time = self._local()
        request = ConfirmRequest(
            terminal=self._terminal,
            branch=self._branch,
            stan=trace.confirm_stan,
            date=date,
            time=time,
            order=trace.transaction,
            amount_fen=amount_fen,
            tac=tac,
        )
        answer = self._ask(request, ConfirmResponse)
        if answer.response_code == _OUT_OF_ORDER:
            raise HostSilent(f"the bank host is out of order ({answer.response_code})")
        return Confirmation.ACCEPTED if answer.response_code == APPROVED else Confirmation.TAC_WRONG

    def reverse(self, trace: Trace, amount_fen: int, reason: ReversalReason) -> Reversed | Declined:
        """Close the order and give back what was paid."""
        date, time = self._local()
        request = ReversalRequest(
            terminal=self._terminal,
            branch=self._branch,
            stan=trace.reverse_stan,
            date=date,
            time=time,
            order=trace.transaction,
            amount_fen=amount_fen,
            reason=reason.value,
            original_stan=trace.order_stan,
        )
        answer = self._ask(request, ReversalResponse)
        if answer.response_code == _OUT_OF_ORDER:
            raise HostSilent(f"the bank host is out of order ({answer.response_code})")
        if answer.refunded_fen is None:
            return _declined(answer)
        return Reversed(answer.refunded_fen)

    # -- question and answer -------------------------------------------------------------------------------

    def _own_stan(self) -> int:
        """Return a STAN for what the host does not remember; its kinds of message never carry another's."""
        stan = self._next_stan
        self._next_stan = stan % 999_999 + 1
        return stan

    def _local(self) -> tuple[str, str]:
        wall = self._clock.wall()
        return f"{wall:%m%d}", f"{wall:%H%M%S}"

    def _ask(self, request: Request, kind: type[_Answer]) -> _Answer:
        """Send `request` and return its answer.

        Raises:
            HostSilent: there is none in time; the host may or may not have acted.
        """
        name = f"{type(request).__name__} {request.stan:06d}"
        deadline = self._clock.now() + self._timeout_s
        try:
            data = frame(encode(request))
        except WireError as error:
            raise HostSilent(f"the request cannot be put on the line: {error}") from None
        try:
            connection = self._connected(deadline)
            connection.send(data, deadline)
            answer = self._await(connection, request, kind, deadline)
        except (OSError, WireError) as error:
            self.close()
            self._give_up(name, error)
        _log.info("%s: %s", name, answer.response_code)
        return answer

    def _give_up(self, name: str, error: OSError | WireError) -> NoReturn:
        reason = _plain_reason(error, self._timeout_s)
        _log.warning("%s: %s", name, reason)
        raise HostSilent(reason) from None

    def _connected(self, deadline: float) -> Connection:
        """Return a connection that the host had not closed a moment ago, so that a request is not wasted on it."""
        if self._connection is not None and not self._is_open(self._connection, deadline):
            self.close()
        if self._connection is None:
            self._deframer = Deframer()
            self._connection = self._connect(deadline)
        return self._connection

    def _is_open(self, connection: Connection, deadline: float) -> bool:
        """Return whether the connection is still open; what has come in unasked is read and dropped."""
        try:
            while data := connection.receive(self._clock.now()):
                for _ in self._deframer.feed(data):
                    _log.warning("dropped a message that nobody asked for")
                if self._clock.now() >= deadline:
                    return False  # a host that never stops talking does not stop us
        except TimeoutError:
            return True
        except (OSError, WireError):
            return False
        return False

    def _await(self, connection: Connection, request: Request, kind: type[_Answer], deadline: float) -> _Answer:
        """Return the answer to `request`; messages that are another's are dropped."""
        while True:
            if self._clock.now() >= deadline:
                raise TimeoutError  # even if the host is still talking
            data = connection.receive(deadline)
            if not data:
                raise ConnectionResetError
            for payload in self._deframer.feed(data):
                message = decode(payload)
                if isinstance(message, kind) and is_answer(message, request):
                    return message
                _log.warning("dropped a %s that answers something else", type(message).__name__)


def _purse(init: LoadInit) -> PurseData:
    return PurseData(
        balance_fen=init.balance_fen,
        counter=init.counter,
        key_version=init.key_version,
        algorithm=init.algorithm,
        random=init.random,
        mac1=init.mac1,
        terminal_no=init.terminal_no,
    )


def _declined(answer: OrderResponse | LoadResponse | ReversalResponse) -> Declined:
    code = answer.response_code
    return Declined(_DECLINES.get(code, DeclineReason.HOST_ERROR), code)


def _plain_reason(error: OSError | WireError, timeout_s: float) -> str:
    """Return why there is no answer, in words for a technician; nothing that was sent is in them."""
    match error:
        case WireError():
            return f"the bank host sent what is no message: {error}"
        case ssl.SSLCertVerificationError():
            return f"the bank host's certificate is not trusted: {error.verify_message}"
        case ssl.SSLEOFError():
            return "the bank host closed the connection"
        case ssl.SSLError():
            return f"TLS with the bank host failed: {error.reason or type(error).__name__}"
        case TimeoutError():
            return f"the bank host did not answer within {timeout_s:g} s"
        case socket.gaierror():
            return "the bank host's name is not known"
        case ConnectionRefusedError():
            return "the bank host does not accept connections"
        case ConnectionError():
            return "the bank host closed the connection"
        case _:
            return f"the bank host cannot be reached: {error.strerror or type(error).__name__}"
