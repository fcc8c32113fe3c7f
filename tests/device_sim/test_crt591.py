"""The simulated CRT-591 obeys its manual, and breaks it where it is told to. Bytes: tests/wire/test_crt591.py."""

from datetime import UTC, datetime
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.cards.chip import BrokenChip
from device_sim.cards.lasting import Tear, Tearing
from device_sim.cards.mifare import MifareClassic
from device_sim.crt591 import SimulatedCrt591
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428
from device_sim.plastic_card import Length, PlasticCard
from tests.clocks import SetClock
from wire.crt591 import Position
from wire.crt591_chips import Air
from wire.crt591_storage import I2cType

# facts/device-protocols.md 3a-1, [computed] from chapters 1.2.1 and 1.2.2
INIT = bytes.fromhex("F2 00 00 03 43 30 30 03 B1")
STATUS = bytes.fromhex("F2 00 00 03 43 31 30 03 B0")
STATUS_020 = bytes.fromhex("F2 00 00 06 50 31 30 30 32 30 03 94")
STATUS_B0 = bytes.fromhex("F2 00 00 05 4E 31 30 42 30 03 C9")  # [computed] as the failure of 32 32 there
ACK, NAK, EOT = b"\x06", b"\x15", b"\x04"


class Bench:
    def __init__(self, seconds: float = 0.0) -> None:
        self.clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
        self.reader = SimulatedCrt591(self.clock, seconds=seconds, stacker=20)

    def ready(self) -> SimulatedCrt591:
        seconds, self.reader.seconds = self.reader.seconds, 0.0
        self.reader.receive(INIT)
        self.reader.receive(ACK)
        self.reader.seconds = seconds
        return self.reader


def test_answers_nothing_but_b0_before_it_is_initialised() -> None:
    assert Bench().reader.receive(STATUS) == ACK + STATUS_B0  # 3.1.1


def test_answers_with_ack_and_then_with_its_status() -> None:
    assert Bench().ready().receive(STATUS) == ACK + STATUS_020


def test_names_its_firmware_when_it_is_initialised() -> None:
    assert b"CRT-591-M001" in Bench().reader.receive(INIT)  # 3.1.1


def test_takes_its_time() -> None:
    bench = Bench(seconds=2.0)
    reader = bench.ready()
    assert reader.receive(STATUS) == ACK
    bench.clock.sleep(1.9)
    assert reader.idle() == b""
    bench.clock.sleep(0.1)
    assert reader.idle() == STATUS_020
    assert reader.idle() == b""


def test_says_its_reply_again_after_a_nak() -> None:
    reader = Bench().ready()
    reader.receive(STATUS)
    assert [reader.receive(NAK), reader.receive(NAK)] == [STATUS_020, STATUS_020]  # 1.4.2, case 3


@pytest.mark.parametrize("at", range(2, len(STATUS)))
def test_a_garbled_command_gets_a_nak_or_no_answer_and_is_not_done(at: int) -> None:
    reader = Bench().ready()
    done = len(reader.handled)
    wrong = bytearray(STATUS)
    wrong[at] ^= 0x01
    assert reader.receive(bytes(wrong)) in {NAK, b""}  # 1.4.2, case 2; a longer length waits for the rest
    assert len(reader.handled) == done


def test_a_new_command_within_20_ms_takes_the_place_of_the_old_one() -> None:
    bench = Bench(seconds=1.0)
    reader = bench.ready()
    assert reader.receive(bytes.fromhex("F2 00 00 03 43 32 32 03 B1")) == ACK
    bench.clock.sleep(0.01)
    assert reader.receive(STATUS) == ACK
    bench.clock.sleep(1.0)
    assert reader.idle() == STATUS_020  # 1.4.2, case 4


def test_no_other_command_is_taken_later_than_that_or_instead_of_an_initialisation() -> None:
    bench = Bench(seconds=1.0)
    reader = bench.ready()
    assert reader.receive(STATUS) == ACK
    bench.clock.sleep(0.03)
    assert reader.receive(INIT) == b""
    bench.clock.sleep(1.0)
    assert reader.idle() == STATUS_020
    assert reader.receive(INIT) == ACK
    assert reader.receive(STATUS) == b""


def test_commands_that_take_no_time_are_all_answered_also_when_they_are_heard_at_once() -> None:
    """A driver that was not heard in time asks again, and its next question may come on the heels of that."""
    once = Bench().reader.receive(INIT)
    assert Bench().reader.receive(INIT + INIT + ACK + STATUS) == once + once + ACK + STATUS_020


def test_a_command_that_pauses_is_forgotten() -> None:
    bench = Bench()
    reader = bench.ready()
    reader.receive(STATUS[:5])
    bench.clock.sleep(0.3)
    assert reader.receive(STATUS) == ACK + STATUS_020


def test_eot_stops_a_command() -> None:
    bench = Bench(seconds=1.0)
    reader = bench.ready()
    done = len(reader.handled)
    reader.receive(STATUS)
    assert reader.receive(EOT) == EOT  # 1.4.2, case 5
    bench.clock.sleep(5.0)
    assert reader.idle() == b""
    assert len(reader.handled) == done


def test_an_unknown_command_and_an_unknown_parameter_are_told_apart() -> None:
    reader = Bench().ready()
    # [computed] XOR as of all frames: FF 30 and 32 38
    assert reader.receive(bytes.fromhex("F2 00 00 03 43 FF 30 03 7E"))[8:10] == b"00"
    assert reader.receive(bytes.fromhex("F2 00 00 03 43 32 38 03 BB"))[8:10] == b"01"


def test_takes_a_card_in_only_where_entry_is_enabled() -> None:
    reader = Bench().ready()
    assert not reader.insert(PlasticCard())
    reader.receive(bytes.fromhex("F2 00 00 03 43 33 30 03 B2"))
    assert reader.insert(PlasticCard())
    assert not reader.insert(PlasticCard())
    assert reader.position is Position.INSIDE  # 3.1.4: carried to the RF position


@pytest.mark.parametrize(("length", "code"), [(Length.LONG, b"13"), (Length.SHORT, b"14")])
def test_a_card_of_a_wrong_length_stays_out_and_is_told(length: Length, code: bytes) -> None:
    reader = Bench().ready()
    reader.receive(bytes.fromhex("F2 00 00 03 43 33 30 03 B2"))
    assert not reader.insert(PlasticCard(length=length))
    assert reader.receive(bytes.fromhex("F2 00 00 03 43 32 32 03 B1"))[8:10] == code


def test_an_initialisation_disables_entry() -> None:
    reader = Bench().ready()
    reader.receive(bytes.fromhex("F2 00 00 03 43 33 30 03 B2"))
    reader.receive(INIT)
    assert not reader.insert(PlasticCard())  # 3.1.1


def test_after_the_reply_was_acknowledged_there_is_nothing_to_say_again() -> None:
    reader = Bench().ready()
    reader.receive(STATUS)
    reader.receive(ACK)
    assert reader.receive(NAK) == b""


def reply(reader: SimulatedCrt591, text: str) -> bytes:
    """Return the text of the reply to the command with this text, framed here and not by our codec."""
    octets = bytes.fromhex(text)
    frame = b"\xf2\x00" + len(octets).to_bytes(2, "big") + octets + b"\x03"
    answer = reader.receive(frame + bytes((reduce(xor, frame),)))
    reader.receive(ACK)
    assert answer[:1] == ACK
    return answer[5:-2]


class Chip:
    """Counts what is done to it."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def power_on(self) -> bytes:
        self.log.append("on")
        return b"\x3b\x00"

    def power_off(self) -> None:
        self.log.append("off")

    def transmit(self, command: bytes) -> bytes | None:
        self.log.append(command.hex())
        return b"\x90\x00"


def test_a_chip_has_power_from_its_reset_until_the_card_moves() -> None:
    reader, chip = Bench().ready(), Chip()
    reader.put_inside(PlasticCard(chip=chip))
    assert reply(reader, "43 51 30 30") == b"\x4e\x51\x3061"  # 2.2: not at the contacts
    assert reply(reader, "43 51 33 00 84 00 00 08") == b"\x4e\x51\x3365"  # 3.2.4: before activation
    reply(reader, "43 32 31")
    assert reply(reader, "43 51 30 30") == b"\x50\x51\x302200\x3b\x00"  # 3.2.1: st, T=0, ATR
    assert reply(reader, "43 51 32") == b"\x50\x51\x322201"  # 3.2.3: 3.57 MHz
    assert reply(reader, "43 51 33 00 84 00 00 08") == b"\x50\x51\x33220\x90\x00"
    assert reply(reader, "43 51 34 00 84 00 00 08") == b"\x4e\x51\x3462"  # 3.2.5: it speaks T=0
    reply(reader, "43 32 32")
    assert reply(reader, "43 51 32") == b"\x50\x51\x322200"
    assert chip.log == ["on", "0084000008", "off"]


def test_a_chip_that_breaks_emv_is_told_with_type_and_atr() -> None:
    reader = Bench().ready()
    reader.put_inside(PlasticCard(chip=Chip(), emv=False))
    reply(reader, "43 32 31")
    assert reply(reader, "43 51 30 30") == b"\x4e\x51\x30690\x3b\x00"  # 3.2.1
    assert reply(reader, "43 51 32")[-1:] == b"0"
    assert reply(reader, "43 51 30 33")[:3] == b"\x50\x51\x30"  # by ISO/IEC 7816-3


def test_an_initialisation_selects_sam_1_and_leaves_the_power() -> None:
    reader = Bench().ready()
    reader.sams[1] = Chip()
    assert reply(reader, "43 52 40 31") == b"\x50\x52\x40020"  # 3.3.8
    assert reply(reader, "43 52 30 30")[6:] == b"0\x3b\x00"
    assert reply(reader, "43 52 32")[6:] == b"11"  # 3.3.3: active, second connector
    reply(reader, "43 30 33")
    assert reply(reader, "43 52 32")[6:] == b"00"
    reply(reader, "43 52 40 31")
    assert reply(reader, "43 52 32")[6:] == b"11"


def test_finds_cards_by_radio_in_the_order_that_is_asked() -> None:
    reader = Bench().ready()
    reader.put_inside(PlasticCard(radio=Chip(), air=Air.B))
    assert reply(reader, "43 60 30 41 30") == b"\x4e\x60\x3061"  # 3.6.1 Ex3: only A
    for order in ("41 42", "42 41", "42 30"):
        assert reply(reader, "43 60 30 " + order)[6:8] == b"B\x50"  # (3): ATQB
    assert reply(reader, "43 60 32")[6:] == b"30"  # 3.6.3
    assert reply(reader, "43 60 34 00 84 00 00 08") == b"\x4e\x60\x3466"
    assert reply(reader, "43 60 35 00 84 00 00 08")[6:] == b"\x90\x00"
    reply(reader, "43 60 31")
    assert reply(reader, "43 60 32")[6:] == b"00"
    reader.put_inside(PlasticCard(mifare=MifareClassic(b"\1\2\3\4", sectors=40)))
    assert reply(reader, "43 60 30 41 42")[6:] == bytes.fromhex("4D 00 02 04 01 02 03 04 18")
    assert reply(reader, "43 60 32")[6:] == b"11"


def test_operates_cards_that_only_store() -> None:
    reader = Bench().ready()
    reader.put_inside(PlasticCard(memory=SimulatedSle4428()))
    reply(reader, "43 32 31")
    assert reply(reader, "43 50 30")[6:] == b"21"  # facts 3a-1
    assert reply(reader, "43 53 34 00 B0 00 00 01") == b"\x4e\x53\x3465"
    assert reply(reader, "43 53 30")[6:] == bytes.fromhex("92 23 10 91")  # 3.4.1
    assert reply(reader, "43 53 32")[6:] == b"2"  # 3.4.3
    assert reply(reader, "43 54 32")[6:] == b"0"
    assert reply(reader, "43 53 34 00 B0 00 00 01")[6:] == b"\xff\x90\x00"
    assert reply(reader, "43 53 34 00 20 00 00 02 00 00")[6:] == b"\x6f\x01"  # 3.4.5
    assert reply(reader, "43 53 33 00 B0 00 00 01") == b"\x4e\x53\x3366"
    reply(reader, "43 53 31")
    assert reply(reader, "43 53 32")[6:] == b"0"
    reader.put_inside(PlasticCard(memory=SimulatedI2cCard(I2cType.C16)))
    reply(reader, "43 32 31")
    assert reply(reader, "43 50 30")[6:] == b"34"
    assert reply(reader, "43 54 30 36") == b"\x4e\x54\x3061"  # a 24C32 is asked for
    assert reply(reader, "43 54 30 35 30") == b"\x50\x54\x30220"  # 3.5.1
    assert reply(reader, "43 54 32")[6:] == b"5"


def test_says_03_to_what_no_manual_draws() -> None:
    reader = Bench().ready()
    assert reply(reader, "43 60 39 30") == b"\x4e\x60\x3903"
    assert reply(reader, "43 50 31") == b"\x4e\x50\x3103"


def test_remembers_only_the_latest_commands() -> None:
    reader = Bench().ready()
    for _ in range(300):
        reply(reader, "43 31 30")
    assert len(reader.handled) == 256


def test_a_power_loss_leaves_the_card_and_forgets_the_rest() -> None:
    reader = Bench().ready()
    reader.put_inside(PlasticCard())
    reader.lose_power()
    assert reader.card is not None
    assert reader.receive(STATUS) == ACK + STATUS_B0


def test_breaks_the_rules_where_it_is_told_to() -> None:
    reader = Bench().ready()
    reader.line.naks = 1
    assert [reader.receive(STATUS), reader.receive(STATUS)] == [NAK, ACK + STATUS_020]
    reader.line.lost_acks = 1
    assert reader.receive(STATUS) == STATUS_020
    reader.line.lost_replies = 1
    assert reader.receive(STATUS) == ACK
    reader.line.duplicated_replies = 1
    assert reader.receive(STATUS) == ACK + STATUS_020 * 2
    reader.line.half_replies = 1
    assert reader.receive(STATUS) == ACK + STATUS_020[:6]
    reader.line.garbled_replies = 1
    garbled = reader.receive(STATUS)
    assert (garbled[:-1], garbled[-1]) == (ACK + STATUS_020[:-1], 0x94 ^ 0x20)
    reader.line.silent = True
    assert (reader.receive(STATUS), reader.idle()) == (b"", b"")


def test_a_late_answer_comes_when_it_was_told_to() -> None:
    bench = Bench()
    reader = bench.ready()
    reader.receive(STATUS)
    assert reader.last_reply == STATUS_020
    reader.say_later(reader.last_reply, 2.0)
    assert reader.idle() == b""
    bench.clock.sleep(2.0)
    assert reader.idle() == STATUS_020


def test_the_bin_counter_overflows_behind_999() -> None:
    reader = Bench().ready()
    reader.receive(bytes.fromhex("F2 00 00 03 43 30 37 03 B6"))  # 3.1.1: the retract counter works
    reader.receive(bytes.fromhex("F2 00 00 06 43 A5 31 39 39 39 03 19"))
    reader.put_inside(PlasticCard())
    assert reader.receive(bytes.fromhex("F2 00 00 03 43 32 33 03 B0"))[8:10] == b"50"  # 3.6.9.1


@given(st.binary(max_size=200))
def test_survives_any_bytes(noise: bytes) -> None:
    bench = Bench()
    bench.reader.receive(noise)
    bench.reader.receive(bytes(1024))
    bench.clock.sleep(1.0)
    bench.reader.idle()
    assert b"CRT-591-M001" in bench.reader.receive(INIT)


def test_a_mute_chip_fails_its_activation_at_the_contacts_and_by_radio() -> None:
    reader = Bench().ready()
    reader.put_inside(PlasticCard(chip=BrokenChip(), radio=BrokenChip()))
    reply(reader, "43 32 31")
    assert reply(reader, "43 51 30 30") == b"\x4e\x51\x3061"
    assert reply(reader, "43 51 32")[-1:] == b"0"
    assert reply(reader, "43 60 30 41 42") == b"\x4e\x60\x3061"


def test_a_torn_write_is_a_card_that_fell_silent() -> None:
    reader, tearing = Bench().ready(), Tearing()
    memory = SimulatedI2cCard(I2cType.C02, tearing=tearing)
    reader.put_inside(PlasticCard(memory=memory, tearing=tearing))
    reply(reader, "43 32 31")
    reply(reader, "43 54 30 30")
    tearing.next = Tear.AFTER_COMMIT
    assert reply(reader, "43 54 34 00 D0 00 10 01 AA") == b"\x4e\x54\x3463"
    assert memory.read(0x10, 1) == b"\xaa"
    assert reply(reader, "43 54 33 00 B0 00 10 01") == b"\x4e\x54\x3365"  # it has no power any more


def test_a_card_that_is_torn_out_was_moved_by_hand() -> None:
    reader, card = Bench().ready(), PlasticCard()
    reader.put_inside(card)
    assert reader.tear_out() is card
    assert reader.position is Position.NONE
    assert reply(reader, "43 32 32") == b"\x4e\x32\x3245"
    assert reader.tear_out() is None


def test_captured_cards_are_taken_out_once() -> None:
    reader, card = Bench().ready(), PlasticCard()
    reader.put_inside(card)
    reply(reader, "43 32 33")
    assert reader.empty_bin() == [card]
    assert reader.empty_bin() == []
