"""Cards of people who do not exist, read from pictures."""

import numpy as np
import pytest

from ocr.id_card import IdCard, IdCardBack, IdCardFront, Unreadable
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(OnnxRecogniser(threads=1), threads=1)


def test_a_sample_is_the_same_picture_every_time() -> None:
    one, two, other = sample(Set.TEST, Level.EASY, 1), sample(Set.TEST, Level.EASY, 1), sample(Set.DEV, Level.EASY, 1)
    assert np.array_equal(one.pixels, two.pixels)
    assert one.cards[0].face.fields != other.cards[0].face.fields


@pytest.mark.parametrize("number", [0, 2, 3, 4, 5])
def test_an_easy_picture_is_read(reader: Reader, number: int) -> None:
    scene = sample(Set.DEV, Level.EASY, number)
    face = scene.cards[0].face
    card = reader.read(scene.pixels)
    assert isinstance(card, IdCard)
    assert isinstance(card.side, IdCardFront if face.side == "front" else IdCardBack)
    assert {name: field.text for name, field in card.fields.items()} == face.fields
    assert np.abs(np.array(card.corners) - scene.cards[0].corners).max() < 20


def test_a_number_that_agrees_with_birth_and_sex_is_verified(reader: Reader) -> None:
    card = reader.read(
        next(s for n in range(9) if (s := sample(Set.DEV, Level.EASY, n)).cards[0].face.side == "front").pixels
    )
    assert isinstance(card, IdCard)
    assert card.fields["id_number"].verified


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_where_there_is_no_card_none_is_read(reader: Reader, shade: int) -> None:
    assert reader.read(np.full((600, 800, 3), shade, np.uint8)) is Unreadable.NO_CARD


def test_what_was_read_is_not_shown_by_accident(reader: Reader) -> None:
    scene = sample(Set.DEV, Level.EASY, 0)
    shown = repr(reader.read(scene.pixels))
    assert all(text not in shown for text in scene.cards[0].face.fields.values() if len(text) > 1)
