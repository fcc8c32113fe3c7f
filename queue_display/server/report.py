"""What a manager sees: the load now, the day's waits against their targets, and whether promises were kept.

No figure is of a person: tellers do different services, and who is measured by the minute sends customers away.
"""

from collections.abc import Mapping

from queue_display.branch import Window
from queue_display.calibration import Promises
from queue_display.figures import HourFigures, LineFigures
from queue_display.live import LiveBranch
from queue_display.server.answers import HourReport, LineNow, LineReport, PromisesReport, Report, WindowLoad
from queue_display.server.console import by_policy, lines_now
from queue_display.server.showing import in_order, services_now, status
from queue_display.tickets import Line, TicketState


def report(live: LiveBranch) -> Report:
    """Return the day so far."""
    windows, today = live.branch.windows, live.figures.today
    return Report(
        at=live.now,
        now=status(live),
        windows=tuple(_window_load(live, windows[name]) for name in in_order(windows)),
        services=services_now(live),
        lines=_lines(live),
        hours=tuple(_hour(hour, figures) for hour, figures in sorted(today.hours.items())),
        promises=_promises(sum(live.calibration.promises.values(), Promises())),
    )


def _window_load(live: LiveBranch, window: Window) -> WindowLoad:
    if window.pause is not None and window.pause_since is not None:
        return WindowLoad(window.name, "paused", window.pause_since, "", window.pause)
    if not window.ticket:
        return WindowLoad(window.name, "free", window.free_since, "", None)
    ticket = live.branch.tickets[window.ticket]
    since = ticket.started_at if ticket.state is TicketState.SERVING else ticket.called_at
    return WindowLoad(window.name, ticket.state.value, since or window.free_since, ticket.number, None)


def _lines(live: LiveBranch) -> tuple[LineReport, ...]:
    """Return the lines for which tickets were taken today or promises made, by what they were taken for.

    Whoever was transferred waits in another line than that of the ticket: so there are lines with nobody called.
    """
    figures, promises = live.figures.today.lines, live.calibration.promises
    waiting: dict[Line, list[LineNow]] = {}
    for each in lines_now(live):
        waiting.setdefault(Line(each.service, each.customer_class, each.appointment), []).append(each)
    return tuple(
        _line(live, line, figures, waiting.get(line, []), promises.get(line, Promises()))
        for line in by_policy(live, figures.keys() | promises.keys() | waiting.keys())
    )


def _line(
    live: LiveBranch, line: Line, figures: Mapping[Line, LineFigures], waiting: list[LineNow], promises: Promises
) -> LineReport:
    target_s = live.policy.terms[line].target_s
    today = figures.get(line) or LineFigures(target_s)
    return LineReport(
        service=line.service,
        customer_class=line.customer_class,
        appointment=line.appointment,
        target_s=target_s,
        waiting=sum(each.waiting for each in waiting),
        over_target=sum(each.over_target for each in waiting),
        longest_waiting_s=max((each.longest_s for each in waiting), default=0.0),
        taken=today.taken,
        called=today.called,
        gave_up=today.gave_up,
        within_target=today.share_within_target,
        mean_s=today.mean_s,
        p90_s=today.p90_s,
        longest_s=today.longest_s,
        promises=_promises(promises),
    )


def _promises(promises: Promises) -> PromisesReport:
    return PromisesReport(
        due=promises.due,
        kept=promises.share_kept,
        bias_s=promises.bias_s,
        rms_error_s=promises.rms_error_s,
        at_once=promises.at_once,
        at_once_kept=promises.share_kept_at_once,
    )


def _hour(hour: int, figures: HourFigures) -> HourReport:
    called = figures.called or 1
    return HourReport(
        hour=hour,
        taken=figures.taken,
        called=figures.called,
        within_target=figures.within_target / called,
        mean_s=figures.waited_s / called,
        finished=figures.finished,
        missed=figures.missed,
        gave_up=figures.gave_up,
    )
