"""How strange characters look for what they were read as."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from benchmarks.fit_ocr_forms import fit, probes
from ocr.decode import greedy
from ocr.field_reader import FieldReader
from ocr.forms import Forms
from ocr.layout import layout
from ocr.recogniser import OnnxRecogniser
from ocr.synth import strips
from ocr.synth.scenes import Level


def test_a_network_of_other_characters_finds_nothing_strange() -> None:
    assert Forms(("", "王", "伟")).strange(np.full(3, 1 / 3, np.float32), "王") == 0.0


def test_a_rare_character_looks_strange_for_the_common_one_that_is_like_it() -> None:
    recogniser = OnnxRecogniser()
    forms, side = Forms(recogniser.characters), layout("resident_id_front")
    side = replace(side, fields=tuple(field for field in side.fields if field.name == "name"))
    told = {}
    for name in ("王爽", "王奭"):
        flat = strips.name(name, Level.MEDIUM, Random(7))
        left, top, right, bottom = FieldReader(recogniser).find(flat, side)["name"][0].box
        look = recogniser.chances(np.ascontiguousarray(flat[top:bottom, left:right]))
        told[name] = look[greedy(look, recogniser.characters).columns[-1]]
    assert forms.strange(told["王爽"], "爽") < 1.0
    assert forms.strange(told["王奭"], "爽") > 1.5
    assert forms.strange(told["王奭"], "奭") == 0.0  # of which no form is known


def test_what_differs_within_characters_counts_less_than_what_differs_between_them() -> None:
    noise = np.random.default_rng(1)
    seen = [character for character in "甲乙丙丁" for _ in range(50)]
    rows = noise.normal(0, [3.0, 0.1, 0.1], (200, 3)).astype(np.float32)
    rows[:, 1] += np.repeat([0, 1, 2, 3], 50)
    fitted = fit(seen, rows)
    turn, scale = np.asarray(fitted["turn"], float), float(fitted["scale"])
    assert str(fitted["characters"]) == "丁丙乙甲"
    middles = np.asarray(fitted["middles"], float) * scale
    away = [float(np.mean((np.array(point) @ turn - middles[0]) ** 2)) for point in ((3.0, 3.0, 0.0), (0.0, 3.5, 0.0))]
    assert away[0] == pytest.approx(0.3, abs=0.2)  # the form of 丁, one deviation aside
    assert away[1] > 5  # halfway to nothing that was seen


def test_probes_are_as_many_chinese_characters() -> None:
    columns = probes(("", *"0123", *(chr(0x4E00 + number) for number in range(600))))
    assert len(set(columns.tolist())) == 256
    assert columns.min() >= 5
