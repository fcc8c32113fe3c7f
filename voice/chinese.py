"""Chinese as it is written becomes Chinese as it is said: numbers, sums, dates and times in characters."""

import re
import unicodedata

from voice.numbers import AMOUNT, cardinal, digits, parts_of

_TICKET = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,3})-?(\d+)(?!\d)")
_NAMED = re.compile(r"((?:尾号|卡号|账号|热线|电话|拨打|验证码|代码)[::为是]?\s*)([\d-]+)")
_LONG = re.compile(r"(?<!\d)(?<!\d[.,])()(0\d+|\d{9,})(?!\d|[.,]\d)")
_MONEY = re.compile(rf"(?P<minus>-\s*)?(?:¥\s*(?P<before>{AMOUNT})|(?P<after>{AMOUNT})\s*元)")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=\s*年)")
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::\d{2})?(?!\d)")
_SHARE = re.compile(rf"({AMOUNT})\s*%")
# What is counted by one of these is 两, not 二; 号, 月, 日 and 楼 only give a number to something.
_COUNT = re.compile(r"(?<!\d)(?<!\d[.,])2(?=\s*(?:[个位张次笔种人天点周年万亿倍台份项步遍秒岁家件条页]|小时|分钟))")
_NUMBER = re.compile(AMOUNT)
_ANY_LEFT = re.compile(r"()(\d+)")


def written_out(text: str, one: str = "幺") -> str:
    """Return the text as it is said, without a digit; Latin letters stay.

    Labels are said digit by digit, with `one` for 1: numbers of tickets (A013), cards and telephones, and what begins
    with 0 or has more than eight digits. All else is one number: how many, or the name of a window or month.
    """

    def label(found: re.Match[str]) -> str:
        return found[1] + digits(found[2].replace("-", ""), "zh", one)

    said = unicodedata.normalize("NFKC", text)
    for pattern, read in (
        (_TICKET, label),
        (_NAMED, label),
        (_MONEY, _money),
        (_DATE, _date),
        (_YEAR, lambda found: digits(found[1], "zh")),
        (_TIME, _time),
        (_SHARE, lambda found: f"百分之{_number(found[1])}"),
        (_LONG, label),
        (_COUNT, lambda _: "两"),
        (_NUMBER, lambda found: _number(found[0])),
        (_ANY_LEFT, label),
    ):
        said = pattern.sub(read, said)
    return said


def _number(amount: str) -> str:
    whole, decimals = parts_of(amount)
    return cardinal(whole, "zh") + (f"点{digits(decimals, 'zh')}" if decimals else "")


def _money(found: re.Match[str]) -> str:
    """Return a sum: 1234.56 is 一千二百三十四元五角六分, 3.05 is 三元零五分."""
    minus = "负" if found["minus"] else ""
    amount = found["before"] or found["after"]
    whole, decimals = parts_of(amount)
    if len(decimals) > 2:
        return f"{minus}{_number(amount)}元"
    jiao, fen = int(decimals.ljust(2, "0")[0]), int(decimals.ljust(2, "0")[1])
    said = _yuan(whole) if whole or not (jiao or fen) else ""
    if jiao:
        said += f"{cardinal(jiao, 'zh')}角"
    if fen:
        said += ("零" if said and not jiao else "") + f"{cardinal(fen, 'zh')}分"
    return minus + said


def _yuan(whole: int) -> str:
    return "两元" if whole == 2 else f"{cardinal(whole, 'zh')}元"


def _date(found: re.Match[str]) -> str:
    month, day = (cardinal(int(found[place]), "zh") for place in (2, 3))
    return f"{digits(found[1], 'zh')}年{month}月{day}日"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    said = "两点" if hour == 2 else f"{cardinal(hour, 'zh')}点"
    if not minute:
        return said
    return f"{said}{'零' if minute < 10 else ''}{cardinal(minute, 'zh')}分"
