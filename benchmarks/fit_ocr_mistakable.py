"""See for which characters the quick network takes those that it lacks: writes ocr/data/mistakable.txt.

    python -m benchmarks.fit_ocr_mistakable

Each character of GB 2312 that it lacks is printed between two that it knows, in all typefaces there are, sharp and less
so. What it reads there, and is SURE of, is written down: half a minute of processor.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr.arrays import Pixels
from ocr.characters import folded, gb_2312
from ocr.recogniser import OnnxRecogniser, QuickRecogniser
from ocr.synth import faces
from ocr.synth.faces import Fonts
from ocr.synth.typefaces import typefaces

SURE = 0.95
_BESIDE = "村", "乡"
_BLURS = 0.6, 1.4  # dots of a line 50 dots high
_SIZE = 68
_PAPER, _INK = (225, 232, 236), (32, 30, 36)
_A_LINE = 60  # characters of the file
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "mistakable.txt"
_HEAD = """\
# Characters for which PP-OCRv6 tiny takes one of GB 2312 that it lacks, and is sure: benchmarks/fit_ocr_mistakable.py.
"""


def main() -> None:
    """Print, read, and write what was mistaken."""
    quick = QuickRecogniser(OnnxRecogniser().characters)
    lacking = [each for each in gb_2312() if not quick.knows(each)]
    pictures = (picture for fonts in typefaces() for each in lacking for picture in printed(each, fonts))
    found = "".join(sorted({taken for picture in pictures for taken in taken_for(quick, picture)}))
    lines = [found[at : at + _A_LINE] for at in range(0, len(found), _A_LINE)]
    _TARGET.write_text(_HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")


def printed(character: str, fonts: Fonts) -> Iterator[Pixels]:
    """Yield it between two others, height x width x 3, BGR, more and less sharp."""
    sheet = Image.new("RGB", (3 * _SIZE + 40, _SIZE + 32), _PAPER)
    ImageDraw.Draw(sheet).text((20, 75), character.join(_BESIDE), _INK, faces.font(fonts, _SIZE), anchor="ls")
    half = sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.BOX)
    for blur in _BLURS:
        yield np.asarray(cv2.GaussianBlur(np.asarray(half)[:, :, ::-1], (0, 0), blur), np.uint8)


def taken_for(quick: QuickRecogniser, picture: Pixels) -> set[str]:
    """Return what the network is sure to see between the two."""
    chances = quick.chances(picture)
    best = chances.argmax(axis=1)
    sure = chances.max(axis=1) > SURE * chances.sum(axis=1)
    return set(folded("".join(quick.characters[column] for column in best[sure]))) - {" ", *_BESIDE}


if __name__ == "__main__":
    # It takes no options; what is given to it all the same is refused.
    argparse.ArgumentParser(prog="python -m benchmarks.fit_ocr_mistakable").parse_args()
    main()
