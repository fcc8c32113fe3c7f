"""The simulated CRT-288K against dialogues typed as its public drivers have them (facts/device-protocols.md 3a-3)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.cards.mifare import MifareClassic, MifareUltralight
from device_sim.crt288k import Condition, Fittings, Misdeed, SimulatedCrt288k
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from device_sim.plastic_card import PlasticCard, TrackDamage
from device_sim.usb.device import Stall
from kiosk_core.card_reader import ChipProtocol
from tests.clocks import SetClock
from wire.crt591_chips import Air
from wire.crt591_storage import I2cType

ACK, NAK = b"\x06".ljust(64, b"\0"), b"\x15".ljust(64, b"\0")


def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


def framed(text: str) -> list[bytes]:
    """Frame a text and cut it into reports, without our codec."""
    data = bytes.fromhex(text)
    body = b"\xf2" + len(data).to_bytes(2, "big") + data + b"\x03"
    bcc = 0
    for byte in body:
        bcc ^= byte
    whole = body + bytes((bcc,))
    return [whole[at : at + 64].ljust(64, b"\0") for at in range(0, len(whole), 64)]


def said(reader: SimulatedCrt288k) -> list[bytes]:
    reports = []
    while (report := reader.bulk_in(0x81, 64)) is not None:
        reports.append(report)
    return reports


def ask(reader: SimulatedCrt288k, text: str) -> str:
    """Send a command; return the text of the answer as hex."""
    for report in framed(text):
        reader.bulk_out(0x01, report)
    acknowledged, *reports = said(reader)
    assert acknowledged == ACK
    whole = b"".join(reports)
    answer = whole[3 : 3 + int.from_bytes(whole[1:3], "big")].hex(" ").upper()
    assert reports == framed(answer)
    reader.bulk_out(0x01, ACK)
    assert said(reader) == []
    return answer


def bank_card() -> PlasticCard:
    return PlasticCard(tracks={2: b"62=1"}, chip=OtherCard())


def test_is_a_hid_device_with_the_numbers_of_the_vendor() -> None:
    descriptor = SimulatedCrt288k(clock()).descriptor
    assert (descriptor.vendor_id, descriptor.product_id) == (0x23D8, 0x0285)
    (interface,) = descriptor.interfaces
    assert interface.interface_class == 3
    assert {(each.address, each.attributes, each.max_packet) for each in interface.endpoints} == {
        (0x01, 3, 64),
        (0x81, 3, 64),
    }
    assert interface.extra[:2] == b"\x09\x21"


def test_tells_where_the_card_is() -> None:
    reader = SimulatedCrt288k(clock())
    assert ask(reader, "43 31 30") == "50 31 30 31 30"
    reader.insert(bank_card(), in_place=False)
    assert ask(reader, "43 31 30") == "50 31 30 31 31"
    reader.push_in()
    assert ask(reader, "43 31 30") == "50 31 30 31 32"
    assert ask(reader, "43 B0 30") == "50 B0 30 30 32"
    assert reader.locked
    assert reader.pull_out() is None
    assert ask(reader, "43 B0 31") == "50 B0 31 31 32"
    assert reader.pull_out() is not None
    reader.insert(bank_card())
    with pytest.raises(ValueError, match="already"):
        reader.insert(bank_card())


@pytest.mark.parametrize("opens", [True, False])
def test_initialising_opens_the_latch_or_not(opens: bool) -> None:
    reader = SimulatedCrt288k(clock(), fittings=Fittings(init_opens_latch=opens))
    reader.insert(bank_card())
    ask(reader, "43 B0 30")
    assert ask(reader, "43 30 31") == ("50 30 31 31 32" if opens else "50 30 31 30 32")


def test_reads_the_stripe_as_the_card_goes_in_and_keeps_it() -> None:
    reader = SimulatedCrt288k(clock())
    assert ask(reader, "43 36 30 30 31 37 30") == "50 36 30 31 30"
    assert ask(reader, "43 36 31 30 37") == "50 36 31 31 30 4E 32 34 7E 4E 32 34 7E 4E 32 34"
    reader.insert(PlasticCard(tracks={2: b"62=1", 3: TrackDamage.CHECKSUM}))
    read = "4E 32 34 7E 50 36 32 3D 31 7E 4E 32 38"
    assert ask(reader, "43 36 31 30 37") == f"50 36 31 31 32 {read}"
    reader.pull_out()
    assert ask(reader, "43 36 31 30 37") == f"50 36 31 31 30 {read}"
    assert ask(reader, "43 36 39") == "50 36 39 31 30"
    assert ask(reader, "43 36 31 30 37").endswith("4E 32 34 7E 4E 32 34 7E 4E 32 34")


def test_talks_to_a_chip() -> None:
    reader = SimulatedCrt288k(clock())
    assert ask(reader, "43 51 30 30") == "4E 51 30 36 31"
    reader.insert(bank_card())
    atr = OtherCard.ATR.hex(" ").upper()
    assert ask(reader, "43 51 33 00 A4 04 00 00") == "4E 51 33 36 35"
    assert ask(reader, "43 51 38") == "4E 51 38 36 35"
    assert ask(reader, "43 51 30 30") == f"50 51 30 31 32 30 {atr}"
    assert ask(reader, "43 51 33 00 A4 04 00 00") == "50 51 33 31 32 6A 82"
    assert ask(reader, "43 51 34 00 A4 04 00 00") == "4E 51 34 36 32"
    assert ask(reader, "43 51 38") == f"50 51 38 31 32 30 {atr}"
    assert ask(reader, "43 51 31") == "50 51 31 31 32"
    assert ask(reader, "43 51 33 00 A4 04 00 00") == "4E 51 33 36 35"
    ask(reader, "43 51 30 30")
    reader.pull_out()
    assert ask(reader, "43 51 33 00 A4 04 00 00") == "4E 51 33 36 31"


def test_a_silent_chip_and_one_for_t_1() -> None:
    class Mute(OtherCard):
        def transmit(self, command: bytes) -> bytes | None:
            return None

    reader = SimulatedCrt288k(clock())
    reader.insert(PlasticCard(chip=Mute(), protocol=ChipProtocol.T1))
    assert ask(reader, "43 51 30 30").startswith("50 51 30 31 32 31 ")
    assert ask(reader, "43 51 34 00 84 00 00 08") == "4E 51 34 36 33"


@pytest.mark.parametrize(
    ("card", "contact", "radio"),
    [
        (PlasticCard(), "30 30", "30 30"),
        (bank_card(), "31 30", "30 30"),
        (PlasticCard(chip=OtherCard(), protocol=ChipProtocol.T1), "31 31", "30 30"),
        (PlasticCard(memory=SimulatedSle4442()), "32 30", "30 30"),
        (PlasticCard(memory=SimulatedSle4428()), "32 31", "30 30"),
        (PlasticCard(memory=SimulatedI2cCard(I2cType.C02)), "33 31", "30 30"),
        (PlasticCard(memory=SimulatedI2cCard(I2cType.C256)), "33 38", "30 30"),
        (PlasticCard(mifare=MifareClassic(bytes(4))), "30 30", "31 30"),
        (PlasticCard(mifare=MifareClassic(bytes(4), sectors=40)), "30 30", "31 31"),
        (PlasticCard(mifare=MifareUltralight(bytes(7))), "30 30", "31 32"),
        (PlasticCard(radio=OtherCard()), "30 30", "32 30"),
        (PlasticCard(radio=OtherCard(), air=Air.B), "30 30", "33 30"),
    ],
)
def test_finds_out_what_card_it_is(card: PlasticCard, contact: str, radio: str) -> None:
    reader = SimulatedCrt288k(clock())
    assert ask(reader, "43 50 30") == "50 50 30 31 30 30 30"
    reader.insert(card)
    assert ask(reader, "43 50 30") == f"50 50 30 31 32 {contact}"
    assert ask(reader, "43 50 31") == f"50 50 31 31 32 {radio}"


def test_tells_its_serial_number() -> None:
    assert ask(SimulatedCrt288k(clock()), "43 A2 30") == "50 A2 30 31 30 53 49 4D 32 38 38 4B 30 30 30 31"


@pytest.mark.parametrize(
    ("fittings", "asked", "answer"),
    [
        (Fittings(latch=False), "43 B0 30", "4E B0 30 30 33"),
        (Fittings(chip=False), "43 51 30 30", "4E 51 30 30 33"),
        (Fittings(magnetic_head=False), "43 36 31 30 37", "4E 36 31 30 33"),
        (Fittings(serial_number=False), "43 A2 30", "4E A2 30 30 30"),
        (Fittings(), "43 99 30", "4E 99 30 30 30"),
        (Fittings(), "43 31 39", "4E 31 39 30 31"),
        (Fittings(), "43 31 30 00", "4E 31 30 30 34"),
    ],
)
def test_refuses_with_the_code_of_the_sources(fittings: Fittings, asked: str, answer: str) -> None:
    reader = SimulatedCrt288k(clock(), fittings=fittings)
    assert ask(reader, asked) == answer


@pytest.mark.parametrize(
    ("condition", "asked", "answer"),
    [
        (Condition(latch_broken=True), "43 B0 31", "4E B0 31 31 31"),
        (Condition(power_down=True), "43 31 30", "4E 31 30 33 30"),
    ],
)
def test_what_happened_to_it_has_its_code(condition: Condition, asked: str, answer: str) -> None:
    reader = SimulatedCrt288k(clock())
    reader.condition = condition
    assert ask(reader, asked) == answer


def test_naks_what_is_broken_and_repeats_what_was() -> None:
    reader = SimulatedCrt288k(clock())
    (report,) = framed("43 31 30")
    reader.bulk_out(0x01, report[:7] + b"\x00" + report[8:])
    assert said(reader) == [NAK]
    ask(reader, "43 31 30")
    reader.bulk_out(0x01, NAK)
    assert said(reader) == framed("50 31 30 31 30")
    assert len(reader.executed) == 1
    reader.bulk_out(0x01, framed("43")[0])  # shorter than any command
    assert said(reader) == [NAK]


def test_a_chip_that_does_not_keep_to_emv_wants_another_supply() -> None:
    reader = SimulatedCrt288k(clock())
    reader.insert(PlasticCard(chip=OtherCard(), emv=False))
    assert ask(reader, "43 51 30 30") == "4E 51 30 36 39"
    assert ask(reader, "43 51 30 33").startswith("50 51 30 31 32 30 ")


def test_a_chip_that_does_not_come_to_life() -> None:
    class Dead(OtherCard):
        def power_on(self) -> bytes:
            return b""

    reader = SimulatedCrt288k(clock())
    reader.insert(PlasticCard(chip=Dead()))
    assert ask(reader, "43 51 30 30") == "4E 51 30 36 31"
    assert ask(reader, "43 51 33 00 84 00 00 08") == "4E 51 33 36 35"


@pytest.mark.parametrize(
    ("misdeed", "reports"),
    [
        (Misdeed.NO_ACK, framed("50 31 30 31 30")),
        (Misdeed.NAK, [NAK]),
        (Misdeed.SILENT, [ACK]),
        (Misdeed.LATE, [ACK]),
        (Misdeed.TWICE, [ACK, *framed("50 31 30 31 30") * 2]),
        (Misdeed.FOREIGN, [ACK, *framed("50 99 30 30 30"), *framed("50 31 30 31 30")]),
        (Misdeed.HALF, [ACK, framed("50 31 30 31 30")[0][:4]]),
    ],
)
def test_misbehaves_once(misdeed: Misdeed, reports: list[bytes]) -> None:
    time = clock()
    reader = SimulatedCrt288k(time)
    reader.misbehave(misdeed)
    (report,) = framed("43 31 30")
    reader.bulk_out(0x01, report)
    assert said(reader) == reports
    time.sleep(3)
    assert said(reader) == (framed("50 31 30 31 30") if misdeed is Misdeed.LATE else [])
    assert ask(reader, "43 31 30") == "50 31 30 31 30"


def test_a_power_cycle_opens_the_latch_and_keeps_the_card() -> None:
    reader = SimulatedCrt288k(clock())
    reader.insert(bank_card())
    ask(reader, "43 B0 30")
    ask(reader, "43 51 30 30")
    reader.power_cycle()
    assert not reader.locked
    assert ask(reader, "43 51 33 00 84 00 00 08") == "4E 51 33 36 35"
    assert reader.card is not None


def test_other_pipes_and_requests_stall() -> None:
    reader = SimulatedCrt288k(clock())
    with pytest.raises(Stall):
        reader.bulk_out(0x02, ACK)
    with pytest.raises(Stall):
        reader.bulk_out(0x01, bytes(65))
    with pytest.raises(Stall):
        reader.control_in(0xA1, 1, 0x0100, 0, 64)
    assert reader.bulk_in(0x82, 64) is None


@given(st.lists(st.binary(max_size=64), max_size=12))
def test_takes_any_reports(reports: list[bytes]) -> None:
    reader = SimulatedCrt288k(clock())
    for report in reports:
        reader.bulk_out(0x01, report)
    said(reader)
