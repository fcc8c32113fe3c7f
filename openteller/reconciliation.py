"""A terminal's day as its journal tells it and as the bank's settlement file tells it: what agrees and what does not.

Pure: the inputs come from whoever has files, `now` from whoever has a clock. All money is in fen.

Payments, loads, reversals and refunds are compared one by one. The journal knows of each when it was begun and when
it was certain; with CLOCK_SKEW before and behind, the bank's booking must lie in between. What may have been booked on
a day whose file is not at hand is neither right nor wrong: it stays open until that file is there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import ReceiptResult, Resolution, Transaction
from kiosk_core.money import format_amount
from kiosk_core.suspense import IN_DOUBT
from openteller.reconcile_sides import Bank, Days, End, Here, Money, Move, money_at_bank
from wire.settlement import BookingKind, Settlement, SettlementEntry


class Kind(Enum):
    """What is the matter with a transaction, the worst first; the value is how it is said."""

    MISSING_AT_BANK = "missing at the bank"
    MISSING_HERE = "missing here"
    AMOUNTS_DIFFER = "amounts differ"
    STATES_DIFFER = "states differ"
    NO_PROOF = "loaded without the card's proof"
    OTHER_FILE = "in another day's file"
    SUSPENSE = "waits for the card"
    MANUAL = "waits for staff"
    UNDER_WAY = "settles by itself"
    NO_RECEIPT = "receipt not printed"

    @property
    def is_open(self) -> bool:
        """Whether something must still happen before the money is right."""
        return self is not Kind.NO_RECEIPT


@dataclass(frozen=True)
class Finding:
    """One thing that is the matter with one transaction; `since` is when it came to stand as it does here."""

    kind: Kind
    transaction: str
    amount_fen: int
    here: End
    bank: End
    what: str
    next_step: str
    since: datetime | None = None


@dataclass(frozen=True)
class Matched:
    """Transactions with which nothing is the matter."""

    count: int = 0
    sum_fen: int = 0


@dataclass(frozen=True)
class Evidence:
    """What the journal holds beside the money: how was paid, how loads were proven, and which receipts came out.

    `by_phone` and `by_bank_card` count what was paid. `answered`: the card answered the load with its TAC; `asked`: it
    was asked again (80 5A). `unrecorded`: the journal does not say whether there was a receipt.
    """

    by_phone: int = 0
    by_bank_card: int = 0
    answered: int = 0
    asked: int = 0
    printed: int = 0
    not_printed: int = 0
    unrecorded: int = 0


@dataclass(frozen=True)
class Reconciliation:
    """The comparison of a day.

    `matched` is by the end here: LOADED, DEPOSITED, REFUNDED, BY_STAFF or UNPAID. Money is that of all transactions of
    which something was done or booked on the day, from their beginning on. `of_others` counts the lines of the bank's
    files that are about other terminals.
    """

    day: date
    terminal: str
    now: datetime
    matched: Mapping[End, Matched]
    findings: tuple[Finding, ...]
    here: Money
    bank: Money
    evidence: Evidence
    of_others: int

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do, or a side's equation does not hold."""
        return any(each.kind.is_open for each in self.findings) or bool(self.here.off_fen or self.bank.off_fen)

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """Return the findings of that kind."""
        return tuple(each for each in self.findings if each.kind is kind)


def reconcile(
    day: date, terminal: str, journal: Iterable[Transaction], files: Sequence[Settlement], now: datetime
) -> Reconciliation:
    """Compare `day` in the `journal` with the bank's `files`.

    Args:
        day: by the calendar of the journal's own times.
        terminal: the number of the terminal whose journal it is (DE 41).
        journal: the transactions of the day and of some days before it, those that are open, and those that the files
            name; more does no harm.
        files: that of the day, and those of other days that are at hand; one a day.
        now: when it is done, with its zone.
    """
    known = {each.id: Here(each) for each in journal}
    booked: defaultdict[str, list[SettlementEntry]] = defaultdict(list)
    for file in sorted(files, key=lambda each: each.date):
        for entry in file.entries:
            if entry.terminal == terminal:
                booked[entry.order].append(entry)
    days = Days(day, frozenset(each.date for each in files))
    findings: list[Finding] = []
    matched: defaultdict[End, list[int]] = defaultdict(list)
    here_money, bank_money = Money(), Money()
    of_day: list[Here] = []
    for order in sorted({*known, *booked}):
        here, bank = known.get(order), Bank(tuple(booked[order]))
        if not (any(each.date == day for each in bank.entries) or (here is not None and here.is_of(days))):
            if here is not None and here.began.date() < day:
                findings += _still_open(here, bank)  # of an earlier day: its money is in that day's equation
            continue
        found = tuple(_compare(order, here, bank, days))
        findings += found
        bank_money += money_at_bank(here, bank, days)
        if here is None:
            continue
        of_day.append(here)
        here_money += here.money
        if not any(each.kind.is_open for each in found):
            matched[here.end].append(here.amount_fen)
    worst_first = list(Kind)
    return Reconciliation(
        day,
        terminal,
        now,
        {end: Matched(len(sums), sum(sums)) for end, sums in matched.items()},
        tuple(sorted(findings, key=lambda each: worst_first.index(each.kind))),
        here_money,
        bank_money,
        _evidence(of_day),
        sum(entry.terminal != terminal for file in files for entry in file.entries),
    )


def _evidence(transactions: Iterable[Here]) -> Evidence:
    counted = Counter[str]()
    for each in transactions:
        if each.is_paid:
            counted["by_bank_card" if each.funding is FundingKind.BANK_CARD else "by_phone"] += 1
        if each.is_proven:
            counted["asked" if each.facts.get("proven") is True else "answered"] += 1
        if each.is_paid or each.end is End.OPEN:
            counted[each.receipt.value if each.receipt is not None else "unrecorded"] += 1
    return Evidence(**counted)


_ALWAYS = frozenset({BookingKind.PAYMENT})
_BACK = frozenset({BookingKind.REVERSAL, BookingKind.REFUND})
_PROOF = frozenset({BookingKind.LOAD})
_TOLD = frozenset({BookingKind.SUSPENSE})  # by this terminal: its answer may be lost
# What the bank may have booked ahead of what an open case knows here: its answer was lost, or is still to come.
_AHEAD: Mapping[L, frozenset[BookingKind]] = {
    L.FUND_REQ: _ALWAYS,
    L.REV_REQ: _ALWAYS | _BACK,
    L.REFUSED: _ALWAYS,
    L.CARD_OK: _PROOF,
    L.CONFIRM_SAF: _PROOF,
    L.MANUAL: _ALWAYS | _PROOF | _BACK,
}
# What the bank may have booked of a case that staff closed.
_FITS: Mapping[Resolution, frozenset[BookingKind]] = {
    Resolution.LOADED: _ALWAYS | _PROOF,
    Resolution.REFUNDED: _ALWAYS | _BACK,
    Resolution.PAID_OUT: _ALWAYS,
    Resolution.WRITTEN_OFF: _ALWAYS,
}

_SHOW = "See its story (openteller journal show -t {order})"
_SETTLE = "openteller journal settle {order} --as ..."


def _compare(order: str, here: Here | None, bank: Bank, days: Days) -> Iterator[Finding]:
    """Yield what is the matter with one transaction of the day."""
    if here is None:
        yield _missing_here(order, bank)
        return
    lacking = [move for kind, move in here.moves.items() if kind not in bank.booked]
    lacking = [each for each in lacking if _concerns(days, each)]
    must = [each.kind for each in lacking if days.must_show(each)]
    surplus = bank.known - here.moves.keys() - _allowed(here)
    unexpected = [kind for kind in BookingKind if kind in surplus]
    if must and not bank.entries:
        yield _missing_at_bank(here, bank)
    elif must or unexpected or bank.contradicts_itself or _is_not_on_account(here, bank):
        yield _states_differ(here, bank, must, unexpected)
    elif lacking or not all(days.may_show(here.moves[k], e) for k, e in bank.booked.items() if k in here.moves):
        yield _other_file(here, bank)
    wrong = [each for each in bank.entries if here.amount_fen and each.amount_fen != _expected_fen(here, each.kind)]
    if wrong:
        yield _amounts_differ(here, bank, wrong)
    if here.end is End.LOADED and not here.is_proven:
        yield _finding(Kind.NO_PROOF, here, bank, "the journal has no TAC of this load", f"Tell the bank. {_SHOW}.")
    yield from _still_open(here, bank)
    yield from _without_receipt(here, bank)


def _is_not_on_account(here: Here, bank: Bank) -> bool:
    """Whether a deposit here is none at the bank, though its payment, the only booking of either, is there."""
    return here.end is End.DEPOSITED and bool(bank.entries) and bank.end is not End.DEPOSITED


def _concerns(days: Days, lacking: Move) -> bool:
    """Whether the day has to do with a booking that is not there; that the bank was told moves no money."""
    touches = lacking.kind is not BookingKind.SUSPENSE and days.touches(lacking.begun, lacking.certain)
    return touches or days.must_show(lacking)


def _allowed(here: Here) -> frozenset[BookingKind]:
    told = _TOLD if any(row.state in IN_DOUBT for row in here.transaction.rows) else frozenset()
    if here.state is L.SETTLED:
        return _FITS[here.resolution] | told
    return _AHEAD.get(here.state, frozenset()) | told


def _expected_fen(here: Here, kind: BookingKind) -> int:
    move = here.moves.get(kind)
    return move.amount_fen if move is not None else here.amount_fen


def _finding(kind: Kind, here: Here, bank: Bank, what: str, next_step: str) -> Finding:
    step = next_step.format(order=here.id, amount=format_amount(here.amount_fen))
    return Finding(kind, here.id, here.amount_fen, here.end, bank.end, what, step, here.since)


def _missing_here(order: str, bank: Bank) -> Finding:
    return Finding(
        Kind.MISSING_HERE,
        order,
        bank.amount_fen,
        End.ABSENT,
        bank.end,
        f"the bank has it ({bank.end.value}), this journal has not",
        "Was the journal's disk changed that day? Look for the older journal; the bank's record counts until then.",
    )


def _missing_at_bank(here: Here, bank: Bank) -> Finding:
    return _finding(
        Kind.MISSING_AT_BANK,
        here,
        bank,
        f"{here.end.value} here, and the bank's file has no line of it",
        f"Ask the bank for this order; the proof is the journal. {_SHOW}.",
    )


def _states_differ(here: Here, bank: Bank, must: Sequence[BookingKind], unexpected: Sequence[BookingKind]) -> Finding:
    if must == [BookingKind.SUSPENSE] and not unexpected:
        what = "the bank said that it keeps the load in suspense, and its file does not"
    elif here.end is not bank.end:
        what = f"here: {_end_here(here)}; at the bank: {bank.end.value}"
    elif must or unexpected:
        names = ", ".join(each.value for each in (*must, *unexpected))
        what = f"{here.end.value} on both sides, but the bank's {names} {'is missing' if must else 'is unknown here'}"
    else:
        what = "the bank's lines of it contradict each other"
    return _finding(Kind.STATES_DIFFER, here, bank, what, f"{_next_step_of(here, bank)} {_SHOW}.")


def _end_here(here: Here) -> str:
    return (
        f"{here.end.value} as {here.resolution.value.replace('_', ' ')}" if here.state is L.SETTLED else here.end.value
    )


def _next_step_of(here: Here, bank: Bank) -> str:
    match (here.end, bank.end):
        case (End.LOADED, End.REFUNDED | End.BOTH):
            return "The customer has the load and the money: the bank must claim {amount} back."
        case (End.LOADED, End.PAID | End.UNPAID | End.ABSENT):
            return "The card is loaded: send the bank its TAC from the journal."
        case (End.DEPOSITED, End.REFUNDED):
            return "The payer has the money back: the bank must look whether the account has it too."
        case (End.DEPOSITED, End.PAID | End.UNPAID | End.ABSENT):
            return "The customer was told that the money is on the account: the bank must look for it."
        case (End.REFUNDED | End.UNPAID | End.PAID, End.PAID):
            return "The customer paid and has nothing: the bank must give {amount} back."
        case (End.REFUNDED | End.UNPAID, End.DEPOSITED):
            return "The bank put the money on the account: give nothing back before the bank has looked."
        case (End.REFUNDED | End.UNPAID, End.LOADED | End.BOTH):
            return "The bank has a proof that the card is loaded: give nothing back before the bank has looked."
        case (End.BY_STAFF, _):
            return "Staff closed it otherwise than the bank did: the customer may have the money twice."
        case _:
            return "Ask the bank how it came to its record."


def _other_file(here: Here, bank: Bank) -> Finding:
    return _finding(
        Kind.OTHER_FILE,
        here,
        bank,
        f"{here.end.value} here, about midnight or on another day; the bank may have booked it on another day",
        "Compare again with the neighbouring days' files too: --settlement once for each.",
    )


def _amounts_differ(here: Here, bank: Bank, wrong: Sequence[SettlementEntry]) -> Finding:
    booked = ", ".join(f"{each.kind.value} {format_amount(each.amount_fen)}" for each in wrong)
    expected = format_amount(here.amount_fen)
    return _finding(
        Kind.AMOUNTS_DIFFER,
        here,
        bank,
        f"{expected} here, at the bank: {booked}",
        f"Show the bank the journal and the receipt. {_SHOW}.",
    )


def _still_open(here: Here, bank: Bank) -> Iterator[Finding]:
    """Yield the case if it is open, with what closes it."""
    if here.end is not End.OPEN:
        return
    at_bank = f"; the bank: {bank.end.value}" if bank.entries else ""
    if here.state is L.SUSPENSE:
        keeps = BookingKind.SUSPENSE in bank.known or here.bank_keeps
        in_file = f"; its file: {bank.end.value}" if bank.entries else ""
        yield _finding(
            Kind.SUSPENSE,
            here,
            bank,
            f"the card left before it said whether it was loaded; {_BANK_SAID[keeps]}{in_file}",
            f"Ask the customer to bring the card to this terminal. If it never comes, close with: {_SETTLE}",
        )
    elif here.state is L.MANUAL:
        why = str(here.facts.get("why") or "")
        what = _WHY_STAFF.get(why) or ("the card gave no clear answer" if why else "the evidence contradicts itself")
        step = _IN_LOG[here.facts.get("in_log")] if why == _LOADED_SINCE else "Ask the bank"
        yield _finding(Kind.MANUAL, here, bank, f"{what}{at_bank}", f"{step}, then close with: {_SETTLE}")
    else:
        yield _finding(Kind.UNDER_WAY, here, bank, f"{_WAITS_FOR[here.state]}{at_bank}", "Nothing; look again later.")


_LOADED_SINCE = "9406, and the card has been loaded since"
# The fact `why` of a MANUAL row, as a clerk reads it; the journal's story has it as it is.
_WHY_STAFF: Mapping[str, str] = {
    _LOADED_SINCE: "the card was loaded elsewhere since, and can say no more whether this load had reached it",
    "9406, but counter or balance moved": "the card says that it was not loaded, but balance or counter has changed",
    "the host does not accept the card's TAC": "the card says that it was loaded, and the bank rejects its proof",
    "paid, and the host says that nothing had been paid": "the customer has paid, and the bank says that nobody had",
    "the host does not reverse": "the money was to go back, and the bank refuses",
}
# The fact `in_log`: whether the list of loads that the card keeps has this one; None: it could not be read.
_IN_LOG: Mapping[object, str] = {
    True: "The card's own list of loads has this one, so the customer has it: have the bank agree",
    False: "The card's own list of its last loads has not this one, so {amount} are lacking: have the bank agree",
    None: "The card's own list of loads could not be read: ask the bank",
}

# What the bank said when it was told of a case in suspense.
_BANK_SAID = {
    None: "the bank has not been told yet",
    True: "the bank was told and keeps it open",
    False: "the bank was told and knows no such load, or how it ended",
}

_WAITS_FOR: Mapping[L, str] = {
    L.FUND_REQ: "the payment is under way, or settled when the core next starts",
    L.FUND_OK: "the load is under way, or settled when the core next starts",
    L.MAC2_REQ: "the load is under way, or settled when the core next starts",
    L.MAC2_OK: "the load is under way, or settled when the core next starts",
    L.CREDIT_SENT: "the load is under way, or settled when the core next starts",
    L.CARD_UNKNOWN: "the card is asked whether it was loaded",
    L.REFUSED: "not loaded; a reversal goes to the bank until it answers",
    L.REV_REQ: "not loaded; a reversal goes to the bank until it answers",
    L.CARD_OK: "loaded; the proof goes to the bank until it answers",
    L.CONFIRM_SAF: "loaded; the proof goes to the bank until it answers",
}


def _without_receipt(here: Here, bank: Bank) -> Iterator[Finding]:
    """Yield the transaction if the journal says that its receipt was not printed."""
    if here.receipt is ReceiptResult.NOT_PRINTED:
        yield _finding(
            Kind.NO_RECEIPT, here, bank, f"{here.end.value}, and no receipt", f"If the customer asks: {_SHOW}."
        )
