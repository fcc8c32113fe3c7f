"""`openteller ocr --camera` as a technician uses it: hints while a card is laid down, then a table or JSON."""

import json
from functools import partial
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from ocr.synth.samples import Set
from ocr.synth.videos import PER_SECOND, film
from ocr.worker import ReadingProcess
from openteller import ocr_camera
from openteller.cli import app
from tests.openteller.branch import READING_MS


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["ocr", *map(str, arguments)], env={"NO_COLOR": "1"})


def test_a_camera_that_is_not_there_is_said() -> None:
    told = run("--camera", "/dev/no-camera")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "/dev/no-camera: no such device or file" in told.stderr


def test_pictures_and_a_camera_do_not_go_together(tmp_path: Path) -> None:
    told = run("front.jpg", "--camera", "/dev/video0")
    assert told.exit_code == 2
    assert "unexpected extra argument" in told.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_film_of_a_card_being_laid_down_gives_hints_and_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr_camera, "ReadingProcess", partial(ReadingProcess, limit_ms=READING_MS))
    shown = film(Set.DEV, 0)
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), PER_SECOND, (1024, 768))
    for pixels in shown.frames():
        writer.write(pixels)
    writer.release()
    told = run("--camera", file, "--side", "front", "--json", "--seconds", "300")
    assert told.exit_code == 0, told.stderr
    (side,) = (json.loads(line) for line in told.stdout.splitlines())
    assert side["side"] == "front"
    assert {name: each["text"] for name, each in side["fields"].items()} == shown.face.fields
    assert side["fields"]["id_number"]["verified"]
    assert told.stderr.splitlines()[0] == "lay the card under the camera, the front up"
