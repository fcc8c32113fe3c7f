"""PP-OCRv6 small, the network that reads a line of text, run by ONNX Runtime or by OpenVINO; and tiny, for first looks.

The weights and the list of characters of the first come out of the package `rapidocr` (Apache-2.0), of which nothing is
imported; those of the other are in ocr/models.
"""

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Chances, Pixels
from ocr.network import session

WEIGHTS = "PP-OCRv6_rec_small.onnx"
LINE_HEIGHT = 48  # dots that the network wants
STEP = 8  # dots of width that give one column of chances
_WIDEST = 1600
_QUANTUM = 16
_NOTHING = 1e-6  # a chance that changes no reading: fields and decode look at no less
_NOWHERE = -1  # the column of a character that nobody asks for


class ModelMissing(RuntimeError):
    """The weights are not installed; the text says how to get them."""


class Recogniser(Protocol):
    """Reads lines of text, one in each thread that asks."""

    characters: tuple[str, ...]
    """What a column of chances stands for: the first is the blank of CTC."""

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        """Return steps x characters, each row adding up to 1, for a picture of height x width x 3, BGR.

        `squeeze`: what becomes of its width, 0 to 1; time and steps become as many.
        """
        ...


class Quick(Recogniser, Protocol):
    """Reads lines in less time, and fewer characters."""

    def knows(self, text: str) -> bool:
        """Return whether it can read all characters of a text. Others it takes for those that it can, and is sure."""
        ...


def model_file(name: str) -> Path:
    """Return where the installed package has the model.

    Raises:
        ModelMissing: it is not installed.
    """
    package = find_spec("rapidocr")  # which is not imported: where it lies is enough
    places = [Path(folder) / "models" / name for folder in (package and package.submodule_search_locations) or ()]
    for place in places:
        if place.is_file():
            return place
    raise ModelMissing(f"the model {name} is missing; install it with: pip install rapidocr==3.10.0")


class OnnxRecogniser:
    """The network on the processor. Any thread may ask, and works for itself.

    Two lines side by side take less time than one after the other by two threads.
    """

    def __init__(self) -> None:
        """Load the weights: some 0.1 s. Raises ModelMissing."""
        self._session = session(str(model_file(WEIGHTS)), 1)
        self._input = self._session.get_inputs()[0].name
        known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.characters: tuple[str, ...] = ("", *known, " ")

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        """As Recogniser."""
        return np.asarray(self._session.run(None, {self._input: prepared(line, squeeze)})[0][0], np.float32)


class QuickRecogniser:
    """PP-OCRv6 tiny: a fifth of the work, and what it knows it reads nearly as well. Any thread may ask."""

    def __init__(self, characters: Sequence[str]) -> None:
        """Load the weights: some 20 ms. `characters`: what the columns of the chances stand for."""
        self.characters: tuple[str, ...] = tuple(characters)
        models = files("ocr").joinpath("models")
        self._session = session(models.joinpath("PP-OCRv6_tiny_rec.onnx").read_bytes(), 1)
        self._input = self._session.get_inputs()[0].name
        known = ["", *models.joinpath("PP-OCRv6_tiny_rec.txt").read_text(encoding="utf-8").splitlines(), " "]
        places = {character: column for column, character in enumerate(self.characters)}
        self._columns = np.array([places.get(each, _NOWHERE) for each in known], np.intp)
        self._known = frozenset(known)

    def knows(self, text: str) -> bool:
        """As Quick; it lacks a fifth of GB 2312."""
        return self._known.issuperset(text)

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        """As Recogniser, but 0 for all characters that it does not know, or that have hardly any chance."""
        told = self._session.run(None, {self._input: prepared(line, squeeze)})[0][0]
        chances = np.zeros((len(told), len(self.characters)), np.float32)
        steps, own = divmod(
            np.flatnonzero(told > _NOTHING), told.shape[1]
        )  # to move all takes half as long as the network
        columns = self._columns[own]
        asked = columns != _NOWHERE
        chances[steps[asked], columns[asked]] = told[steps[asked], own[asked]]
        return chances


class OpenVinoRecogniser:
    """The same network run by OpenVINO, of the extra `openvino`. Any thread may ask; `threads` work at once."""

    def __init__(self, threads: int = 2, weights: Path | None = None) -> None:
        """Load the weights: some 0.8 s.

        `weights`: other ones of this network, a file .xml of OpenVINO, as `python -m benchmarks.ocr_int8` makes them.

        Raises:
            ModelMissing: OpenVINO or the weights are not there, or the file is no such weights.
        """
        try:
            import openvino  # noqa: PLC0415  (not installed with all else)
        except ImportError:
            raise ModelMissing("OpenVINO is missing; install it with: pip install openteller[openvino]") from None
        core = openvino.Core()
        try:
            model = core.read_model(weights or model_file(WEIGHTS))
            known = model.get_rt_info(["framework", "character"]).astype(str).splitlines()
        except RuntimeError:
            raise ModelMissing(f"{weights}: these are no weights of PP-OCRv6 small for OpenVINO") from None
        self.characters: tuple[str, ...] = ("", *known, " ")
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        self._model = core.compile_model(model, "CPU", options)
        self._of_thread = local()

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        """As Recogniser."""
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._model.create_infer_request()
        return np.array(self._of_thread.request.infer([prepared(line, squeeze)])[0][0], np.float32)


def prepared(line: Pixels, squeeze: float = 1.0) -> NDArray[np.float32]:
    """Return a line as the network wants it, 1 x 3 x 48 x width: widened to a multiple of 16 with its own edge.

    `squeeze`: as Recogniser.chances.
    """
    height, width = line.shape[:2]
    wide = min(max(round(width * LINE_HEIGHT / height * squeeze), _QUANTUM), _WIDEST)
    shrinks = wide < width
    line = cv2.resize(line, (wide, LINE_HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    line = cv2.copyMakeBorder(line, 0, 0, 0, -wide % _QUANTUM, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray((line.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None])
