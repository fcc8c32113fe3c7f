"""Simulated devices know every command of their manuals that they do not lack: byte by byte, as a host sends it.

What they do is tested beside each; here each command and setting has its turn. Texts from the manuals' drawings.
"""

import re
from datetime import UTC, datetime
from functools import reduce
from operator import xor

import pytest

from device_sim.barcode_scanner import ScannerSettings, SimulatedBarcodeScanner
from device_sim.cards.mifare import MifareClassic
from device_sim.crt591 import SimulatedCrt591
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from device_sim.plastic_card import PlasticCard
from device_sim.sdt_reader import SimulatedSdtReader
from tests.clocks import SetClock
from wire.crt591_storage import I2cType


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2025, 1, 2, tzinfo=UTC))


# -- CRT-591: the texts of chapter 3 behind "C", and what comes back behind CM, PM and the status ------------------
# What protection bits of a new card read is not in the manual: "..".

MIFARE, SLE4442, SLE4428, I2C = (
    lambda: PlasticCard(mifare=MifareClassic(b"\1\2\3\4")),
    lambda: PlasticCard(memory=SimulatedSle4442(b"\xff\xff\xff")),
    lambda: PlasticCard(memory=SimulatedSle4428(b"\xff\xff")),
    lambda: PlasticCard(memory=SimulatedI2cCard(I2cType.C02)),
)
DIALOGUES = {
    "3.4.4 protection": (SLE4442, ("53 30 -> A2 13 10 91", "53 33 00 B0 01 00 04 -> .. .. .. .. 90 00")),
    "3.4.4 security": (SLE4442, ("53 30 -> A2 13 10 91", "53 33 00 B0 02 00 04 -> .. .. .. .. 90 00")),
    "3.4.4 writing": (
        SLE4442,
        (
            "53 30 -> A2 13 10 91",
            "53 33 00 20 03 01 03 FF FF FF -> 90 00",
            "53 33 00 D0 00 40 01 12 -> 90 00",
            "53 33 00 D0 01 10 01 FF -> 90 00",
            "53 33 00 D0 02 01 03 12 34 56 -> 90 00",
            "53 33 00 B0 00 40 01 -> 12 90 00",
        ),
    ),
    "3.4.4 locked": (
        SLE4442,
        (
            "53 30 -> A2 13 10 91",
            *("53 33 00 20 03 01 03 00 00 00 -> 6F 01",) * 2,
            "53 33 00 20 03 01 03 00 00 00 -> 6F 02",
        ),
    ),
    "3.4.5": (
        SLE4428,
        (
            "53 30 -> 92 23 10 91",
            "53 34 00 20 00 00 02 FF FF -> 90 00",
            "53 34 00 B0 10 00 01 -> .. 90 00",
            "53 34 00 D0 01 00 01 AB -> 90 00",
            "53 34 00 B0 01 00 01 -> AB 90 00",
            "53 34 00 D0 11 01 01 CD -> 90 00",
            "53 34 00 D0 21 00 01 AB -> 90 00",
        ),
    ),
    "3.5.4": (I2C, ("54 30 30 30 -> ", "54 34 00 D0 00 10 01 AA -> 90 00", "54 33 00 B0 00 10 01 -> AA 90 00")),
    "3.5.4 behind the end": (I2C, ("54 30 30 30 -> ", "54 33 00 B0 7F FF 01 -> 6B 00")),
    "3.6.4": (
        MIFARE,
        (
            "60 30 41 42 -> 4D 00 04 04 01 02 03 04 08",
            "60 33 00 D0 00 05 06 FF FF FF FF FF FF -> 90 00",
            "60 33 00 21 00 05 -> 90 00",
            "60 33 00 D2 05 01 04 64 00 00 00 -> 90 00",
            "60 33 00 D3 05 01 04 01 00 00 00 -> 90 00",
            "60 33 00 D4 05 01 04 05 00 00 00 -> 90 00",
            "60 33 00 B1 05 01 -> 60 00 00 00 90 00",
            "60 33 00 D5 00 05 06 A0 A1 A2 A3 A4 A5 -> 90 00",
        ),
    ),
    "3.1.3 out of the gate": (MIFARE, ("32 39 -> ",)),
}


def framed(text: bytes) -> bytes:
    body = b"\xf2\x00" + len(text).to_bytes(2, "big") + text + b"\x03"
    return body + bytes((reduce(xor, body),))


def told(unit: SimulatedCrt591, clock: SetClock, text: str) -> bytes:
    """Return the text of the answer, behind ACK."""
    answer = unit.receive(framed(b"C" + bytes.fromhex(text)))
    clock.sleep(1.0)
    answer += unit.idle()
    unit.receive(b"\x06")
    assert answer[0] == 0x06
    return answer[5:-2]


@pytest.mark.parametrize(("card", "dialogue"), DIALOGUES.values(), ids=DIALOGUES.keys())
def test_the_simulated_crt591_carries_out(clock: SetClock, card, dialogue: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    unit = SimulatedCrt591(clock)
    told(unit, clock, "30 33")
    unit.put_inside(card())
    if card is not MIFARE:
        told(unit, clock, "32 31")
    for line in dialogue:
        asked, _, answered = line.partition(" -> ")
        text = told(unit, clock, asked)
        assert text[:3] == b"P" + bytes.fromhex(asked)[:2], f"{asked}: {text.hex(' ')}"
        assert re.fullmatch(answered, text[6:].hex(" ").upper()), f"{asked}: {text.hex(' ')}"


@pytest.mark.parametrize(
    ("kind", "digits"),
    [
        *((I2cType.C01, b"30"), (I2cType.C02, b"31"), (I2cType.C04, b"32"), (I2cType.C08, b"33")),
        *((I2cType.C16, b"34"), (I2cType.C32, b"35"), (I2cType.C64, b"36"), (I2cType.C128, b"37")),
        (I2cType.C256, b"38"),
    ],
)
def test_the_simulated_crt591_tells_24cxx_cards_apart(clock: SetClock, kind: I2cType, digits: bytes) -> None:
    unit = SimulatedCrt591(clock)
    told(unit, clock, "30 33")
    unit.put_inside(PlasticCard(memory=SimulatedI2cCard(kind)))
    told(unit, clock, "32 31")
    assert told(unit, clock, "50 30")[6:] == digits


# -- SDT: the baud rates (chapter 4) --------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", ["60 00 63", "60 01 62", "60 02 61", "60 03 60", "60 04 67"])
def test_the_simulated_id_card_reader_takes_every_rate(clock: SetClock, octets: str) -> None:
    reader = SimulatedSdtReader(clock)
    assert reader.receive(bytes.fromhex(f"AA AA AA 96 69 0003 {octets}")) == bytes.fromhex(
        "AA AA AA 96 69 0004 00 00 90 94"
    )


# -- scanners -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "sent"), [(b"\n", b"1\n"), (b"\r\n", b"1\r\n"), (b"\t", b"1\t"), (b"", b"1")])
def test_the_simulated_scanner_ends_codes_as_it_is_set(clock: SetClock, suffix: bytes, sent: bytes) -> None:
    scanner = SimulatedBarcodeScanner(clock, ScannerSettings(suffix=suffix))
    assert scanner.show(b"1")
    assert scanner.idle() == sent


@pytest.mark.parametrize("letter", "ABCDEFGHIKLMNOPQRSTUXZcdeghopsz")
def test_the_simulated_scanner_names_every_symbology(clock: SetClock, letter: str) -> None:
    scanner = SimulatedBarcodeScanner(clock, ScannerSettings(identifiers=True))
    assert scanner.show(b"1", f"{letter}0")
    assert scanner.idle() == f"]{letter}01\r".encode("ascii")


def test_the_simulated_scanner_is_switched_by_syn_t_and_syn_u(clock: SetClock) -> None:
    scanner = SimulatedBarcodeScanner(clock, ScannerSettings(trigger_on=b"\x16T\r", trigger_off=b"\x16U\r"))
    scanner.receive(b"\x16T\r")
    assert scanner.light
    scanner.receive(b"\x16U\r")
    assert not scanner.light
