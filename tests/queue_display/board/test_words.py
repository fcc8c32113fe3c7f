"""How times, windows and waits are written."""

from datetime import datetime

import pytest

from kiosk_core.texts import LocalText
from queue_display.board.words import UNKNOWN, WORDS, Trouble, dates, longest, service_row, window_word, words_for_qml
from queue_display.listening.heard import WaitSaid
from tests.queue_display.board.samples import NOT_IN_SIGHT, minutes, service

TITLE = LocalText("业务", "service")


def test_every_word_is_there_in_both_languages() -> None:
    texts = [*WORDS.values(), *(trouble.value for trouble in Trouble)]
    for text in texts:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text.zh)
        assert text.en.isascii() or set(text.en) - set("–…") <= set(map(chr, range(128)))
    assert words_for_qml()["window_en"] == "Window"


def test_the_day_is_written_as_in_each_language() -> None:
    assert dates(datetime(2026, 11, 23)) == LocalText("11月23日 周一", "Mon 23 Nov")  # noqa: DTZ001
    assert dates(datetime(2027, 1, 3)) == LocalText("1月3日 周日", "Sun 3 Jan")  # noqa: DTZ001


@pytest.mark.parametrize(("window", "word"), [("3", "号窗口"), ("12", "号窗口"), ("VIP", "窗口"), ("", "窗口")])
def test_only_a_number_is_followed_by_hao(window: str, word: str) -> None:
    assert window_word(window) == word


@pytest.mark.parametrize(
    ("wait", "about", "up_to", "both"),
    [
        (minutes(8.2, 13), "8", "13", "8–13"),
        (minutes(26, 41.01), "26", "42", "26–42"),  # "up to" is kept, so it is rounded up
        (minutes(0, 0), "1", "1", "1"),
        (minutes(3.6, 3.9), "4", "4", "4"),
        (minutes(9, 3), "3", "3", "3"),  # a queue that contradicts itself
        (NOT_IN_SIGHT, UNKNOWN, UNKNOWN, UNKNOWN),
        (WaitSaid(60, None), UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_waits_are_whole_minutes(wait: WaitSaid, about: str, up_to: str, both: str) -> None:
    row = service_row(service("simple", TITLE, 4, wait))
    assert (row["about"], row["up_to"], row["about_up_to"], row["waiting"]) == (about, up_to, both, "4")


def test_what_is_announced_to_all_is_the_wait_of_those_who_wait_longest() -> None:
    assert longest([minutes(1, 2), minutes(3, 9), minutes(5, 6)]) == minutes(3, 9)
    assert longest([minutes(1, 2), NOT_IN_SIGHT]) == NOT_IN_SIGHT
    assert longest([]) == NOT_IN_SIGHT
