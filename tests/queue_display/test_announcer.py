"""Calls as they are spoken: their order, their repeats, and when nothing is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.services import SettingError
from kiosk_core.speech import Chime, Speaker, Utterance
from queue_display.announcer import Announcements, Announcer, QuietHours, call_sentence
from tests.clocks import SetClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK_S = 0.25
SENTENCE_S = 4.0


class TimedSpeaker:
    """A speaker whose every announcement takes SENTENCE_S of the test's time."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._until = 0.0
        self.said: list[tuple[datetime, tuple[Utterance | Chime, ...]]] = []
        self.hushed = 0

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        assert not self.is_speaking(), "two announcements at once"
        self._until = self._clock.now() + SENTENCE_S
        self.said.append((self._clock.wall(), tuple(utterances)))

    def is_speaking(self) -> bool:
        return self._clock.now() < self._until

    def hush(self) -> None:
        self.hushed += 1
        self._until = 0.0

    def close(self) -> None:
        self.hush()


@dataclass
class Hall:
    """An announcer, its speaker and their time."""

    clock: SetClock
    speaker: TimedSpeaker
    announcer: Announcer

    def let_pass(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.clock.sleep(TICK_S)
            self.announcer.let_time_pass()

    @property
    def texts(self) -> list[str]:
        """What was said in the first language of each announcement."""
        return [next(each.text for each in said if isinstance(each, Utterance)) for _, said in self.speaker.said]


def hall(settings: Announcements | None = None, at: datetime = NOON) -> Hall:
    clock = SetClock(at)
    speaker: TimedSpeaker = TimedSpeaker(clock)
    port: Speaker = speaker
    return Hall(clock, speaker, Announcer(port, clock, settings or Announcements()))


def sentence(number: str, window: str) -> str:
    return call_sentence(number, window, "zh")


def test_a_call_is_a_gong_and_a_sentence_in_chinese_and_english() -> None:
    lobby = hall()
    lobby.announcer.called("A013", "3")
    assert lobby.speaker.said == [
        (
            NOON,
            (
                Chime(),
                Utterance("zh", "请A013号，到3号窗口办理。"),
                Utterance("en", "Ticket A013, please go to window 3."),
            ),
        )
    ]


def test_a_call_is_repeated_once_after_a_pause_and_then_no_more() -> None:
    lobby = hall()
    lobby.announcer.called("A013", "3")
    lobby.let_pass(60)
    first, second = (at for at, _ in lobby.speaker.said)
    assert (second - first).total_seconds() == pytest.approx(SENTENCE_S + 3, abs=2 * TICK_S)


def test_a_repeat_is_dropped_where_another_call_waits() -> None:
    lobby = hall()
    lobby.announcer.called("A013", "3")
    lobby.let_pass(2)
    lobby.announcer.called("A014", "4")
    lobby.let_pass(60)
    assert lobby.texts == [sentence("A013", "3"), sentence("A014", "4"), sentence("A014", "4")]


def test_calls_are_said_in_the_order_in_which_they_were_made() -> None:
    lobby = hall(Announcements(times=1))
    for place in range(5):
        lobby.announcer.called(f"A00{place}", str(place + 1))
    lobby.let_pass(60)
    assert lobby.texts == [sentence(f"A00{place}", str(place + 1)) for place in range(5)]


def test_a_call_that_waited_too_long_is_not_said_any_more() -> None:
    lobby = hall(Announcements(times=1, too_late_s=10))
    for place in range(6):
        lobby.announcer.called(f"A00{place}", "1")
    lobby.let_pass(120)
    assert lobby.texts == [sentence(f"A00{place}", "1") for place in range(3)]


def test_a_ticket_that_is_called_again_while_its_call_waits_is_said_once_and_to_the_new_window() -> None:
    lobby = hall(Announcements(times=1))
    lobby.announcer.called("A001", "1")
    lobby.announcer.called("A002", "2")
    lobby.announcer.called("A003", "3")
    lobby.announcer.called("A002", "5")
    lobby.let_pass(60)
    assert lobby.texts == [sentence("A001", "1"), sentence("A002", "5"), sentence("A003", "3")]


def test_a_ticket_that_is_called_again_after_its_call_is_said_again() -> None:
    lobby = hall(Announcements(times=1))
    lobby.announcer.called("A001", "1")
    lobby.let_pass(20)
    lobby.announcer.called("A001", "1")
    assert lobby.texts == [sentence("A001", "1")] * 2


def test_a_branch_may_do_with_one_language_and_no_gong() -> None:
    lobby = hall(Announcements(languages=("zh",), chime=False))
    lobby.announcer.called("A001", "1")
    assert [said for _, said in lobby.speaker.said] == [(Utterance("zh", sentence("A001", "1")),)]


def test_a_window_with_a_name_is_called_by_it() -> None:
    assert call_sentence("A013", "贵宾室", "zh") == "请A013号，到贵宾室办理。"


QUIET = QuietHours(time(22), time(7))
NOON_REST = QuietHours(time(12), time(13, 30))


@pytest.mark.parametrize(
    ("hours", "moment", "quiet"),
    [
        (NOON_REST, time(11, 59), False),
        (NOON_REST, time(12), True),
        (NOON_REST, time(13, 29, 59), True),
        (NOON_REST, time(13, 30), False),
        (QUIET, time(21, 59), False),
        (QUIET, time(22), True),
        (QUIET, time(0), True),
        (QUIET, time(6, 59, 59), True),
        (QUIET, time(7), False),
    ],
)
def test_quiet_hours_begin_and_end_also_over_midnight(hours: QuietHours, moment: time, quiet: bool) -> None:
    assert hours.hold_at(moment) is quiet


def test_quiet_hours_that_end_when_they_begin_are_refused() -> None:
    with pytest.raises(SettingError, match="another time than begin"):
        QuietHours(time(12), time(12))


def test_what_is_being_said_when_quiet_hours_begin_is_cut_off_and_not_said_after_them() -> None:
    lobby = hall(Announcements(quiet=(QUIET,)), at=NOON.replace(hour=21, minute=59, second=58))
    lobby.announcer.called("A001", "1")
    lobby.announcer.called("A002", "2")
    lobby.let_pass(3)
    assert lobby.speaker.hushed == 1
    lobby.clock.sleep(10 * 3600)
    lobby.let_pass(60)
    assert lobby.texts == [sentence("A001", "1")]


def test_a_call_in_quiet_hours_is_not_made_up_for_after_them_though_it_is_still_fresh() -> None:
    moment = QuietHours(time(12, 0, 10), time(12, 0, 20))
    lobby = hall(Announcements(quiet=(moment,)))
    lobby.announcer.called("A001", "1")
    lobby.let_pass(11)
    lobby.announcer.called("A002", "2")
    lobby.let_pass(60)
    assert sentence("A002", "2") not in lobby.texts


def test_in_hours_that_are_only_hushed_everything_is_said_at_their_volume() -> None:
    rest = QuietHours(time(11, 30), time(14), volume=0.3)
    lobby = hall(Announcements(volume=0.8, quiet=(rest,)))
    lobby.announcer.called("A001", "1")
    assert {each.volume for _, said in lobby.speaker.said for each in said} == {0.3}


CALLS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 9)), max_size=20)


@given(calls=CALLS, times=st.integers(1, 3), too_late_s=st.sampled_from([5.0, 30.0, 600.0]))
def test_no_call_is_lost_unless_it_is_too_late_and_none_goes_before_another(
    calls: list[tuple[int, int]], times: int, too_late_s: float
) -> None:
    lobby = hall(Announcements(times=times, too_late_s=too_late_s))
    made: dict[str, float] = {}
    for order, (wait_ticks, window) in enumerate(calls):
        lobby.let_pass(wait_ticks * TICK_S)
        made[sentence(f"A{order:03d}", str(window))] = lobby.clock.now()
        lobby.announcer.called(f"A{order:03d}", str(window))
    lobby.let_pass(SENTENCE_S * (len(calls) + times) + 60)

    first: dict[str, float] = {}
    for at, text in zip((at for at, _ in lobby.speaker.said), lobby.texts, strict=True):
        first.setdefault(text, (at - NOON).total_seconds())
    assert list(first) == [text for text in made if text in first]
    assert all(at - made[text] <= too_late_s for text, at in first.items())
    assert max([lobby.texts.count(text) for text in made], default=0) <= times
    # Who is missing would have had to wait longer than he was worth: the calls before him took all of his time.
    for text in made.keys() - first.keys():
        said_meanwhile = [at for at in first.values() if made[text] - SENTENCE_S <= at <= made[text] + too_late_s]
        assert len(said_meanwhile) >= too_late_s // (SENTENCE_S + TICK_S)


@given(calls=CALLS, begin=st.times(), length=st.timedeltas(timedelta(seconds=30), timedelta(hours=23)))
def test_nothing_is_said_in_quiet_hours(calls: list[tuple[int, int]], begin: time, length: timedelta) -> None:
    end = (datetime.combine(NOON, begin) + length).time()
    quiet = QuietHours(begin, end)
    start = datetime.combine(NOON, begin, UTC) - timedelta(seconds=30)
    lobby = hall(Announcements(quiet=(quiet,)), at=start)
    for order, (wait_ticks, window) in enumerate(calls):
        lobby.let_pass(wait_ticks * TICK_S)
        lobby.announcer.called(f"A{order:03d}", str(window))
        assert not (quiet.hold_at(lobby.clock.wall().time()) and lobby.speaker.is_speaking())
    assert not [at for at, _ in lobby.speaker.said if quiet.hold_at(at.time())]
