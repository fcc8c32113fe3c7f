"""What `openteller ocr` does with the files it is given: reads them, shows what it read, measures itself."""

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from ocr.arrays import Pixels
from ocr.id_card import RESIDENT_ID, Document, FieldReading, IdCard, Unreadable
from ocr.layout import LayoutError, layouts
from ocr.line_reader import LineReader
from ocr.paddle import EngineFailed, PaddleEngine, Runtime
from ocr.picture import decode
from ocr.reader import Reader, why_not
from ocr.recogniser import ModelMissing, OnnxRecogniser, OpenVinoRecogniser, Recogniser
from ocr.scores import Scores, Share, Truth
from openteller.console import stop
from openteller.system_clock import SystemClock

_WHY_NOT = {
    Unreadable.NO_CARD: "there is no ID card in it",
    Unreadable.BLURRED: "nothing in it is sharp: hold the camera still and take it again",
    Unreadable.NOT_A_PICTURE: "it is not a picture, or it is damaged",
    Unreadable.TOO_LARGE: "the picture is too large: 25 megapixels and 32 MB are the most",
    Unreadable.TOO_SMALL: "the picture is too small: 320 x 200 pixels are the least",
    Unreadable.UNSUPPORTED: "this kind of picture is not read: save it as JPEG, PNG, WebP or BMP",
}
_MISTAKES_SHOWN = 30


@dataclass(frozen=True)
class Wanted:
    """What may be in pictures, by the names of layouts, () for resident ID cards; and a folder of more layouts."""

    documents: tuple[str, ...] = ()
    folder: Path | None = None


@contextmanager
def engine_of(name: str, wanted: Wanted, weights: Path | None = None) -> Iterator[Reader | LineReader]:
    """Lend what reads cards: own, openvino (with other `weights`, if given), or the name of a Runtime of PaddleOCR."""
    try:
        match name:
            case "own":
                with closing(_reader(OnnxRecogniser(), wanted)) as reader:
                    yield reader
            case "openvino":
                with closing(_reader(OpenVinoRecogniser(weights=weights), wanted)) as reader:
                    yield reader
            case _:
                with PaddleEngine(runtime=Runtime(name)) as lines:
                    yield LineReader(lines)
    except (ModelMissing, EngineFailed) as error:
        stop(str(error))


def read_files(reader: Reader | LineReader, files: Sequence[Path], annotate: Path | None, *, as_json: bool) -> bool:
    """Read and show the cards in each picture; return whether every picture had one."""
    today = SystemClock().wall().date()
    all_read = True
    shown = 0
    for file in files:
        data = _bytes_of(file)
        begun = time.perf_counter()
        pixels = decode(data)
        cards = [] if isinstance(pixels, Unreadable) else reader.read_all(pixels, today)
        took = (time.perf_counter() - begun) * 1000
        all_read &= bool(cards)
        told: list[IdCard | Unreadable] = [*cards] or [pixels if isinstance(pixels, Unreadable) else why_not(pixels)]
        for found in told:
            if as_json:
                print(json.dumps(_as_json(file, found, took), ensure_ascii=False))
            elif isinstance(found, Unreadable):
                Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"{file}: {_WHY_NOT[found]}")
            else:
                _print(file, found, took, apart=shown > 0)
                shown += 1
        if annotate is not None and not isinstance(pixels, Unreadable):
            _draw(pixels, cards, annotate)
    return all_read


def measure(reader: Reader | LineReader, folder: Path, *, as_json: bool) -> None:
    """Read the pictures of a folder and show how well they were read."""
    truths = _labels(folder)
    scores = Scores()
    for name, truth in truths.items():
        data = _bytes_of(folder / name)
        begun = time.perf_counter()
        pixels = decode(data)
        found = pixels if isinstance(pixels, Unreadable) else reader.read(pixels)
        scores.add(name, truth, found, time.perf_counter() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if as_json:
        print(json.dumps(_figures(scores, memory), ensure_ascii=False))
    else:
        _print_scores(scores, memory)


# -- reading -----------------------------------------------------------------------------------------------------


def _reader(recogniser: Recogniser, wanted: Wanted) -> Reader:
    folder = wanted.folder
    if folder is not None and not folder.is_dir():
        stop(f"{folder}: there is no such folder")
    try:
        named = wanted.documents or (RESIDENT_ID,)
        if "all" in named:
            named = (*layouts(), *(layouts(folder) if folder else ()))
        return Reader(recogniser, documents=named, folder=folder)
    except (LayoutError, OSError) as error:
        stop(str(error))


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"{file}: {error.strerror}")


def _labels(folder: Path) -> dict[str, Truth]:
    file = folder / "labels.json"
    try:
        truths = {name: _truth(label) for name, label in json.loads(_bytes_of(file)).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        stop(f'{file}: it must be {{"NAME.jpg": {{"side": "front", "fields": {{"name": "..."}}}}, ...}}')
    if not truths:
        stop(f"{file}: it names no picture")
    missing = [name for name in truths if not (folder / name).is_file()]
    if missing:
        more = f", nor are {len(missing) - 1} more" if len(missing) > 1 else ""
        stop(f"{file}: {missing[0]} is not in the folder{more}")
    return truths


def _truth(label: Any) -> Truth:
    """Return what stands on a picture. Raises ValueError, TypeError, KeyError, AttributeError."""
    fields, lost, level = dict(label["fields"]), list(label.get("lost", ())), label.get("level", "")
    texts = [label["side"], level, *lost, *fields.values()]
    if not fields or not all(isinstance(each, str) for each in texts):
        raise ValueError("what stands on a card is text")
    return Truth(label["side"], fields, frozenset(lost), level)


# -- showing -----------------------------------------------------------------------------------------------------


def _as_json(file: Path, found: IdCard | Unreadable, took: float) -> dict[str, Any]:
    if isinstance(found, Unreadable):
        return {"file": str(file), "error": found.value, "ms": round(took, 1)}
    other = {} if found.document == RESIDENT_ID else {"document": found.document}
    return {
        "file": str(file),
        **other,
        "side": found.side_name,
        "fields": {name: _field_as_json(field) for name, field in found.fields.items()},
        "quality": {name: round(value, 3) for name, value in vars(found.quality).items()},
        "risks": sorted(risk.value for risk in found.risks),
        "ms": round(took, 1),
    }


def _field_as_json(field: FieldReading) -> dict[str, Any]:
    return {
        "text": field.text,
        "confidence": round(field.confidence, 4),
        "sure": field.sure,
        "verified": field.verified,
        "box": None if field.box is None else [[round(x, 1), round(y, 1)] for x, y in field.box],
    }


def _print(file: Path, found: IdCard, took: float, *, apart: bool) -> None:
    """Print a card's fields as a table, `apart` from the one before by an empty line."""
    console = Console(highlight=False)
    what = "" if found.document == RESIDENT_ID else f": {found.document.replace('_', ' ')}"
    table = Table(title=f"{file}{what}", title_justify="left", caption_justify="left", box=None, pad_edge=False)
    for head in ("field", "text", "confidence", ""):
        table.add_column(head, overflow="fold")
    for name, field in found.fields.items():
        said = "proved by a rule" if field.verified else "sure" if field.sure else "ask back"
        text = _masked(field.text) if isinstance(found.side, Document) and name in found.side.masked else field.text
        table.add_row(name.replace("_", " "), text or "-", f"{field.confidence:.3f}", said)
    risks = ", ".join(sorted(risk.value.replace("_", " ") for risk in found.risks)) or "none"
    table.caption = f"risks: {risks}; {took:.0f} ms"
    if apart:
        console.print()
    console.print(table)


def _masked(text: str) -> str:
    """Return a card number as people may see it (PCI DSS 3.4); programs that ask for JSON get all of it."""
    return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}" if len(text) > 12 else "*" * len(text)


def _draw(pixels: Pixels, cards: Sequence[IdCard], out: Path) -> None:

    drawn = pixels.copy()
    thick = max(2, round(max(drawn.shape) / 600))
    for card in cards:
        cv2.polylines(drawn, [np.array(card.corners, np.int32)], True, (200, 120, 0), thick, cv2.LINE_AA)
        for field in card.fields.values():
            if field.box is not None:
                colour = (60, 160, 40) if field.sure else (0, 120, 240)
                cv2.polylines(drawn, [np.array(field.box, np.int32)], True, colour, thick, cv2.LINE_AA)
    try:
        out.write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
    except OSError as error:
        stop(f"{out}: {error.strerror}")


def _figures(scores: Scores, memory_mb: float) -> dict[str, Any]:
    def shares(kind: str) -> dict[str, float]:
        return {each or "all": round(scores.share(kind, each).value, 5) for each in (*scores.levels, None)}

    return {
        "pictures": scores.pictures,
        "fields": shares("field"),
        "cards": shares("card"),
        "id_number": round(scores.share("id_number").value, 5),
        "wrong_but_sure": round(scores.wrong_but_sure.value, 6),
        "sure": round(scores.sure.value, 5),
        "p50_ms": round(scores.milliseconds(50), 1),
        "p95_ms": round(scores.milliseconds(95), 1),
        "memory_mb": round(memory_mb, 1),
        "mistakes": [vars(each) for each in scores.mistakes],
    }


def _print_scores(scores: Scores, memory_mb: float) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for head in ("", "fields right", "whole cards", "ID numbers"):
        table.add_column(head, justify="left" if not head else "right")
    levels: Sequence[str | None] = [each for each in scores.levels if each]
    for level in (*levels, None):
        row = [_percent(scores.share(kind, level)) for kind in ("field", "card", "id_number")]
        table.add_row(level or "all", *row)
    console.print(table)
    wrong = scores.wrong_but_sure
    console.print(
        f"\nwrong but sure: {wrong.right} of {wrong.of} fields ({wrong.value:.3%})"
        f"\ncoverage, what need not be asked back: {_percent(scores.sure)}"
        f"\n{scores.pictures} pictures, p50 {scores.milliseconds(50):.0f} ms, p95 {scores.milliseconds(95):.0f} ms,"
        f" at most {memory_mb:.0f} MB"
    )
    for each in scores.mistakes[:_MISTAKES_SHOWN]:
        sure = "  (and sure of it)" if each.sure else ""
        console.print(
            f"{each.picture}: {each.field}: {each.right} read as {each.read or 'nothing'}{sure}", markup=False
        )
    if len(scores.mistakes) > _MISTAKES_SHOWN:
        console.print(f"... and {len(scores.mistakes) - _MISTAKES_SHOWN} more mistakes; --json has them all")
    sys.stdout.flush()


def _percent(share: Share) -> str:
    return f"{share.value:.2%} of {share.of}"
