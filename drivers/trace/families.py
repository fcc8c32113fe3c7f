"""The protocol families that traces know, and what hides their secrets; who speaks which: drivers/registry.py."""

from collections.abc import Callable, Mapping

from drivers.trace.hiding.ccid import ccid_masker
from drivers.trace.hiding.crt310 import crt310_masker
from drivers.trace.hiding.crt591 import crt591_masker
from drivers.trace.hiding.escpos import EscPosMasker
from drivers.trace.hiding.sdt import sdt_masker
from drivers.trace.maskers import HideAll, Masker

MASKERS: Mapping[str, Callable[[], Masker]] = {
    "ccid": ccid_masker,
    "crt310": crt310_masker,
    "crt591": crt591_masker,
    "escpos": EscPosMasker,
    "sdt": sdt_masker,
}


def masker_of(family: str) -> Masker:
    """Return a masker for one session; of a family that is not in MASKERS everything is hidden."""
    return MASKERS.get(family, HideAll)()
