"""What a field of any document may say, as its layout tells: dates, codes, and what follows from them."""

import re
from functools import cache

from kiosk_core.id_document import LONG_TERM
from ocr.checks import CHECKS, gb11643
from ocr.id_card import day
from ocr.layout import Checked, Field, Layout, Tells
from ocr.regions import known

_PARTS = {"YYYY": r"(?P<year>\d{4})", "YY": r"(?P<short>\d\d)", "MM": r"(?P<month>\d\d)", "DD": r"(?P<day>\d\d)",
          "M": r"(?P<month>\d{1,2})", "D": r"(?P<day>\d{1,2})"}  # fmt: skip
_TOKEN = re.compile("YYYY|YY|MM|DD|M|D|.")
_DIGITS = "0123456789"


@cache
def _date_pattern(form: str) -> re.Pattern[str]:
    """Return what matches a date; points and the like between its digits may be missed."""
    return re.compile("".join(_PARTS.get(token, f"(?:{re.escape(token)})?") for token in _TOKEN.findall(form)))


def date_of(text: str, form: str, pivot: int = 50) -> str:
    """Return YYYY-MM-DD, or YYYY-MM where a form has no days, of a date in this form; "" for one that is none.

    `pivot`: years of two digits below it are of 20..
    """
    found = _date_pattern(form).fullmatch(text)
    if found is None:
        return ""
    parts = found.groupdict()
    year = parts.get("year") or f"{20 if int(parts['short']) < pivot else 19}{parts['short']}"
    written = f"{year}-{int(parts['month']):02}"
    whole = f"{written}-{int(parts['day']):02}" if parts.get("day") else written
    return whole if day(whole if parts.get("day") else f"{written}-01") else ""


def period_of(text: str, form: str) -> tuple[str, str]:
    """Return the first and the last day of two dates of this form, - between; the last may be 长期; "" for none."""
    for split in (match.start() for match in re.finditer("-", text)):
        begins, until = date_of(text[:split], form), text[split + 1 :]
        if begins:
            last = LONG_TERM if until == LONG_TERM else date_of(until, form)
            return begins, last if last == LONG_TERM or last > begins else ""
    return "", ""


def alphabet(field: Field) -> str:
    """Return the characters that may occur in a field; "" for any."""
    match field.kind:
        case "date" | "period":
            marks = "".join(dict.fromkeys(token for token in _TOKEN.findall(field.format) if token not in _PARTS))
            return _DIGITS + marks + ("" if field.kind == "date" else "".join(dict.fromkeys(f"-{LONG_TERM}")))
        case _:
            return field.alphabet


def in_order(text: str, field: Field, layout: Layout) -> bool:
    """Return whether a field may say this: its date, pattern and check, and the rules of the layout that check it."""
    match field.kind:
        case "date":
            well = bool(date_of(text, field.format))
        case "period":
            well = all(period_of(text, field.format))
        case "id_number":
            well = known(text[:6]) and bool(date_of(text[6:14], "YYYYMMDD")) and gb11643(text[:17]) == text[17:]
        case _:
            well = bool(text)
    if field.pattern:
        well = well and re.fullmatch(field.pattern, text) is not None
    if field.check:
        well = well and CHECKS[field.check](text[:-1]) == text[-1:]
    return well and all(_checks(text, rule) for rule in checked(field, layout))


def checked(field: Field, layout: Layout) -> list[Checked]:
    """Return the rules that check parts of a field."""
    return [rule for rule in layout.rules if isinstance(rule, Checked) and rule.of == field.name]


def meant(text: str, field: Field) -> dict[str, str]:
    """Return the field or fields that a text of a field stands for, dates as YYYY-MM-DD."""
    if field.kind == "period":
        return dict(zip(("valid_from", "valid_until"), period_of(text, field.format), strict=True))
    if field.kind == "date":
        return {field.name: date_of(text, field.format)}
    found = re.fullmatch(field.pattern, text) if field.pattern else None
    return {field.name: found[1] if found is not None and found.lastindex else text}


def _checks(text: str, rule: Checked) -> bool:
    covered = "".join(text[first - 1 : last] for first, last in rule.spans)
    found = text[rule.digit - 1 : rule.digit]
    return found == CHECKS[rule.by](covered) or (found == "<" and not covered.strip("<"))


def covered(rule: Tells, layout: Layout) -> bool:
    """Return whether a check proves the characters of a field that tell something."""
    field = next(each for each in layout.fields if each.name == rule.of)
    spans = [span for each in checked(field, layout) for span in each.spans]
    first, last = rule.span
    return bool(field.check) or any(begin <= first and last <= end for begin, end in spans)


def told(text: str, rule: Tells) -> str:
    """Return what the characters of a field say; "" where they say nothing that makes sense."""
    part = text[rule.span[0] - 1 : rule.span[1]]
    match rule.reading:
        case "date":
            return date_of(part, rule.format, rule.pivot)
        case "map":
            return dict(rule.texts).get(part, "")
        case "sex":
            return ("男" if int(part) % 2 else "女") if part.isdigit() else ""
        case "surname" | "given_names":
            surname, _, given = part.partition("<<")
            return " ".join((surname if rule.reading == "surname" else given).replace("<", " ").split())
        case _:
            return part.rstrip("<")
