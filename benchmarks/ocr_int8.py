"""Make weights of eight bits of the network that reads lines, for OpenVINO, and see what they gain and cost.

    pip install openteller[dev,int8]
    python -m benchmarks.ocr_int8 weights/ --count 360
    openteller ocr --engine openvino --weights weights/int8.xml front.jpg

The ranges of numbers are taken from lines of TRAIN. Then pictures of DEV are read by ONNX Runtime, by OpenVINO, and by
OpenVINO with eight bits: a minute and a half of processor, and 0.6 s a picture.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import lines
from ocr.arrays import Pixels
from ocr.layout import layout
from ocr.projection import rim
from ocr.reader import Reader
from ocr.recogniser import WEIGHTS, ModelMissing, OnnxRecogniser, OpenVinoRecogniser, Recogniser, model_file, prepared
from ocr.scores import Scores, Truth
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level, Scene
from ocr.synth.typefaces import TypefacesMissing, require_rare_characters

_LINES = 400  # more change no range
_FROM = 3_000  # numbers of DEV on which nothing was chosen


def main() -> None:
    """Make the weights, read, and print a line for each runtime."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ocr_int8", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where int8.xml and int8.bin are written")
    parser.add_argument("--count", type=int, default=360, help="how many pictures to read afterwards")
    given = parser.parse_args()
    try:
        require_rare_characters()
        runtimes = {"ONNX Runtime": OnnxRecogniser(), "OpenVINO": OpenVinoRecogniser()}
        weights = quantised(given.folder)
    except (ModelMissing, ModuleNotFoundError, TypefacesMissing) as error:
        raise SystemExit(f"{error}; all of it comes with: pip install openteller[dev,int8]") from None
    compare(runtimes | {"OpenVINO, eight bits": OpenVinoRecogniser(weights=weights)}, given.count)


def quantised(folder: Path) -> Path:
    """Write the weights of eight bits into a folder, 5.7 MB, and return the file that names them."""
    import nncf  # noqa: PLC0415  (neither is installed with all else)
    import openvino  # noqa: PLC0415

    seen = nncf.Dataset(list(islice(_training(), _LINES)))
    kind = nncf.ModelType.TRANSFORMER  # its attention stays exact: as a plain network it is sure of less
    small = nncf.quantize(
        openvino.Core().read_model(model_file(WEIGHTS)),
        seen,
        subset_size=_LINES,
        preset=nncf.QuantizationPreset.MIXED,
        model_type=kind,
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "int8.xml"
    openvino.save_model(small, target)
    return target


def compare(recognisers: Mapping[str, Recogniser], pictures: int) -> None:
    """Let all of them read the same pictures, each in its turn first, and print what they made of them."""
    readers = {name: Reader(each) for name, each in recognisers.items()}
    names = list(readers)
    scores = {name: Scores() for name in names}
    processor = dict.fromkeys(names, 0.0)
    for number in range(pictures):
        scene = sample(Set.DEV, tuple(Level)[number % 3], _FROM + number // 3)
        card = scene.cards[0]
        truth = Truth(card.face.side, card.face.fields, card.lost)
        turn = number % len(names)
        for name in [*names[turn:], *names[:turn]]:
            begun, used = time.perf_counter(), time.process_time()
            found = readers[name].read(scene.pixels)
            scores[name].add(str(number), truth, found, time.perf_counter() - begun)
            processor[name] += time.process_time() - used
    for name, told in scores.items():
        print(f"{name}: {_figures(told)}, processor {1000 * processor[name] / max(pictures, 1):.0f} ms")


def lines_of(scene: Scene) -> Iterator[Pixels]:
    """Yield all lines of a card, cut out of its picture by its true corners."""
    card = scene.cards[0]
    side = layout(f"resident_id_{card.face.side}")
    matrix = cv2.getPerspectiveTransform(card.corners.astype(np.float32), rim(side.size).astype(np.float32))
    flat = cv2.warpPerspective(scene.pixels, matrix, side.size)
    ink = lines.ink(flat)
    for field in side.fields:
        for line in lines.find(ink, field, side.slack):
            left, top, right, bottom = line.box
            yield flat[top:bottom, left:right]


def _training() -> Iterator[NDArray[np.float32]]:
    for number in count():
        for line in lines_of(sample(Set.TRAIN, tuple(Level)[number % 3], number // 3)):
            yield prepared(line)


def _figures(scores: Scores) -> str:
    fields, cards, wrong = scores.share("field"), scores.share("card"), scores.wrong_but_sure
    return (
        f"{fields.right} of {fields.of} fields, {cards.right} of {cards.of} cards, {scores.sure.right} sure,"
        f" {wrong.right} wrong and sure; p50 {scores.milliseconds(50):.0f} ms, p95 {scores.milliseconds(95):.0f} ms"
    )


if __name__ == "__main__":
    main()
