"""The pages of the journey: which texts and values each step shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from kiosk_core.id_card_reader import IdNumber, PersonalText
from kiosk_core.journeys.pages import one_step
from kiosk_core.money import format_amount
from kiosk_core.pages import CapturePage, Fact, ListPage, ListRow, ListSection, Picture, ProgressPage
from kiosk_core.ports import CardProblem, PurseCard, PurseEntry, PurseEntryKind, PurseHistory, PurseTrip
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem, Withheld
from kiosk_core.texts import Words

if TYPE_CHECKING:
    from kiosk_core.journeys.card_info.table import CardInfo

_SIGNS = {PurseEntryKind.LOAD: "+", PurseEntryKind.PURCHASE: "\N{MINUS SIGN}", PurseEntryKind.OTHER: ""}
_SHOWN_OF_NUMBERS = 4


def present_card(s: CardInfo, problem: Words | None = None) -> CapturePage:
    """Ask for a card; `problem` says why the last try failed."""
    asked = "present_card" if s.takes_social_security else "place_card"
    return CapturePage(
        title=Words(f"card_info.{asked}.title"),
        body=Words(f"card_info.{asked}.body"),
        picture=Picture.PLACE_CARD,
        problem=problem,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def card_problem(problem: CardProblem) -> Words:
    """Return what the customer should know of a transit card that could not be read."""
    return Words(f"card_info.problem.{problem.value}")


def social_security_problem(problem: SocialSecurityProblem) -> Words:
    """Return what the customer should know of the card that came out of the card reader again."""
    return Words(f"card_info.social_security.problem.{problem.value}")


def reading() -> ProgressPage:
    """Say that the card is being read."""
    return one_step("card_info.reading", Picture.KEEP_CARD)


def transit_card(s: CardInfo, card: PurseCard, history: PurseHistory) -> ListPage:
    """Show what a transit card holds, and what was loaded and spent, newest first."""
    facts = [
        Fact(label=Words("fact.card"), text=card.number.masked),
        Fact(label=Words("card_info.fact.balance"), money_fen=card.balance_fen, strong=True),
    ]
    if card.usable_fen != card.balance_fen:
        facts.append(Fact(label=Words("card_info.fact.usable"), money_fen=card.usable_fen, strong=True))
    if card.expires is not None:
        facts.append(_valid_until(card.expires))
    return ListPage(
        title=Words("card_info.transit_card.title"),
        facts=tuple(facts),
        notice=_expired(s, card.expires) or _overdrawn(card),
        sections=(
            ListSection(
                title=Words("card_info.entries.title"),
                rows=tuple(_entry(each) for each in history.entries),
                empty=Words("card_info.entries.empty"),
            ),
            ListSection(
                title=Words("card_info.trips.title"),
                rows=tuple(_trip(each) for each in history.trips),
                empty=Words("card_info.trips.empty"),
            ),
        ),
        idle_s=s.service.times.idle_s,
    )


def social_security_card(s: CardInfo, card: SocialSecurityCard) -> ListPage:
    """Show a social-security card to its holder, and to nobody who looks over his shoulder: all numbers are masked."""
    facts = [Fact(label=Words("card_info.fact.social_security_number"), text=_masked(card.number))]
    withheld = card.holder if isinstance(card.holder, Withheld) else None
    if not isinstance(card.holder, Withheld):
        facts += [
            Fact(label=Words("card_info.fact.name"), text=_masked(card.holder.name, 1)),
            Fact(label=Words("card_info.fact.id_number"), text=_masked(card.holder.id_number)),
        ]
    if card.issued is not None:
        facts.append(Fact(label=Words("card_info.fact.issued"), text=f"{card.issued}"))
    if card.expires is not None:
        facts.append(_valid_until(card.expires))
    return ListPage(
        title=Words("card_info.social_security.title"),
        facts=tuple(facts),
        notice=_expired(s, card.expires) or (Words(f"card_info.withheld.{withheld.value}") if withheld else None),
        picture=Picture.TAKE_BANK_CARD,
        idle_s=s.service.times.idle_s,
    )


def _valid_until(day: date) -> Fact:
    return Fact(label=Words("card_info.fact.valid_until"), text=f"{day}")


def _expired(s: CardInfo, expires: date | None) -> Words | None:
    return Words("card_info.expired") if expires is not None and expires < s.terminal.today else None


def _overdrawn(card: PurseCard) -> Words | None:
    if card.overdraft is not None:
        return Words("card_info.overdrawn", {"used": format_amount(card.overdraft.used_fen)})
    if card.balance_fen < 0:
        return Words("card_info.overdrawn", {"used": format_amount(-card.balance_fen)})
    return None


def _entry(entry: PurseEntry) -> ListRow:
    return ListRow(
        label=Words(f"card_info.entry.{entry.kind.value}"),
        detail=_moment(datetime.combine(entry.day, entry.at)),
        value=f"{_SIGNS[entry.kind]}{format_amount(entry.amount_fen)}",
    )


def _trip(trip: PurseTrip) -> ListRow:
    paid = trip.amount_fen > 0
    return ListRow(
        label=Words("card_info.trip.paid" if paid else "card_info.trip.free"),
        detail=_moment(datetime.combine(trip.day, trip.at)),
        value=f"{_SIGNS[PurseEntryKind.PURCHASE]}{format_amount(trip.amount_fen)}" if paid else "",
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _masked(secret: PersonalText | IdNumber, shown: int = _SHOWN_OF_NUMBERS) -> str:
    text = secret.reveal()
    hidden = max(1, len(text) - shown)
    return "*" * hidden + text[hidden:]
