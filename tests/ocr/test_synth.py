"""Test pictures and their truth."""

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import cv2
import numpy as np
import pytest

import ocr.synth.__main__
import ocr.synth.typefaces
from ocr.arrays import Pixels
from ocr.fields import checks
from ocr.id_card import Risk
from ocr.regions import known
from ocr.synth.samples import TODAY, Set, risk_sample, sample, stranger
from ocr.synth.scenes import Card, Level, Scene

N = 1  # which picture


@cache
def risky(risk: Risk) -> Scene:
    return risk_sample(Set.DEV, risk, N)


def flat(pixels: Pixels, card: Card) -> Pixels:
    square = np.array([[0, 0], [1000, 0], [1000, 631], [0, 631]], np.float32)
    matrix = cv2.getPerspectiveTransform(card.corners.astype(np.float32), square)
    return np.asarray(cv2.warpPerspective(pixels, matrix, (1000, 631)))


def likeness(pixels: Pixels, card: Card) -> float:
    """How like the drawn card what lies within the corners is: 1 where it is the same."""
    grey = flat(pixels, card)[..., 1], np.asarray(card.face.picture)[..., 1]
    # Ink against the paper around it: shadows do not count.
    seen, drawn = (
        np.log(cv2.GaussianBlur(each, (0, 0), 1.5) / (cv2.blur(each, (31, 31)) + 5.0) + 0.1) for each in grey
    )
    return float(np.corrcoef(seen.ravel(), drawn.ravel())[0, 1])


@pytest.mark.parametrize(
    "level", [Level.EASY, *(pytest.param(each, marks=pytest.mark.slow) for each in (Level.MEDIUM, Level.HARD))]
)
def test_a_card_lies_where_its_corners_say(level: Level) -> None:
    # Two dots beside the truth, and strokes no longer lie on strokes.
    scene = sample(Set.DEV, level, N)
    assert likeness(scene.pixels, scene.cards[0]) > 0.75


@pytest.mark.slow
def test_a_card_on_a_screen_or_a_sheet_lies_where_its_corners_say() -> None:
    for risk in (Risk.SCREEN, Risk.PHOTOCOPY):
        scene = risky(risk)
        assert all(likeness(scene.pixels, card) > 0.75 for card in scene.cards)


@pytest.mark.slow
@pytest.mark.parametrize("risk", Risk)
def test_a_picture_with_a_risk_says_so(risk: Risk) -> None:
    scene = risky(risk)
    assert risk in scene.risks
    assert not scene.risks & scene.slight


@pytest.mark.slow
def test_what_is_covered_or_mirrors_the_lamp_is_lost() -> None:
    for risk in (Risk.GLARE, Risk.OCCLUDED):
        assert risky(risk).cards[0].lost


@pytest.mark.slow
def test_a_cut_card_is_not_whole_in_its_picture() -> None:
    scene = risky(Risk.EDGE_MISSING)
    corners, (height, width) = scene.cards[0].corners, scene.pixels.shape[:2]
    assert (corners < 0).any() or (corners > [width, height]).any()


@pytest.mark.slow
def test_false_papers_are_false_in_one_thing_only() -> None:
    expired = risky(Risk.EXPIRED).cards[0].face.fields
    assert expired["valid_from"] < expired["valid_until"] < TODAY.isoformat()
    odd = risky(Risk.NUMBER_DISAGREES).cards[0].face.fields
    number = odd["id_number"]
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    assert checks(number)
    assert known(number[:6])
    assert (odd["birth"] == born) + (odd["sex"] == ("男" if int(number[16]) % 2 else "女")) == 1
    nowhere = risky(Risk.REGION_UNKNOWN).cards[0].face.fields["id_number"]
    assert checks(nowhere)
    assert not known(nowhere[:6])


def test_what_is_no_id_card_has_no_card_in_it() -> None:
    kinds = [stranger(Set.DEV, number) for number in range(2)]
    assert [scene.cards for scene in kinds] == [(), ()]
    assert [scene.effects for scene in kinds] == [("bank card",), ("business card",)]


def test_labels_are_not_written_where_no_typeface_has_the_rare_characters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(ocr.synth.typefaces, "files", none)
    monkeypatch.setattr(sys, "argv", ["ocr.synth", str(tmp_path / "pictures")])
    with pytest.raises(SystemExit, match=r"rare characters of names are missing; .*pip install openteller\[dev\]"):
        ocr.synth.__main__.main()
    assert not (tmp_path / "pictures").exists()
