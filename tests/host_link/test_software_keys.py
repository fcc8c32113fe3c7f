"""The MAC key in software against the examples of the standards, and its key blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim import key_block
from host_link.mac_keys import KeyRefused, NoMacKey
from host_link.software_keys import CmacKey, MacAlgorithm, RetailMacKey, SoftwareMacKeys

RETAIL_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CMAC_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")

# Sources: ISO/IEC 9797-1:2011 B.4, algorithm 3 with padding method 1, as the tests of RustCrypto's retail-mac quote
# it; and Bouncy Castle's ISO9797Alg3MacTest.
RETAIL = [
    (RETAIL_KEY, b"Now is the time for all ", "A1C72E74EA3FA9B6"),
    (RETAIL_KEY, b"Now is the time for it", "2E2B1428CC78254F"),
    (bytes.fromhex("7CA110454A1A6E570131D9619DC1376E"), b"Hello World !!!!", "F09B856213BAB83B"),
]

# Source: RFC 4493 section 4, examples 1 to 4, the leftmost 8 bytes of each.
BLOCKS = "6BC1BEE22E409F96E93D7E117393172A AE2D8A571E03AC9C9EB76FAC45AF8E51 30C81C46A35CE411E5FBC1191A0A52EF"
CMAC = [
    ("", "BB1D6929E9593728"),
    (BLOCKS[:32], "070A16B46B4D4144"),
    (BLOCKS[:82], "DFA66747DE9AE630"),
    (BLOCKS + "F69F2445DF4F9B17AD2B417BE66C3710", "51F0BEBF7E3B9D92"),
]

# docs/host-messages.md, Message authentication: a whole message; the MACs by OpenSSL 3.0 on the command line.
MESSAGE = bytes.fromhex(
    "0100 2020000000810001 920000 000009 5430303030303031 0018 DF01 0F 54303030303030312D303030303432"
)

# The key-exchange key of TR-31:2018 A.7.4 (openemv/tr31 test/tr31_decrypt_test.c), whose own block holds a PIN key.
EXCHANGE = bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")
PIN_KEY_BLOCK = (
    "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34"
)
# Made with psec 1.3.0; the simulator's own implementation must open them too.
RETAIL_BLOCK = (
    "D0112M3TC00N0000768AB559BFF2BD45CB16CDA91F13C731957030F3BFD0379773A19A5EA166673138878BB7B4B3AC2669FB202903B89263"
)
CMAC_BLOCK = (
    "D0144M6AC00N000047B825D9AC8F61B165E1C0ADFA97D1EF16F70E8835B569899884D352E44C3C79"
    "B893E13AB153B5D90EBCFE0AE7E76BB01909CAFD0F80F4512B4817EC89B1388E"
)
VERIFY_ONLY_BLOCK = (
    "D0112M3TV00N0000D6C9375138764A0E7A7E9EF3D15F9446CD5F07F692F902D00A73DCCFE4765A79199081C86970808DAD89EBF3151BDACB"
)


@pytest.mark.parametrize(("key", "data", "mac"), RETAIL)
def test_a_retail_mac_is_that_of_the_standard(key: bytes, data: bytes, mac: str) -> None:
    assert RetailMacKey(key).mac(data) == bytes.fromhex(mac)


@pytest.mark.parametrize(("data", "mac"), CMAC)
def test_a_cmac_is_that_of_the_rfc(data: str, mac: str) -> None:
    assert CmacKey(CMAC_KEY).mac(bytes.fromhex(data)) == bytes.fromhex(mac)


def test_a_whole_message_has_the_macs_of_the_page() -> None:
    assert RetailMacKey(RETAIL_KEY).mac(MESSAGE) == bytes.fromhex("30A07D90806D1DB0")
    assert CmacKey(CMAC_KEY).mac(MESSAGE) == bytes.fromhex("4BB62252A13CFD2C")


def test_a_key_is_known_by_its_check_value() -> None:
    # By OpenSSL 3.0: des-ede of a block of zeros, and the CMAC of one.
    assert RetailMacKey(RETAIL_KEY).check_value() == "08D7B4"
    assert CmacKey(CMAC_KEY).check_value() == "7AD386"


@pytest.mark.parametrize(("kind", "length"), [(RetailMacKey, 8), (RetailMacKey, 24), (CmacKey, 8), (CmacKey, 17)])
def test_a_key_of_another_length_is_none(kind: type[RetailMacKey | CmacKey], length: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        kind(bytes(length))


def test_no_key_is_in_a_repr() -> None:
    assert "01" not in repr(RetailMacKey(bytes([1] * 16)))
    assert "x01" not in repr(CmacKey(bytes([1] * 16)))


# -- key blocks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "block", "value", "proof", "check_value"),
    [
        (MacAlgorithm.RETAIL, RETAIL_BLOCK, RETAIL_KEY, "30A07D90806D1DB0", "08D7B4"),
        (MacAlgorithm.CMAC, CMAC_BLOCK, CMAC_KEY, "4BB62252A13CFD2C", "7AD386"),
    ],
)
def test_a_key_comes_in_a_block_with_its_proof(
    algorithm: MacAlgorithm, block: str, value: bytes, proof: str, check_value: str
) -> None:
    assert key_block.unwrap(EXCHANGE, block).value == value
    keys = SoftwareMacKeys(algorithm, EXCHANGE)
    assert keys.check_value == ""
    keys.install(block, MESSAGE, bytes.fromhex(proof))
    assert keys.check_value == check_value
    assert keys.mac(MESSAGE) == bytes.fromhex(proof)


def test_without_a_key_there_is_no_mac() -> None:
    with pytest.raises(NoMacKey):
        SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE).mac(MESSAGE)


OLD = bytes.fromhex("7CA110454A1A6E570131D9619DC1376E")
PROOF = bytes.fromhex("30A07D90806D1DB0")


@pytest.mark.parametrize(
    ("block", "proof", "reason"),
    [
        (PIN_KEY_BLOCK, PROOF, "no retail MAC key"),
        (CMAC_BLOCK, PROOF, "no retail MAC key"),
        (VERIFY_ONLY_BLOCK, PROOF, "no retail MAC key"),
        (RETAIL_BLOCK, bytes(8), "not sealed with it"),
        (RETAIL_BLOCK, b"", "not sealed with it"),
        ("B" + RETAIL_BLOCK[1:], PROOF, "version D"),
        ("", PROOF, "version D"),
        ("D", PROOF, "damaged"),
        (RETAIL_BLOCK[:-2], PROOF, "damaged"),
        (RETAIL_BLOCK.replace("M3TC", "M3TG"), PROOF, "damaged"),
        (RETAIL_BLOCK.replace("768AB559", "768AB55A"), PROOF, "damaged"),
    ],
)
def test_a_block_that_is_not_taken_leaves_the_old_key(block: str, proof: bytes, reason: str) -> None:
    keys = SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE, OLD)
    with pytest.raises(KeyRefused, match=reason):
        keys.install(block, MESSAGE, proof)
    assert keys.mac(b"Hello World !!!!") == bytes.fromhex("F09B856213BAB83B")


def test_a_block_for_another_terminal_is_refused() -> None:
    with pytest.raises(KeyRefused, match="not made for this terminal"):
        SoftwareMacKeys(MacAlgorithm.RETAIL, bytes(32)).install(RETAIL_BLOCK, MESSAGE, PROOF)


@given(st.integers(0, len(RETAIL_BLOCK) - 1), st.characters(min_codepoint=1, max_codepoint=0x2FF))
def test_a_block_changed_anywhere_is_refused_and_nothing_else_happens(place: int, other: str) -> None:
    damaged = RETAIL_BLOCK[:place] + other + RETAIL_BLOCK[place + 1 :]
    keys = SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE)
    try:
        keys.install(damaged, MESSAGE, PROOF)
    except KeyRefused:
        assert keys.check_value == ""
    else:
        assert damaged.upper() == RETAIL_BLOCK  # hex digits of either case are the same bytes


@given(st.text(max_size=60))
def test_any_text_is_a_block_or_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE).install("D" + text, MESSAGE, PROOF)
