"""English as it is written becomes English as it is said: numbers, sums, dates and times in words."""

import re
import unicodedata

from voice.numbers import AMOUNT, cardinal, digits, parts_of

_TICKET = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,3})-?(\d+)(?!\d)")
_LONE_A = re.compile(r"\bA(?=\s*(?:[.,;:!?]|$))")
_LONG = re.compile(r"(?<!\d)(?<!\d[.,])(0\d+|\d{9,})(?!\d|[.,]\d)")
_MONEY = re.compile(
    rf"(?P<minus>-\s*)?(?:(?:¥|(?<!\w)(?:CNY|RMB))\s*(?P<before>{AMOUNT})|(?P<after>{AMOUNT})\s*(?:yuan|CNY|RMB)\b)"
)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::\d{2})?(?!\d)")
_SHARE = re.compile(rf"({AMOUNT})\s*%")
_NUMBER = re.compile(AMOUNT)
_CHINESE = re.compile(r"[㐀-鿿]+")
_LINE_END = re.compile(r"(?<=\w)\s*\n")
_ANY_LEFT = re.compile(r"(\d+)")

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def written_out(text: str) -> str:
    """Return the text as it is said, without a digit; Chinese in it is left out.

    Labels are said digit by digit, their letters apart: numbers of tickets (A013), and what begins with 0 or has more
    than eight digits. All else is one number.
    """

    def label(found: re.Match[str]) -> str:
        return digits(found[1], "en")

    said = unicodedata.normalize("NFKC", text)
    for pattern, read in (
        (_LINE_END, lambda _: ".\n"),
        (_CHINESE, lambda _: " "),
        (_TICKET, lambda found: f"{_spelt(found[1])} {digits(found[2], 'en')}"),
        (_LONE_A, lambda found: _spelt(found[0])),
        (_MONEY, _money),
        (_DATE, _date),
        (_TIME, _time),
        (_SHARE, lambda found: f"{_number(found[1])} percent"),
        (_LONG, label),
        (_NUMBER, lambda found: _number(found[0])),
        (_ANY_LEFT, label),
    ):
        said = pattern.sub(read, said)
    return said


def _spelt(letters: str) -> str:
    # A voice takes a lone A for the article, and says "uh".
    return " ".join("eigh" if letter == "A" else letter for letter in letters)


def _number(amount: str) -> str:
    whole, decimals = parts_of(amount)
    return cardinal(whole, "en") + (f" point {digits(decimals, 'en')}" if decimals else "")


def _money(found: re.Match[str]) -> str:
    minus = "minus " if found["minus"] else ""
    amount = found["before"] or found["after"]
    return f"{minus}{_number(amount.removesuffix('.00'))} yuan"


def _date(found: re.Match[str]) -> str:
    month = int(found[2])
    if not 1 <= month <= len(_MONTHS):
        return " ".join(digits(part, "en") for part in found.groups())
    day, year = (cardinal(int(found[place]), "en") for place in (3, 1))
    return f"{day} {_MONTHS[month - 1]} {year}"


def _time(found: re.Match[str]) -> str:
    hour, minute = cardinal(int(found[1]), "en"), int(found[2])
    if not minute:
        return f"{hour} o'clock"
    return f"{hour} {'oh ' if minute < 10 else ''}{cardinal(minute, 'en')}"
