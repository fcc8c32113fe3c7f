"""The library of faults: what can befall each simulated device itself, by name.

Beside these, every unit knows the faults of its cable and its port (device_sim/unit.py, device_sim/ports.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.plastic_card import PlasticCard
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.unit import Mishap

_NAKS = 5  # more than a driver sends its command again

Mishaps = Mapping[str, Mishap]


def of_receipt_printer(printer: SimulatedReceiptPrinter) -> Mishaps:
    """Return the faults of a receipt printer."""

    def condition(name: str, *, bad: bool = True) -> Mishap:
        def put(value: bool) -> None:
            printer.condition = replace(printer.condition, **{name: value})

        return _switch(put, bad=bad)

    return {
        "paper_out": condition("paper_out"),
        "paper_near_end": condition("paper_near_end"),
        "paper_jam": condition("paper_jammed"),
        "cover_open": condition("cover_open"),
        "cutter_stuck": condition("cutter_stuck"),
        "head_hot": condition("head_hot"),
        "offline": condition("offline"),
        "buffer_full": condition("buffer_full"),
        "power_loss": condition("powered", bad=False),
    }


def of_crt591(reader: SimulatedCrt591) -> Mishaps:
    """Return the faults of a CRT-591; a forgotten card lies at its RF position."""

    def held(value: bool) -> None:
        reader.mechanics.held = value

    def jammed(value: bool) -> None:
        reader.mechanics.jammed = value

    def silent(value: bool) -> None:
        reader.line.silent = value

    def nak_storm() -> None:
        reader.line.naks = _NAKS

    capacity = reader.bin_capacity

    def bin_full(value: bool) -> None:
        reader.bin_capacity = 0 if value else capacity

    return {
        "card_held": _switch(held),
        "jam": _switch(jammed),
        "silence": _switch(silent),
        "bin_full": _switch(bin_full),
        "card_forgotten": Mishap(lambda: reader.put_inside(PlasticCard())),
        "nak_storm": Mishap(nak_storm),
        "power_loss": Mishap(reader.lose_power),
    }


def of_crt310(reader: SimulatedCrt310) -> Mishaps:
    """Return the faults of a CRT-310."""

    def condition(name: str, *, bad: bool = True) -> Mishap:
        def put(value: bool) -> None:
            reader.condition = replace(reader.condition, **{name: value})

        return _switch(put, bad=bad)

    def forgotten() -> None:
        reader.insert(PlasticCard())

    def pulled() -> None:
        reader.tear_out()

    return {
        "jam": condition("jammed"),
        "bin_full": condition("bin_full"),
        "supply_voltage": condition("supply_voltage_ok", bad=False),
        "power_loss": condition("powered", bad=False),
        "card_forgotten": Mishap(forgotten),
        "card_pulled": Mishap(pulled),
    }


def of_sdt(reader: SimulatedSdtReader) -> Mishaps:
    """Return the faults of an ID-card reader."""
    return {"power_loss": Mishap(reader.power_cycle)}


def _switch(put: Callable[[bool], None], *, bad: bool = True) -> Mishap:
    return Mishap(lambda: put(bad), lambda: put(not bad))
