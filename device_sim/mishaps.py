"""The library of faults: what can befall each simulated device itself, by name.

Beside these, every unit knows the faults of its cable and its port (device_sim/unit.py, device_sim/ports.py).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from device_sim.barcode_scanner import ScannerMisdeed, SimulatedBarcodeScanner
from device_sim.card import OtherCard
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import Misdeed as DipMisdeed
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import LineFault as Crt310LineFault
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.plastic_card import Length, PlasticCard
from device_sim.pp791 import SimulatedPp791
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.sdt_reader import Misdeed as SdtMisdeed
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.unit import Mishap
from wire.pp791 import PinError, SelfTestFailure

if TYPE_CHECKING:  # OpenCV takes 0.7 s and 36 MB
    from device_sim.camera import CameraFault

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

    def pulled() -> None:
        reader.tear_out()

    def reject(length: Length) -> None:
        reader.insert(PlasticCard(length=length))

    capacity = reader.bin_capacity

    def bin_full(value: bool) -> None:
        reader.bin_capacity = 0 if value else capacity

    return {
        "card_held": _switch(held),
        "card_pulled": Mishap(pulled),
        "card_too_long": Mishap(lambda: reject(Length.LONG)),
        "card_too_short": Mishap(lambda: reject(Length.SHORT)),
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

    def misfit(length: Length) -> Mishap:
        return Mishap(lambda: _ignore(reader.insert(PlasticCard(length=length))), pulled)

    return {
        "card_too_long": misfit(Length.LONG),
        "card_too_short": misfit(Length.SHORT),
        "nak_storm": Mishap(lambda: reader.fail_next(*[Crt310LineFault.NAK] * _NAKS)),
        "jam": condition("jammed"),
        "bin_full": condition("bin_full"),
        "supply_voltage": condition("supply_voltage_ok", bad=False),
        "power_loss": condition("powered", bad=False),
        "card_forgotten": Mishap(forgotten),
        "card_pulled": Mishap(pulled),
    }


def of_sdt(reader: SimulatedSdtReader) -> Mishaps:
    """Return the faults of an ID-card reader."""
    return {
        "power_loss": Mishap(reader.power_cycle),
        "silence": Mishap(lambda: reader.misbehave(SdtMisdeed.SILENT)),
    }


def of_ccid(reader: SimulatedCcidReader) -> Mishaps:
    """Return the faults of a CCID reader; a forgotten card has no application of ours."""

    def forgotten() -> None:
        if reader.card is None:
            reader.insert(OtherCard())

    return {
        "power_loss": Mishap(reader.power_cycle),
        "over_current": Mishap(reader.hardware_error),
        "card_pulled": Mishap(lambda: _ignore(reader.remove())),
        "card_forgotten": Mishap(forgotten, lambda: _ignore(reader.remove())),
    }


def of_crt288k(reader: SimulatedCrt288k) -> Mishaps:
    """Return the faults of a CRT-288K."""

    def condition(name: str) -> Mishap:
        def put(value: bool) -> None:
            reader.condition = replace(reader.condition, **{name: value})

        return _switch(put)

    def forgotten() -> None:
        if reader.card is None:
            reader.insert(PlasticCard())

    return {
        "latch_broken": condition("latch_broken"),
        "power_down": condition("power_down"),
        "power_loss": Mishap(reader.power_cycle),
        "silence": Mishap(lambda: reader.misbehave(DipMisdeed.SILENT)),
        "nak_storm": Mishap(lambda: reader.misbehave(*[DipMisdeed.NAK] * _NAKS)),
        "card_forgotten": Mishap(forgotten),
    }


def of_pp791(pad: SimulatedPp791) -> Mishaps:
    """Return the faults of a PIN pad; one that was opened stays so for ever."""
    return {
        "power_loss": Mishap(pad.power_cycle),
        "tampered": Mishap(pad.tamper),
        "self_test": Mishap(lambda: pad.fail(SelfTestFailure.RAM), pad.fail),
        "pin_refused": Mishap(lambda: pad.refuse_pins(PinError.KEY_VALUE)),
    }


def of_barcode_scanner(scanner: SimulatedBarcodeScanner) -> Mishaps:
    """Return the faults of a scanner: a flood of noise, and what becomes of the next code."""

    def flood(value: bool) -> None:
        scanner.floods = value

    codes = {f"code_{each.value}": Mishap(partial(scanner.misbehave, each)) for each in ScannerMisdeed}
    return {"flood": _switch(flood), **codes}


def of_camera(faults: "set[CameraFault]", kinds: "Iterable[CameraFault]") -> Mishaps:
    """Return the faults of a camera, whose set of `faults` they change."""
    return {each.value: Mishap(partial(faults.add, each), partial(faults.discard, each)) for each in kinds}


def _ignore(_: object) -> None:
    """Take what an act returns: a mishap returns nothing."""


def _switch(put: Callable[[bool], None], *, bad: bool = True) -> Mishap:
    return Mishap(lambda: put(bad), lambda: put(not bad))
