"""Threads that work side by side: what they return, what goes wrong in them, and that they end."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from ocr.crew import meanwhile, side_by_side
from tests.patience import PATIENCE_S


@pytest.fixture
def crew() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def fail() -> int:
    raise ValueError("a line that nobody can read")


def test_results_stand_in_the_order_of_the_works_whichever_ends_first(crew: Executor) -> None:
    second_has_ended = Event()

    def first() -> str:
        assert second_has_ended.wait(PATIENCE_S)
        return "first"

    def second() -> str:
        second_has_ended.set()
        return "second"

    assert side_by_side(crew, [first, second]) == ["first", "second"]


def test_nothing_to_do_returns_nothing(crew: Executor) -> None:
    assert side_by_side(crew, []) == []


def test_an_error_is_raised_when_all_others_have_ended_or_will_not_begin(crew: Executor) -> None:
    begun, may_end, ended, late = Event(), Event(), [], []

    def slow() -> int:
        begun.set()
        assert may_end.wait(PATIENCE_S)
        ended.append("slow")
        return 1

    def failing() -> int:
        assert begun.wait(PATIENCE_S)
        may_end.set()
        return fail()

    with pytest.raises(ValueError, match="nobody can read"):
        side_by_side(crew, [failing, slow, *[partial(late.append, number) for number in range(100)]])
    count = len(late)
    assert ended == ["slow"]
    crew.submit(int).result(PATIENCE_S)
    assert len(late) == count  # nothing is left over that still works


def test_work_goes_on_meanwhile_and_its_result_is_had_when_it_is_asked_for(crew: Executor) -> None:
    inside = Event()

    def work() -> int:
        assert inside.wait(PATIENCE_S)
        return 7

    with meanwhile(crew, work) as result:
        inside.set()
        assert result() == 7


def test_what_went_wrong_meanwhile_is_raised_to_who_asks(crew: Executor) -> None:
    with meanwhile(crew, fail) as result, pytest.raises(ValueError, match="nobody can read"):
        result()


def test_work_has_ended_when_the_block_is_left_by_an_error(crew: Executor) -> None:
    begun, ended = Event(), []

    def work() -> None:
        begun.set()
        ended.append("work")

    def leave() -> None:
        with meanwhile(crew, work):
            assert begun.wait(PATIENCE_S)
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert ended == ["work"]
