"""The simulated issuer: which commands a purse is to carry out before it is loaded (docs/host-messages.md).

It keeps nothing: the same question gets the same commands on the same day, however often it is asked.
"""

from datetime import date, timedelta

from device_sim.bank_answers import refusal
from device_sim.bank_keys import PurseKeys
from wire.host_messages import APPROVED, IssuerRequest, IssuerResponse, Response


def commands_for(request: IssuerRequest, keys: PurseKeys, today: date, validity_days: int) -> Response:
    """Return the one command that makes the card valid for so many days from today, or none where it is already."""
    if len(request.card) < 16:
        return refusal(request, "14")
    end = f"{today + timedelta(days=validity_days):%Y%m%d}"
    return IssuerResponse(
        terminal=request.terminal,
        stan=request.stan,
        response_code=APPROVED,
        order=request.order,
        challenge=request.challenge,
        commands=(keys.extension(request, end),) if request.expires < end else (),
    )
