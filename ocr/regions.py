"""The regions of GB/T 2260: what the first six digits of an ID number say, and what an address begins with."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_FIRST_CARD = 2004  # the year of the first card of this kind
_ALONE = "市辖区"  # a level that addresses leave out
_NOT_NAMED = {_ALONE, "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"}


@dataclass(frozen=True)
class Region:
    """A county, district or city of county level. `code` has six digits; the years are None where they are open."""

    code: str
    name: str
    begins: int | None
    ends: int | None


@cache
def _all() -> dict[str, tuple[Region, ...]]:
    found: dict[str, tuple[Region, ...]] = {}
    for line in files("ocr").joinpath("data/regions.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, begins, ends, name = line.split("\t")
        region = Region(code, name, int(begins) if begins else None, int(ends) if ends else None)
        found[code] = (*found.get(code, ()), region)
    return found


def known(code: str) -> bool:
    """Return whether a region has or had this code of six digits."""
    return code in _all()


def names(code: str) -> tuple[str, ...]:
    """Return every name that the code has stood for, the newest last; () for one that is unknown."""
    return tuple(region.name for region in _all().get(code, ()))


def counties() -> tuple[Region, ...]:
    """Return the regions of the lowest level that exist today."""
    return tuple(
        regions[-1]
        for code, regions in _all().items()
        if not code.endswith("00") and regions[-1].ends is None and code < "710000"
    )


@cache
def all_names() -> frozenset[str]:
    """Return all names that regions have or had."""
    return frozenset(region.name for regions in _all().values() for region in regions)


@cache
def characters() -> frozenset[str]:
    """Return the characters that names of regions are written with."""
    return frozenset("".join(all_names()))


@cache
def every_name() -> tuple[tuple[str, str, tuple[str, ...], str], ...]:
    """Return code, province, cities and name of every county that a card may name, and of cities that have none.

    What was gone before 2004, when cards of this kind were first made, stands on none.
    """
    book = _all()
    divided = {code[:4] for code in book if not code.endswith("00")}
    found = []
    for code, regions in book.items():
        if code.endswith("0000") or (code.endswith("00") and code[:4] in divided):
            continue
        province = book[code[:2] + "0000"][-1].name
        above = {region.name for region in _printed(book.get(code[:4] + "00", ())) if not code.endswith("00")}
        cities = tuple(sorted(above - _NOT_NAMED - {province}))
        names = [region.name for region in _printed(regions) if region.name not in _NOT_NAMED]
        found += [(code, province, cities, name) for name in names]
    return tuple(found)


def _printed(regions: tuple[Region, ...]) -> list[Region]:
    return [region for region in regions if region.ends is None or region.ends >= _FIRST_CARD]


def path(code: str) -> tuple[str, str, str]:
    """Return the names of province, city and county as addresses write them; "" for a level that they leave out.

    Raises:
        KeyError: no region has or had this code.
    """
    county = _all()[code][-1].name
    province = _all()[code[:2] + "0000"][-1].name
    city = _all().get(code[:4] + "00", (Region("", "", None, None),))[-1].name
    return province, "" if city in _NOT_NAMED or city == province else city, county
