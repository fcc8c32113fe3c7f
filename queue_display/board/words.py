"""The board's own words, in both languages at once, and how it writes times and waits."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from kiosk_core.branch_queue import Wait
from kiosk_core.texts import LocalText
from queue_display.listening.heard import ServiceNow, WaitSaid

UNKNOWN = "–"

WORDS: Mapping[str, LocalText] = {
    "title": LocalText("排队叫号", "Queue"),
    "welcome": LocalText("欢迎光临", "Welcome"),
    "watch": LocalText("请留意您的号码", "Please watch for your number"),
    "please_to": LocalText("请到", "Please go to"),
    "please_to_window": LocalText("请到窗口", "Please go to window"),
    "number": LocalText("号码", "Number"),
    "window": LocalText("窗口", "Window"),
    "service": LocalText("业务", "Service"),
    "waiting": LocalText("等候人数", "Waiting"),
    "about": LocalText("约 (分钟)", "About, min"),
    "up_to": LocalText("最多 (分钟)", "Up to, min"),
    "about_up_to": LocalText("约–最多 (分钟)", "Wait, min"),
    "offline": LocalText("叫号显示中断，请听从工作人员安排", "Calls interrupted – please ask our staff"),
    "connecting": LocalText("正在连接排队系统…", "Connecting to the queue…"),
}

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Trouble(Enum):
    """Why nothing is heard of the queue, for whoever mends it."""

    UNREACHED = LocalText("无法连接到排队系统，正在重试。", "The queue cannot be reached; trying again.")
    SILENT = LocalText("排队系统没有响应，正在重试。", "The queue does not answer; trying again.")
    TOKEN = LocalText(
        "排队系统不接受本屏的令牌，请检查选项 --token-file。",
        "The queue does not accept this screen's token: see the option --token-file.",
    )
    NO_QUEUE = LocalText(
        "该地址不是排队系统，请检查地址。", "What answers at this address is not a branch queue: check the address."
    )
    UNTRUSTED = LocalText(
        "无法验证排队系统的证书，请检查选项 --ca。", "The queue's certificate is not trusted: see the option --ca."
    )
    BUSY = LocalText("排队系统繁忙，稍后重试。", "The queue is busy; trying again soon.")


def words_for_qml() -> dict[str, str]:
    """Return the words as QML binds to them: words.title_zh, words.title_en."""
    return {
        f"{key}_{language}": text
        for key, words in WORDS.items()
        for language, text in (("zh", words.zh), ("en", words.en))
    }


def dates(moment: datetime) -> LocalText:
    """Return the day: 11月23日 周一, Mon 23 Nov."""
    return LocalText(
        f"{moment.month}月{moment.day}日 周{_WEEKDAYS_ZH[moment.weekday()]}",
        f"{_WEEKDAYS_EN[moment.weekday()]} {moment.day} {_MONTHS_EN[moment.month - 1]}",
    )


def window_word(window: str) -> str:
    """Return what follows the window's name in Chinese: 3 号窗口, but VIP 窗口."""
    return "号窗口" if window.isdecimal() else "窗口"


def longest(waits: Iterable[WaitSaid]) -> WaitSaid:
    """Return the wait of the class of customers that waits longest: it is kept to all. Unknown where one's is."""
    found = list(waits)
    if not found or any(wait.up_to_s is None for wait in found):
        return WaitSaid(None, None)
    return max(found, key=lambda wait: wait.up_to_s or 0.0)


def service_row(service: ServiceNow) -> dict[str, str]:
    """Return a service's line of the table: names, how many wait, about and up to how many minutes a newcomer does."""
    wait = longest(service.newcomer.values())
    minutes = Wait(wait.about_s, wait.up_to_s).minutes
    about, up_to = (str(minutes[0]), str(minutes[1])) if minutes else (UNKNOWN, UNKNOWN)
    return {
        "zh": service.title.zh,
        "en": service.title.en,
        "series": service.series,
        "waiting": str(service.waiting),
        "about": about,
        "up_to": up_to,
        "about_up_to": up_to if about == up_to else f"{about}–{up_to}",
    }
