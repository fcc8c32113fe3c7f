"""The figures of the last days as a table for Excel, in minutes and shares."""

from collections.abc import Iterator, Mapping

from kiosk_core.texts import Language, LocalText
from queue_display.figures import DayFigures
from queue_display.live import LiveBranch
from queue_display.server.answers import CsvFile
from queue_display.server.console import by_policy
from queue_display.server.spreadsheet import csv_text, harmless

_HEADINGS = (
    LocalText("日期", "day"),
    LocalText("业务", "service"),
    LocalText("客户类别", "customers"),
    LocalText("预约", "appointment"),
    LocalText("目标（分钟）", "target (min)"),
    LocalText("取号", "tickets"),
    LocalText("叫号", "called"),
    LocalText("达标率", "within target"),
    LocalText("平均等候（分钟）", "mean wait (min)"),
    LocalText("90%等候不超过（分钟）", "90th percentile (min)"),
    LocalText("最长等候（分钟）", "longest wait (min)"),
    LocalText("叫号前放弃", "gave up before the call"),
)
_YES, _NO = LocalText("是", "yes"), LocalText("否", "no")


def csv_report(live: LiveBranch, days: int, language: Language) -> CsvFile:
    """Return a row for each line of each of the last `days`. Targets and names are those of the present policy."""
    shown = live.figures.last(days)
    rows = (row for day in shown for row in _rows(live, day, language))
    span = "_".join(dict.fromkeys(each.day for each in (*shown[:1], *shown[-1:])))
    return CsvFile(f"queue-{span}.csv", csv_text(_HEADINGS, rows, language))


def _rows(live: LiveBranch, day: DayFigures, language: Language) -> Iterator[tuple[str, ...]]:
    services = _titles({name: each.title for name, each in live.policy.service.items()}, language)
    customers = _titles({name: each.title for name, each in live.policy.customer_class.items()}, language)
    for line in by_policy(live, day.lines):
        figures = day.lines[line]
        yield (
            day.day,
            services[line.service],
            customers[line.customer_class],
            (_YES if line.appointment else _NO).in_language(language),
            f"{figures.target_s / 60:g}",
            str(figures.taken),
            str(figures.called),
            f"{figures.share_within_target:.3f}" if figures.called else "",
            *(
                f"{seconds / 60:.1f}" if figures.called else ""
                for seconds in (figures.mean_s, figures.p90_s, figures.longest_s)
            ),
            str(figures.gave_up),
        )


def _titles(titles: Mapping[str, LocalText], language: Language) -> Mapping[str, str]:
    return {name: harmless(title.in_language(language)) for name, title in titles.items()}
