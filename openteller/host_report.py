"""What a technician is told of the link to the bank host and of what waits for its answer."""

from collections.abc import Sequence
from datetime import datetime

from host_link.link import HostLink
from kiosk_core.outbox import Unacknowledged
from kiosk_core.technician_questions import HostReport, HostServerReport, WaitingReport


def host_report(link: HostLink, waiting: Sequence[Unacknowledged], journal_problem: str, now: float) -> HostReport:
    """Return the answer to AskHost; `now` is of the clock that `waiting` was made with."""
    state, pin_key = link.state, link.pin_key
    return HostReport(
        servers=tuple(
            HostServerReport(name=each.name, in_use=each.in_use, failures=each.failures) for each in link.servers
        ),
        connected_since=_text(state.connected_since),
        last_answer=_text(state.last_answer),
        round_trip_ms=state.round_trip_ms,
        failure=state.failure,
        mac_key=state.mac_key,
        pin_key=pin_key.check_value if pin_key is not None else None,
        pin_key_problem=pin_key.problem if pin_key is not None else "",
        journal_problem=journal_problem,
        waiting=tuple(_waiting(each, now) for each in waiting),
    )


def _waiting(each: Unacknowledged, now: float) -> WaitingReport:
    return WaitingReport(
        transaction=each.transaction,
        state=each.state.value,
        amount_fen=each.amount_fen,
        since=each.since.isoformat(timespec="seconds"),
        tries=each.tries,
        next_try_s=round(max(0.0, each.next_at - now), 1),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
