"""Other documents than resident ID cards, read from pictures of documents of people who do not exist."""

from collections import Counter
from datetime import date

import pytest

from ocr.id_card import RESIDENT_ID, Document, IdCard, Risk, Unreadable
from ocr.layout import layout, layouts
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.documents import DOCUMENTS
from ocr.synth.samples import TODAY, Set, document_sample, sample
from ocr.synth.scenes import Level

PICTURES = 6  # of each layout, all levels in turn: some 50 pictures in a minute


@pytest.fixture(scope="module")
def recogniser() -> OnnxRecogniser:
    return OnnxRecogniser()


@pytest.fixture(scope="module")
def reader(recogniser: OnnxRecogniser) -> Reader:
    return Reader(recogniser, 1, documents=tuple(layouts()))


def test_a_passport_is_read_by_its_zone_and_proved_by_its_digits(reader: Reader) -> None:
    scene = document_sample(Set.DEV, "passport_page", Level.EASY, 0)
    truth = scene.cards[0].face.fields
    card = reader.read(scene.pixels, date(2036, 1, 1))
    assert isinstance(card, IdCard)
    assert isinstance(card.side, Document)
    assert (card.document, card.side_name) == ("passport", "page")
    assert {name: field.text for name, field in card.fields.items()} == truth
    assert all(card.fields[name].verified for name in ("number", "birth", "valid_until"))
    assert not any(card.fields[name].verified for name in ("surname", "sex"))  # no digit covers these
    assert card.risks == {Risk.EXPIRED}  # its last day is 21 June 2035
    assert truth["number"] not in repr(card)


@pytest.mark.slow
def test_who_asks_for_resident_cards_gets_no_others(recogniser: OnnxRecogniser) -> None:
    scene = document_sample(Set.DEV, "permanent_residence_2023_front", Level.EASY, 0)
    assert Reader(recogniser, 1).read(scene.pixels) is Unreadable.NO_CARD


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_its_own_pictures_are_read(reader: Reader, name: str) -> None:
    right = of = wrong_but_sure = found = 0
    for number in range(PICTURES):
        scene = document_sample(Set.DEV, name, tuple(Level)[number % 3], number)
        card, face = reader.read(scene.pixels, TODAY), scene.cards[0].face
        fields = card.fields if isinstance(card, IdCard) and card.document == face.document else {}
        found += bool(fields)
        for key, truth in face.fields.items():
            read = fields.get(key)
            wrong_but_sure += read is not None and read.sure and read.text != truth
            if key not in scene.cards[0].lost:
                of += 1
                right += read is not None and read.text == truth
    print(f"\n{name}: found {found} of {PICTURES}, fields {right} of {of}, wrong but sure {wrong_but_sure}")
    assert found >= 0.8 * PICTURES
    assert right >= 0.8 * of
    assert wrong_but_sure <= 1


def _kind(card: IdCard | Unreadable) -> str:
    return f"{card.document}_{card.side_name}" if isinstance(card, IdCard) else "nothing"


@pytest.mark.slow
def test_no_resident_card_is_taken_for_another_document(reader: Reader) -> None:
    seen: Counter[str] = Counter()
    for number in range(PICTURES):
        scene = sample(Set.DEV, tuple(Level)[number % 3], 500 + number)
        seen[_kind(reader.read(scene.pixels)) == f"{RESIDENT_ID}_{scene.cards[0].face.side}"] += 1
    assert seen[False] == 0


def test_what_has_no_labels_has_a_proof_and_lines_to_be_found_by() -> None:
    for name in DOCUMENTS:
        side = layout(name)
        assert side.spans
        assert len(side.labels) >= 3 or side.proof
