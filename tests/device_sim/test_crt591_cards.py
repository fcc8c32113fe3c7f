"""Cards that only store, as the CRT-591's manual of 2013-07-02 describes their answers (3.4.4, 3.4.5, 3.5.4, 3.6.4)."""

import pytest

from device_sim.cards.mifare import MifareClassic, MifareUltralight
from device_sim.crt591_cards import MifareLogin, SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from wire.crt591_storage import (
    Answer,
    I2cRead,
    I2cType,
    I2cWrite,
    Key,
    MifareChangeKeyA,
    MifareDecrement,
    MifareIncrement,
    MifareInitValue,
    MifareRead,
    MifareReadValue,
    MifareWrite,
    Operation,
    Sle4428Read,
    Sle4428ReadProtection,
    Sle4428Verify,
    Sle4428Write,
    Sle4428WriteTo,
    Sle4442Area,
    Sle4442Read,
    Sle4442Verify,
    Sle4442WriteTo,
    Status,
)

MAIN, PROTECTION, SECURITY = Sle4442Area
FF = b"\xff" * 6


class TestSle4442:
    def test_is_read_without_its_code_and_written_with_it(self) -> None:
        card = SimulatedSle4442(b"ABC")
        write = Sle4442WriteTo(MAIN, 0x20, b"\x12")
        assert card.carry_out(write) == Answer(Status.FAIL)
        assert card.carry_out(Sle4442Verify(b"ABC")) == Answer(Status.SUCCESS)
        assert card.carry_out(write) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4442Read(MAIN, 0x1F, 2)) == Answer(Status.SUCCESS, b"\xff\x12")
        card.power_off()
        assert card.carry_out(write) == Answer(Status.FAIL)

    def test_is_locked_after_three_wrong_codes(self) -> None:
        card = SimulatedSle4442(b"ABC")
        answers = [card.carry_out(Sle4442Verify(b"XYZ")) for _ in range(3)]
        assert answers == [Answer(Status.WRONG_KEY)] * 2 + [Answer(Status.WRONG_KEY_AND_LOCKED)]
        assert card.carry_out(Sle4442Verify(b"ABC")) == Answer(Status.WRONG_KEY_AND_LOCKED)

    def test_forgets_wrong_codes_after_a_right_one(self) -> None:
        card = SimulatedSle4442(b"ABC")
        for code in (b"XYZ", b"XYZ", b"ABC", b"XYZ"):
            last = card.carry_out(Sle4442Verify(code))
        assert last == Answer(Status.WRONG_KEY)

    def test_protects_what_equals_its_content_and_nothing_else(self) -> None:
        card = SimulatedSle4442()
        card.carry_out(Sle4442Verify(b"\xff\xff\xff"))
        assert card.carry_out(Sle4442WriteTo(PROTECTION, 0x09, b"\x00")) == Answer(Status.FAIL)
        assert card.carry_out(Sle4442WriteTo(PROTECTION, 0x09, b"\xff")) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4442Read(PROTECTION, 0, 4)) == Answer(Status.SUCCESS, b"\x00\x02\x00\x00")
        assert card.carry_out(Sle4442WriteTo(MAIN, 0x08, b"\x00\x00")) == Answer(Status.FAIL)

    def test_tells_its_code_only_to_who_knows_it(self) -> None:
        card = SimulatedSle4442(b"ABC")
        assert card.carry_out(Sle4442Read(SECURITY, 0, 4)) == Answer(Status.SUCCESS, b"\0\0\0\0")
        card.carry_out(Sle4442Verify(b"ABC"))
        assert card.carry_out(Sle4442Read(SECURITY, 0, 4)) == Answer(Status.SUCCESS, b"\0ABC")
        assert card.carry_out(Sle4442WriteTo(SECURITY, 1, b"DEF")) == Answer(Status.SUCCESS)
        card.power_off()
        assert card.carry_out(Sle4442Verify(b"DEF")) == Answer(Status.SUCCESS)

    @pytest.mark.parametrize(
        ("command", "status"),
        [
            (Sle4442Read(MAIN, 0xFF, 2), Status.LENGTH_OVERFLOW),
            (Sle4442Read(SECURITY, 4, 1), Status.ADDRESS_OVERFLOW),
            (Sle4442WriteTo(PROTECTION, 0x20, b"\xff"), Status.ADDRESS_OVERFLOW),
        ],
    )
    def test_has_ends(self, command: Operation, status: Status) -> None:
        assert SimulatedSle4442().carry_out(command) == Answer(status)


class TestSle4428:
    def test_writes_protects_and_compares(self) -> None:
        card = SimulatedSle4428()
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.ONLY, 0x3FE, b"\1\2")) == Answer(Status.FAIL)
        assert card.carry_out(Sle4428Verify(b"\xff\xff")) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.ONLY, 0x3FE, b"\1\2")) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.PROTECT_IF_EQUAL, 0x3FE, b"\1\3")) == Answer(Status.FAIL)
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.PROTECT_IF_EQUAL, 0x3FE, b"\1")) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.AND_PROTECT, 0x000, b"\7")) == Answer(Status.SUCCESS)
        assert card.carry_out(Sle4428WriteTo(Sle4428Write.ONLY, 0x000, b"\7")) == Answer(Status.FAIL)
        assert card.carry_out(Sle4428Read(0x3FE, 2)) == Answer(Status.SUCCESS, b"\1\2")
        # 3.4.5.2: the first byte is of 000 to 007, the last of 3F8 to 3FF
        protection = card.carry_out(Sle4428ReadProtection(0, 128))
        assert protection == Answer(Status.SUCCESS, b"\x01" + bytes(126) + b"\x40")

    def test_is_locked_after_eight_wrong_codes(self) -> None:
        card = SimulatedSle4428(b"AB")
        answers = [card.carry_out(Sle4428Verify(b"XY")) for _ in range(8)]
        assert answers == [Answer(Status.WRONG_KEY)] * 7 + [Answer(Status.WRONG_KEY_AND_LOCKED)]
        assert card.carry_out(Sle4428Read(0x3FF, 2)) == Answer(Status.LENGTH_OVERFLOW)


# 3.5.4: addresses to 7F, FF, 1FF, 3FF, 7FF, FFF, 1FFF, 3FFF, 7FFF
@pytest.mark.parametrize(
    ("kind", "last"),
    list(zip(list(I2cType)[1:], (0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF, 0x3FFF, 0x7FFF), strict=True)),
)
def test_a_24c_card_has_the_addresses_of_its_type(kind: I2cType, last: int) -> None:
    card = SimulatedI2cCard(kind)
    assert card.carry_out(I2cWrite(last, b"\x12")) == Answer(Status.SUCCESS)
    assert card.carry_out(I2cRead(last, 1)) == Answer(Status.SUCCESS, b"\x12")
    assert card.carry_out(I2cRead(last, 2)) == Answer(Status.LENGTH_OVERFLOW)
    assert card.carry_out(I2cWrite(last + 1, b"\x12")) == Answer(Status.ADDRESS_OVERFLOW)


def test_a_card_is_of_one_type() -> None:
    with pytest.raises(ValueError, match="one type"):
        SimulatedI2cCard(I2cType.ANY)


class TestMifare:
    def test_lets_in_who_knows_the_key_of_the_sector(self) -> None:
        mifare = MifareClassic(b"\1\2\3\4")
        card = MifareLogin(mifare)
        assert card.verify(Key.A, 3, b"wrong!") == Answer(Status.FAIL)
        assert card.verify(Key.A, 16, FF) == Answer(Status.ADDRESS_OVERFLOW)
        assert card.carry_out(MifareRead(3, 0, 1)) == Answer(Status.FAIL)
        assert card.verify(Key.B, 3, FF) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareRead(3, 0, 1)) == Answer(Status.SUCCESS, bytes(16))
        assert card.carry_out(MifareRead(4, 0, 1)) == Answer(Status.FAIL)
        assert MifareLogin(mifare).carry_out(MifareRead(3, 0, 1)) == Answer(Status.FAIL)

    def test_a_new_key_a_puts_key_b_back(self) -> None:
        mifare = MifareClassic(b"\1\2\3\4")
        mifare.change_key_b(3, b"secret")
        card = MifareLogin(mifare)
        card.verify(Key.A, 3, FF)
        assert card.carry_out(MifareChangeKeyA(3, b"newkey")) == Answer(Status.SUCCESS)
        assert card.verify(Key.A, 3, FF) == Answer(Status.FAIL)
        assert card.verify(Key.B, 3, FF) == Answer(Status.SUCCESS)  # 3.6.4.3
        # the last block: key A does not show, then the access bits of 3.6.4.3
        read = card.carry_out(MifareRead(3, 3, 1))
        assert read == Answer(Status.SUCCESS, bytes.fromhex("000000000000 FF078069 FFFFFFFFFFFF"))

    def test_writes_no_last_block_and_nothing_past_the_sector(self) -> None:
        card = MifareLogin(MifareClassic(b"\1\2\3\4"))
        card.verify(Key.A, 3, FF)
        assert card.carry_out(MifareWrite(3, 3, 1, bytes(16))) == Answer(Status.FAIL)  # 3.6.4.6
        assert card.carry_out(MifareWrite(3, 0, 3, bytes(48))) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareWrite(3, 0, 1, bytes(4))) == Answer(Status.FAIL)
        assert card.carry_out(MifareRead(3, 3, 2)) == Answer(Status.LENGTH_OVERFLOW)
        assert card.carry_out(MifareRead(3, 4, 1)) == Answer(Status.ADDRESS_OVERFLOW)

    def test_the_last_eight_sectors_of_an_s70_have_sixteen_blocks(self) -> None:
        card = MifareLogin(MifareClassic(b"\1\2\3\4", sectors=40))
        card.verify(Key.A, 39, FF)
        assert card.carry_out(MifareWrite(39, 14, 1, b"0123456789abcdef")) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareRead(39, 14, 1)) == Answer(Status.SUCCESS, b"0123456789abcdef")
        card.verify(Key.A, 31, FF)
        assert card.carry_out(MifareRead(31, 4, 1)) == Answer(Status.ADDRESS_OVERFLOW)

    def test_an_ultralight_has_blocks_of_four_bytes_and_no_keys(self) -> None:
        card = MifareLogin(MifareUltralight(bytes(range(7))))
        assert card.verify(Key.A, 4, FF) == Answer(Status.FAIL)
        assert card.carry_out(MifareWrite(4, 0, 1, b"abcd")) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareRead(3, 0, 2)) == Answer(Status.SUCCESS, b"\0\0\0\0abcd")
        assert card.carry_out(MifareRead(15, 0, 2)) == Answer(Status.LENGTH_OVERFLOW)
        assert card.carry_out(MifareRead(3, 1, 1)) == Answer(Status.ADDRESS_OVERFLOW)

    def test_counts_up_and_down_in_a_value_block(self) -> None:
        card = MifareLogin(MifareClassic(b"\1\2\3\4"))
        card.verify(Key.A, 3, FF)
        assert card.carry_out(MifareReadValue(3, 1)) == Answer(Status.FAIL)
        assert card.carry_out(MifareInitValue(3, 1, b"\x64\0\0\0")) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareIncrement(3, 1, b"\x02\x01\0\0")) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareDecrement(3, 1, b"\x01\0\0\0")) == Answer(Status.SUCCESS)
        assert card.carry_out(MifareReadValue(3, 1)) == Answer(Status.SUCCESS, b"\x65\x01\0\0")
        assert card.carry_out(MifareIncrement(3, 1, b"\xff\xff\xff\x7f")) == Answer(Status.FAIL)
        assert card.carry_out(MifareInitValue(3, 3, bytes(4))) == Answer(Status.FAIL)


def test_a_command_to_another_kind_of_card_is_no_answer() -> None:
    for card in (SimulatedSle4442(), SimulatedSle4428(), MifareLogin(MifareClassic(b"\1\2\3\4"))):
        assert card.carry_out(I2cRead(0, 1)) is None
    assert SimulatedI2cCard(I2cType.C01).carry_out(MifareRead(0, 0, 1)) is None
