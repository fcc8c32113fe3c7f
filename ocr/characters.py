"""Which characters names and places are written with: common ones, rare ones, and forms that cards do not print."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

DOT, DOTS = "·", "・•‧．."  # within names: as cards print it, and as networks read it, too
ONE, STROKES = "一", "ー—"  # within names: what networks trained on Japanese and on prose read in the same stroke
_AS_PRINTED = str.maketrans(DOTS, DOT * len(DOTS))


@cache
def simplified() -> dict[str, str]:
    """Return the simplified form of each traditional one that no card prints."""
    lines = files("ocr").joinpath("data/traditional.txt").read_text(encoding="utf-8").splitlines()
    return {pair[0]: pair[1] for line in lines if not line.startswith("#") for pair in line.split()}


def folded(text: str) -> str:
    """Return a text with its traditional forms simplified, and the dot within names as cards print it."""
    return "".join(simplified().get(character, character) for character in text.translate(_AS_PRINTED))


def han(character: str) -> bool:
    """Return whether it is a Chinese character."""
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U000323af"


def gb_2312() -> Iterator[str]:
    """Yield its 6,763 Chinese characters."""
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFA if row == 0xD7 else 0xFF):
            yield bytes((row, cell)).decode("gb2312")


def common(character: str) -> bool:
    """Return whether it is one of the 3,755 of level 1 of GB 2312, which everybody's typeface and network knows."""
    try:
        row = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= row <= 0xD7


@cache
def _surnames() -> frozenset[str]:
    lines = files("ocr").joinpath("data/surnames.txt").read_text(encoding="utf-8").splitlines()
    *singles, doubles = [line for line in lines if not line.startswith("#")]
    return frozenset("".join(singles)) | {doubles[at : at + 2] for at in range(0, len(doubles), 2)}


def begins_with_surname(name: str) -> bool:
    """Return whether a name begins with one of some 430 common surnames, of one character or two."""
    return name[:1] in _surnames() or name[:2] in _surnames()
