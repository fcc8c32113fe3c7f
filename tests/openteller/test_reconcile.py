"""The journal beside the bank's settlement file: days typed by hand, and what a clerk must be told of each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import Transaction
from openteller.reconcile_sides import End, Money
from openteller.reconciliation import Evidence, Kind, Matched, Reconciliation, reconcile
from tests.openteller.days_of_money import (
    ASKED,
    CANCELLED,
    CHOSEN,
    DAY,
    DEPOSIT_REVERSED,
    DEPOSITED,
    LOAD,
    LOADED,
    PAID,
    PAYMENT,
    PROVEN,
    REFUND,
    REFUNDED,
    REVERSAL,
    REVERSING,
    SUSPENDED,
    TERMINAL,
    TOLD,
    UNPAID,
    Rows,
    at,
    bank_day,
    booked,
    told,
)
from wire.settlement import SettledState as S
from wire.settlement import Settlement, SettlementEntry

TOMORROW = DAY + timedelta(days=1)
NOW = at("09:00", TOMORROW)

# Three customers: one loaded, one who got the money back, one who never paid; and one who walked away.
JOURNAL = (
    told(1, LOADED, at("10:00")),
    told(2, REFUNDED, at("11:00")),
    told(3, UNPAID, at("12:00")),
    told(4, CANCELLED, at("13:00")),
)
ENTRIES = (
    booked(1, PAYMENT, at("10:00:25"), S.LOADED),
    booked(1, LOAD, at("10:00:34"), S.LOADED),
    booked(2, PAYMENT, at("11:00:25"), S.REVERSED),
    booked(2, REVERSAL, at("11:00:33"), S.REVERSED),
    booked(2, REFUND, at("11:00:33"), S.REVERSED),
    booked(3, REVERSAL, at("12:02:11"), S.REVERSED),
)


def compare(journal: tuple[Transaction, ...], *files: Settlement) -> Reconciliation:
    return reconcile(DAY, TERMINAL, journal, files, NOW)


def kinds(found: Reconciliation) -> list[tuple[Kind, str]]:
    return [(each.kind, each.transaction[-1]) for each in found.findings]


def test_a_day_on_which_both_agree() -> None:
    found = compare(JOURNAL, bank_day(*ENTRIES))
    assert found.findings == ()
    assert not found.is_open
    assert found.matched == {
        End.LOADED: Matched(1, 5_000),
        End.REFUNDED: Matched(1, 5_000),
        End.UNPAID: Matched(2, 5_000),
    }
    assert found.here == found.bank == Money(payments_fen=10_000, refunds_fen=5_000, loads_fen=5_000)
    assert found.evidence == Evidence(by_phone=2, answered=1, unrecorded=2)


def test_an_empty_day() -> None:
    found = compare((), bank_day())
    assert (found.findings, found.matched, found.here, found.is_open) == ((), {}, Money(), False)


def test_what_the_bank_has_not() -> None:
    found = compare(JOURNAL, bank_day(*ENTRIES[2:]))
    assert kinds(found) == [(Kind.MISSING_AT_BANK, "1")]
    assert (found.here.off_fen, found.bank.off_fen) == (0, 0)
    assert found.bank == Money(payments_fen=5_000, refunds_fen=5_000)


def test_what_the_journal_has_not() -> None:
    found = compare(JOURNAL[1:], bank_day(*ENTRIES))
    assert kinds(found) == [(Kind.MISSING_HERE, "1")]
    assert (found.findings[0].bank, found.findings[0].amount_fen) == (End.LOADED, 5_000)


def test_money_that_the_bank_has_and_nobody_looks_after_is_off_at_the_bank() -> None:
    paid_only = booked(9, PAYMENT, at("15:00"), S.OPEN)
    found = compare(JOURNAL, bank_day(*ENTRIES, paid_only))
    assert kinds(found) == [(Kind.MISSING_HERE, "9")]
    assert (found.here.off_fen, found.bank.off_fen) == (0, 5_000)


def test_another_amount_at_the_bank() -> None:
    wrong = [replace(each, amount_fen=6_000) if each.order.endswith("1") else each for each in ENTRIES]
    found = compare(JOURNAL, bank_day(*wrong))
    assert kinds(found) == [(Kind.AMOUNTS_DIFFER, "1")]
    assert found.findings[0].what == "¥50.00 here, at the bank: payment ¥60.00, load ¥60.00"
    assert found.here.payments_fen - found.bank.payments_fen == -1_000


def test_loaded_here_and_given_back_there() -> None:
    twice = (
        booked(1, PAYMENT, at("10:00:25"), S.REVERSED),
        booked(1, REVERSAL, at("10:00:40"), S.REVERSED),
        booked(1, REFUND, at("10:00:40"), S.REVERSED),
    )
    found = compare(JOURNAL, bank_day(*twice, *ENTRIES[2:]))
    assert kinds(found) == [(Kind.STATES_DIFFER, "1")]
    assert found.findings[0].what == "here: loaded; at the bank: given back"
    assert "the bank must claim ¥50.00 back" in found.findings[0].next_step


def test_loaded_and_given_back_at_the_bank_is_off_at_the_bank() -> None:
    disputed = tuple(replace(each, state=S.DISPUTED) for each in ENTRIES[:2])
    both = (*disputed, booked(1, REVERSAL, at("10:00:40"), S.DISPUTED), booked(1, REFUND, at("10:00:40"), S.DISPUTED))
    found = compare(JOURNAL, bank_day(*both, *ENTRIES[2:]))
    assert kinds(found) == [(Kind.STATES_DIFFER, "1")]
    assert (found.here.off_fen, found.bank.off_fen) == (0, -5_000)


def test_paid_and_nothing_came_of_it_at_the_bank() -> None:
    found = compare(JOURNAL, bank_day(*ENTRIES[:2], replace(ENTRIES[2], state=S.OPEN), ENTRIES[5]))
    assert kinds(found) == [(Kind.STATES_DIFFER, "2")]
    assert "The customer paid and has nothing" in found.findings[0].next_step
    assert found.bank.off_fen == 5_000


def test_a_load_without_its_tac_in_the_journal() -> None:
    unproven = tuple(each if each[0] is not L.CARD_OK else (L.CARD_OK, 33, {}) for each in LOADED)
    found = compare((told(1, unproven, at("10:00")), *JOURNAL[1:]), bank_day(*ENTRIES))
    assert kinds(found) == [(Kind.NO_PROOF, "1")]
    assert found.here.off_fen == 5_000


# -- open cases ---------------------------------------------------------------------------------------------


def test_suspense_has_its_age_and_its_next_step() -> None:
    suspended = told(5, SUSPENDED, at("14:00"))
    file = bank_day(
        *ENTRIES, booked(5, PAYMENT, at("14:00:25"), S.OPEN), booked(5, LOAD, at("14:00:32"), S.OPEN, proven=False)
    )
    found = compare((*JOURNAL, suspended), file)
    assert kinds(found) == [(Kind.SUSPENSE, "5")]
    assert found.findings[0].since == at("14:01:33")
    assert found.findings[0].next_step == (
        "Ask the customer to bring the card to this terminal. If it never comes, close with:"
        " openteller journal settle KT000001-26112200005 --as ..."
    )
    assert found.here == found.bank == Money(payments_fen=15_000, refunds_fen=5_000, loads_fen=5_000, open_fen=5_000)
    assert found.is_open


def test_a_case_that_is_asked_again_does_not_grow_younger() -> None:
    again = (*SUSPENDED, (L.SUSPENSE, 7_200, {}), (L.SUSPENSE, 9_000, {}))
    found = compare((told(5, again, at("14:00")),), bank_day())
    assert found.of(Kind.SUSPENSE)[0].since == at("14:01:33")


def test_an_open_case_of_an_earlier_day_is_shown_and_its_money_is_that_days() -> None:
    old = told(5, SUSPENDED, at("14:00", DAY - timedelta(days=3)))
    found = compare((old, *JOURNAL), bank_day(*ENTRIES))
    assert kinds(found) == [(Kind.SUSPENSE, "5")]
    assert found.here.open_fen == 0


def test_an_open_case_of_a_later_day_is_not_of_this_day() -> None:
    later = told(5, SUSPENDED, at("08:00", TOMORROW))
    assert compare((later, *JOURNAL), bank_day(*ENTRIES)).findings == ()


def test_suspense_that_the_bank_gave_back_is_two_findings() -> None:
    file = bank_day(
        booked(5, PAYMENT, at("14:00:25"), S.REVERSED),
        booked(5, REVERSAL, at("14:10"), S.REVERSED),
        booked(5, REFUND, at("14:10"), S.REVERSED),
    )
    found = compare((told(5, SUSPENDED, at("14:00")),), file)
    assert kinds(found) == [(Kind.STATES_DIFFER, "5"), (Kind.SUSPENSE, "5")]


def test_a_proof_on_its_way_is_loaded_here_and_open_there() -> None:
    found = compare((told(1, PROVEN, at("10:00")),), bank_day(replace(ENTRIES[0], state=S.OPEN)))
    assert kinds(found) == [(Kind.UNDER_WAY, "1")]
    assert (found.here.loads_fen, found.here.off_fen) == (5_000, 0)
    assert (found.bank.open_fen, found.bank.off_fen) == (5_000, 0)


@pytest.mark.parametrize("back", [False, True], ids=["not booked yet", "its answer was lost"])
def test_a_reversal_on_its_way(back: bool) -> None:
    file = bank_day(*ENTRIES[2:5]) if back else bank_day(replace(ENTRIES[2], state=S.OPEN))
    found = compare((told(2, REVERSING, at("11:00")),), file)
    assert kinds(found) == [(Kind.UNDER_WAY, "2")]
    assert (found.here.off_fen, found.bank.off_fen) == (0, 0)


def test_a_case_for_staff_says_why() -> None:
    manual = (*REVERSING, (L.MANUAL, 40, {"why": "the host does not reverse"}))
    found = compare((told(2, manual, at("11:00")),), bank_day(replace(ENTRIES[2], state=S.OPEN)))
    assert kinds(found) == [(Kind.MANUAL, "2")]
    assert (
        found.findings[0].what
        == "the money was to go back, and the bank refuses; the bank: paid, neither loaded nor given back"
    )
    assert found.findings[0].next_step.startswith("Ask the bank, then close with: openteller journal settle ")


# Every `why` with which a journey leaves a case to staff (kiosk_core/journeys, LedgerState.MANUAL).
WHY = {
    "9406, and the card has been loaded since": "the card was loaded elsewhere since, and can say no more whether this",
    "9406, but counter or balance moved": "the card says that it was not loaded, but balance or counter has changed",
    "80 5A answered 6985": "the card gave no clear answer",
    "the host does not accept the card's TAC": "the card says that it was loaded, and the bank rejects its proof",
    "paid, and the host says that nothing had been paid": "the customer has paid, and the bank says that nobody had",
    "the host does not reverse": "the money was to go back, and the bank refuses",
}


@pytest.mark.parametrize("why", WHY)
def test_why_staff_must_close_a_case_is_said_in_words_of_a_branch(why: str) -> None:
    paid = bank_day(booked(5, PAYMENT, at("14:00:25"), S.OPEN))
    (finding,) = compare((told(5, (*PAID, (L.MANUAL, 60, {"why": why})), at("14:00")),), paid).findings
    assert finding.what.startswith(WHY[why])
    assert not any(word in finding.what for word in ("9406", "80 5A", "6985", "TAC", "host"))


@pytest.mark.parametrize(
    ("log", "step"),
    [
        ({"in_log": True}, "The card's own list of loads has this one, so the customer has it: have the bank agree"),
        (
            {"in_log": False},
            "The card's own list of its last loads has not this one, so ¥50.00 are lacking: have the bank agree",
        ),
        ({}, "The card's own list of loads could not be read: ask the bank"),
    ],
)
def test_what_the_list_of_loads_on_the_card_says_is_in_the_next_step(log: dict[str, bool], step: str) -> None:
    rows = (*PAID, (L.MANUAL, 60, {"why": "9406, and the card has been loaded since", **log}))
    (finding,) = compare((told(5, rows, at("14:00")),), bank_day(booked(5, PAYMENT, at("14:00:25"), S.OPEN))).findings
    assert finding.next_step.startswith(step)
    assert ", then close with: openteller journal settle " in finding.next_step


SETTLED = (*SUSPENDED, (L.SETTLED, 90_000, {"resolution": "paid_out", "by": "Li Na", "reason": "slip 0317"}))


def test_what_staff_closed_is_matched_and_has_its_own_line() -> None:
    file = bank_day(booked(5, PAYMENT, at("14:00:25"), S.OPEN))
    found = compare((told(5, SETTLED, at("14:00")),), file)
    assert found.findings == ()
    assert found.matched == {End.BY_STAFF: Matched(1, 5_000)}
    assert found.here == found.bank == Money(payments_fen=5_000, by_staff_fen=5_000)


@pytest.mark.parametrize("resolution", ["loaded", "refunded", "paid_out", "written_off"])
@pytest.mark.parametrize("at_bank", ["loaded", "refunded"])
def test_what_staff_closed_otherwise_than_the_bank_is_said(resolution: str, at_bank: str) -> None:
    rows = (*SUSPENDED, (L.SETTLED, 9_000, {"resolution": resolution, "by": "Li Na", "reason": "slip 0317"}))
    loaded, reversed_ = ENTRIES[:2], ENTRIES[2:5]
    journal = (told(1 if at_bank == "loaded" else 2, rows, at("10:00" if at_bank == "loaded" else "11:00")),)
    found = compare(journal, bank_day(*(loaded if at_bank == "loaded" else reversed_)))
    assert bool(found.findings) is (resolution != at_bank)


OF_MONEY = [
    each for each in L if not each.closed and not each.before_payment and each not in {L.UPDATE_REQ, L.TICKET_REQ}
]


@pytest.mark.parametrize("state", OF_MONEY, ids=str)
def test_every_open_state_has_a_word_and_a_next_step(state: L) -> None:
    paid = bank_day(booked(5, PAYMENT, at("14:00:25"), S.OPEN))
    (finding,) = compare((told(5, (*PAID, (state, 60, {})), at("14:00")),), paid).findings
    assert finding.kind in {Kind.SUSPENSE, Kind.MANUAL, Kind.UNDER_WAY}
    assert (finding.here, finding.bank, finding.amount_fen) == (End.OPEN, End.PAID, 5_000)
    assert finding.what
    assert finding.next_step


def test_a_customer_who_is_still_choosing_is_nobodys_finding() -> None:
    found = compare((told(5, CHOSEN, at("14:00")),), bank_day())
    assert (found.findings, found.matched) == ((), {End.UNPAID: Matched(1, 0)})


# -- days and clocks ------------------------------------------------------------------------------------------


def test_begun_before_midnight_and_booked_after_it() -> None:
    late = told(6, LOADED, at("23:59:40"))
    tomorrows = bank_day(
        booked(6, PAYMENT, at("00:00:05", TOMORROW), S.LOADED),
        booked(6, LOAD, at("00:00:14", TOMORROW), S.LOADED),
        day=TOMORROW,
    )
    assert kinds(compare((late,), bank_day())) == [(Kind.OTHER_FILE, "6")]
    assert compare((late,), bank_day(), tomorrows).findings == ()
    both_empty = compare((late,), bank_day(), bank_day(day=TOMORROW))
    assert kinds(both_empty) == [(Kind.MISSING_AT_BANK, "6")]
    next_day = reconcile(TOMORROW, TERMINAL, (late,), [tomorrows], NOW)
    assert (next_day.findings, next_day.here, next_day.bank) == ((), Money(5_000, 0, 5_000), Money(5_000, 0, 5_000))


def test_a_bank_whose_clock_goes_ahead_books_tomorrow() -> None:
    late = told(6, LOADED, at("23:55"))
    tomorrows = bank_day(
        booked(6, PAYMENT, at("00:01", TOMORROW), S.LOADED),
        booked(6, LOAD, at("00:01:09", TOMORROW), S.LOADED),
        day=TOMORROW,
    )
    assert compare((late,), bank_day(), tomorrows).findings == ()


def test_given_back_on_the_next_day() -> None:
    rows = (*REVERSING, (L.REVERSED, 12 * 3600, {"refunded_fen": 5_000}))
    journal = (told(2, rows, at("20:00")),)
    today = bank_day(booked(2, PAYMENT, at("20:00:25"), S.OPEN))
    tomorrows = bank_day(
        booked(2, REVERSAL, at("08:00", TOMORROW), S.REVERSED),
        booked(2, REFUND, at("08:00", TOMORROW), S.REVERSED),
        day=TOMORROW,
    )
    assert kinds(compare(journal, today)) == [(Kind.OTHER_FILE, "2")]
    assert compare(journal, today).bank.off_fen == 0
    assert compare(journal, today, tomorrows).findings == ()
    assert kinds(compare(journal, today, bank_day(day=TOMORROW))) == [(Kind.STATES_DIFFER, "2")]
    next_day = reconcile(TOMORROW, TERMINAL, journal, [tomorrows], NOW)
    assert (next_day.findings, next_day.bank) == ((), Money(payments_fen=5_000, refunds_fen=5_000))


def test_booked_on_a_day_that_does_not_fit_the_terminals_clock() -> None:
    last_week = told(1, LOADED, at("10:00", DAY - timedelta(days=7)))
    found = compare((last_week,), bank_day(*(replace(each, order=last_week.id) for each in ENTRIES[:2])))
    assert kinds(found) == [(Kind.OTHER_FILE, "1")]


def test_a_clock_that_was_set_back_in_between_disturbs_nothing() -> None:
    back = tuple((state, -3_600 if state is L.FUND_OK else after, facts) for state, after, facts in LOADED)
    assert compare((told(1, back, at("10:00")),), bank_day(*ENTRIES[:2])).findings == ()


def test_another_terminal_in_the_file_is_counted_and_left_out() -> None:
    other = booked(1, PAYMENT, at("10:00:25"), S.OPEN, terminal="KT000002")
    found = compare(JOURNAL, bank_day(other, *ENTRIES))
    assert (found.findings, found.of_others) == ((), 1)


# -- how it was paid, and what the bank was told -------------------------------------------------------------------


def paid_by_card(rows: Rows) -> Rows:
    """Return the rows with a bank card in the place of a phone."""
    return tuple(
        (state, after, facts | ({"funding": "bank_card"} if state is L.FUND_REQ else {}))
        for state, after, facts in rows
    )


def test_loads_paid_by_bank_card_are_matched_like_others_and_counted() -> None:
    journal = (told(1, paid_by_card(LOADED), at("10:00")), told(2, paid_by_card(REFUNDED), at("11:00")), *JOURNAL[2:])
    found = compare(journal, bank_day(*ENTRIES))
    assert found.findings == ()
    assert found.here == found.bank == Money(payments_fen=10_000, refunds_fen=5_000, loads_fen=5_000)
    assert found.evidence == Evidence(by_bank_card=2, answered=1, unrecorded=2)


def test_a_card_that_was_debited_though_its_answer_was_lost_is_found_by_its_refund() -> None:
    lost = (*ASKED, (L.REV_REQ, 40, {"paid": False, "reason": "98"}), (L.REVERSED, 42, {"refunded_fen": 5_000}))
    found = compare((told(2, paid_by_card(lost), at("11:00")),), bank_day(*ENTRIES[2:5]))
    assert found.findings == ()
    assert found.evidence.by_bank_card == 1


ASKED_IN_VAIN = ((L.SUSPENSE, 120, {"reported": False}),)
KEPT = ((L.SUSPENSE, 120, {"reported": True}),)
SUSPENDED_AT_BANK = (booked(6, PAYMENT, at("14:00:25"), S.SUSPENSE), booked(6, TOLD, at("14:01:50"), S.SUSPENSE))


@pytest.mark.parametrize(
    ("note", "lines", "said"),
    [
        ((), (booked(6, PAYMENT, at("14:00:25"), S.OPEN),), "the bank has not been told yet"),
        (KEPT, SUSPENDED_AT_BANK, "the bank was told and keeps it open"),
        ((), SUSPENDED_AT_BANK, "the bank was told and keeps it open"),
        (
            ASKED_IN_VAIN,
            (booked(6, PAYMENT, at("14:00:25"), S.OPEN),),
            "the bank was told and knows no such load, or how it ended",
        ),
    ],
)
def test_a_load_in_suspense_says_what_the_bank_knows_of_it(
    note: Rows, lines: tuple[SettlementEntry, ...], said: str
) -> None:
    found = compare((told(6, (*SUSPENDED, *note), at("14:00")),), bank_day(*lines))
    (finding,) = found.findings
    assert finding.kind is Kind.SUSPENSE
    assert finding.what == (
        f"the card left before it said whether it was loaded; {said}; its file: paid, neither loaded nor given back"
    )
    assert finding.since == at("14:01:33")
    assert "to this terminal" in finding.next_step
    assert found.here == found.bank == Money(payments_fen=5_000, open_fen=5_000)


def test_a_bank_that_said_it_keeps_the_load_and_does_not_is_told() -> None:
    file = bank_day(booked(6, PAYMENT, at("14:00:25"), S.OPEN))
    found = compare((told(6, (*SUSPENDED, *KEPT), at("14:00")),), file)
    assert kinds(found) == [(Kind.STATES_DIFFER, "6"), (Kind.SUSPENSE, "6")]
    assert found.findings[0].what == "the bank said that it keeps the load in suspense, and its file does not"


def test_a_load_that_the_bank_holds_in_suspense_and_this_journal_does_not_is_told() -> None:
    lines = (booked(1, PAYMENT, at("10:00:25"), S.LOADED), booked(1, TOLD, at("10:00:30"), S.LOADED), ENTRIES[1])
    found = compare(JOURNAL[:1], bank_day(*lines))
    assert kinds(found) == [(Kind.STATES_DIFFER, "1")]
    assert found.findings[0].what == "loaded on both sides, but the bank's suspense is unknown here"


def test_a_load_in_suspense_that_the_card_settled_on_the_same_day_is_matched() -> None:
    settled = (*SUSPENDED, *KEPT, (L.CARD_OK, 3_600, {"tac": "96436186", "proven": True}), (L.CONFIRM_SAF, 3_600, {}))
    lines = (
        booked(6, PAYMENT, at("14:00:25"), S.LOADED),
        booked(6, TOLD, at("14:01:50"), S.LOADED),
        booked(6, LOAD, at("15:00:01"), S.LOADED),
    )
    found = compare((told(6, (*settled, (L.DONE, 3_601, {})), at("14:00")),), bank_day(*lines))
    assert found.findings == ()
    assert found.matched == {End.LOADED: Matched(1, 5_000)}


def test_a_bank_that_was_told_on_the_next_day_needs_no_line_today() -> None:
    late = told(6, (*SUSPENDED, (L.SUSPENSE, 40_000, {"reported": True})), at("14:00"))
    found = compare((late,), bank_day(booked(6, PAYMENT, at("14:00:25"), S.OPEN)))
    assert kinds(found) == [(Kind.SUSPENSE, "6")]


# -- deposits ------------------------------------------------------------------------------------------------------


def test_a_deposit_is_a_payment_that_is_on_an_account_on_both_sides() -> None:
    journal = (*JOURNAL, told(7, DEPOSITED, at("15:00")))
    found = compare(journal, bank_day(*ENTRIES, booked(7, PAYMENT, at("15:00:25"), S.DEPOSITED)))
    assert found.findings == ()
    assert found.matched[End.DEPOSITED] == Matched(1, 5_000)
    assert found.here == found.bank
    assert found.here == Money(payments_fen=15_000, refunds_fen=5_000, loads_fen=5_000, deposits_fen=5_000)


def test_a_deposit_that_was_given_back_is_like_any_other_refund() -> None:
    lines = tuple(booked(7, each, at("15:02:10"), S.REVERSED) for each in (PAYMENT, REVERSAL, REFUND))
    found = compare((told(7, DEPOSIT_REVERSED, at("15:00")),), bank_day(*lines))
    assert (found.findings, found.matched) == ((), {End.REFUNDED: Matched(1, 5_000)})


@pytest.mark.parametrize(
    ("rows", "lines", "what", "step"),
    [
        (
            DEPOSITED,
            (booked(7, PAYMENT, at("15:00:25"), S.OPEN),),
            "here: deposited; at the bank: paid, neither loaded nor given back",
            "the bank must look for it",
        ),
        (
            DEPOSITED,
            tuple(booked(7, each, at("15:00:25"), S.REVERSED) for each in (PAYMENT, REVERSAL, REFUND)),
            "here: deposited; at the bank: given back",
            "the bank must look whether the account has it too",
        ),
        (
            DEPOSIT_REVERSED,
            (booked(7, PAYMENT, at("15:00:25"), S.DEPOSITED),),
            "here: given back; at the bank: deposited",
            "give nothing back before the bank has looked",
        ),
    ],
)
def test_a_deposit_on_which_the_sides_differ_is_told_with_its_next_step(
    rows: Rows, lines: tuple[SettlementEntry, ...], what: str, step: str
) -> None:
    (finding,) = compare((told(7, rows, at("15:00")),), bank_day(*lines)).findings
    assert (finding.kind, finding.what) == (Kind.STATES_DIFFER, what)
    assert step in finding.next_step


# -- receipts ---------------------------------------------------------------------------------------------------


def test_receipts_are_told_as_the_journal_has_them() -> None:
    printed = (*LOADED, (L.DONE, 36, {"receipt": "printed"}))
    failed = (*LOADED, (L.DONE, 36, {"receipt": "not_printed"}))
    journal = (told(1, printed, at("10:00")), told(7, failed, at("16:00")))
    file = bank_day(
        *ENTRIES[:2], booked(7, PAYMENT, at("16:00:25"), S.LOADED), booked(7, LOAD, at("16:00:34"), S.LOADED)
    )
    found = compare(journal, file)
    assert kinds(found) == [(Kind.NO_RECEIPT, "7")]
    assert not found.is_open
    assert found.matched == {End.LOADED: Matched(2, 10_000)}
    assert found.evidence == Evidence(by_phone=2, answered=2, printed=1, not_printed=1)


def test_a_receipt_behind_midnight_gives_the_bank_no_time_to_book_on_the_next_day() -> None:
    printed = told(1, (*LOADED, (L.DONE, 3_600, {"receipt": "printed"})), at("23:20"))
    paid = booked(1, PAYMENT, at("23:20:25"), S.OPEN)
    assert kinds(compare((printed,), bank_day(paid))) == [(Kind.STATES_DIFFER, "1")]


# -- any change at all --------------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
MANY = tuple(
    told(number, (LOADED, REFUNDED, UNPAID)[number % 3], at("01:00") + number * HOUR, amount_fen=1_000 * number)
    for number in range(1, 19)
)


def lines_of(number: int) -> list[SettlementEntry]:
    """Type the bank's lines of one of MANY."""
    began, amount_fen = at("01:00") + number * HOUR, 1_000 * number
    paid, proven, back, expired = (began + timedelta(seconds=each) for each in (25, 34, 33, 131))
    match number % 3:
        case 0:
            lines = [booked(number, PAYMENT, paid, S.LOADED), booked(number, LOAD, proven, S.LOADED)]
        case 1:
            lines = [
                booked(number, PAYMENT, paid, S.REVERSED),
                booked(number, REVERSAL, back, S.REVERSED),
                booked(number, REFUND, back, S.REVERSED),
            ]
        case _:
            lines = [booked(number, REVERSAL, expired, S.REVERSED)]
    return [replace(each, amount_fen=amount_fen) for each in lines]


WAYS = ("journal", "bank", "line", "amount", "state", "kind")


def changed(way: str, lines: list[SettlementEntry], place: int, pick: int) -> list[SettlementEntry]:
    """Return the bank's lines of one transaction, changed in that way at that place."""
    line = lines[place % len(lines)]
    others = {PAYMENT, LOAD, REVERSAL, REFUND} - {each.kind for each in lines}
    match way:
        case "bank":
            return []
        case "line":
            return [each for each in lines if each is not line]
        case "amount":
            wrong = replace(line, amount_fen=line.amount_fen + (-100, 1, 9_900)[pick % 3])
        case "state":
            wrong = replace(line, state=sorted(set(S) - {line.state}, key=str)[pick % 3])
        case "kind":
            wrong = replace(line, kind=sorted(others, key=str)[pick % len(others)], tac_proven=False)
        case _:
            wrong = line
    return [wrong if each is line else each for each in lines]


@given(
    st.dictionaries(
        st.integers(1, len(MANY)), st.tuples(st.sampled_from(WAYS), st.integers(0, 2), st.integers(0, 11)), max_size=6
    )
)
def test_whatever_is_changed_is_found_and_nothing_else(changes: dict[int, tuple[str, int, int]]) -> None:
    journal, file = [], []
    for number, transaction in enumerate(MANY, 1):
        way, place, pick = changes.get(number, ("none", 0, 0))
        journal += [transaction] if way != "journal" else []
        file += changed(way, lines_of(number), place, pick)
    found = compare(tuple(journal), bank_day(*file))
    assert {each.transaction for each in found.findings} == {MANY[number - 1].id for number in changes}
    assert sum(each.count for each in found.matched.values()) == len(MANY) - len(changes)
