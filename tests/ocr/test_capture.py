"""A side from the pictures of a camera: soon where all is well, not for ever where it is not, and nothing left over."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_core.id_document import CapturedSide, DocumentRisk, DocumentSide, Hint
from ocr.arrays import Pixels
from ocr.capture import Capture
from ocr.id_card import IdCard, Quad, Risk, Unreadable
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import TODAY, Set
from ocr.synth.videos import PER_SECOND, film
from tests.ocr.read_cards import NUMBER, back, field, front, picture, square

STEP_S = 0.2
DOUBTFUL = field("王伟", 0.6, sure=False)


class Desk:
    """Gives a capture picture after picture, five a second."""

    def __init__(self, side: DocumentSide = DocumentSide.FRONT, today: date | None = None) -> None:
        self.capture = Capture(side, 0.0, today)
        self.now = 0.0

    def see(self, read: IdCard | Unreadable, pixels: Pixels | None = None) -> Hint | CapturedSide:
        self.now += STEP_S
        if isinstance(read, IdCard):  # a portrait is a picture of its own
            read = replace(read, portrait=np.full((9, 9, 3), 9, np.uint8))
        return self.capture.see(picture() if pixels is None else pixels, read, self.now)

    def captured(self, read: IdCard, limit: int = 200) -> CapturedSide:
        for _ in range(limit):
            told = self.see(read)
            if isinstance(told, CapturedSide):
                return told
        raise AssertionError("the capture does not end")


def text(side: CapturedSide, name: str) -> str:
    found = side.of(name)
    assert found is not None
    return found.text


def test_a_card_that_lies_well_is_captured_after_a_few_pictures() -> None:
    desk = Desk()
    side = desk.captured(front())
    assert desk.now <= 0.8
    assert side.side is DocumentSide.FRONT
    assert text(side, "id_number") == NUMBER
    assert all(each.sure and each.crop is None for each in side.fields)
    assert side.risks == frozenset()


def test_it_waits_for_a_card_as_long_as_it_takes() -> None:
    desk = Desk()
    assert {desk.see(Unreadable.NO_CARD) for _ in range(500)} == {Hint.LAY_DOWN}


def test_the_front_is_never_taken_for_the_back() -> None:
    desk = Desk(DocumentSide.BACK)
    assert {desk.see(front()) for _ in range(500)} == {Hint.TURN_OVER}
    assert desk.captured(back()).side is DocumentSide.BACK


def test_where_pictures_get_no_better_what_is_doubtful_comes_with_its_piece_of_the_picture() -> None:
    desk = Desk()
    side = desk.captured(front(name=DOUBTFUL))
    assert 3.0 <= desk.now <= 4.0
    name = side.of("name")
    assert name is not None
    assert not name.sure
    assert name.crop is not None
    assert [each.name for each in side.fields if each.crop is not None] == ["name"]


def test_a_piece_of_a_picture_is_upright_and_small_and_wiped() -> None:
    pixels = picture()
    pixels[100:140, 100:200] = 40  # the left half of the field is dark
    upside_down = ((300, 140), (100, 140), (100, 100), (300, 100))
    told: Hint | CapturedSide = Hint.READING
    desk = Desk()
    while isinstance(told, Hint):
        told = desk.see(front(name=replace(DOUBTFUL, box=upside_down)), pixels.copy())
    name = told.of("name")
    assert name is not None
    assert name.crop is not None
    assert len(name.crop.png) <= 6000
    seen = cv2.imdecode(np.frombuffer(name.crop.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert seen is not None
    height, width = seen.shape
    assert width > 3 * height
    assert seen[height // 2, width // 4] > 150  # it is turned: the dark half has come to the right
    assert seen[height // 2, width * 3 // 4] < 60
    told.wipe()
    assert not any(name.crop.png)


def test_the_noisiest_piece_fits_into_a_page() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (700, 1000, 3), np.uint8)
    box = ((0.0, 0.0), (900.0, 0.0), (900.0, 300.0), (0.0, 300.0))
    desk = Desk()
    told: Hint | CapturedSide = Hint.READING
    while isinstance(told, Hint):
        told = desk.see(front(address=replace(DOUBTFUL, box=box)), noise)
    address = told.of("address")
    assert address is not None
    assert address.crop is not None
    assert len(address.crop.png) <= 6000


corner = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@settings(max_examples=15)
@given(st.tuples(corner, corner, corner, corner))
def test_whatever_box_is_told_the_piece_is_small(box: Quad) -> None:
    desk = Desk()
    told: Hint | CapturedSide = Hint.READING
    while isinstance(told, Hint):
        told = desk.see(front(name=replace(DOUBTFUL, box=box)))
    name = told.of("name")
    assert name is not None
    assert name.crop is not None
    assert len(name.crop.png) <= 6000


def test_it_goes_on_as_long_as_pictures_get_better() -> None:
    desk = Desk()
    covered = {name: field("", 0.0) for name in ("name", "address", "birth")}
    for left in range(3, 0, -1):
        for _ in range(14):  # not quite the patience
            rest = dict(list(covered.items())[:left])
            assert isinstance(desk.see(front(**rest)), Hint)
    side = desk.captured(front())
    assert all(each.sure for each in side.fields)


def test_a_copy_is_told_and_in_the_end_captured_as_one() -> None:
    desk = Desk()
    copy = front(risks=(Risk.PHOTOCOPY,))
    told = [desk.see(copy) for _ in range(10)]
    assert Hint.ORIGINAL in told
    assert DocumentRisk.PHOTOCOPY in desk.captured(copy).risks


def test_a_risk_that_few_pictures_show_is_none() -> None:
    desk = Desk()
    desk.see(front(risks=(Risk.SCREEN,)))
    assert desk.captured(front()).risks == frozenset()


def test_glare_that_passes_is_waited_for() -> None:
    desk = Desk()
    for _ in range(20):
        assert isinstance(desk.see(front(risks=(Risk.GLARE,), name=DOUBTFUL)), Hint)
    assert desk.captured(front()).risks == frozenset()


def test_a_card_that_has_run_out_is_captured_and_said_to_have() -> None:
    side = Desk(DocumentSide.BACK, today=date(2032, 3, 5)).captured(back())
    assert side.risks == {DocumentRisk.EXPIRED}
    assert Desk(DocumentSide.BACK, today=date(2032, 3, 4)).captured(back()).risks == frozenset()


def test_another_card_in_its_place_begins_anew() -> None:
    desk = Desk()
    other = front(name=field("李强"), address=field("安徽省宿州市埇桥区人民路2号"))
    desk.see(front())
    desk.see(Unreadable.NO_CARD)  # one picture without a card is a hand before it
    side = desk.captured(other)
    assert text(side, "name") == "李强"
    assert all(each.sure for each in side.fields)


def test_a_card_that_was_taken_away_leaves_nothing_behind() -> None:
    desk = Desk()
    for _ in range(10):
        desk.see(front(name=DOUBTFUL))
    for _ in range(3):
        desk.see(Unreadable.NO_CARD)
    desk.now += 10
    assert isinstance(desk.see(front(name=DOUBTFUL)), Hint)  # its time begins again


def test_a_hand_that_never_rests_gets_a_result_all_the_same() -> None:
    desk = Desk()
    told: Hint | CapturedSide = Hint.READING
    number = 0
    while isinstance(told, Hint):
        number += 1
        told = desk.see(front(corners=square(800, at=100.0 * (number % 2))))
    assert 5 < desk.now < 25


def test_portraits_are_wiped_and_pictures_left_to_their_owner() -> None:
    card, pixels = front(), picture()
    Capture(DocumentSide.FRONT, 0.0).see(pixels, card, 0.2)
    assert card.portrait is not None
    assert not card.portrait.any()
    assert pixels.all()


frames = st.lists(
    st.tuples(
        st.floats(0.01, 1.0),
        st.one_of(
            st.just(Unreadable.NO_CARD),
            st.builds(
                lambda risks, sure, side: side(risks=risks, **({} if sure else {"name": DOUBTFUL})),
                st.sets(st.sampled_from(list(Risk)), max_size=3),
                st.booleans(),
                st.just(front),
            ),
            st.builds(back),
        ),
    ),
    max_size=30,
)


@settings(max_examples=40)
@given(frames, st.sampled_from(DocumentSide))
def test_whatever_is_seen_only_the_side_that_was_asked_for_comes_out(
    seen: list[tuple[float, IdCard | Unreadable]], side: DocumentSide
) -> None:
    capture, now = Capture(side, 0.0), 0.0
    for pause, read in seen:
        now += pause
        told = capture.see(picture(), read, now)
        if isinstance(told, CapturedSide):
            assert told.side is side
            assert all(each.sure or each.crop is not None or not each.text for each in told.fields)
            return
    capture.wipe()
    capture.wipe()


@pytest.mark.slow
@pytest.mark.timeout(240)  # tests/openteller/test_ocr_camera.py has a front
def test_a_film_of_a_back_being_laid_down_ends_with_all_fields_right() -> None:
    reader = Reader(OnnxRecogniser())
    shown = film(Set.DEV, 1)
    capture = Capture(DocumentSide(shown.side), 0.0, TODAY)
    hints = set()
    for count, pixels in enumerate(shown.frames()):
        told = capture.see(pixels, reader.read(pixels), count / PER_SECOND)
        if isinstance(told, CapturedSide):
            break
        hints.add(told)
    assert isinstance(told, CapturedSide)
    assert {each.name: each.text for each in told.fields} == shown.face.fields
    assert Hint.TURN_OVER in hints
