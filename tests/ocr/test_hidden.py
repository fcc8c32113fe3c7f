"""What hides a field: a lamp's mirror image, paper or a finger, painted onto a flat card on which all is well."""

import cv2
import numpy as np
import pytest

from ocr import hidden
from ocr.arrays import Pixels, Plane
from ocr.layout import layout
from ocr.lines import find, ink
from ocr.sight import Place, Sight, look
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample

SHARP = 0.9
FRONT = 12  # of risk_sample


@pytest.fixture(scope="module")
def card() -> Pixels:
    """A front to which nothing was done."""
    return flattened(risk_sample(Set.DEV, None, FRONT))[0].flat


def seen(flat: Pixels) -> Sight:
    kind, dark = layout("resident_id_front"), ink(flat)
    places: dict[str, Place | None] = {}
    for field in kind.fields:
        boxes = np.array([line.box for line in find(dark, field, kind.slack)])
        if len(boxes):
            left, top = boxes[:, :2].min(axis=0).tolist()
            right, bottom = boxes[:, 2:].max(axis=0).tolist()
            places[field.name] = Place((left, top, right, bottom), len(boxes))
    return look(flat, kind, places)


def mirrored(flat: Pixels) -> set[str]:
    return {name for name, each in hidden.told(seen(flat), SHARP).items() if each.mirrors > 0}


def covered(flat: Pixels) -> set[str]:
    return {name for name, each in hidden.told(seen(flat), SHARP).items() if each.covers > 0}


def test_nothing_hides_a_field_of_a_good_picture(card: Pixels) -> None:
    assert mirrored(card) == covered(card) == set()


def test_a_lamp_in_a_field_is_told_and_is_no_object(card: Pixels) -> None:
    mask: Plane = np.zeros(card.shape[:2], np.float32)
    cv2.ellipse(mask, (600, 538), (70, 40), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 15)[..., None]
    lit = np.clip(card * (1 - mask) + 400 * mask, 0, 255).astype(np.uint8)
    assert "id_number" in mirrored(lit)
    assert covered(lit) == set()


@pytest.mark.parametrize("colour", [(120, 235, 250), (250, 250, 250), (60, 50, 40), (130, 165, 210)])
def test_a_note_or_a_finger_over_the_end_of_a_field_is_told(card: Pixels, colour: tuple[int, int, int]) -> None:
    mask: Plane = np.zeros(card.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, np.array([[700, 470], [960, 500], [940, 631], [680, 631]]), 1.0, cv2.LINE_AA)
    shadow = 1 - 0.4 * cv2.GaussianBlur(mask, (0, 0), 5)[..., None]
    over = card * shadow * (1 - mask[..., None]) + np.array(colour, np.float32) * mask[..., None]
    assert "id_number" in covered(np.asarray(over, np.uint8))


def test_what_lies_beside_all_fields_hides_none(card: Pixels) -> None:
    beside = card.copy()
    cv2.circle(beside, (990, 300), 60, (130, 165, 210), -1, cv2.LINE_AA)
    assert covered(beside) == set()
