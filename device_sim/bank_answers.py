"""What is alike in the answers of the simulated bank, and those that refuse."""

from collections.abc import Callable
from typing import Any

from wire.host_messages import (
    ANSWERS,
    APPROVED,
    FileRequest,
    IdInquiryRequest,
    IssuerRequest,
    JournalHeadRequest,
    KeyRequest,
    OrderedRequest,
    PinKeyInUseRequest,
    PinKeyRequest,
    Request,
    Response,
    StatusRequest,
)

NO_RRN = "0" * 12
"""The RRN of an answer that the bank does not remember."""


def refusal(request: Request, code: str, rrn: str = NO_RRN) -> Response:
    """Return the answer that refuses `request` with this response code."""
    ends: dict[str, object] = {"terminal": request.terminal, "stan": request.stan, "response_code": code}
    if isinstance(request, KeyRequest | PinKeyRequest | IssuerRequest):
        ends["challenge"] = request.challenge
    elif isinstance(request, PinKeyInUseRequest):
        ends["check_value"] = request.check_value
    elif isinstance(request, JournalHeadRequest):
        ends["row_number"] = request.row_number
    if isinstance(request, OrderedRequest | FileRequest):
        ends["order"] = request.order
        if not isinstance(request, StatusRequest | IssuerRequest | IdInquiryRequest):
            ends["rrn"] = rrn
    answer: Callable[..., Response] = ANSWERS[type(request)]
    return answer(**ends)


def approved(request: OrderedRequest | FileRequest, rowid: int) -> dict[str, Any]:
    """Return what every answer says that approves and is remembered; `rowid` is its number."""
    return {
        "terminal": request.terminal,
        "stan": request.stan,
        "order": request.order,
        "rrn": rrn_of(rowid),
        "response_code": APPROVED,
    }


def rrn_of(rowid: int) -> str:
    """Return the RRN of the answer with this number."""
    return f"{rowid:012d}"
