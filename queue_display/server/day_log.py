"""The log of a day as a table: what happened, when, and whose token did it. It answers an auditor, or a complaint.

Only managers get it. Notes are not in it, nor any figure of a teller.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from kiosk_core.texts import Language, LocalText
from queue_display.events import (
    HOLDER,
    QUEUE,
    UNKNOWN,
    Arrived,
    BreakBegan,
    BreakEnded,
    BreakReason,
    Called,
    Cancelled,
    DayOpened,
    Entry,
    Event,
    Finished,
    Issued,
    NoShow,
    Parked,
    Recalled,
    ReEntered,
    Started,
    TellerSignedIn,
    TellerSignedOut,
    Transferred,
)
from queue_display.feed import Feed
from queue_display.keeping import NoSuchDay
from queue_display.policy import Policy
from queue_display.sentences import reason_sentence
from queue_display.server.access import Role
from queue_display.server.answers import CsvFile
from queue_display.server.asking import LogOf, Nothing
from queue_display.server.outgoing import Deed
from queue_display.server.problems import Problem
from queue_display.server.spreadsheet import csv_text, harmless
from queue_display.writer import Writer

_HEADINGS = (
    LocalText("序号", "number"),
    LocalText("时间", "time"),
    LocalText("事件", "what happened"),
    LocalText("号码", "ticket"),
    LocalText("窗口", "window"),
    LocalText("操作人", "by"),
    LocalText("说明", "details"),
)

_KINDS: Mapping[type[Event], LocalText] = {
    DayOpened: LocalText("一天开始", "the day began"),
    Issued: LocalText("取号", "ticket taken"),
    Called: LocalText("叫号", "called"),
    Recalled: LocalText("重呼", "called again"),
    Arrived: LocalText("到达窗口", "arrived"),
    Started: LocalText("开始办理", "service began"),
    Transferred: LocalText("转移", "sent on"),
    Parked: LocalText("挂起", "parked"),
    NoShow: LocalText("过号", "did not come"),
    ReEntered: LocalText("恢复排队", "waits again"),
    Finished: LocalText("办结", "service ended"),
    Cancelled: LocalText("取消", "cancelled"),
    TellerSignedIn: LocalText("窗口开放", "window opened"),
    TellerSignedOut: LocalText("窗口关闭", "window closed"),
    BreakBegan: LocalText("暂停", "break began"),
    BreakEnded: LocalText("结束暂停", "break ended"),
}

_BREAKS: Mapping[BreakReason, LocalText] = {
    BreakReason.REST: LocalText("休息", "rest"),
    BreakReason.MEAL: LocalText("用餐", "meal"),
    BreakReason.CASH: LocalText("点钞、领缴现金", "cash"),
    BreakReason.BACK_OFFICE: LocalText("后台业务", "back office"),
    BreakReason.TRAINING: LocalText("培训", "training"),
    BreakReason.FAULT: LocalText("设备故障", "fault"),
}

_PERSONS: Mapping[str, LocalText] = {
    HOLDER: LocalText("客户本人", "the customer"),
    QUEUE: LocalText("排队系统", "the queue"),
    UNKNOWN: LocalText("未知", "unknown"),
}
_ROLES: Mapping[str, LocalText] = {
    Role.CUSTOMER.value: LocalText("取号终端", "kiosk"),
    Role.TELLER.value: LocalText("柜员", "teller"),
    Role.MANAGER.value: LocalText("经理", "manager"),
}

_AT_ITS_WINDOW = Recalled | Arrived | Started | NoShow | Finished
"""What happens where the ticket was last called to."""


def day_log(feed: Feed, writer: Writer) -> Deed:
    """Return how the log of a day is asked for."""

    async def made(_: Mapping[str, str], asked: LogOf) -> CsvFile:
        async with writer.looking() as live:
            day, policy = asked.day or live.branch.day, live.policy
        try:
            entries = await feed.of_day(day)
        except NoSuchDay as none:
            raise Problem(404, "no_such_day", f"{none}.", f"日志中没有{day}这一天。") from None
        text = await asyncio.to_thread(_table, entries, policy, asked.language)
        return CsvFile(f"queue-log-{day}.csv", text)

    summary = "The log of a day as a table: what happened, and whose token did it"
    return Deed("GET", "/v1/log.csv", summary, frozenset({Role.MANAGER}), Nothing, made, CsvFile, query=LogOf)


def _table(entries: Sequence[Entry], policy: Policy, language: Language) -> str:
    return csv_text(_HEADINGS, _rows(entries, policy, language), language)


def _rows(entries: Sequence[Entry], policy: Policy, language: Language) -> Iterator[tuple[str, ...]]:
    opened = entries[0].event
    assert isinstance(opened, DayOpened)  # noqa: S101  (a day begins so)
    midnight = datetime.fromisoformat(opened.day)
    windows: dict[str, str] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, Called):
            windows[event.ticket] = event.window
        ticket = getattr(event, "ticket", "")
        window = windows[ticket] if isinstance(event, _AT_ITS_WINDOW) else getattr(event, "window", "")
        yield (
            str(entry.number),
            f"{midnight + timedelta(seconds=entry.at - opened.midnight):%Y-%m-%d %H:%M:%S}",
            _KINDS[type(event)].in_language(language),
            ticket,
            harmless(window),
            harmless(_by(entry.author, language)),
            harmless(_details(event, policy, language)),
        )


def _by(author: str, language: Language) -> str:
    if author in _PERSONS:
        return _PERSONS[author].in_language(language)
    role, _, name = author.partition("/")
    return f"{_ROLES[role].in_language(language) if role in _ROLES else role} {name}"


def _details(event: Event, policy: Policy, language: Language) -> str:
    match event:
        case Issued(services=services):
            return ", ".join(_title(service, policy, language) for service in services)
        case Transferred(service=service):
            return _title(service, policy, language)
        case Called(reason=reason):
            return reason_sentence(reason, policy.rule, language)
        case TellerSignedIn(teller=teller):
            return teller
        case BreakBegan(reason=reason):
            return _BREAKS[reason].in_language(language)
        case _:
            return ""


def _title(service: str, policy: Policy, language: Language) -> str:
    known = policy.service.get(service)
    return known.title.in_language(language) if known else service
