"""Explains what passes on a simulated terminal's cables: masked as in traces, with its meaning."""

import threading
from collections.abc import Mapping

from device_sim.devices import CARD_READER, ID_CARD_READER, PRINTER, READER
from device_sim.settings import SimSettings
from drivers.registry import models
from drivers.trace.families import masker_of
from drivers.trace.meanings import meaning_of
from kiosk_core.trace import Octets, What


class WireReading:
    """A device_sim.panel.listening.Understand for devices by name; of one without a family everything is hidden."""

    def __init__(self, families: Mapping[str, str]) -> None:
        """`families` are those of drivers/trace/families.py."""
        self._families = families
        self._lock = threading.Lock()  # a USB device speaks on a thread for each of its pipes
        self._maskers = {device: masker_of(family) for device, family in families.items()}
        self._meanings = {device: meaning_of(family) for device, family in families.items()}

    def __call__(self, device: str, what: What, data: bytes) -> tuple[Octets, str]:
        """Return what of the bytes may be shown, and a few words on it, "" where they alone mean nothing."""
        with self._lock:
            masker = self._maskers.setdefault(device, masker_of(""))
            octets = masker.mask(what, data)
            meaning = self._meanings.get(device)
            return octets, meaning.say(what, octets.data) if meaning is not None else ""


def families_of(settings: SimSettings) -> Mapping[str, str]:
    """Return what the devices of a simulated terminal speak, by name."""
    families = {READER: "ccid", PRINTER: "escpos", ID_CARD_READER: "sdt"}
    if settings.card_reader is not None:
        families[CARD_READER] = models()[settings.card_reader.model].family
    return families
