"""What the simulated bank says when it does not do what it is asked."""

from collections.abc import Callable

from wire.host_messages import (
    ConfirmRequest,
    ConfirmResponse,
    EchoRequest,
    EchoResponse,
    JournalHeadRequest,
    JournalHeadResponse,
    KeyRequest,
    KeyResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    OrderResponse,
    Request,
    Response,
    ReversalRequest,
    ReversalResponse,
    SignOnRequest,
    SignOnResponse,
    StatusRequest,
    StatusResponse,
)

NO_RRN = "0" * 12
"""The RRN of an answer that the bank does not remember."""

_RESPONSES: dict[type, Callable[..., Response]] = {
    EchoRequest: EchoResponse,
    SignOnRequest: SignOnResponse,
    KeyRequest: KeyResponse,
    JournalHeadRequest: JournalHeadResponse,
    OrderRequest: OrderResponse,
    StatusRequest: StatusResponse,
    LoadRequest: LoadResponse,
    ConfirmRequest: ConfirmResponse,
    ReversalRequest: ReversalResponse,
}


def refusal(request: Request, code: str, rrn: str = NO_RRN) -> Response:
    """Return the answer that refuses `request` with this response code."""
    ends: dict[str, object] = {"terminal": request.terminal, "stan": request.stan, "response_code": code}
    match request:
        case KeyRequest(challenge=challenge):
            ends["challenge"] = challenge
        case JournalHeadRequest(row_number=number):
            ends["row_number"] = number
        case StatusRequest(order=order):
            ends["order"] = order
        case OrderRequest() | LoadRequest() | ConfirmRequest() | ReversalRequest():
            ends |= {"order": request.order, "rrn": rrn}
    return _RESPONSES[type(request)](**ends)
