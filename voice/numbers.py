"""Numbers in words, Chinese and English: cardinals and digit by digit."""

import re

from kiosk_core.texts import Language

LARGEST = 10**12 - 1
"""The largest cardinal that has words here."""

AMOUNT = r"(?<!\d)(?<!\d[.,])(?:\d{1,3}(?:,\d{3}){1,3}|\d{1,12})(?:\.\d+)?(?![\d]|,\d)"
"""The pattern of a number that `parts_of` takes: 1234, 1,234.56."""

_CHINESE = "零一二三四五六七八九"
_CHINESE_GROUPS = ("", "万", "亿")

_ENGLISH = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ENGLISH_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH_GROUPS = ("", " thousand", " million", " billion")


def digits(number: str, language: Language, one: str = "一") -> str:
    """Return a number digit by digit; `one` is what 1 is called in Chinese."""
    if language == "en":
        return " ".join(_ENGLISH[int(each)] for each in number)
    return "".join(one if each == "1" else _CHINESE[int(each)] for each in number)


def cardinal(number: int, language: Language) -> str:
    """Return how many: 1234 is 一千二百三十四, one thousand two hundred and thirty-four; 0 to LARGEST."""
    return _chinese(number) if language == "zh" else _english(number)


def parts_of(amount: str) -> tuple[int, str]:
    """Return what is before the point and the digits behind it."""
    whole, _, decimals = amount.replace(",", "").partition(".")
    return int(whole), decimals


def _chinese(number: int) -> str:
    groups = _groups(number, 10_000)
    said = "".join((_chinese_group(group) + _CHINESE_GROUPS[place] if group else "零") for place, group in groups)
    said = re.sub("零+", "零", said).strip("零") or "零"
    # A number begins with 十二, not 一十二, and with 两千, not 二千 (but 二十, 二百).
    return re.sub("^二(?=[千万亿])", "两", re.sub("^一十", "十", said))


def _chinese_group(group: int) -> str:
    """Return up to four digits in words; places that are empty are one 零, and none at the end."""
    said = "".join(_CHINESE[int(digit)] + unit for digit, unit in zip(f"{group:04d}", "千百十 ", strict=True))
    return re.sub("零+", "零", re.sub("零[千百十 ]", "零", said)).rstrip("零 ")


def _english(number: int) -> str:
    if number == 0:
        return _ENGLISH[0]
    said = ""
    for place, group in _groups(number, 1000):
        if group:
            # Below a hundred the last group is joined by "and": two thousand and five.
            said += (" and " if place == 0 and group < 100 else " ") if said else ""
            said += _english_group(group) + _ENGLISH_GROUPS[place]
    return said


def _english_group(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    said = f"{_ENGLISH[hundreds]} hundred" if hundreds else ""
    if rest:
        said += " and " if hundreds else ""
        tens, ones = divmod(rest, 10)
        if rest < 20:
            said += _ENGLISH[rest]
        else:
            said += _ENGLISH_TENS[tens] + (f"-{_ENGLISH[ones]}" if ones else "")
    return said


def _groups(number: int, size: int) -> list[tuple[int, int]]:
    """Return the groups of digits, each with its place from the right, the highest first."""
    groups: list[tuple[int, int]] = []
    while number:
        number, group = divmod(number, size)
        groups.append((len(groups), group))
    return groups[::-1]
