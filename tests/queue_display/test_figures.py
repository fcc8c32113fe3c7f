"""The figures of a day: waits against their targets, and what happened in which hour."""

from queue_display import acts
from queue_display.events import By
from queue_display.figures import DayFigures, Figures, HourFigures, LineFigures
from queue_display.tickets import Channel, Line
from tests.queue_display.logs import MIDNIGHT, Log
from tests.queue_display.policies import branch_policy

SIMPLE = Line("simple", "ordinary")


def watched(most: int = 20) -> tuple[Log, Figures]:
    figures = Figures(branch_policy(), most)
    log = Log(branch_policy(), lambda _, entry: figures.observe(entry))
    log.did(acts.SignIn("1", "1001"))
    return log, figures


def take(log: Log, customers: str = "ordinary", slot: float | None = None) -> None:
    log.did(acts.IssueTicket(("simple",), customers, "zh", Channel.KIOSK, slot=slot))


def test_a_wait_is_from_the_ticket_or_the_slot_to_the_first_call() -> None:
    log, figures = watched()
    take(log, "vip")
    take(log, slot=log.now + 60)
    log.now += 150
    log.did(acts.CallTicket("1", "A001"))
    log.did(acts.Transfer("1", "complex"))
    log.did(acts.CallTicket("1", "A002"))
    log.did(acts.MarkNoShow("1"))
    log.now += 300
    log.did(acts.CallTicket("1", "A001"))  # the second call is no first one
    vip, booked = figures.today.lines[Line("simple", "vip")], figures.today.lines[SIMPLE._replace(appointment=True)]
    assert (vip.called, vip.mean_s, vip.share_within_target) == (1, 150, 1)  # VIP customers: 5 minutes
    assert (booked.called, booked.longest_s, booked.share_within_target) == (1, 90, 1)  # appointments: 2 minutes


def test_of_ten_waits_one_is_longer_than_the_ninetieth_percentile() -> None:
    waits = LineFigures(target_s=250, waits=[float(each) for each in range(100, 1100, 100)])
    assert (waits.p90_s, waits.longest_s, waits.mean_s, waits.share_within_target) == (900, 1000, 550, 0.2)
    nobody = LineFigures(target_s=250)
    assert (nobody.p90_s, nobody.longest_s, nobody.mean_s, nobody.share_within_target) == (0, 0, 0, 0)


def test_who_gives_up_before_the_call_is_told_from_who_does_later() -> None:
    log, figures = watched()
    take(log)
    take(log)
    log.now += 600
    log.did(acts.Cancel("A001", By.CUSTOMER))
    log.did(acts.CallNext("1"))
    log.did(acts.MarkNoShow("1"))
    log.did(acts.Cancel("A002", By.CUSTOMER))
    line = figures.today.lines[SIMPLE]
    assert (line.taken, line.called, line.gave_up) == (2, 1, 1)
    assert figures.today.hours == {
        9: HourFigures(taken=2, called=1, within_target=0, waited_s=600, missed=1, gave_up=1)
    }


def test_what_happens_counts_for_the_hour_in_which_it_happens() -> None:
    log, figures = watched()
    take(log)
    log.now = MIDNIGHT + 10 * 3600
    log.did(acts.CallNext("1"))
    log.did(acts.Finish("1"))
    assert figures.today.hours[9] == HourFigures(taken=1)
    assert figures.today.hours[10] == HourFigures(called=1, waited_s=3600, finished=1)


def test_days_are_kept_until_there_are_too_many() -> None:
    log, figures = watched(most=2)
    take(log)
    for day in (24, 25):
        log.now += 86_400
        log.did(acts.OpenDay(f"2026-11-{day}", MIDNIGHT + (day - 23) * 86_400))
    assert [each.day for each in figures.last(5)] == ["2026-11-24", "2026-11-25"]
    assert figures.last(1) == (figures.today,)
    assert figures.today == DayFigures("2026-11-25", MIDNIGHT + 2 * 86_400)


def test_before_the_first_day_there_are_no_figures() -> None:
    assert Figures(branch_policy()).last(5) == ()
