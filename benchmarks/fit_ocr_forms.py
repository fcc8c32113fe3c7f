"""Fit what the network sees in each of the 6,763 characters of GB 2312: writes ocr/data/forms.npz.

    python -m benchmarks.fit_ocr_forms [TIMES]

Each character is printed so many times, in names of three, at all levels and in all typefaces there are. What is the
same in all that was read right makes its middle; what differs within characters makes the measure of what is strange
(linear discriminants, of which the strongest are kept). It depends on the network and on how lines are cut out alone.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import how_many
from ocr.arrays import Chances
from ocr.characters import DOTS, STROKES, folded, gb_2312, han
from ocr.decode import greedy
from ocr.field_reader import FieldReader
from ocr.forms import probed
from ocr.layout import layout
from ocr.recogniser import OnnxRecogniser
from ocr.synth import strips
from ocr.synth.scenes import Level

SEED = "forms"
_PROBES = 256  # of 18,710 columns: more than the network has dimensions before its last layer, which are 120
_KEPT = 80  # directions
_RIDGE = 1e-3  # of the mean variance within characters: no direction is surer than that
_AT_ONCE = 64
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "forms.npz"

Rows = NDArray[np.float32]


def main(times: int) -> None:
    """Print, look, fit and write."""
    names = _names(times)
    tasks = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
    with ProcessPoolExecutor(2) as pool:
        told = [pair for pairs in pool.map(_look_at, range(len(tasks)), tasks) for pair in pairs]
    characters = OnnxRecogniser().characters
    seen = [character for character, _ in told]
    fitted = fit(seen, np.array([row for _, row in told]))
    columns = probes(characters)
    _write(fitted, columns, "".join(characters[column] for column in columns))
    print(f"{len(told)} characters seen, {len(set(seen))} different ones", file=sys.stderr)


def probes(characters: tuple[str, ...]) -> NDArray[np.intp]:
    """Return columns of Chinese characters, evenly spread, none of which a reader of names changes."""
    columns = [column for column, each in enumerate(characters) if han(each) and each not in DOTS + STROKES]
    return np.array(columns[:: len(columns) // _PROBES][:_PROBES], np.intp)


def fit(seen: list[str], rows: Rows) -> dict[str, NDArray[np.generic]]:
    """Return the data of ocr.forms.Forms but its probes, for the characters that were seen and their logarithms."""
    order = sorted(set(seen))

    places = {character: place for place, character in enumerate(order)}
    which = np.array([places[each] for each in seen])
    counts = np.bincount(which)
    means = np.array([np.bincount(which, column) for column in rows.T]).T / counts[:, None]
    within = _covariance(rows - means[which], len(rows) - len(order))
    spread, axes = np.linalg.eigh(within)
    whiten = axes / np.sqrt(np.maximum(spread, 0) + _RIDGE * spread.sum() / _dimensions(spread))
    between = _covariance((means - means.mean(axis=0)) @ whiten, len(order))
    turn = whiten @ np.linalg.eigh(between)[1][:, ::-1][:, :_KEPT]
    middles = means @ turn
    scale = float(np.abs(middles).max()) / 127
    return {
        "turn": turn.astype(np.float32),
        "middles": np.round(middles / scale).astype(np.int8),
        "scale": np.array(scale),
        "characters": np.array("".join(order)),
    }


def _dimensions(spread: NDArray[np.float64]) -> int:
    return int((spread > spread.max() * 1e-6).sum())


def _covariance(rows: NDArray[np.float64] | Rows, freedom: int) -> NDArray[np.float64]:
    return np.asarray(rows.T @ rows / max(freedom, 1), np.float64)


def _names(times: int) -> list[str]:
    """Return names in which every character stands so many times."""
    chance = Random(SEED)  # noqa: S311  (no secret: it must be repeatable)
    names = []
    for _ in range(times):
        characters = list(gb_2312())
        chance.shuffle(characters)
        names += ["".join(characters[at : at + 3]) for at in range(0, len(characters), 3)]
    return names


def _look_at(task: int, names: list[str]) -> list[tuple[str, Rows]]:
    """Return each character that was read right, with its logarithms."""
    chance = Random(f"{SEED}/{task}")  # noqa: S311
    reader, recogniser = _reader()
    columns = probes(recogniser.characters)
    side = layout("resident_id_front")
    alone = replace(side, fields=tuple(field for field in side.fields if field.name == "name"))
    told: list[tuple[str, Rows]] = []
    for name in names:
        flat = strips.name(name, chance.choice(list(Level)), chance)
        for place in reader.find(flat, alone)["name"]:
            left, top, right, bottom = place.box
            look: Chances = recogniser.chances(np.ascontiguousarray(flat[top:bottom, left:right]))
            reading = greedy(look, recogniser.characters)
            if len(reading.text) == len(name):
                told += [
                    (read, probed(look[column], columns))
                    for right_one, read, column in zip(name, reading.text, reading.columns, strict=True)
                    if folded(right_one) == folded(read)
                ]
    return told


@cache
def _reader() -> tuple[FieldReader, OnnxRecogniser]:
    cv2.setNumThreads(1)
    recogniser = OnnxRecogniser()
    return FieldReader(recogniser), recogniser


def _write(fitted: dict[str, NDArray[np.generic]], columns: NDArray[np.intp], characters: str) -> None:
    probes_of = {"probes": columns.astype(np.uint16), "probed": np.array(characters)}
    np.savez_compressed(_TARGET, allow_pickle=False, **fitted, **probes_of)


if __name__ == "__main__":
    main(how_many("fit_ocr_forms", 4))
