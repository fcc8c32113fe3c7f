"""The typefaces that cards are printed in: what the suite brings itself, and more where its packages are installed."""

from functools import cache
from importlib.metadata import PackageNotFoundError, files
from importlib.resources import files as own_files

from ocr.synth.faces import Fonts

_NOTO = "NotoSansSC[wght].ttf"
_MICRO_HEI = "wqy-microhei.ttc"


class TypefacesMissing(RuntimeError):
    """Names would be printed with gaps; the text says how to get what is missing."""


def require_rare_characters() -> None:
    """See that all that a label may name can be printed: the suite's own typeface has the common characters only.

    Raises:
        TypefacesMissing: no package with the others is installed.
    """
    if not _installed("justmytype-intl-cjk", _NOTO) and not _installed("paperang-p2-fonts-cjk", _MICRO_HEI):
        raise TypefacesMissing(
            "the typefaces with the rare characters of names are missing;"
            " install them with: pip install openteller[dev]"
        )


@cache
def typefaces() -> tuple[Fonts, ...]:
    """Return all there are; those of the packages have the characters of rare names as well."""
    noto, micro_hei = _installed("justmytype-intl-cjk", _NOTO), _installed("paperang-p2-fonts-cjk", _MICRO_HEI)
    found = [Fonts(noto, weight=weight) for weight in (400, 500, 600)] if noto else []
    if micro_hei:
        found.append(Fonts(micro_hei))
    return tuple(found) or (Fonts(str(own_files("kiosk_core").joinpath("fonts/NotoSansSC-Regular.ttf"))),)


def _installed(package: str, name: str) -> str | None:
    try:
        found = [each for each in files(package) or () if each.name == name]
    except PackageNotFoundError:
        return None
    return str(found[0].locate()) if found else None
