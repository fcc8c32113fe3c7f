"""How sure a field is, by the signs in how it was read."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ocr import doubt, rules
from ocr.doubt import Signs
from ocr.field_reader import FieldReader
from ocr.layout import layout
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level

KINDS = ("name", "sex", "ethnicity", "birth", "address", "id_number", "authority", "validity")
CLEAR = Signs(sure=0.9995, lead=0.999)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clear_field_is_sure(kind: str) -> None:
    assert doubt.confidence(kind, CLEAR) >= doubt.enough(kind)
    assert not doubt.doubtful(kind, CLEAR)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "worse",
    [
        replace(CLEAR, sure=0.3, lead=0.05),
        replace(CLEAR, agreeing=0.25, ahead=0.1, again=True, sure=0.6, lead=0.3),
        replace(CLEAR, gap=0.5),
        replace(CLEAR, odd=1),
    ],
)
def test_a_field_with_a_bad_sign_is_in_doubt(kind: str, worse: Signs) -> None:
    assert doubt.confidence(kind, worse) < doubt.confidence(kind, CLEAR)
    assert doubt.doubtful(kind, worse)


def test_a_name_that_looks_strange_for_what_was_read_is_in_doubt() -> None:
    usual = Signs(sure=0.9995, lead=0.999, rival=9.0)
    assert not doubt.doubtful("name", usual)
    assert doubt.doubtful("name", replace(usual, strange=1.6))
    assert doubt.doubtful("name", replace(CLEAR, strange=1.8))  # however sure the network is


def test_a_field_is_as_doubtful_as_its_worst_line() -> None:
    one = Signs(sure=0.9, lead=0.2, agreeing=1.0, ahead=12.0, again=False, gap=0.1, odd=1, rare=1, margin=5.0)
    other = Signs(
        sure=0.5, lead=0.4, agreeing=0.5, ahead=3.0, again=True, gap=0.2, odd=0, rare=1, rival=2.0, strange=1.0
    )
    assert doubt.worst([one, other]) == Signs(0.5, 0.2, 0.5, 3.0, True, 0.2, 1, 2, 5.0, 2.0, 1.0)


@pytest.mark.slow
def test_fields_of_hard_pictures_are_right_or_in_doubt() -> None:
    reader = FieldReader(OnnxRecogniser())
    flat_corners = np.array([[0, 0], [1000, 0], [1000, 631], [0, 631]], np.float32)
    right = asked = 0
    for number in range(12):
        scene = sample(Set.DEV, Level.HARD, number)
        card = scene.cards[0]
        matrix = cv2.getPerspectiveTransform(card.corners.astype(np.float32), flat_corners)
        flat = cv2.warpPerspective(scene.pixels, matrix, (1000, 631), borderMode=cv2.BORDER_REPLICATE)
        seen = reader.read(flat, layout(f"resident_id_{card.face.side}"))
        tell = rules.front if card.face.side == "front" else rules.back
        read = vars(tell(seen, dict.fromkeys(seen), reader.interpreter))
        for name, text in card.face.fields.items():
            if name not in card.lost and not (name.startswith("valid") and "validity" in card.lost):
                assert read[name].text == text or not read[name].sure
                right, asked = right + (read[name].text == text), asked + 1
    assert right >= 0.9 * asked > 0
