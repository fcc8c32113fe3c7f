"""Key blocks, PIN blocks and MACs of the simulated PIN pad against published examples."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from device_sim import key_block
from device_sim.key_block import HeldKey, KeyBlockError, KeyBlockFlaw
from device_sim.secure_module import Offence, SecureModule, SecureModuleError
from kiosk_core.pin_pad import PinFormat

# PP791 manual PM0103-U Rev. 06, p31. The message there ends in 319C3918, the line before it in 319C3198: a misprint.
PROTECTION = bytes.fromhex("1919191919191919 5B5B5B5B5B5B5B5B")
CARRIED = bytes.fromhex("AA55AA55AA55AA55 3434343434343434")
BLOCKS = {
    "PP791 p31, TR-31 2005": (
        PROTECTION,
        "A0072K0TD00N00007D2D21FC9ECD3EECBB0A2615BD8F05605722120BDFF2CCAC319C3918",
        HeldKey("K0", "T", "D", CARRIED),
    ),
    "PP791 p31, TR-31 2010": (
        PROTECTION,
        "B0080P0TE00N00003C4F5024C59C182F7165BC870FCB7F63456AAE07DB736C32EA391E5834C1AA0C",
        HeldKey("P0", "T", "E", CARRIED),
    ),
    # TR-31:2018, quoted in openemv/tr31 test/tr31_decrypt_test.c
    "TR-31:2018 A.7.2.1": (
        bytes.fromhex("89E88CF7931444F334BD7547FC3F380C"),
        "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701",
        HeldKey("P0", "T", "E", bytes.fromhex("F039121BEC83D26B169BDCD5B22AAF8F")),
    ),
    "TR-31:2018 A.7.2.2": (
        bytes.fromhex("DD7515F2BFC17F85CE48F3CA25CB21F6"),
        "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E",
        HeldKey("P0", "T", "E", bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8")),
    ),
    "TR-31:2018 A.7.3.2, with a KS part": (
        bytes.fromhex("1D22BF32387C600AD97F9B97A51311AC"),
        "B0104B0TX12S0100KS1800604B120F9292800000BB68BE8680A400D9191AD4ECE45B6E6C0D21C4738A52190E248719E24B433627",
        HeldKey("B0", "T", "X", bytes.fromhex("E8BC63E5479455E26577F715D587FE68")),
    ),
    "TR-31:2018 A.7.4": (
        bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"),
        "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34",
        HeldKey("P0", "A", "E", bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8")),
    ),
}


@pytest.mark.parametrize(("protection", "block", "key"), BLOCKS.values(), ids=BLOCKS.keys())
def test_published_key_blocks_open(protection: bytes, block: str, key: HeldKey) -> None:
    assert key_block.unwrap(protection, block) == key


def test_keys_are_derived_as_printed() -> None:
    # PP791 manual p31
    assert key_block.derive(PROTECTION, "B") == (
        bytes.fromhex("DB7F2A99D5647A7D D3EDFE3DA7CF5B21"),
        bytes.fromhex("87EE6C0795954446 A34A0BB5F305BCE1"),
    )


def test_a_block_is_made_as_printed() -> None:
    # PP791 manual p31, with the padding printed there
    _, block, key = BLOCKS["PP791 p31, TR-31 2010"]
    assert key_block.wrap(PROTECTION, key, bytes.fromhex("1C2965473CE2")) == block


@pytest.mark.parametrize(("protection", "block", "key"), BLOCKS.values(), ids=BLOCKS.keys())
def test_a_changed_block_does_not_open(protection: bytes, block: str, key: HeldKey) -> None:
    for place in (5, 8, len(block) - 40, len(block) - 1):
        other = "1" if block[place] != "1" else "2"
        with pytest.raises(KeyBlockError) as caught:
            key_block.unwrap(protection, block[:place] + other + block[place + 1 :])
        assert caught.value.flaw is KeyBlockFlaw.MAC


@pytest.mark.parametrize(
    "block", ["", "A", "A0016K0TD00N0000", "A0018K0TD00N0000AA", "E0016K0TD00N0000", "B00", "B0020K0TD00N9900KS00"]
)
def test_what_is_no_block_has_a_wrong_format(block: str) -> None:
    with pytest.raises(KeyBlockError) as caught:
        key_block.unwrap(PROTECTION, block)
    assert caught.value.flaw in KeyBlockFlaw


def module(**keys: HeldKey) -> SecureModule:
    made = SecureModule(lambda size: bytes.fromhex("2F69ADDE2E9E7ACE0000")[:size])
    for place, key in keys.items():
        made.put(place, key)
    return made


TDES_PIN = HeldKey("P0", "T", "E", bytes.fromhex("042666B49184CF5C68DE9628D0397B36"))
AES_PIN = HeldKey("P0", "A", "E", bytes.fromhex("AF8CB133A78F8DC2D1359F18527593FB"))
MAC = HeldKey("M3", "T", "G", bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))


def test_format_0_is_that_of_x9_24() -> None:
    # ANSI X9.24-1:2009 A.4: clear block 041274EDCBA9876F under the PIN key of KSN ..E00001 (that key [computed] from
    # the IK by the rule of A.2); openemv/dukpt test/dukpt_tdes_test.c
    made = module(pin=TDES_PIN)
    assert made.pin_block("pin", PinFormat.ISO0, "1234", "4012345678909") == bytes.fromhex("1B9C1845EB993A7A")


def test_format_4_is_that_of_x9_24() -> None:
    # ANSI X9.24-3:2017 supplement, p31: random 2F69ADDE2E9E7ACE; openemv/dukpt test/dukpt_aes128_test.c
    made = module(pin=AES_PIN)
    expected = bytes.fromhex("A912150391AB65A67E52883D81CE2D15")
    assert made.pin_block("pin", PinFormat.ISO4, "1234", "4111111111111111") == expected


def test_format_4_is_that_of_psec() -> None:
    # knovichikhin/psec tests/test_pinblock.py: random all FF, 19 digits of account
    made = SecureModule(lambda size: b"\xff" * size)
    made.put("pin", HeldKey("P0", "A", "E", bytes.fromhex("00112233445566778899AABBCCDDEEFF")))
    expected = bytes.fromhex("28B41FDDD29B743E93124BD8E32D921E")
    assert made.pin_block("pin", PinFormat.ISO4, "1234", "1234567890123456789") == expected


# The blocks of the tests around, and what was typed for them.
TYPED = [
    (PinFormat.ISO0, TDES_PIN, "1B9C1845EB993A7A", "4012345678909"),
    (PinFormat.ISO4, AES_PIN, "A912150391AB65A67E52883D81CE2D15", "4111111111111111"),
]


@pytest.mark.parametrize(("pin_format", "key", "block", "account"), TYPED)
def test_a_bank_reads_what_was_typed_and_only_for_the_right_account(
    pin_format: PinFormat, key: HeldKey, block: str, account: str
) -> None:
    made = module(pin=key, other=HeldKey("P0", key.algorithm, "D", bytes(16)))
    assert made.pin_digits("pin", pin_format, bytes.fromhex(block), account) == "1234"
    foreign = f"{account[:-4]}0000"
    for place, data, number in (
        ("pin", bytes.fromhex(block), foreign),
        ("other", bytes.fromhex(block), account),
        ("pin", bytes.fromhex(block)[:-1], account),
        ("pin", bytes(len(block) // 2), account),
    ):
        with pytest.raises(SecureModuleError) as raised:
            made.pin_digits(place, pin_format, data, number)
        assert raised.value.offence is Offence.NO_PIN_BLOCK


@pytest.mark.parametrize("pin_format", PinFormat)
@pytest.mark.parametrize("digits", ["1234", "123456", "123456789012"])
def test_a_bank_reads_every_format_and_length(pin_format: PinFormat, digits: str) -> None:
    made = module(pin=AES_PIN if pin_format is PinFormat.ISO4 else TDES_PIN)
    block = made.pin_block("pin", pin_format, digits, "9999990000000000014")
    assert made.pin_digits("pin", pin_format, block, "9999990000000000014") == digits


def test_a_format_is_not_taken_for_another() -> None:
    made = module(pin=TDES_PIN)
    block = made.pin_block("pin", PinFormat.ISO0, "1234", "4012345678909")
    with pytest.raises(SecureModuleError):
        made.pin_digits("pin", PinFormat.ISO3, block, "4012345678909")
    with pytest.raises(SecureModuleError) as raised:
        made.pin_digits("pin", PinFormat.ISO4, block, "4012345678909")
    assert raised.value.offence is Offence.USAGE


def test_format_3_is_format_0_with_letters_for_filling() -> None:
    # ISO 9564-1 9.3.5 as IBM's page on ISO format 3 draws it: 3, length, digits, A to F at random, XOR account field.
    # The encryption is undone here to see it.
    made = module(pin=TDES_PIN)
    block = made.pin_block("pin", PinFormat.ISO3, "12345", "4012345678909")
    key = TDES_PIN.value + TDES_PIN.value[:8]
    clear = Cipher(TripleDES(key), modes.ECB()).decryptor().update(block)
    # Account field 0000401234567890; filling of the random above: 2F 69 AD DE 2E 9E 7A CE 00 -> each byte mod 6
    plain = bytes(one ^ other for one, other in zip(clear, bytes.fromhex("0000401234567890"), strict=True)).hex()
    assert plain[:7] == "3512345"
    assert plain[7:] == "fdfaeccca"


def test_a_mac_is_that_of_iso_9797() -> None:
    # ISO 9797-1:2011 B.4, algorithm 3, padding 1 (leftmost four bytes); openemv/crypto crypto_tdes2_retail_mac_test.c
    made = module(mac=MAC)
    assert made.mac("mac", b"Now is the time for all ")[:4] == bytes.fromhex("A1C72E74")
    assert made.mac("mac", b"Now is the time for it")[:4] == bytes.fromhex("2E2B1428")


def test_a_key_does_only_what_it_is_for() -> None:
    made = module(pin=TDES_PIN, mac=MAC, aes=AES_PIN)
    for place, pin_format in (("mac", PinFormat.ISO0), ("aes", PinFormat.ISO0), ("pin", PinFormat.ISO4)):
        with pytest.raises(SecureModuleError) as caught:
            made.pin_block(place, pin_format, "1234", "4012345678909")
        assert caught.value.offence is Offence.USAGE
    with pytest.raises(SecureModuleError) as caught:
        made.mac("pin", b"1")
    assert caught.value.offence is Offence.USAGE
    with pytest.raises(SecureModuleError) as caught:
        made.mac("other", b"1")
    assert caught.value.offence is Offence.NO_KEY


def test_a_key_comes_in_a_block_only_under_a_key_for_keys() -> None:
    block = BLOCKS["PP791 p31, TR-31 2010"][1]
    made = module(F=HeldKey("K0", "T", "D", PROTECTION))
    made.put("1", made.open_block("F", "1", block))
    assert made.attributes("1") == ("P0", "E", "T")
    with pytest.raises(SecureModuleError) as caught:
        made.open_block("F", "2", block)
    assert caught.value.offence is Offence.DUPLICATE
    assert made.open_block("F", "1", block).usage == "P0"
    for protector in ("1", "9"):
        with pytest.raises(SecureModuleError) as caught:
            made.open_block(protector, "3", block)
        assert caught.value.offence is Offence.NO_KEY


def test_a_key_longer_than_its_protector_is_refused() -> None:
    long = HeldKey("P0", "T", "E", bytes(range(24)))
    made = module(F=HeldKey("K0", "T", "D", PROTECTION))
    with pytest.raises(SecureModuleError) as caught:
        made.open_block("F", "1", key_block.wrap(PROTECTION, long, bytes(6)))
    assert caught.value.offence is Offence.LONGER


def test_an_opened_module_has_no_key_and_takes_none() -> None:
    made = module(pin=TDES_PIN)
    made.tamper()
    made.put("pin", TDES_PIN)
    assert made.tampered
    assert made.attributes("pin") is None
    with pytest.raises(SecureModuleError):
        made.pin_block("pin", PinFormat.ISO0, "1234", "4012345678909")


def test_no_repr_shows_a_key() -> None:
    made = module(pin=TDES_PIN)
    assert "042666" not in f"{made!r} {TDES_PIN!r}".upper()
    assert TDES_PIN.value.hex() not in repr(vars(made))
