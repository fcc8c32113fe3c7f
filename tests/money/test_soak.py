"""A few lives of a terminal at random: no fen is lost or doubled, and a seed is the same life every time."""

import pytest

from tests.money import soak


@pytest.mark.parametrize("seed", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2, 3))])
def test_a_terminal_keeps_its_books_through_a_hundred_customers(seed: int) -> None:
    story = soak.live(seed, 100)
    assert story.wrong == []
    assert story.counts["loaded"] > 15
    assert story.counts["reversed"] > 10
    assert story.counts["deposited"] > 3
    assert story.counts["power cuts"] > 5


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(10))
def test_a_terminal_keeps_its_books_through_hundreds_of_customers(part: int) -> None:
    for seed in range(100 + 4 * part, 104 + 4 * part):
        assert soak.live(seed, 200).wrong == [], f"python -m tests.money.soak --seed {seed} --transactions 200"


def test_a_seed_is_the_same_life_every_time() -> None:
    assert soak.live(7, 40) == soak.live(7, 40)
