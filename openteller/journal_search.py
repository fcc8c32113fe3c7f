"""The options that say which transactions `openteller journal` shows or exports, and the search that they ask for."""

from datetime import datetime, time, timedelta
from typing import Annotated

import typer

from journal.reading import Search
from kiosk_core.ledger import LedgerState
from openteller.console import stop

_MASKED_LENGTHS = range(12, 21)

OpenOption = Annotated[bool, typer.Option("--open", help="Only what is not settled yet.")]
DateOption = Annotated[str | None, typer.Option("--date", metavar="DAY", help="Begun on this day, 2026-11-22.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help="Begun then or later: a day, or 2026-11-22T10:15.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="WHEN", help="Begun by then: that day, or that minute, included.")
]
StatesOption = Annotated[
    list[LedgerState] | None, typer.Option("--state", metavar="STATE", case_sensitive=False, help="Stands there now.")
]
CardOption = Annotated[str, typer.Option("--card", metavar="CARD", help="Last four digits, or the masked number.")]
ServiceOption = Annotated[str, typer.Option("--service", metavar="ID", help="Of this service.")]


def search_of(
    *,
    only_open: bool,
    date: str | None,
    begun_from: str | None,
    begun_to: str | None,
    states: list[LedgerState] | None,
    card: str,
    service: str,
    limit: int,
) -> Search:
    """Return what the options ask for; a mistake in one ends the program."""
    if date is not None and (begun_from is not None or begun_to is not None):
        stop("--date is a whole day: it goes with neither --from nor --to")
    starts, ends = (date, date) if date is not None else (begun_from, begun_to)
    first = _moment(starts, "--date" if date is not None else "--from")[0] if starts is not None else None
    behind = _moment(ends, "--date" if date is not None else "--to")[1] if ends is not None else None
    if first is not None and behind is not None and first >= behind:
        stop(f"--from {begun_from} lies behind --to {begun_to}")
    last_four = len(card) == 4 and card.isascii() and card.isdigit()
    if card and not last_four and not ("*" in card and len(card) in _MASKED_LENGTHS):
        stop("--card: give the card's last four digits, or its number masked as the journal shows it")
    return Search(
        begun_from=first,
        begun_before=behind,
        states=frozenset(states) if states else None,
        only_open=only_open,
        card=card or None,
        service=service or None,
        limit=limit,
    )


def _moment(text: str, option: str) -> tuple[datetime, datetime]:
    """Return the first moment of a day or minute, and the first behind it, in this machine's time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        stop(f'{option}: "{text}" is neither a day such as 2026-11-22 nor a time such as 2026-11-22T10:15')
    whole_day = moment.time() == time() and "T" not in text and ":" not in text
    behind = timedelta(days=1) if whole_day else timedelta(minutes=1)
    try:
        return moment.astimezone(), (moment + behind).astimezone()
    except (ValueError, OverflowError):  # about the first and the last day of the calendar
        stop(f'{option}: "{text}" is no time of a journal')
