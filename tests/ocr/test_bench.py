"""The benchmark of accuracy: what it says of mistakes, and that what it puts clocks around is there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from operator import attrgetter
from threading import Barrier

import pytest

from benchmarks.bench_ocr import cause
from benchmarks.ocr_profile import PARTS, WAITING, Profile
from ocr.scores import Mistake


@pytest.mark.parametrize(
    ("right", "read", "way"),
    [
        ("某某", "", "nothing read"),
        ("王伟", "王韦", "a character misread"),
        ("赵珅", "赵坤", "a rare character misread"),
        ("110105194912310025", "110105194912310052", "characters misread"),
        ("北京市朝阳区", "京市朝阳区", "its beginning missed"),
        ("幸福大街12号", "幸福大街12", "its end missed"),
        ("幸福大街12号", "幸福街12号", "characters within missed"),
        ("彝", "天彝", "something before it read"),
        ("回", "回民", "something after it read"),
        ("幸福街12号", "幸福大街12号", "characters within too many"),
    ],
)
def test_a_mistake_has_a_cause(right: str, read: str, way: str) -> None:
    assert cause(Mistake("easy 1", "easy", "name", right, read, sure=False)) == f"name: {way}"


@pytest.mark.parametrize("name", [name for names in PARTS.values() for name in names])
def test_what_the_profile_puts_a_clock_around_is_there(name: str) -> None:
    module, _, path = name.partition(":")
    assert callable(attrgetter(path)(import_module(module)))


def test_threads_side_by_side_share_the_time_and_who_waits_for_them_has_none() -> None:
    ticks = iter([0.0, 1.0, 2.0, 8.0, 9.0, 9.0])  # waiting begins, each work begins, each ends, waiting ends
    profile, both_work = Profile(lambda: next(ticks)), Barrier(2, timeout=60)
    work = profile.timed("work", both_work.wait)

    def waits() -> None:
        with ThreadPoolExecutor(2) as crew:
            for _ in range(2):
                crew.submit(work)

    profile.timed(WAITING, waits)()
    assert profile.ms == {WAITING: 1000, "work": 8000}


def test_time_within_another_part_is_that_parts_alone() -> None:
    clock = iter([0.0, 1.0, 4.0, 6.0])  # outer begins, inner begins, inner ends, outer ends
    profile = Profile(lambda: next(clock))
    inner = profile.timed("inner", lambda: "done")
    assert profile.timed("outer", inner)() == "done"
    assert profile.ms == {"outer": 3000, "inner": 3000}
    assert profile.calls == {"outer": 1, "inner": 1}


def test_a_generator_has_the_time_of_its_steps_and_not_what_passes_between_them() -> None:
    clock = iter([0.0, 1.0, 5.0, 7.0])  # the first step begins, ends; the last begins, ends

    def once() -> Iterator[str]:
        yield "done"

    profile = Profile(lambda: next(clock))
    assert list(profile.timed("steps", once)()) == ["done"]
    assert profile.ms == {"steps": 3000}
