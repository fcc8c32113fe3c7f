"""The transitions before the payment: card, rules, amount, ID card, way to pay. Nothing has been taken."""

from dataclasses import replace

from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.ending import end, last_page
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import card_of, go, init_facts, working
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import Page
from kiosk_core.ports import CardProblem, PurseCard

LOOK_SECONDS = 1.0


def read_card(s: TopUp, _: ev.CardArrived) -> Next:
    return go(s, Step.READING, do.Show(pages.reading()), do.ReadCard())


def abandon(s: TopUp, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    gone = record(s, LedgerState.ABANDONED, _rule_facts(s))
    if isinstance(event, ev.CustomerGone):
        return end(s, gone)
    return last_page(s, Outcome.CANCELLED, gone)


def reader_lost(s: TopUp, _: ev.ReaderLost) -> Next:
    return last_page(s, Outcome.OUT_OF_SERVICE, record(s, LedgerState.ABANDONED, {"why": "reader lost"}))


def card_was_read(s: TopUp, event: ev.CardRead) -> Next:
    card = event.card
    same = event.token == s.token
    s = replace(
        s,
        expires_first=s.expires_first if same else card.expires,
        issuer_heard=s.issuer_heard and same,
        token=event.token,
        masked_number=card.number.masked,
        old_balance_fen=card.balance_fen,
        amount_fen=0,
    )
    s = with_card(s, card)
    facts: Facts = {"card": s.masked_number, "token": s.token, "old_balance_fen": card.balance_fen}
    read = record(s, LedgerState.CARD_READ, facts)
    abandoned = record(s, LedgerState.ABANDONED, {"why": "card refused"})
    if has_expired(s) and not may_have_commands(s):
        return last_page(s, Outcome.CARD_EXPIRED, read, abandoned)
    if pages.room_fen(s) < s.service.limits.min_fen:
        return last_page(s, Outcome.BALANCE_FULL, read, abandoned)
    return go(s, Step.ASSESSING, read, do.AssessRisk(s.service.kind, card.number, s.token))


def with_card(s: TopUp, card: PurseCard) -> TopUp:
    """Return `s` with the card as it was read now, and what is new about how long it is valid."""
    first, now = s.expires_first, card.expires
    return replace(s, card=card, valid_until=now if first is not None and now is not None and now > first else None)


def has_expired(s: TopUp) -> bool:
    expires = card_of(s).expires
    return expires is not None and expires < s.terminal.today


def may_have_commands(s: TopUp) -> bool:
    """Return whether the issuer of this card, which names its last day, has to be asked for commands still."""
    return card_of(s).wants_issuer_commands and card_of(s).expires is not None and not s.issuer_heard


def ask_for_card_again(s: TopUp, event: ev.CardUnusable) -> Next:
    effects: tuple[do.Effect, ...] = (do.Show(pages.place_card(s, event.problem.value)),)
    if event.problem in {CardProblem.NOT_PRESENT, CardProblem.OTHER_CARD}:
        effects += (do.WatchCard(),)
    return go(s, Step.PLACE_CARD, *effects, card=None)


def card_taken_away(s: TopUp, _: ev.CardLeft) -> Next:
    return go(s, Step.PLACE_CARD, do.Show(pages.place_card(s, "taken_away")), card=None)


def offer_amounts(s: TopUp, event: ev.RiskAssessed) -> Next:
    return offer(replace(s, allowance=event.allowance, ways_to_pay=event.funding))


def offer(s: TopUp, problem: str | None = None) -> Next:
    """Ask for the amount, unless a rule leaves nothing that can be chosen."""
    cap = s.allowance.tightest
    if cap is not None and pages.most_fen(s) < s.service.limits.min_fen:
        s = replace(s, rule=cap.rule)
        return last_page(s, Outcome.BARRED, record(s, LedgerState.ABANDONED, _rule_facts(s)))
    if has_expired(s):  # whoever is to choose an amount must know first that it can be loaded
        return challenge(s, pages.extending())
    return go(s, Step.AMOUNT, do.Show(pages.amount(s, problem)))


def challenge(s: TopUp, page: Page) -> Next:
    """Ask for commands of the card's issuer, which are made for a challenge of the card: before any money moves."""
    return go(s, Step.CHALLENGING, do.Show(page), do.ChallengeCard(card_of(s).number))


def choose_amount(s: TopUp, event: ev.AmountChosen) -> Next:
    limits = s.service.limits
    if not limits.min_fen <= event.amount_fen <= pages.max_load_fen(s) or event.amount_fen % limits.step_fen:
        return s, (do.Show(pages.amount(s, "limits")),)
    if event.amount_fen > pages.room_fen(s):
        return s, (do.Show(pages.amount(s, "balance")),)
    s = replace(s, amount_fen=event.amount_fen, rule="")
    return what_rules_want(s) or _ask_how_to_pay(s)


def what_rules_want(s: TopUp) -> Next | None:
    """Return what must happen before the chosen amount may be paid; None: nothing."""
    cap = s.allowance.tightest
    if cap is not None and s.amount_fen > cap.most_fen:
        return offer(replace(s, rule=cap.rule), "rule")
    identify = s.allowance.identify
    if identify is not None and s.amount_fen > identify.most_fen and not s.person:
        s = replace(s, rule=identify.rule)
        return go(s, Step.IDENTIFYING, do.Show(pages.id_card(s)), do.ReadIdCard())
    return None


def _ask_how_to_pay(s: TopUp) -> Next:
    """Let the customer choose where there is a choice."""
    if len(s.ways_to_pay) > 1:
        return offer_ways_to_pay(s)
    return initialise(replace(s, funding=s.ways_to_pay[0]))


def offer_ways_to_pay(s: TopUp, problem: str | None = None) -> Next:
    return go(s, Step.CHOOSING_FUNDING, do.Show(pages.ways_to_pay(s, problem)))


def choose_funding(s: TopUp, event: ev.FundingChosen) -> Next:
    return initialise(replace(s, funding=event.kind)) if event.kind in s.ways_to_pay else (s, ())


def initialise(s: TopUp) -> Next:
    if may_have_commands(s):
        return challenge(s, pages.working(s, pages.CHECK_CARD))
    load = do.InitializeLoad(card_of(s).number, s.amount_fen)
    return go(s, Step.INITIALISING, *working(s, pages.CHECK_CARD), load)


def id_card_was_read(s: TopUp, event: ev.IdCardRead) -> Next:
    if event.valid_until is not None and event.valid_until < s.terminal.today:
        return s, (do.Show(pages.id_card(s, "expired")), _LOOK_AGAIN)
    return _ask_how_to_pay(replace(s, person=event.person, rule=""))


def ask_for_id_card_again(s: TopUp, event: ev.IdCardUnusable) -> Next:
    """Look again; nothing new is shown, and the customer's time goes on, while no card lies there."""
    if event.problem is IdCardProblem.NOT_PRESENT:
        return s, (_LOOK_AGAIN,)
    return s, (do.Show(pages.id_card(s, event.problem.value)), _LOOK_AGAIN)


def look_for_id_card(s: TopUp, _: ev.TimerFired) -> Next:
    return s, (do.ReadIdCard(),)


def identification_lost(s: TopUp, _: ev.IdCardReaderLost) -> Next:
    """Offer what may be loaded without an ID card."""
    return offer(replace(s, allowance=s.allowance.without_identification()), "id_card_reader")


def stop_identifying(s: TopUp, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    after, effects = abandon(s, event)
    return after, (STOP_LOOKING, *effects)


_LOOK_AGAIN = do.StartTimer(Timer.ID_CARD, LOOK_SECONDS)
STOP_LOOKING = do.StopTimer(Timer.ID_CARD)


def ask_rules_again(s: TopUp, event: ev.LoadInitialised) -> Next:
    """Time has passed since the card was read: another list, another day, another customer's case settled."""
    init = event.init
    s = replace(s, init=init, counter=init.counter, old_balance_fen=init.balance_fen)
    person: Facts = {"person": s.person} if s.person else {}
    row = record(s, LedgerState.INIT, {**init_facts(init), **person})
    return go(s, Step.CLEARING, row, do.AssessRisk(s.service.kind, init.number, s.token))


def _rule_facts(s: TopUp) -> Facts:
    return {"rule": s.rule} if s.rule else {}
