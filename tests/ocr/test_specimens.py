"""The cards that lie under the simulator's camera: drawn as it says, nobody's, and read as they are meant to be."""

from importlib.resources import files

import cv2
import numpy as np
import pytest

from device_sim.camera import Desk, picture
from device_sim.documents import Document, Side, jpeg
from kiosk_core.id_document import CapturedField, CapturedSide, DocumentRisk, DocumentSide, one_document
from ocr.id_card import IdCard, Risk
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import TODAY
from ocr.synth.specimens import PEOPLE, pictures


def test_no_picture_is_large_and_each_says_that_it_is_none_of_anybody() -> None:
    shipped = [each for each in files("device_sim").joinpath("id_pictures").iterdir() if each.name.endswith(".jpg")]
    assert len(shipped) == 6
    assert all(len(each.read_bytes()) < 150_000 for each in shipped)
    # Order code 000 of a day is never given to anyone.
    assert [who.id_number[14:17] for who in PEOPLE.values()] == ["000"] * 3


def test_both_sides_of_each_belong_together() -> None:
    for who in PEOPLE.values():
        until = "长期" if who.valid_until is None else who.valid_until.isoformat()
        front = {"birth": who.birth.isoformat(), "address": who.address}
        back = {"authority": who.authority, "valid_from": who.valid_from.isoformat(), "valid_until": until}
        sides = (
            CapturedSide(side, tuple(CapturedField(name, text, sure=True) for name, text in fields.items()))
            for side, fields in zip(DocumentSide, (front, back), strict=True)
        )
        assert one_document(*sides)


@pytest.mark.slow
def test_the_pictures_that_ship_are_those_that_are_drawn() -> None:
    for name, drawn in pictures():
        shipped = cv2.imdecode(
            np.frombuffer(files("device_sim").joinpath(f"id_pictures/{name}").read_bytes(), np.uint8), cv2.IMREAD_COLOR
        )
        assert shipped is not None
        assert np.abs(shipped.astype(int) - drawn).mean() < 4, name  # JPEG is nearly true


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(OnnxRecogniser())


def seen(reader: Reader, document: Document, side: Side, angle: float = 3.0) -> IdCard:
    desk = Desk()
    desk.lay(picture(document, side), angle)
    read = reader.read(desk.look(), TODAY)
    assert isinstance(read, IdCard)
    return read


@pytest.mark.slow
@pytest.mark.parametrize("document", ["citizen", "expired"])
def test_a_good_card_under_the_simulated_camera_is_read_and_sure(reader: Reader, document: Document) -> None:
    who = PEOPLE[document]
    front, back = seen(reader, document, "front"), seen(reader, document, "back", angle=178)
    assert [each.text for each in front.fields.values()] == [
        who.name, who.sex, who.ethnicity, who.birth.isoformat(), who.address, who.id_number,
    ]  # fmt: skip
    assert [each.text for each in back.fields.values()] == [
        who.authority, who.valid_from.isoformat(), f"{who.valid_until}",
    ]  # fmt: skip
    assert all(each.sure for card in (front, back) for each in card.fields.values())
    assert front.risks == frozenset()
    assert back.risks == ({Risk.EXPIRED} if document == "expired" else frozenset())


@pytest.mark.slow
def test_of_a_worn_card_the_name_is_asked_back_and_the_number_is_not(reader: Reader) -> None:
    front = seen(reader, "worn", "front")
    assert not front.fields["name"].sure
    assert front.fields["id_number"].verified


@pytest.mark.slow
def test_a_copy_is_known_as_one(reader: Reader) -> None:
    assert Risk.PHOTOCOPY in seen(reader, "copy", "front").risks
    assert {each.value for each in seen(reader, "copy", "back").risks} >= {DocumentRisk.PHOTOCOPY.value}


def test_there_is_no_picture_of_what_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        jpeg("specimen", "front")
