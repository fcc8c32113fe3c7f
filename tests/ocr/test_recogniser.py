"""The network of lines by either runtime says the same of the same lines."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ocr_int8
from ocr.arrays import Pixels
from ocr.decode import greedy
from ocr.paddle import Runtime, python_of
from ocr.recogniser import ModelMissing, OnnxRecogniser, OpenVinoRecogniser, QuickRecogniser, prepared
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level

# Run by the Python of PaddleOCR's environment, which has OpenVINO too: lines in, what OpenVINO makes of them out.
SCRIPT = """
import io, sys
from pathlib import Path
import numpy as np
import openvino
from ocr.recogniser import WEIGHTS, ModelMissing, OpenVinoRecogniser, model_file
lines = np.load(io.BytesIO(sys.stdin.buffer.read()))
recogniser = OpenVinoRecogniser()
openvino.save_model(openvino.Core().read_model(model_file(WEIGHTS)), sys.argv[1] + "/other.xml", compress_to_fp16=False)
other = OpenVinoRecogniser(weights=Path(sys.argv[1], "other.xml"))
Path(sys.argv[1], "broken.xml").write_text("no weights")
try:
    OpenVinoRecogniser(weights=Path(sys.argv[1], "broken.xml"))
except ModelMissing as error:
    print(error, file=sys.stderr)
out = {name: recogniser.chances(lines[name]) for name in lines}
assert all(np.array_equal(out[name], other.chances(lines[name])) for name in lines)
out["characters"] = np.array(recogniser.characters)
np.savez(sys.stdout.buffer, **out)
"""


def test_a_line_is_brought_to_48_dots_and_widened_to_a_multiple_of_16() -> None:
    line = np.full((24, 101, 3), 255, np.uint8)
    assert prepared(line).shape == (1, 3, 48, 208)  # 202 and 6 more
    assert prepared(line).min() == prepared(line).max() == 1.0


def test_a_runtime_that_is_not_there_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelMissing, match=r"pip install openteller\[openvino\]"):
        OpenVinoRecogniser()


def lines_of(level: Level, number: int) -> list[Pixels]:
    return list(ocr_int8.lines_of(sample(Set.DEV, level, number)))


def test_the_quick_network_reads_lines_as_the_whole_one_does_in_the_columns_of_who_asks() -> None:
    whole = OnnxRecogniser()
    quick = QuickRecogniser(whole.characters)
    texts = []
    for line in lines_of(Level.EASY, 0) + lines_of(Level.EASY, 7):
        told, expected = quick.chances(line), greedy(whole.chances(line), whole.characters)
        assert told.shape[1] == len(whole.characters)
        assert told.sum(axis=1) == pytest.approx(1.0, abs=0.01)
        if expected.sure > 0.98 and quick.knows(expected.text):
            texts.append(expected.text)
            assert greedy(told, whole.characters).text == expected.text
    assert len(texts) > 8
    assert 18 in {len(each) for each in texts}  # an ID number


def test_the_quick_network_tells_what_it_can_read_and_tells_nothing_in_columns_that_are_not_asked_for() -> None:
    quick = QuickRecogniser(("", *"仫0123456789X"))
    assert [quick.knows(text) for text in ("仡佬", "仫佬", "110105X 汉")] == [True, False, True]
    for line in lines_of(Level.EASY, 0):
        told = quick.chances(line)
        assert told.shape[1] == 13
        assert not told[:, 1].any()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_openvino_reads_as_onnx_runtime_does_also_by_other_weights(tmp_path: Path) -> None:
    python = python_of(Runtime.ONNX_RUNTIME)
    cut = [line for level in Level for number in (0, 1) for line in lines_of(level, number)]
    assert len(cut) > 25
    packed = io.BytesIO()
    np.savez(packed, **{f"{number:03}": line for number, line in enumerate(cut)})  # type: ignore[arg-type]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [python, "-c", SCRIPT, tmp_path], cwd=root, input=packed.getvalue(), capture_output=True, check=True
    )
    assert "broken.xml: these are no weights of PP-OCRv6 small for OpenVINO" in ended.stderr.decode()
    told = np.load(io.BytesIO(ended.stdout))
    recogniser = OnnxRecogniser()
    assert tuple(told["characters"].tolist()) == recogniser.characters
    for number, line in enumerate(cut):
        expected, other = recogniser.chances(line), told[f"{number:03}"]
        assert np.abs(other - expected).max() < 0.02
        assert greedy(other, recogniser.characters).text == greedy(expected, recogniser.characters).text
