"""`ocr.read_id_card`: a picture in, a card or a reason out, for programs."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from ocr import read_id_card
from ocr.id_card import IdCard, Unreadable
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level


def test_a_file_and_its_dots_are_read_alike() -> None:
    scene = sample(Set.DEV, Level.EASY, 0)
    for image in (scene.pixels, cv2.imencode(".png", scene.pixels)[1].tobytes()):
        card = read_id_card(image)
        assert isinstance(card, IdCard)
        assert {name: field.text for name, field in card.fields.items()} == scene.cards[0].face.fields


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (b"", Unreadable.NOT_A_PICTURE), (b"GIF89a" + bytes(9), Unreadable.UNSUPPORTED),
        (np.zeros((10, 10, 3), np.uint8), Unreadable.TOO_SMALL),
        (np.zeros((300, 400, 3), np.uint8), Unreadable.NO_CARD),
        (np.broadcast_to(np.zeros(3, np.uint8), (5001, 5000, 3)), Unreadable.TOO_LARGE),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(image: object, told: Unreadable) -> None:
    assert read_id_card(image) is told


def test_dots_of_another_shape_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="height x width x 3, uint8"):
        read_id_card(np.zeros((300, 400), np.uint8))


def test_who_wants_one_part_does_not_wait_for_the_networks() -> None:
    told = "import sys, ocr, ocr.id_card, ocr.worker; print({'cv2', 'onnxruntime', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, check=True).stdout == b"set()\n"
