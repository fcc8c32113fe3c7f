"""A layout is a file: what is wrong in one is said in a sentence, and a new document needs no other code."""

from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from ocr.id_card import RESIDENT_ID, Document, IdCard
from ocr.layout import LayoutError, layouts, read
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.faces import Sheet
from ocr.synth.scenes import Level, photograph
from ocr.synth.typefaces import typefaces

LIBRARY_CARD = """
document = "library_card"
side = "front"
size = [1000, 631]
slack = 14
spans = [[250, 72, 750, 128]]
masked = ["number"]

[[label]]
text = "市立图书馆借书证"
box = [250, 72, 746, 128]

[[label]]
text = "读者"
box = [120, 225, 192, 255]

[[label]]
text = "证号"
box = [120, 325, 192, 355]

[[label]]
text = "有效期至"
box = [120, 425, 264, 455]

[[field]]
name = "reader"
kind = "name"
box = [320, 220, 640, 260]
usual = 110

[[field]]
name = "number"
kind = "code"
box = [320, 320, 640, 360]
alphabet = "0123456789"
pattern = '\\d{8}'
check = "luhn"

[[field]]
name = "valid_until"
kind = "date"
box = [320, 420, 640, 460]
format = "YYYY/MM/DD"

[[rule]]
rule = "expires"
field = "valid_until"
"""


def test_a_new_document_is_a_file_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "library_card.toml").write_text(LIBRARY_CARD, encoding="utf-8")
    chance = Random("library card")
    sheet = Sheet(chance, typefaces()[0])
    for text, x, y, size, pitch in (("市立图书馆借书证", 250, 100, 56, 63), ("读者", 120, 240, 30, 42),
                                    ("证号", 120, 340, 30, 42), ("有效期至", 120, 440, 30, 38)):  # fmt: skip
        sheet.label(x, y, text, size, pitch)
    # Luhn: 2 + 2 + 6 + 4 + 1 + 6 + 5 (of 14) + 4 = 30.
    fields = {"reader": "王小明", "number": "12345674", "valid_until": "2027/03/31"}
    for row, (name, text) in enumerate(fields.items()):
        sheet.text(name, 322, 240 + 100 * row, text, 36)
    scene = photograph(sheet.face("front", fields, "library_card"), Level.EASY, chance)
    reader = Reader(OnnxRecogniser(), 1, documents=(RESIDENT_ID, "library_card"), folder=tmp_path)
    card = reader.read(scene.pixels)
    assert isinstance(card, IdCard)
    assert isinstance(card.side, Document)
    assert (card.document, card.side_name) == ("library_card", "front")
    assert {name: each.text for name, each in card.fields.items()} == fields | {"valid_until": "2027-03-31"}
    assert card.fields["number"].verified
    assert card.side.masked == {"number"}
    assert fields["reader"] not in repr(card)
    assert fields["number"] not in repr(card)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "code"', 'kind = "numbers"', "field number: there is no kind 'numbers'"),
        ('alphabet = "0123456789"\n', "", "field number: a code needs 'alphabet'"),
        ("box = [320, 320, 640, 360]", "box = [320, 320, 1640, 360]", "the box of number is not within 1000 x 631"),
        ('field = "valid_until"\n', "", "'field' is missing"),
        ('rule = "expires"', 'rule = "expires"\nday = 1', "'day' is no key of expires"),
        ('rule = "expires"', 'rule = "runs out"', "there is no rule 'runs out'; there are tells, check, expires"),
        ("slack = 14", "slack = ", "Invalid value"),
        ("size = [1000, 631]\n", "", "'size' is missing"),
        ('document = "library_card"\n', "", "'document' is missing"),
        ('field = "valid_until"\n', 'field = "last_day"\n', "nothing says 'last_day', after which it shall expire"),
        ('kind = "date"', 'kind = "birth"', "field valid_until: birth is of resident ID cards alone; use code or date"),
        ('rule = "expires"\n', 'rule = "tells"\nof = "reader"\nspan = [1, 2]\n', "'reader', which is no field of kind"),
        ('check = "luhn"', 'check = "lune"', "field number: there is no check 'lune'"),
        ("pattern = '\\d{8}'", "pattern = '(\\d{8}'", "missing )"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(old: str, new: str, said: str) -> None:
    assert old in LIBRARY_CARD
    with pytest.raises(LayoutError) as refused:
        read("library_card.toml", LIBRARY_CARD.replace(old, new, 1))
    assert str(refused.value).startswith("library_card.toml: ")
    assert said in str(refused.value)


def test_a_document_that_no_file_describes_is_refused() -> None:
    with pytest.raises(LayoutError, match="no layout describes 'library_card'; there are bank_card, "):
        Reader(OnnxRecogniser(), documents=("library_card",))


def test_every_layout_of_the_suite_is_sound_and_says_what_is_expected_where() -> None:
    for kind, sides in layouts().items():
        assert all(side.document == kind for side in sides)
        for side in sides:
            ink = np.zeros(side.size[::-1], np.uint8)
            for field in side.fields:  # no field lies on another
                left, top, right, bottom = field.box
                assert not ink[top:bottom, left:right].any(), (kind, field.name)
                cv2.rectangle(ink, (left, top), (right - 1, bottom - 1), 1, -1)
