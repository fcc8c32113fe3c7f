"""Cards of people who do not exist, read from pictures."""

from itertools import count
from pathlib import Path
from threading import enumerate as enumerate_threads

import numpy as np
import pytest

from ocr.arrays import Chances, Pixels
from ocr.id_card import IdCard, IdCardBack, IdCardFront, Unreadable
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(OnnxRecogniser(), threads=1)


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


@pytest.mark.parametrize("threads", [2, 5])
def test_a_picture_is_read_alike_by_any_number_of_threads(reader: Reader, threads: int) -> None:
    picture = sample(Set.DEV, Level.EASY, 2).pixels
    others = Reader(OnnxRecogniser(), threads)
    one, other = reader.read(picture), others.read(picture)
    others.close()
    assert isinstance(one, IdCard)
    assert isinstance(other, IdCard)
    assert (one.side, one.corners, one.quality, one.risks) == (other.side, other.corners, other.quality, other.risks)


def test_threads_begin_with_the_first_card_and_end_with_the_reader() -> None:
    """What a reading process gives up, it gives up before that: threads that were there would keep it."""
    picture, before = sample(Set.DEV, Level.EASY, 2).pixels, set(enumerate_threads())
    tasks = set(Path("/proc/self/task").iterdir())
    reader = Reader(OnnxRecogniser(), 2)
    assert set(Path("/proc/self/task").iterdir()) <= tasks  # one of another test may end just now
    reader.read(picture)
    begun = set(enumerate_threads()) - before
    assert len(begun) == 2
    reader.close()
    assert not begun & set(enumerate_threads())


class Failing(OnnxRecogniser):
    """A network that fails with the first line that it is asked for, the name."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = count()

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        if next(self._calls) == 0:
            raise MemoryError("no room for a line")
        return super().chances(line, squeeze)


def test_what_goes_wrong_in_a_thread_is_raised_to_who_asked_and_the_next_card_is_read() -> None:
    picture = sample(Set.DEV, Level.EASY, 2).pixels
    reader = Reader(Failing(), 2)
    with pytest.raises(MemoryError, match="no room for a line"):
        reader.read(picture)
    assert isinstance(reader.read(picture), IdCard)
    reader.close()
