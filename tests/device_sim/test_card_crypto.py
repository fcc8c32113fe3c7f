"""The purse's cryptography against numbers that other people computed."""

import pytest

from device_sim import card_crypto

# facts/purse-load.md 1.2, vector A [W1]: a passbook load (type 01), so amount 00001000 is hexadecimal fen.
LOAD_KEY = bytes.fromhex("11223344556677888877665544332211")
TERMINAL = bytes.fromhex("001122334455")
SESSION = bytes.fromhex("9B1D924E05595603")


def test_session_key_is_that_of_vector_a() -> None:
    assert card_crypto.session_key(LOAD_KEY, bytes.fromhex("11223344"), 0) == SESSION


def test_mac1_is_that_of_vector_a() -> None:
    assert card_crypto.mac1(SESSION, 0, 0x1000, 1, TERMINAL) == bytes.fromhex("2988AE5A")


def test_mac2_is_that_of_vector_a() -> None:
    assert card_crypto.mac2(SESSION, 0x1000, 1, TERMINAL, "20111221", "214822") == bytes.fromhex("3A845BF0")


@pytest.mark.parametrize(
    ("data", "mac"),
    # ISO/IEC 9797-1 Annex B: MAC algorithm 3, padding method 2, data strings 1 and 2
    [(b"Now is the time for all ", "E9086230"), (b"Now is the time for it", "5A692CE6")],
)
def test_the_mac_of_secure_messaging_is_that_of_the_standard(data: bytes, mac: str) -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert card_crypto.sealing_mac(key, bytes(8), data) == bytes.fromhex(mac)
    # What stands before the first block is added to it: the two cancel out.
    challenge = bytes.fromhex("A1B2C3D4E5F60718")
    masked = bytes(a ^ b for a, b in zip(challenge, data, strict=False)) + data[8:]
    assert card_crypto.sealing_mac(key, challenge, masked) == bytes.fromhex(mac)


def test_mac_pads_even_what_fills_its_blocks() -> None:
    # DES of 8 zero bytes under an all-zero key is
    # 8CA64DE9C1B123A7; a second block 80 00.. must follow it, so the MAC is not its first half.
    assert card_crypto.mac(bytes(8), bytes(8)) != bytes.fromhex("8CA64DE9")


def test_single_des_is_the_triple_with_one_key() -> None:
    # NBS 500-20 (also in NIST SP 800-17, table A.1): key 0101010101010101, plain 8000000000000000 -> 95F8A5E5DD31D900.
    # The MAC of nothing encrypts exactly the padding 80 00 00 00 00 00 00 00.
    assert card_crypto.mac(bytes.fromhex("0101010101010101"), b"") == bytes.fromhex("95F8A5E5")


def test_diversified_key_is_the_factor_and_its_complement_under_the_master_key() -> None:
    # With a master key of two equal halves 3DES is single DES: NIST SP 800-17, table A.1 for the first half.
    key = card_crypto.diversify(bytes.fromhex("0101010101010101") * 2, bytes.fromhex("8000000000000000"))
    assert key[:8] == bytes.fromhex("95F8A5E5DD31D900")
    # DES complementation: E(not k, not p) = not E(k, p), so the second half follows from the first.
    complement = card_crypto.diversify(bytes.fromhex("FEFEFEFEFEFEFEFE") * 2, bytes.fromhex("8000000000000000"))
    assert complement[8:] == bytes(byte ^ 0xFF for byte in key[:8])


def test_factor_is_the_last_sixteen_digits() -> None:
    factor = card_crypto.diversification_factor("3104760000000123456")
    assert factor == bytes.fromhex("4760000000123456")


def test_tac_covers_balance_and_counter_under_the_folded_key() -> None:
    # Folding 00..FF halves: left XOR right = 0101010101010101 (facts/purse-load.md 1.2 [J1]); the layout is
    # new balance 4, counter 2, amount 4, type 1, terminal 6, date 4, time 3 = 24 bytes = three whole blocks.
    layout = bytes.fromhex("00002FA80007000013880200112233445520260726120000")
    folded = bytes.fromhex("0101010101010101")
    expected = card_crypto.mac(folded, layout)
    tac_key = bytes.fromhex("00112233445566770110233245546776")
    assert card_crypto.tac(tac_key, 0x2FA8, 7, 5000, 2, TERMINAL, "20260726", "120000") == expected


@pytest.mark.parametrize(
    "call",
    [
        lambda: card_crypto.session_key(LOAD_KEY[:8], bytes(4), 0),
        lambda: card_crypto.session_key(LOAD_KEY, bytes(3), 0),
        lambda: card_crypto.mac(bytes(16), b""),
        lambda: card_crypto.mac1(SESSION, 0, 1, 2, TERMINAL[:5]),
        lambda: card_crypto.mac2(SESSION, 1, 2, TERMINAL, "2026072", "120000"),
        lambda: card_crypto.tac(bytes(8), 0, 0, 1, 2, TERMINAL, "20260726", "120000"),
        lambda: card_crypto.diversify(LOAD_KEY, bytes(7)),
    ],
)
def test_wrong_lengths_are_refused(call: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (one rule for every argument; the text is for people)
        call()  # type: ignore[operator]
