"""What a side of a card looks like, from ocr/layouts/*.toml: where its labels and fields are printed."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Box = tuple[int, int, int, int]
"""left, top, right, bottom in dots of the flattened card."""


@dataclass(frozen=True)
class Label:
    """Print that every card of the kind has."""

    text: str
    box: Box


@dataclass(frozen=True)
class Field:
    """Print that differs from card to card. `kind` says how it is read; up to `lines` lines, `pitch` dots apart."""

    name: str
    kind: str
    box: Box
    lines: int = 1
    pitch: int = 0


@dataclass(frozen=True)
class Layout:
    """One side. `size`: width and height in dots; `slack`: how many dots the print may be off, any way."""

    side: str
    size: tuple[int, int]
    slack: int
    labels: tuple[Label, ...]
    fields: tuple[Field, ...]
    portrait: Box | None = None


@cache
def layout(name: str) -> Layout:
    """Return the layout of this name. Raises FileNotFoundError."""
    data = tomllib.loads(files("ocr").joinpath(f"layouts/{name}.toml").read_text(encoding="utf-8"))
    width, height = data["size"]
    return Layout(
        data["side"],
        (width, height),
        data["slack"],
        tuple(Label(each["text"], _box(each["box"])) for each in data["label"]),
        tuple(Field(**{**each, "box": _box(each["box"])}) for each in data["field"]),
        _box(data["portrait"]) if "portrait" in data else None,
    )


def _box(values: list[int]) -> Box:
    left, top, right, bottom = values
    return left, top, right, bottom
