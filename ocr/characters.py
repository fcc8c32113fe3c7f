"""Which characters names and places are written with: common ones, rare ones, and forms that cards do not print."""

from functools import cache
from importlib.resources import files

DOT, DOTS = "·", "・•‧．."  # within names: as cards print it, and as networks read it, too
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


def common(character: str) -> bool:
    """Return whether it is one of the 3,755 of level 1 of GB 2312, which everybody's typeface and network knows."""
    try:
        row = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= row <= 0xD7
