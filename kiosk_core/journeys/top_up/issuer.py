"""The transitions of what a card's issuer wants before a load: asked for and carried out before any money moves.

A card that has expired has its turn before an amount is chosen, any other when it is made ready for the load. Whatever
fails here, nothing has been taken: an expired card is refused then, any other is loaded as it is.
"""

from dataclasses import replace

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import choosing
from kiosk_core.journeys.top_up.ending import last_page
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import card_of, go
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, IssuerResult, LedgerState
from kiosk_core.ports import IssuerQuestion


def ask(s: TopUp, event: ev.CardChallenged) -> Next:
    card = card_of(s)
    if card.expires is None:
        raise ev.UnexpectedEvent("a card without a last day was challenged")
    question = IssuerQuestion(card.number, card.expires, event.challenge)
    return go(s, Step.ASKING_ISSUER, do.AskIssuer(s.trace, question))


def carry_out(s: TopUp, event: ev.IssuerAnswered) -> Next:
    """Note how many commands there are, then send them: what they are is between card and issuer."""
    if not event.commands:
        return _go_on(s, {"issuer": IssuerResult.NO_COMMANDS.value})
    note = _note(s, {"issuer": IssuerResult.SENT.value, "commands": len(event.commands)})
    return go(s, Step.EXTENDING, note, do.CarryOut(card_of(s).number, event.commands))


def declined(s: TopUp, event: ev.IssuerDeclined) -> Next:
    return _go_on(s, {"issuer": IssuerResult.DECLINED.value, "response_code": event.declined.response_code})


def unanswered(s: TopUp, _: ev.IssuerUnanswered) -> Next:
    return _go_on(s, {"issuer": IssuerResult.NO_ANSWER.value})


def commands_ended(s: TopUp, event: ev.CommandsEnded) -> Next:
    result = event.result
    s = choosing.with_card(s, result.card)
    if result.refused:
        said: Facts = {"issuer": IssuerResult.REFUSED.value, "commands_done": result.done, "refused": result.refused}
    else:
        said = {"issuer": IssuerResult.DONE.value, "commands_done": result.done}
    if s.valid_until is not None:
        said = {**said, "valid_until": s.valid_until.isoformat()}
    return _go_on(s, {}, _note(s, said))


def _note(s: TopUp, facts: Facts) -> do.Note:
    return do.Note(s.transaction, facts)


def _go_on(s: TopUp, said: Facts, *effects: do.Effect) -> Next:
    """Take the way that was left for the issuer: to the amount of an expired card, or to the load.

    `said` is why there are no commands, for the row of a card that cannot be loaded without; a note has said the rest.
    """
    s = replace(s, issuer_heard=True)
    if choosing.has_expired(s):
        abandoned = record(s, LedgerState.ABANDONED, {"why": "card refused", **said})
        return last_page(s, Outcome.CARD_EXPIRED, *effects, abandoned)
    after, then = choosing.initialise(s) if s.amount_fen else choosing.offer(s)
    return after, (*effects, *then)
