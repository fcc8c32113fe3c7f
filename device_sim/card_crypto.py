"""The cryptography of the PBOC electronic purse, 3DES variant, for the simulated card and the simulated host.

Source: facts/purse-load.md 1.2 (PBOC purse as described by [W1], [E1], [Z1], [J1] there); vector A of that
section pins session key, MAC1 and MAC2 in tests/device_sim/test_card_crypto.py.

Amounts and balances are fen, 0 to 2**32 - 1; every wrong length raises ValueError.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

_BLOCK = 8


def session_key(load_key: bytes, random: bytes, counter: int) -> bytes:
    """Return SESLK (8 bytes): 3DES-ECB of random (4) with counter (2) and 80 00 under the 16-byte load key."""
    _expect(random, 4, "the random")
    return _triple_des(load_key, random + counter.to_bytes(2, "big") + b"\x80\x00")


def mac(key: bytes, data: bytes) -> bytes:
    """Return the 4-byte MAC: single-DES CBC under the 8-byte `key`, IV 0, padding 80 00.. always added."""
    _expect(key, 8, "the MAC key")
    padded = data + b"\x80" + bytes(-(len(data) + 1) % _BLOCK)
    # Single DES is 3DES with one key three times over: E(D(E(x))) = E(x).
    encryptor = Cipher(TripleDES(key * 3), modes.CBC(bytes(_BLOCK))).encryptor()
    return (encryptor.update(padded) + encryptor.finalize())[-_BLOCK:][:4]


def mac1(key: bytes, balance_fen: int, amount_fen: int, load_type: int, terminal_no: bytes) -> bytes:
    """Return MAC1 of INITIALIZE FOR LOAD under the session key; `load_type` 1 passbook, 2 purse."""
    return mac(key, _money(balance_fen) + _amount_type_terminal(amount_fen, load_type, terminal_no))


def mac2(  # noqa: PLR0917  (the order is that of the MAC)
    key: bytes, amount_fen: int, load_type: int, terminal_no: bytes, date: str, time: str
) -> bytes:
    """Return MAC2 of CREDIT FOR LOAD under the session key; `date` YYYYMMDD, `time` hhmmss."""
    return mac(key, _amount_type_terminal(amount_fen, load_type, terminal_no) + _moment(date, time))


def sealing_mac(key: bytes, challenge: bytes, data: bytes) -> bytes:
    """Return the 4-byte MAC of secure messaging: ISO/IEC 9797-1 algorithm 3 under a 16-byte `key`, padding method 2.

    The card's challenge (8 bytes) stands before the first block, as in the "line protection" of PBOC cards.
    """
    _expect(key, 16, "a 3DES key")
    _expect(challenge, 8, "the challenge")
    padded = data + b"\x80" + bytes(-(len(data) + 1) % _BLOCK)
    chained = Cipher(TripleDES(key[:8] * 3), modes.CBC(challenge)).encryptor()
    last = (chained.update(padded) + chained.finalize())[-_BLOCK:]
    whole = Cipher(TripleDES(key[:8] * 3), modes.ECB()).decryptor()  # noqa: S305  (one block: the card's own rule)
    return _triple_des(key, whole.update(last) + whole.finalize())[:4]


def tac(  # noqa: PLR0917  (the order is that of the TAC)
    tac_key: bytes,
    new_balance_fen: int,
    counter: int,
    amount_fen: int,
    load_type: int,
    terminal_no: bytes,
    date: str,
    time: str,
) -> bytes:
    """Return the TAC; `tac_key` has 16 bytes, its halves are XORed; `counter` is the one before the load."""
    _expect(tac_key, 16, "the TAC key")
    key = bytes(left ^ right for left, right in zip(tac_key[:8], tac_key[8:], strict=True))
    transaction = _amount_type_terminal(amount_fen, load_type, terminal_no) + _moment(date, time)
    return mac(key, _money(new_balance_fen) + counter.to_bytes(2, "big") + transaction)


def diversify(master_key: bytes, factor: bytes) -> bytes:
    """Return the 16-byte card key: 3DES(MK, factor8) with 3DES(MK, NOT factor8)."""
    _expect(factor, 8, "the factor")
    return _triple_des(master_key, factor) + _triple_des(master_key, bytes(byte ^ 0xFF for byte in factor))


def diversification_factor(digits: str) -> bytes:
    """Return the factor (8 bytes) of a card number: its last 16 digits as BCD.

    The simulator's own choice, shared by its cards and its host: the real rule is each issuer's secret.
    """
    return bytes.fromhex(digits[-16:])


def _triple_des(key: bytes, block: bytes) -> bytes:
    _expect(key, 16, "a 3DES key")
    encryptor = Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor()  # noqa: S305  (one block: the card's own rule)
    return encryptor.update(block) + encryptor.finalize()


def _money(fen: int) -> bytes:
    return fen.to_bytes(4, "big")


def _amount_type_terminal(amount_fen: int, load_type: int, terminal_no: bytes) -> bytes:
    _expect(terminal_no, 6, "the terminal number")
    return _money(amount_fen) + bytes((load_type,)) + terminal_no


def _moment(date: str, time: str) -> bytes:
    moment = bytes.fromhex(date + time)
    _expect(moment, 7, "date and time")
    return moment


def _expect(value: bytes, length: int, name: str) -> None:
    if len(value) != length:
        raise ValueError(f"{name} must have {length} bytes, not {len(value)}")
