"""The protocol families that traces know: which model speaks what, and what is secret in it."""

from collections.abc import Callable, Container, Mapping

from drivers.receipt_layout import PRINTERS
from drivers.trace.maskers import (
    EscPosMasker,
    HideAll,
    Masker,
    ccid_masker,
    crt310_masker,
    crt591_masker,
    sdt_masker,
)

MASKERS: Mapping[str, Callable[[], Masker]] = {
    "ccid": ccid_masker,
    "crt310": crt310_masker,
    "crt591": crt591_masker,
    "escpos": EscPosMasker,
    "sdt": sdt_masker,
}

_FAMILY_OF = {
    "ccid-t-union": "ccid",
    "crt-310": "crt310",
    "crt-571": "crt591",
    "crt-591": "crt591",
    "sdt": "sdt",
}


def family_of(model: str, printers: Container[str] = PRINTERS) -> str:
    """Return the name of the family that `model` speaks, "" for one that nobody described; `printers` are ESC/POS."""
    return _FAMILY_OF.get(model) or ("escpos" if model in printers else "")


def masker_of(family: str) -> Masker:
    """Return a masker for one session; of a family that is not in MASKERS everything is hidden."""
    return MASKERS.get(family, HideAll)()
