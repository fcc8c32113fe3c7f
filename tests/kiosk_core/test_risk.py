"""What the rules leave a card, what of the journal counts, and that no sequence of loads passes a limit."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_core.blacklist import Blacklist
from kiosk_core.card_number import CardNumber
from kiosk_core.ledger import LedgerRow, LedgerState, Resolution, Transaction
from kiosk_core.ledger import LedgerState as L
from kiosk_core.risk import (
    Allowance,
    BlacklistRule,
    Cap,
    CardDayRule,
    Circumstances,
    Load,
    LoadRule,
    PayerRule,
    Risk,
    TerminalDayRule,
    VelocityRule,
    VerificationRule,
    assess,
    assess_payer,
    loads_of,
)
from kiosk_core.services import SettingError
from kiosk_core.texts import LocalText, Words

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 22, 10, 15, tzinfo=CHINA)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=CHINA)
NUMBER = CardNumber("3104870000012345678")
OURS = "token-of-card"
WORDS = LocalText("中", "en")
LIST = "blacklist.txt"


def load(at: datetime, yuan: int, token: str = OURS) -> Load:
    return Load(at, token, yuan * 100)


def left(risk: Risk, *loads: Load, now: datetime = NOW, blacklist: Blacklist | None = None) -> int | None:
    """Return what `risk` leaves in yuan, None: any amount."""
    found = Circumstances(now, NUMBER, OURS, loads, {LIST: blacklist})
    cap = assess(risk, found).tightest
    return None if cap is None else cap.most_fen // 100


# -- each rule -----------------------------------------------------------------------------------------------


def test_without_rules_any_amount_may_be_loaded() -> None:
    assert left(Risk(), load(NOW, 100_000)) is None


def test_one_load_has_a_largest_amount() -> None:
    assert left(Risk(load={"largest": LoadRule(500, WORDS)}), load(NOW, 499)) == 500


@pytest.mark.parametrize(
    ("loads", "yuan"),
    [
        ((), 1000),
        ((load(MIDNIGHT, 300),), 700),  # a day begins with its first moment
        ((load(MIDNIGHT - timedelta(microseconds=1), 300),), 1000),
        ((load(NOW, 600), load(NOW, 400)), 0),
        ((load(NOW, 600), load(NOW, 600)), 0),  # the rule was stricter than its predecessor
        ((load(NOW, 1000, "another card"),), 1000),
        ((load(NOW + timedelta(hours=1), 300),), 700),  # the clock was set back in between
    ],
)
def test_a_card_has_a_sum_for_the_day(loads: tuple[Load, ...], yuan: int) -> None:
    assert left(Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000)}), *loads) == yuan


def test_the_day_begins_at_midnight_of_the_terminals_clock_whatever_zone_the_journal_writes() -> None:
    rule = Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000)})
    utc = timezone.utc  # noqa: UP017  (the journal may hold any offset)
    assert left(rule, load(datetime(2026, 11, 21, 16, 0, tzinfo=utc), 300)) == 700
    assert left(rule, load(datetime(2026, 11, 21, 15, 59, tzinfo=utc), 300)) == 1000


def test_a_card_has_a_number_of_loads_for_the_day() -> None:
    rule = Risk(card_day={"daily": CardDayRule(WORDS, most_loads=2)})
    assert left(rule, load(NOW, 10)) is None
    assert left(rule, load(NOW, 10), load(NOW, 10)) == 0


def test_the_terminal_has_a_sum_for_the_day_over_all_cards() -> None:
    rule = Risk(terminal_day={"daily": TerminalDayRule(1000, WORDS)})
    assert left(rule, load(NOW, 300), load(NOW, 500, "another card"), load(MIDNIGHT - timedelta(1), 900)) == 200


def test_a_card_that_comes_too_often_waits() -> None:
    rule = Risk(velocity={"often": VelocityRule(2, 10, WORDS)})
    ten_minutes = timedelta(minutes=10)
    just_within = load(NOW - ten_minutes + timedelta(seconds=1), 10)
    assert left(rule, just_within, load(NOW, 10)) == 0
    assert left(rule, load(NOW - ten_minutes, 10), load(NOW, 10)) is None
    assert left(rule, load(NOW, 10, "another card"), load(NOW, 10)) is None


def test_velocity_looks_back_over_midnight() -> None:
    rule = Risk(velocity={"often": VelocityRule(1, 30, WORDS)})
    assert left(rule, load(MIDNIGHT - timedelta(minutes=5), 10), now=MIDNIGHT + timedelta(minutes=5)) == 0


@pytest.mark.parametrize(
    ("risk", "left_yuan"),
    [
        (Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000)}), 500),  # of both services, unless it says which
        (Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000, services=("account_deposit",))}), 800),
        (Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000, services=("transit_top_up",))}), None),
        (Risk(terminal_day={"daily": TerminalDayRule(1000, WORDS, ("account_deposit",))}), 800),
        (Risk(load={"largest": LoadRule(300, WORDS, ("transit_top_up",))}), None),
        (Risk(load={"largest": LoadRule(300, WORDS, ("account_deposit",))}), 300),
        (Risk(velocity={"often": VelocityRule(2, 10, WORDS)}), 0),
        (Risk(velocity={"often": VelocityRule(2, 10, WORDS, ("account_deposit",))}), None),
        (Risk(blacklist={"lost": BlacklistRule(LIST, WORDS)}), 0),
        (Risk(blacklist={"lost": BlacklistRule(LIST, WORDS, services=("transit_top_up",))}), None),
        (Risk(verification={"large": VerificationRule(300, "staff", WORDS)}), 300),
        (Risk(verification={"large": VerificationRule(300, "staff", WORDS, ("transit_top_up",))}), None),
    ],
)
def test_a_rule_limits_and_counts_its_services(risk: Risk, left_yuan: int | None) -> None:
    loads = load(NOW, 300), replace(load(NOW, 200), service="account_deposit")
    lists = {LIST: Blacklist(frozenset({OURS}))}
    cap = assess(risk, Circumstances(NOW, NUMBER, OURS, loads, lists, service="account_deposit")).tightest
    assert (None if cap is None else cap.most_fen // 100) == left_yuan


PAYER = "token-of-bank-card"


def paid(at: datetime, yuan: int, payer: str = PAYER, token: str = OURS) -> Load:
    return Load(at, token, yuan * 100, payer)


def refusal(rule: PayerRule, yuan: int, *loads: Load) -> int | None:
    """Return what the rule leaves the payer in yuan where he may not pay `yuan`; None: he may."""
    cap = assess_payer(Risk(payer={"often": rule}), PAYER, yuan * 100, loads, NOW)
    return None if cap is None else cap.most_fen // 100


@pytest.mark.parametrize(
    ("loads", "yuan", "left_yuan"),
    [
        ((), 300, None),
        ((), 301, 300),
        ((paid(NOW, 200),), 100, None),
        ((paid(NOW, 200, token="another card"),), 101, 100),  # whatever card he loads
        ((paid(NOW, 200, payer="another payer"),), 300, None),
        ((paid(NOW, 200, payer=""),), 300, None),  # by phone: nobody knows who
        ((paid(NOW - timedelta(minutes=60), 300),), 300, None),
        ((paid(NOW - timedelta(minutes=59), 300),), 1, 0),
        ((paid(NOW, 10), paid(NOW, 10), paid(NOW, 10)), 1, 0),
    ],
)
def test_an_account_pays_so_much_and_so_often_in_a_while(
    loads: tuple[Load, ...], yuan: int, left_yuan: int | None
) -> None:
    rule = PayerRule(60, WORDS, most_yuan=300, most_loads=3)
    assert refusal(rule, yuan, *loads) == left_yuan


def test_the_tightest_rule_of_the_payer_is_named_and_explained() -> None:
    risk = Risk(
        payer={
            "daily": PayerRule(1440, WORDS, most_yuan=200),
            "often": PayerRule(10, LocalText("{minutes}分钟{loads}次", "{loads} in {minutes}"), most_loads=1),
        }
    )
    cap = assess_payer(risk, PAYER, 20_000, [paid(NOW, 100)], NOW)
    assert cap == Cap("payer.often", 0, LocalText("10分钟1次", "1 in 10"))


def test_the_rules_of_the_payer_do_not_limit_who_pays_by_phone() -> None:
    assert left(Risk(payer={"often": PayerRule(60, WORDS, most_loads=1)}), paid(NOW, 10)) is None


def test_the_rules_of_the_payer_look_back_over_midnight() -> None:
    risk = Risk(payer={"often": PayerRule(1440, WORDS, most_loads=1)})
    assert risk.looks_back_to(NOW) < NOW - timedelta(minutes=1440)


def test_a_rule_of_the_payer_that_limits_nothing_is_a_mistake() -> None:
    with pytest.raises(SettingError, match="limits nothing"):
        Risk(payer={"often": PayerRule(60, WORDS)})


def test_a_card_on_the_blacklist_is_not_loaded() -> None:
    rule = Risk(blacklist={"lost": BlacklistRule(LIST, WORDS)})
    assert left(rule, blacklist=Blacklist(frozenset({OURS}))) == 0
    assert left(rule, blacklist=Blacklist(frozenset({"another"}))) is None


def test_without_a_list_nobody_knows_so_nothing_is_loaded_and_the_customer_is_told_so() -> None:
    allowance = assess(
        Risk(blacklist={"lost": BlacklistRule(LIST, WORDS)}), Circumstances(NOW, NUMBER, OURS, (), {LIST: None})
    )
    assert allowance.tightest == Cap("blacklist.lost", 0, Words("rules.unchecked"))


def test_verification_by_id_card_is_asked_for_where_a_reader_is_in_service() -> None:
    rule = Risk(verification={"large": VerificationRule(300, "id_card", WORDS)})
    cap = Cap("verification.large", 30_000, WORDS)
    with_reader = assess(rule, Circumstances(NOW, NUMBER, OURS, can_identify=True))
    assert with_reader == Allowance(identify=cap)
    assert with_reader.without_identification().tightest == cap
    assert assess(rule, Circumstances(NOW, NUMBER, OURS)) == Allowance((cap,))


def test_verification_by_staff_is_no_thing_for_the_terminal() -> None:
    rule = Risk(verification={"large": VerificationRule(300, "staff", WORDS)})
    assert assess(rule, Circumstances(NOW, NUMBER, OURS, can_identify=True)).tightest == Cap(
        "verification.large", 30_000, WORDS
    )


def test_the_rule_that_leaves_least_speaks_and_its_words_have_their_values() -> None:
    risk = Risk(
        load={"largest": LoadRule(500, LocalText("每次最多{most}", "At most {most} each time"))},
        card_day={"daily": CardDayRule(LocalText("每天{loads}次{most}", "{most}, {loads} times"), 1500, 3)},
    )
    found = Circumstances(NOW, NUMBER, OURS, (load(NOW, 1200),))
    assert assess(risk, found).tightest == Cap("card_day.daily", 30_000, LocalText("每天3次¥1,500", "¥1,500, 3 times"))
    assert assess(risk, Circumstances(NOW, NUMBER, OURS)).tightest == Cap(
        "load.largest", 50_000, LocalText("每次最多¥500", "At most ¥500 each time")
    )


# -- rules that cannot be meant --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["{mots}", "{", "{0}", "{most.real}", "{most:d}"])
def test_words_that_use_what_the_rule_does_not_have_are_refused(words: str) -> None:
    with pytest.raises(SettingError, match=r"it has \{most\}") as refused:
        Risk(load={"largest": LoadRule(500, LocalText("中", words))})
    assert refused.value.key == ("load", "largest", "words", "en")


def test_a_day_rule_that_limits_nothing_is_refused() -> None:
    with pytest.raises(SettingError, match="needs most_yuan or most_loads"):
        Risk(card_day={"daily": CardDayRule(WORDS)})


def test_two_rules_do_not_share_a_list() -> None:
    with pytest.raises(SettingError) as refused:
        Risk(blacklist={"one": BlacklistRule(LIST, WORDS), "two": BlacklistRule(LIST, WORDS)})
    assert refused.value.key == ("blacklist", "two", "file")


# -- what counts -----------------------------------------------------------------------------------------------

# Typed by hand: has anybody been asked for money, and has it not come back for certain?
COUNTS = {
    L.NEW: False,
    L.CARD_READ: False,
    L.INIT: False,
    L.FUND_REQ: True,
    L.FUND_OK: True,
    L.MAC2_REQ: True,
    L.MAC2_OK: True,
    L.CREDIT_SENT: True,
    L.CARD_UNKNOWN: True,
    L.REFUSED: True,  # the reversal is still to come
    L.CARD_OK: True,
    L.CONFIRM_SAF: True,
    L.REV_REQ: True,
    L.UPDATE_REQ: False,
    L.TICKET_REQ: False,
    L.SUSPENSE: True,
    L.MANUAL: True,
    L.DONE: True,
    L.REVERSED: False,
    L.DECLINED: False,
    L.ABANDONED: False,
}


def transaction(state: LedgerState, at: datetime, **facts: str | int) -> Transaction:
    begun = LedgerRow(1, at - timedelta(minutes=2), "T", L.NEW, {"sequence": 1})
    initialised = LedgerRow(2, at, "T", L.INIT, {"token": OURS, "amount_fen": 5_000})
    asked = LedgerRow(3, at, "T", L.FUND_REQ, {})
    rows = (begun, initialised, asked) if COUNTS.get(state, True) else (begun, initialised)
    return Transaction("T", (*rows, LedgerRow(4, at, "T", state, facts)))


def test_who_paid_is_known_from_the_row_of_the_payment() -> None:
    (counted,) = loads_of((transaction(L.FUND_OK, NOW, payer=PAYER),))
    assert counted == Load(NOW, OURS, 5_000, PAYER)


@pytest.mark.parametrize("state", [each for each in L if each is not L.SETTLED])
def test_only_what_may_have_cost_money_counts(state: LedgerState) -> None:
    expected = (Load(NOW, OURS, 5_000),) if COUNTS[state] else ()
    assert loads_of((transaction(state, NOW),)) == expected


@pytest.mark.parametrize(
    ("resolution", "counts"),
    [
        (Resolution.LOADED, True),
        (Resolution.REFUNDED, False),
        (Resolution.PAID_OUT, False),
        (Resolution.WRITTEN_OFF, True),
    ],
)
def test_what_staff_settled_counts_unless_the_customer_has_the_money_back(resolution: Resolution, counts: bool) -> None:
    settled = transaction(L.SETTLED, NOW, resolution=resolution.value)
    assert bool(loads_of((settled,))) is counts


def test_a_load_belongs_to_the_day_on_which_its_payment_was_asked_for() -> None:
    asked_at = MIDNIGHT + timedelta(minutes=1)
    (counted,) = loads_of((transaction(L.DONE, asked_at),))
    assert counted.at == asked_at
    risk = Risk(card_day={"daily": CardDayRule(WORDS, most_yuan=1000)})
    assert risk.looks_back_to(asked_at) < MIDNIGHT - timedelta(minutes=1)


# -- no sequence passes a limit --------------------------------------------------------------------------------

CARDS = ("card 1", "card 2")
RISK = Risk(
    load={"largest": LoadRule(400, WORDS)},
    card_day={"daily": CardDayRule(WORDS, most_yuan=1000, most_loads=4)},
    terminal_day={"daily": TerminalDayRule(1500, WORDS)},
    velocity={"often": VelocityRule(2, 30, WORDS)},
)
ENDS = st.sampled_from([state for state in L if COUNTS.get(state, False)] + [L.REVERSED, L.ABANDONED])


@dataclass
class Day:
    """What a terminal does for two cards over three days, and what came of it."""

    now: datetime = MIDNIGHT
    journal: list[Transaction] = field(default_factory=list)

    def try_to_load(self, token: str, yuan: int, end: LedgerState) -> None:
        loads = loads_of(self.journal)
        cap = assess(RISK, Circumstances(self.now, NUMBER, token, loads)).tightest
        if cap is None or yuan * 100 <= cap.most_fen:
            number = f"T{len(self.journal)}"
            begun = self.now - timedelta(minutes=3)
            rows = (
                LedgerRow(1, begun, number, L.NEW, {}),
                LedgerRow(2, self.now, number, L.INIT, {"token": token, "amount_fen": yuan * 100}),
                *([LedgerRow(3, self.now, number, L.FUND_REQ, {})] if end not in {L.ABANDONED, L.FUND_REQ} else []),
                LedgerRow(4, self.now, number, end, {}),
            )
            self.journal.append(Transaction(number, rows))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(CARDS), st.sampled_from([10, 100, 250, 400, 500]), ENDS),
        max_size=40,
    )
)
def test_no_sequence_of_loads_passes_a_limit(visits: list[tuple[int, str, int, LedgerState]]) -> None:
    day = Day()
    for minutes, token, yuan, end in visits:
        day.now += timedelta(minutes=minutes)
        day.try_to_load(token, yuan, end)
    # Counted anew, from nothing that the rules use.
    paid = [
        (row.at, str(each.facts["token"]), int(each.facts["amount_fen"] or 0))
        for each in day.journal
        for row in each.rows
        if row.state is L.FUND_REQ and each.state is not L.REVERSED
    ]
    for date in {at.date() for at, _, _ in paid}:
        of_day = [each for each in paid if each[0].date() == date]
        assert sum(fen for _, _, fen in of_day) <= 150_000
        for card in CARDS:
            of_card = [fen for _, token, fen in of_day if token == card]
            assert sum(of_card) <= 100_000
            assert len(of_card) <= 4
    for card in CARDS:
        moments = [at for at, token, _ in paid if token == card]
        for first, third in zip(moments, moments[2:], strict=False):
            assert third - first >= timedelta(minutes=30)
    assert all(fen <= 40_000 for _, _, fen in paid)
