"""What the board shows and when: calls, flashing, speech, waits, the branch's time, silence, notices."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from kiosk_core.speech import Chime, Utterance
from queue_display.announcer import Announcements, Announcer, call_sentence
from queue_display.board.notices import SHOWN_S
from queue_display.board.view_model import FLASH_S, IDLE_S, SERVICES_AT_ONCE
from queue_display.board.words import UNKNOWN, Trouble
from queue_display.listening.heard import Alive, Happened
from tests.clocks import SetClock
from tests.queue_display.board.samples import CALLS, NOW, OPENED, SERVICES, Rig, board, called

pytestmark = pytest.mark.usefixtures("qapp")


@dataclass
class Loudspeaker:
    """A speaker that keeps what it was to say, and is never busy."""

    said: list[str] = field(default_factory=list)

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        self.said += [each.text for each in utterances if isinstance(each, Utterance) and each.language == "zh"]

    def is_speaking(self) -> bool:
        return False

    def hush(self) -> None:
        self.said = []

    def close(self) -> None:
        pass


def rows(rig: Rig) -> list[tuple[str, str]]:
    return [(row.ticket, row.window) for row in rig.model.rows if row.there]


def test_the_newest_call_is_large_and_the_others_follow() -> None:
    rig = Rig()
    rig.model.begin(board())
    assert (rig.model.newest.ticket, rig.model.newest.window) == CALLS[0]
    assert rows(rig) == list(CALLS[1:])
    rig.model.hear(called(101, "A032", "2"))
    assert (rig.model.newest.ticket, rig.model.newest.window, rig.model.newest.window_word) == ("A032", "2", "号窗口")
    assert rows(rig) == list(CALLS)


def test_a_new_call_flashes_for_a_while_and_so_do_two_at_once() -> None:
    rig = Rig()
    rig.model.begin(board())
    assert not rig.model.newest.lit
    rig.model.hear(called(101, "A032", "2", NOW))
    assert rig.model.newest.lit
    rig.pass_time(0.2)
    rig.model.hear(called(102, "B013", "5", NOW))
    first = rig.model.rows[0]
    seen = set()
    for _ in range(40):
        rig.pass_time(0.1)
        seen.add((rig.model.newest.lit, first.lit))
    assert seen == {(True, True), (False, False)}
    rig.pass_time(FLASH_S)
    assert not rig.model.newest.lit
    assert not first.lit
    rig.pass_time(1)
    assert not rig.model.newest.lit


def test_a_recall_flashes_again() -> None:
    rig = Rig()
    rig.model.begin(board())
    rig.model.hear(Happened(101, NOW, "Recalled", "A029"))
    assert rig.model.newest.ticket == "A029"
    assert rig.model.newest.lit


def test_calls_are_spoken_as_they_come_and_old_ones_never() -> None:
    clock, loudspeaker = SetClock(OPENED), Loudspeaker()
    rig = Rig(announcer=Announcer(loudspeaker, clock, Announcements(times=1)))
    rig.model.begin(board())
    assert loudspeaker.said == []
    rig.model.hear(called(101, "A032", "2"))
    assert loudspeaker.said == [call_sentence("A032", "2", "zh")]
    # Away for long: two calls were missed, one of them a moment ago.
    rig.model.begin(board((("A034", "4"), ("A033", "1"), ("A032", "2")), entry=110, ago_s=5))
    assert loudspeaker.said[1:] == [call_sentence("A034", "4", "zh")]
    assert (rig.model.newest.ticket, rows(rig)[0]) == ("A034", ("A033", "1"))
    assert rig.model.newest.lit
    assert not rig.model.rows[0].lit


def test_a_call_is_repeated_as_time_passes() -> None:
    rig, loudspeaker = Rig(), Loudspeaker()
    rig.model._announcer = Announcer(loudspeaker, rig.clock, Announcements(times=2, pause_s=3))
    rig.model.begin(board(ago_s=0))
    rig.pass_time(5)
    assert loudspeaker.said == [call_sentence("A031", "3", "zh")] * 2


def test_while_it_is_offline_the_lobby_is_told_so_and_waits_are_not_guessed() -> None:
    rig = Rig()
    rig.model.begin(board())
    rig.model.lose(Trouble.UNREACHED)
    assert not rig.model.offline  # it may be back before anything is old
    rig.model.go_offline()
    rig.pass_time(60, alive=False)
    assert rig.model.offline
    assert {service["up_to"] for service in rig.model.services} == {UNKNOWN}
    rig.model.begin(board((("A050", "1"),), entry=150))
    assert not rig.model.offline
    assert rig.model.newest.ticket == "A050"
    assert rig.model.services[0]["up_to"] == "13"


def test_before_the_first_word_it_says_what_is_wrong() -> None:
    rig = Rig()
    assert rig.model.connecting
    rig.model.lose(Trouble.TOKEN)
    assert "令牌" in rig.model.trouble_zh
    assert "token" in rig.model.trouble_en
    rig.pass_time(20, alive=False)
    assert not rig.model.offline
    rig.model.begin(board(calls=()))
    assert not rig.model.connecting
    assert not rig.model.newest.there
    assert rig.model.trouble_en == ""


def test_the_time_is_the_branchs() -> None:
    rig = Rig()
    assert rig.model.time == ""
    rig.model.begin(board())
    assert (rig.model.time, rig.model.date_zh, rig.model.date_en) == ("09:41", "11月23日 周一", "Mon 23 Nov")
    rig.model.hear(Alive(100, NOW + 120))  # a day that runs sixty times as fast, in two seconds
    assert rig.model.time == "09:43"


def test_more_services_than_fit_take_turns() -> None:
    rig = Rig()
    many = tuple(replace(SERVICES[0], service=str(n), waiting=n) for n in range(SERVICES_AT_ONCE + 1))
    rig.model.begin(board(services=many))
    seen, pages = set(), set()
    for _ in range(20):
        rig.pass_time(1)
        seen.add(tuple(service["waiting"] for service in rig.model.services))
        pages.add(rig.model.services_page)
    assert seen == {("0", "1"), ("2", "3")}  # and not three, then one: the board would change its shape with each page
    assert pages == {"1/2", "2/2"}
    rig.model.take(board())
    assert rig.model.services_page == ""
    rig.model.take(board(services=()))
    assert rig.model.services == []


def test_a_notice_takes_the_place_of_the_last_call_and_gives_it_back(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("营业时间\n9:00–17:00", encoding="utf-8")
    (tmp_path / "2.txt").write_text("second", encoding="utf-8")
    rig = Rig(tmp_path)
    rig.model.begin(board(ago_s=0))
    rig.pass_time(IDLE_S - 1)
    assert rig.model.notice_headline == ""
    rig.pass_time(2)
    assert (rig.model.notice_headline, rig.model.notice_text) == ("营业时间", "9:00–17:00")
    assert rows(rig)[0] == CALLS[0]  # the last call has its line while its place is taken
    rig.pass_time(SHOWN_S)
    assert rig.model.notice_headline == "second"
    rig.model.skip_notice()
    assert rig.model.notice_headline == "营业时间"
    rig.model.hear(called(101, "A032", "2", NOW + 100))
    assert rig.model.notice_headline == ""
    assert rig.model.newest.ticket == "A032"
    assert rows(rig)[0] == CALLS[0]


def test_a_board_that_is_started_anew_knows_how_long_nobody_was_called(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("notice", encoding="utf-8")
    rig = Rig(tmp_path)
    rig.model.begin(board(ago_s=IDLE_S / 2))
    assert rig.model.notice_headline == ""
    rig.pass_time(IDLE_S / 2 + 1)
    assert rig.model.notice_headline == "notice"


def test_without_notices_the_last_call_stays() -> None:
    rig = Rig()
    rig.model.begin(board())
    rig.pass_time(IDLE_S + 1, step=1)
    assert (rig.model.notice_headline, rig.model.notice_picture, rows(rig)[0]) == ("", "", CALLS[1])
