"""The rules by which the last character of a number follows from the others."""

from collections.abc import Callable, Mapping

from kiosk_core.id_card_reader import check_character


def gb11643(text: str) -> str:
    """Return the check character of 17 digits (GB 11643, ISO 7064 MOD 11-2); "" for anything else."""
    return check_character(text) if len(text) == 17 and text.isascii() and text.isdigit() else ""


def luhn(text: str) -> str:
    """Return the check digit of the digits of a card number (ISO/IEC 7812-1, annex B); "" for anything else."""
    if not (text.isascii() and text.isdigit()):
        return ""
    doubled = [int(digit) * (2 - number % 2) for number, digit in enumerate(reversed(text))]
    return str(-sum(each // 10 + each % 10 for each in doubled) % 10)


def icao9303(text: str) -> str:
    """Return the check digit of 0-9, A-Z and < (ICAO Doc 9303-3, 4.9: weights 7, 3, 1); "" for anything else."""
    if any(not (each.isascii() and each.isalnum() and each == each.upper()) and each != "<" for each in text):
        return ""
    values = (0 if each == "<" else int(each, 36) for each in text)
    return str(sum(value * (7, 3, 1)[number % 3] for number, value in enumerate(values)) % 10)


CHECKS: Mapping[str, Callable[[str], str]] = {"gb11643": gb11643, "luhn": luhn, "icao9303": icao9303}
"""By their names in layouts: what gives the check character of the characters before it."""
