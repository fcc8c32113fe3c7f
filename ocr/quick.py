"""What the quick network is not believed: it lacks a fifth of GB 2312, and takes what it lacks for other characters."""

import re
from functools import cache
from importlib.resources import files

from kiosk_core.ethnicities import ETHNICITIES
from ocr import regions
from ocr.characters import han
from ocr.layout import Field
from ocr.recogniser import Quick

# What stands in addresses and authorities, beside the characters of regions; none of it is more likely another.
_USUAL = "号楼栋幢座层单元室户弄巷校院队组处局委办事务人民幸福建设火车体育学教"
_DIVISIONS = "省市县区旗州盟族镇乡村街道路"


def suspects(field: Field, text: str, quick: Quick) -> list[int]:
    """Return the places of the characters in a line, read and sure, that may well be others that the network lacks.

    Of 720 drawn villages with characters that it lacks and villages have (洎, 垴, 嵛) it was sure of 49 wrong ones, all
    of which are suspected; of 2,700 lines of addresses that it read right a sixth.
    """
    if field.kind == "ethnicity":  # 仫佬 is 仡佬 to it
        lacking = any(not quick.knows(each) for each in ETHNICITIES if len(each) == len(text))
        return [*range(len(text))] if lacking else []
    if field.kind not in {"address", "authority"}:
        return []
    named = {place for name in _names().finditer(text) for place in range(*name.span())}
    odd = [place for place, each in enumerate(text) if han(each) and each not in _of_places()]
    return odd + [place for place, each in enumerate(text) if each in _mistakable() and place not in named]


@cache
def _of_places() -> frozenset[str]:
    """Return the characters of places: 垮 is none of them, and more likely 塆, misread."""
    return regions.characters() | frozenset(_USUAL)


@cache
def _names() -> re.Pattern[str]:
    """Return what finds names of regions in a text: 潞城 may be read as 路城, but no region is called so."""
    names = sorted(regions.all_names(), key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, names)))


@cache
def _mistakable() -> frozenset[str]:
    """Return the characters for which the network takes some that it lacks: 泊 may be 洎."""
    lines = files("ocr").joinpath("data/mistakable.txt").read_text(encoding="utf-8").splitlines()
    told = frozenset("".join(line for line in lines if not line.startswith("#")))
    return told - frozenset(_USUAL + _DIVISIONS)
