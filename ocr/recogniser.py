"""PP-OCRv6 small, the network that reads a line of text, run by ONNX Runtime or by OpenVINO.

The weights and the list of characters come out of the package `rapidocr` (Apache-2.0), of which nothing is imported.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Chances, Pixels
from ocr.network import session

_WEIGHTS = "PP-OCRv6_rec_small.onnx"
LINE_HEIGHT = 48  # dots that the network wants
STEP = 8  # dots of width that give one column of chances
_WIDEST = 1600
_QUANTUM = 16


class ModelMissing(RuntimeError):
    """The weights are not installed; the text says how to get them."""


class Recogniser(Protocol):
    """Reads one line of text."""

    characters: tuple[str, ...]
    """What a column of chances stands for: the first is the blank of CTC."""

    def chances(self, line: Pixels) -> Chances:
        """Return steps x characters, each row adding up to 1, for a picture of height x width x 3, BGR."""
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
    """The network on the processor; `threads` of them at once. One thread owns it."""

    def __init__(self, threads: int = 2) -> None:
        """Load the weights: some 0.1 s. Raises ModelMissing."""
        self._session = session(str(model_file(_WEIGHTS)), threads)
        self._input = self._session.get_inputs()[0].name
        known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.characters: tuple[str, ...] = ("", *known, " ")

    def chances(self, line: Pixels) -> Chances:
        """As Recogniser."""
        return np.asarray(self._session.run(None, {self._input: prepared(line)})[0][0], np.float32)


class OpenVinoRecogniser:
    """The same network run by OpenVINO, of the extra `openvino`; `threads` of them at once. One thread owns it."""

    def __init__(self, threads: int = 2) -> None:
        """Load the weights: some 0.8 s. Raises ModelMissing."""
        try:
            import openvino  # noqa: PLC0415  (not installed with all else)
        except ImportError:
            raise ModelMissing("OpenVINO is missing; install it with: pip install openteller[openvino]") from None
        core = openvino.Core()
        model = core.read_model(model_file(_WEIGHTS))
        known = model.get_rt_info(["framework", "character"]).astype(str).splitlines()
        self.characters: tuple[str, ...] = ("", *known, " ")
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._request = core.compile_model(model, "CPU", options).create_infer_request()

    def chances(self, line: Pixels) -> Chances:
        """As Recogniser."""
        return np.array(self._request.infer([prepared(line)])[0][0], np.float32)


def prepared(line: Pixels) -> NDArray[np.float32]:
    """Return a line as the network wants it, 1 x 3 x 48 x width: widened to a multiple of 16 with its own edge."""
    height, width = line.shape[:2]
    wide = min(max(round(width * LINE_HEIGHT / height), _QUANTUM), _WIDEST)
    shrinks = wide < width
    line = cv2.resize(line, (wide, LINE_HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    line = cv2.copyMakeBorder(line, 0, 0, 0, -wide % _QUANTUM, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray((line.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None])
