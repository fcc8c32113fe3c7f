"""Cards are found where they lie, whatever lies around them."""

from contextlib import closing
from random import Random

import numpy as np
import pytest

from ocr.finder import CardFinder
from ocr.id_card import IdCard, Risk, Unreadable
from ocr.layout import layout
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.sides import Guess
from ocr.synth import faces, scenes
from ocr.synth.faces import Face
from ocr.synth.grounds import GROUNDS
from ocr.synth.people import person
from ocr.synth.samples import Set, risk_sample, sample, stranger
from ocr.synth.scenes import Card, Level
from ocr.synth.typefaces import typefaces


@pytest.fixture(scope="module")
def finder() -> CardFinder:
    return CardFinder((layout("resident_id_front"), layout("resident_id_back")), threads=1)


def off(guess: Guess, card: Card) -> float:
    """How far the worst corner is off, in widths of the card."""
    width = np.linalg.norm(card.corners[1] - card.corners[0])
    return float(np.linalg.norm(guess.corners - card.corners, axis=1).max() / width)


def drawn(seed: str, side: str) -> Face:
    chance = Random(seed)
    return (faces.front if side == "front" else faces.back)(person(chance), chance, typefaces()[0])


# The samples' numbers were chosen for what is hard about them; how each is found is not asked.
@pytest.mark.parametrize(
    ("level", "number", "hardship"),
    [
        (Level.EASY, 1, "shadow"),  # the shadow's edge is stronger than the card's
        (Level.HARD, 1, "pale"),
    ],
)
def test_a_card_is_found_whatever_lies_around_it(finder: CardFinder, level: Level, number: int, hardship: str) -> None:
    scene = sample(Set.DEV, level, number)
    assert hardship in scene.effects
    found = finder.find(scene.pixels)
    assert [guess.layout.side for guess in found] == [scene.cards[0].face.side]
    assert off(found[0], scene.cards[0]) < 0.02


@pytest.mark.parametrize(("side", "quarters"), [("front", 1), ("back", 2)])
def test_a_card_that_is_the_whole_picture_is_found_any_way_up(finder: CardFinder, side: str, quarters: int) -> None:
    picture = np.ascontiguousarray(np.rot90(np.asarray(drawn("whole", side).picture)[:, :, ::-1], -quarters))
    high, wide = picture.shape[:2]
    found = finder.find(picture)
    assert [guess.layout.side for guess in found] == [side]
    rim = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], float)
    assert np.abs(found[0].corners - np.roll(rim, -quarters, axis=0)).max() < 15


def test_a_card_of_which_an_edge_is_outside_the_picture_is_found_where_it_would_be(finder: CardFinder) -> None:
    picture = np.asarray(drawn("cut", "front").picture)[:, 40:, ::-1].copy()
    found = finder.find(picture)
    assert [guess.layout.side for guess in found] == ["front"]
    assert found[0].corners[0][0] == pytest.approx(-40, abs=15)


def test_both_sides_on_one_sheet_are_found_each_its_own_way_up(finder: CardFinder) -> None:
    chance = Random("sheet/1")
    who, fonts = person(chance), typefaces()[0]
    sides = [faces.front(who, chance, fonts), faces.back(who, chance, fonts)]
    scene = scenes.photograph_copy(sides, fonts, Level.EASY, chance)
    found = {guess.layout.side: guess for guess in finder.find(scene.pixels)}
    assert set(found) == {"front", "back"}
    for card in scene.cards:
        assert off(found[card.face.side], card) < 0.02


def test_a_page_of_print_is_not_taken_for_a_card(finder: CardFinder) -> None:
    page = GROUNDS["paper"]((600, 900), Random("page"))
    assert finder.find(page.astype(np.uint8)) == []


def test_a_picture_of_a_few_dots_has_no_card(finder: CardFinder) -> None:
    assert finder.find(np.zeros((1, 1, 3), np.uint8)) == []
    assert finder.find(np.zeros((3, 900, 3), np.uint8)) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("level", "least"), [(Level.EASY, 29), (Level.MEDIUM, 28), (Level.HARD, 27)])
def test_of_thirty_cards_so_many_are_found_to_a_fortieth_of_their_width(
    finder: CardFinder, level: Level, least: int
) -> None:
    right = 0
    for number in range(30):
        scene = sample(Set.DEV, level, number)
        found = finder.find(scene.pixels)
        right += (
            bool(found) and found[0].layout.side == scene.cards[0].face.side and off(found[0], scene.cards[0]) < 0.025
        )
    assert right >= least


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_thirty_things_that_are_no_id_card_none_is_taken_for_one(finder: CardFinder) -> None:
    assert [number for number in range(30) if finder.find(stranger(Set.DEV, number).pixels)] == []


@pytest.mark.slow
def test_where_labels_are_covered_the_number_proves_a_card_but_no_temporary_one() -> None:
    with closing(Reader(OnnxRecogniser())) as reader:
        covered = reader.read(risk_sample(Set.DEV, Risk.OCCLUDED, 272).pixels)
        assert isinstance(covered, IdCard)
        assert Risk.OCCLUDED in covered.risks
        assert covered.fields["id_number"].text == "410823194410316749"
        assert isinstance(reader.read(stranger(Set.TRAIN, 55).pixels), Unreadable)
