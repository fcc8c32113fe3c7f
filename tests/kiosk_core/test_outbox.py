"""When what the host has not acknowledged is sent again (docs/host-messages.md, Repeats)."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from kiosk_core.outbox import Outbox, Unacknowledged, pause_s

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def transaction(name: str, *states: LedgerState) -> Transaction:
    rows = [
        LedgerRow(number, NOON + timedelta(seconds=number), name, state, {"amount_fen": 5000})
        for number, state in enumerate(states)
    ]
    return Transaction(name, tuple(rows))


REVERSAL = transaction("T1", LedgerState.NEW, LedgerState.REV_REQ, LedgerState.REV_REQ)
PROOF = transaction("T2", LedgerState.NEW, LedgerState.CARD_OK, LedgerState.CONFIRM_SAF)


def test_the_pauses_double_up_to_five_minutes() -> None:
    assert [pause_s(tries) for tries in range(1, 11)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause_s(10_000) == 300


def test_what_is_new_is_tried_at_once_and_then_waits() -> None:
    outbox = Outbox()
    assert outbox.look([REVERSAL, PROOF], 100.0) == [REVERSAL, PROOF]
    outbox.tried(REVERSAL, 100.0)
    outbox.tried(PROOF, 101.0)
    assert outbox.look([REVERSAL, PROOF], 101.9) == []
    assert outbox.look([REVERSAL, PROOF], 102.0) == [REVERSAL]
    outbox.tried(REVERSAL, 102.0)
    assert outbox.look([REVERSAL, PROOF], 105.0) == [PROOF]
    assert outbox.next_at == 103.0


def test_a_day_of_a_silent_host_is_some_hundred_tries_and_not_one_in_thirty_seconds() -> None:
    outbox, now, tries = Outbox(), 0.0, 0
    while now < 86_400:
        for each in outbox.look([REVERSAL], now):
            outbox.tried(each, now)
            tries += 1
        now = outbox.next_at
    assert tries == 295  # the ninth after 510 s, then one each 300 s


def test_what_is_settled_is_forgotten_and_begins_anew_if_it_comes_again() -> None:
    outbox = Outbox()
    outbox.look([REVERSAL], 0.0)
    outbox.tried(REVERSAL, 0.0)
    assert outbox.look([], 1.0) == []
    assert outbox.waiting == ()
    assert outbox.next_at == math.inf
    assert outbox.look([REVERSAL], 1.5) == [REVERSAL]


@pytest.mark.parametrize(
    ("waiting", "state", "since_s"),
    [(REVERSAL, LedgerState.REV_REQ, 1), (PROOF, LedgerState.CONFIRM_SAF, 2)],
)
def test_the_queue_can_be_seen(waiting: Transaction, state: LedgerState, since_s: int) -> None:
    outbox = Outbox()
    outbox.look([waiting], 10.0)
    since = NOON + timedelta(seconds=since_s)
    assert outbox.waiting == (Unacknowledged(waiting.id, state, 5000, since, 0, 10.0),)
    outbox.tried(waiting, 10.0)
    assert outbox.waiting == (Unacknowledged(waiting.id, state, 5000, since, 1, 12.0),)
