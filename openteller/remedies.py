"""What a technician reads of a fault or a state: what it is, and what to do."""

from collections.abc import Mapping

from kiosk_core.errors import Fault
from kiosk_core.status import DeviceState

REMEDIES: Mapping[Fault, str] = {
    Fault.PAPER_OUT: "no paper: put a new roll in, the printed side to the head, and close the cover",
    Fault.PAPER_JAM: "paper jam: open the cover, take the paper out along its way, cut it straight, close",
    Fault.COVER_OPEN: "cover open: close it until it clicks",
    Fault.CUTTER_STUCK: "cutter stuck: open the cover, free the blade (turn its wheel), take the scraps out, close",
    Fault.PRINTER_ERROR: "printer error: switch it off and on; if it stays, the head or the board is broken",
    Fault.CARD_SLOT_ERROR: "card slot error: take out what does not belong there, then: openteller devices reset NAME",
    Fault.CARD_JAM: "card jam: open the rear, take the card out, log it, then: openteller devices reset NAME",
    Fault.CARD_BIN_FULL: "bin of kept cards full: empty it with a second person, and reset its counter",
    Fault.CARD_STACKER_EMPTY: "no cards to dispense: fill the stacker",
    Fault.POWER: "supply voltage out of range: measure it at the device; check the power unit and the plug",
    Fault.SECURITY_MODULE: "security module does not work: check that it sits in its socket; replace it",
    Fault.TAMPERED: "opened or attacked: do not use it, call security, replace it",
    Fault.KEY_MISSING: "no keys: load them with both key holders; where the bank sends one: openteller host status",
    Fault.PICTURE_DARK: "picture dark: clean the lens, take off what covers it, check the light",
    Fault.PICTURE_FROZEN: "picture frozen: unplug the camera and plug it in again",
}

_STATE_REMEDIES: Mapping[DeviceState, str] = {
    DeviceState.NO_DEVICE: "not found: check power and cable, and that the port in kiosk.toml is the device's",
    DeviceState.OFFLINE: "does not answer: check power and cable; it is tried again twice a second",
    DeviceState.HARDWARE_ERROR: "broken, or it breaks its own protocol: switch it off and on, then look at its trace",
    DeviceState.USER_ERROR: "waits for a person",
    DeviceState.STARTING: "is being opened; ask again in some seconds",
}


def remedies(state: str, faults: tuple[str, ...]) -> list[str]:
    """Return a line for each of `faults` (values of Fault), or for the `state` (of DeviceState) where there is none."""
    known = {fault.value: text for fault, text in REMEDIES.items()}
    if faults:
        return [known.get(fault, fault.replace("_", " ")) for fault in faults]
    return [text for each, text in _STATE_REMEDIES.items() if each.value == state]
