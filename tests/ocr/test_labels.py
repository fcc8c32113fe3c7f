"""A guess is proved, and moved to its place, by the labels of the card."""

from random import Random

import cv2
import numpy as np
import pytest

from ocr.anchors import corners_from
from ocr.arrays import Pixels, Points
from ocr.detector import TextLine
from ocr.labels import fitted, proved
from ocr.layout import Layout, layout
from ocr.projection import projected, pulled, rim, to_picture
from ocr.scales import Scales
from ocr.sides import Guess, which
from ocr.synth import faces
from ocr.synth.people import person
from ocr.synth.typefaces import typefaces

FRONT, BACK = layout("resident_id_front"), layout("resident_id_back")
AROUND = 100  # dots of grey around the card, so that its corners are at (100, 100) to (1100, 731)


@pytest.fixture(scope="module")
def front() -> Pixels:
    chance = Random("labels")
    face = faces.front(person(chance), chance, typefaces()[0])
    picture = np.full((631 + 2 * AROUND, 1000 + 2 * AROUND, 3), 120, np.uint8)
    picture[AROUND:-AROUND, AROUND:-AROUND] = np.asarray(face.picture)[:, :, ::-1]
    return picture


def at(*moves: tuple[float, float]) -> Points:
    """The card's corners, each moved."""
    corners: Points = np.array([[100, 100], [1100, 100], [1100, 731], [100, 731]], float)
    moved: Points = corners + np.array(moves or [(0, 0)])
    return moved


def test_labels_in_their_places_speak_for_the_guess(front: Pixels) -> None:
    assert proved(Scales(front), Guess(FRONT, at(), 0, 0), 12).likeness > 0.85


@pytest.mark.parametrize("face", range(len(typefaces())))
@pytest.mark.parametrize("wear", ["bold", "thin", "blurred"])
def test_labels_are_known_in_whatever_face_and_weight_they_are_printed(face: int, wear: str) -> None:
    chance = Random("weight")
    printed = np.asarray(faces.front(person(chance), chance, typefaces()[face]).picture)[:, :, ::-1]
    match wear:
        case "bold":
            printed = cv2.erode(printed, np.ones((2, 2), np.uint8))
        case "thin":
            printed = cv2.dilate(printed, np.ones((2, 2), np.uint8))
        case _:
            printed = cv2.GaussianBlur(printed, (0, 0), 3.5)
    picture = np.full((631 + 2 * AROUND, 1000 + 2 * AROUND, 3), 120, np.uint8)
    picture[AROUND:-AROUND, AROUND:-AROUND] = printed
    assert proved(Scales(picture), Guess(FRONT, at(), 0, 0), 12).likeness > 0.75


@pytest.mark.parametrize(
    ("guessed", "corners"),
    [(FRONT, np.roll(at(), 2, axis=0)), (BACK, at()), (BACK, np.roll(at(), 2, axis=0))],
    ids=["upside down", "the other side", "the other side upside down"],
)
def test_labels_that_are_not_there_speak_against_it(front: Pixels, guessed: Layout, corners: Points) -> None:
    assert fitted(Scales(front), Guess(guessed, corners, 0, 0)).likeness < 0.5


def test_of_a_card_with_a_note_on_it_the_labels_beside_the_note_tell(front: Pixels) -> None:
    noted = front.copy()
    noted[AROUND + 60 : AROUND + 300, AROUND : AROUND + 700] = (90, 220, 240)  # on name, sex, ethnicity and birth
    guess = Guess(FRONT, at(), 0, 0)
    assert proved(Scales(noted), guess, 12).likeness > 0.85
    assert fitted(Scales(noted), guess, (12,)).likeness < 0.5
    moved = Guess(FRONT, at((12, 9), (12, 9), (12, 9), (12, 9)), 0, 0)
    assert proved(Scales(noted), moved, 12).likeness < 0.5  # then they are not where they must be


def test_a_guess_is_moved_to_where_the_labels_stand(front: Pixels) -> None:
    beside = at((18, -12), (-15, 10), (12, 16), (-20, -14))
    moved = fitted(Scales(front), Guess(FRONT, beside, 0, 0))
    assert moved.likeness > 0.85
    # The front has no label at its right: there it is extrapolated.
    assert np.abs(moved.corners - at())[[0, 3]].max() < 9  # its labels may be printed 5 dots aside
    assert np.abs(moved.corners - at()).max() < 30


def test_ink_alone_tells_side_and_way_up(front: Pixels) -> None:
    upright = which(Scales(front), at(), (FRONT, BACK))
    assert upright.layout is FRONT
    assert upright.corners[0].tolist() == [100, 100]
    turned = which(Scales(np.ascontiguousarray(front[::-1, ::-1])), at(), (FRONT, BACK))
    assert turned.layout is FRONT
    assert turned.corners[0].tolist() == [1100, 731]


def test_a_pull_that_most_points_agree_on_wins_over_one_that_is_wrong() -> None:
    places = np.array([[x, y] for x in (100, 500, 900) for y in (100, 300, 500)], float)
    off = np.tile([6.0, -4.0], (9, 1))
    off[4] = [60, 60]
    moved = pulled(at(), places, off, np.ones(9), FRONT.size)
    assert np.abs(moved - at((6, -4))).max() < 1.5


def test_points_go_to_the_picture_and_come_back() -> None:
    matrix = to_picture(at(), FRONT.size)
    assert np.allclose(projected(rim(FRONT.size), matrix), at())
    assert np.allclose(projected(at(), np.linalg.inv(matrix)), rim(FRONT.size))


def _line(left: float, middle: float, right: float, high: float, matrix: Points) -> TextLine:
    start, end = projected(np.array([[left, middle], [right, middle]], float), matrix)
    return TextLine(start, end, high * float(np.linalg.norm(end - start)) / (right - left), 1.0)


def test_a_leaning_card_is_placed_by_its_lines_of_text_among_others() -> None:
    corners = at((0, 0), (-40, 60), (-90, 20), (50, -30))
    matrix = to_picture(corners, FRONT.size)
    card = [
        (80, 539, 285, 40), (352, 539, 880, 40), (80, 112, 320, 40), (80, 188, 159, 38), (196, 188, 230, 38),
        (306, 188, 430, 38), (80, 264, 528, 38), (80, 343, 159, 38), (190, 343, 580, 38), (190, 391, 420, 38),
    ]  # fmt: skip
    lines = [_line(*each, matrix) for each in card]
    page = to_picture(at((0, 700)), FRONT.size)  # a printed page below it
    lines += [_line(20, 40 * row, 980, 20, page) for row in range(12)]
    lines.sort(key=lambda each: -each.length)
    best = corners_from(lines, FRONT)[0]
    assert np.abs(best - corners).max() < 40


def test_too_few_lines_place_nothing() -> None:
    assert corners_from([], FRONT) == []
    assert corners_from([_line(352, 539, 880, 40, to_picture(at(), FRONT.size))], FRONT) == []


def test_a_number_that_is_seen_in_pieces_still_places_the_card() -> None:
    matrix = to_picture(at(), FRONT.size)
    pieces = [(80 + 35 * n, 539, 110 + 35 * n, 40) for n in range(6)] + [(352, 539, 468, 40), (460, 539, 880, 40)]
    rest = [(80, 112, 159, 38), (196, 112, 320, 40), (80, 188, 159, 38), (80, 264, 159, 38), (190, 343, 580, 38)]
    lines = sorted((_line(*each, matrix) for each in pieces + rest), key=lambda each: -each.length)
    assert np.abs(corners_from(lines, FRONT)[0] - at()).max() < 40


def test_a_card_whose_number_is_hidden_is_placed_by_the_way_its_lines_run() -> None:
    matrix = to_picture(at(), FRONT.size)
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    card = [
        (80, 112, 159, 46), (196, 112, 320, 46), (80, 188, 159, 46), (306, 188, 430, 46),
        (80, 264, 420, 46), (80, 343, 159, 46), (190, 343, 580, 46), (190, 391, 420, 46),
    ]  # fmt: skip
    lines = [
        TextLine(one.start @ turn, one.end @ turn, one.height, 1.0) for each in card for one in [_line(*each, matrix)]
    ]
    lines += [_line(20, 40 * row, 980, 20, to_picture(at((0, -900)), FRONT.size)) for row in range(18)]
    lines.sort(key=lambda each: -each.length)
    assert min(np.abs(guess - at() @ turn).max() for guess in corners_from(lines, FRONT)) < 60
