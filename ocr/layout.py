"""What a side of a document looks like, from ocr/layouts/*.toml: where its labels and fields are printed, and how.

How to write such a file: docs/ocr/layouts.md.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from ocr.checks import CHECKS

Box = tuple[int, int, int, int]
"""left, top, right, bottom in dots of the flattened card."""


class LayoutError(ValueError):
    """A file describes no layout; the text names the file, the place in it and what is wrong."""


class Ink(Enum):
    """How print stands out from what it is printed on."""

    DARK = "dark"
    LIGHT = "light"
    EITHER = "either"  # embossed: a light edge and a dark one


LIKE = {
    "name": "name",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "birth": "birth",
    "address": "address",
    "id_number": "id_number",
    "authority": "authority",
    "validity": "validity",
    "choice": "sex",
    "code": "id_number",
    "date": "birth",
    "period": "validity",
    "latin_name": "name",
    "text": "name",
}
"""Every kind of field, and the kind of a resident ID card's whose signs of doubt it has."""
_RESIDENT_ONLY = {"sex", "ethnicity", "birth", "id_number", "validity"}  # rules of these cards follow from them


@dataclass(frozen=True)
class Label:
    """Print that every card of the kind has."""

    text: str
    box: Box


@dataclass(frozen=True)
class Field:
    """Print that differs from card to card; up to `lines` lines, `pitch` dots apart.

    kind: one of LIKE; how it is read.
    alphabet: the characters of a code.
    texts: all that a choice may say.
    format: how a date is written, as YYYY.MM.DD; of a period, each of its two dates.
    pattern: what the field must match as a whole, a regular expression, without blanks; a group in it is what is told.
    check: by which rule the last character follows from the others (ocr/checks.py).
    cells: where all characters are equally wide from the begin of a line to its end, what may stand in each: A letters,
        9 digits, * both; or < in any.
    advance: dots from a character to the next, 0 where that differs.
    usual: how many dots are inked on most cards.
    slack: as Layout's, where it is another.
    """

    name: str
    kind: str
    box: Box
    lines: int = 1
    pitch: int = 0
    advance: int = 34
    usual: int = 0
    slack: int | None = None
    alphabet: str = ""
    texts: tuple[str, ...] = ()
    format: str = ""
    pattern: str = ""
    check: str = ""
    cells: str = ""

    @property
    def like(self) -> str:
        """Return the kind of a resident ID card's field whose signs of doubt this has."""
        return LIKE[self.kind]


READINGS = ("text", "date", "map", "sex", "surname", "given_names")
"""How characters of a field may tell another."""


@dataclass(frozen=True)
class Tells:
    """Characters of one field say what another says, or, where that is not printed, say it alone.

    of, span: the field, and from which to which of its characters; the first is 1.
    reading: text; date, in `format`, where years of two digits below `pivot` are of 20..; map, by `texts`, pairs of
        what stands there and what it means; sex, of a digit that is odd for men; surname or given_names, as a
        machine-readable zone has them.
    """

    of: str
    field: str
    span: tuple[int, int]
    reading: str = "text"
    format: str = "YYYYMMDD"
    pivot: int = 50
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Checked:
    """Character `digit` of the field `of` follows from those of `spans`, one after the other, by the rule `by`."""

    of: str
    spans: tuple[tuple[int, int], ...]
    digit: int
    by: str


@dataclass(frozen=True)
class Expires:
    """After the day that the field says, the document is no longer valid."""

    field: str


Rule = Tells | Checked | Expires


@dataclass(frozen=True)
class Layout:
    """One side of a document. `size`: width and height in dots; `slack`: how many dots the print may be off, any way.

    spans: the lines of print that are equally long on every card.
    proof: the field that, where it is in order, proves a document whose labels are not seen, or that has none.
    instead_of: the document whose labels it has, too, so that only its proof tells it from that.
    masked: fields of which people are shown the first six and last four characters.
    """

    side: str
    size: tuple[int, int]
    slack: int
    labels: tuple[Label, ...]
    fields: tuple[Field, ...]
    portrait: Box | None = None
    document: str = "resident_id"
    ink: Ink = Ink.DARK
    spans: tuple[Box, ...] = ()
    rules: tuple[Rule, ...] = ()
    proof: str = ""
    instead_of: str = ""
    masked: frozenset[str] = frozenset()


@cache
def layout(name: str) -> Layout:
    """Return the layout of this name. Raises FileNotFoundError."""
    return read(name, files("ocr").joinpath(f"layouts/{name}.toml").read_text(encoding="utf-8"))


@cache
def layouts(folder: Path | None = None) -> Mapping[str, tuple[Layout, ...]]:
    """Return the layouts of the files of a folder, or of those that come with the suite, by their documents.

    Raises:
        LayoutError: a file is none.
    """
    source = files("ocr").joinpath("layouts") if folder is None else folder
    found: dict[str, tuple[Layout, ...]] = {}
    for file in sorted(source.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            text = file.read_text(encoding="utf-8")
            one = layout(file.name.removesuffix(".toml")) if folder is None else read(file.name, text)
            found[one.document] = (*found.get(one.document, ()), one)
    return found


_T = TypeVar("_T")
_TABLES = {"label", "field", "rule"}
_RULES: Mapping[str, type[Rule]] = {"tells": Tells, "check": Checked, "expires": Expires}


def read(name: str, text: str) -> Layout:
    """Return the layout that a file of this name describes. Raises LayoutError."""
    try:
        data = tomllib.loads(text)
        if "document" not in data:
            raise KeyError("document")  # noqa: TRY301  (as for any other key)
        plain = {key: value for key, value in data.items() if key not in _TABLES}
        for key in ("size", "portrait"):
            plain |= {key: tuple(plain[key])} if key in plain else {}
        plain["ink"] = Ink(plain.get("ink", "dark"))
        plain["spans"] = tuple(_box(each) for each in plain.get("spans", ()))
        plain["masked"] = frozenset(plain.get("masked", ()))
        found = _made(
            Layout,
            plain
            | {
                "labels": tuple(_made(Label, each | {"box": _box(each["box"])}) for each in data.get("label", ())),
                "fields": tuple(_field(each) for each in data.get("field", ())),
                "rules": tuple(_rule(each) for each in data.get("rule", ())),
            },
        )
        _sound(found)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise LayoutError(f"{name}: {what}") from None
    return found


def _made(kind: type[_T], values: Mapping[str, Any]) -> _T:
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # (all are dataclasses)
    needed = {each.name for each in fields(kind) if each.default is MISSING}  # type: ignore[arg-type]
    if needed - set(values):
        raise KeyError(min(needed - set(values)))
    strange = sorted(set(values) - known)
    if strange:
        raise ValueError(f"{strange[0]!r} is no key of {kind.__name__.lower()}; there are {', '.join(sorted(known))}")
    return kind(**values)


def _field(data: Mapping[str, Any]) -> Field:
    field = _made(Field, {**data, "box": _box(data["box"]), "texts": tuple(data.get("texts", ()))})
    if field.kind not in LIKE:
        raise ValueError(f"field {field.name}: there is no kind {field.kind!r}; there are {', '.join(LIKE)}")
    re.compile(field.pattern)
    if field.check and field.check not in CHECKS:
        raise ValueError(f"field {field.name}: there is no check {field.check!r}; there are {', '.join(CHECKS)}")
    if set(field.cells) - set("A9*"):
        raise ValueError(f"field {field.name}: cells are A, 9 or *")
    needed = {"code": "" if field.cells else "alphabet", "choice": "texts", "date": "format", "period": "format"}.get(
        field.kind
    )
    if needed and not getattr(field, needed):
        raise ValueError(f"field {field.name}: a {field.kind} needs {needed!r}")
    return field


def _rule(data: Mapping[str, Any]) -> Rule:
    values = {key: value for key, value in data.items() if key != "rule"}
    if data["rule"] not in _RULES:
        raise ValueError(f"there is no rule {data['rule']!r}; there are {', '.join(_RULES)}")
    if "span" in values:
        values["span"] = tuple(values["span"])
    if "spans" in values:
        values["spans"] = tuple(tuple(each) for each in values["spans"])
    if "texts" in values:
        values["texts"] = tuple(values["texts"].items())
    return _made(_RULES[data["rule"]], values)


def _sound(layout: Layout) -> None:
    """Raise ValueError where parts of a layout do not fit each other."""
    width, height = layout.size
    named = [field.name for field in layout.fields]
    for name, box in [*((each.text, each.box) for each in layout.labels), *((f.name, f.box) for f in layout.fields)]:
        if not (0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height):
            raise ValueError(f"the box of {name} is not within {width} x {height}")
    if len(set(named)) < len(named):
        raise ValueError("two fields have the same name")
    _sound_rules(layout)
    strange = [field for field in layout.fields if field.kind in _RESIDENT_ONLY]
    if strange and layout.document != "resident_id":
        raise ValueError(f"field {strange[0].name}: {strange[0].kind} is of resident ID cards alone; use code or date")
    if layout.proof and layout.proof not in named:
        raise ValueError(f"{layout.proof!r} shall be the proof, but is no field")
    if len(layout.labels) < 3 and not layout.proof:
        raise ValueError("it needs three labels, or a field that is its proof")


def _sound_rules(layout: Layout) -> None:
    """Raise ValueError where a rule is about what there is not."""
    named = {field.name for field in layout.fields}
    codes = [field.name for field in layout.fields if field.kind == "code"]
    told = {rule.field for rule in layout.rules if isinstance(rule, Tells)}
    told |= {"valid_from", "valid_until"} if any(field.kind == "period" for field in layout.fields) else set()
    for rule in layout.rules:
        if isinstance(rule, Expires):
            if rule.field not in named | told:
                raise ValueError(f"nothing says {rule.field!r}, after which it shall expire")
        elif rule.of not in codes:
            raise ValueError(f"a rule is about {rule.of!r}, which is no field of kind code")
        elif isinstance(rule, Checked) and rule.by not in CHECKS:
            raise ValueError(f"there is no check {rule.by!r}; there are {', '.join(CHECKS)}")
        elif isinstance(rule, Tells) and rule.reading not in READINGS:
            raise ValueError(f"there is no reading {rule.reading!r}; there are {', '.join(READINGS)}")


def _box(values: list[int]) -> Box:
    left, top, right, bottom = values
    return left, top, right, bottom
