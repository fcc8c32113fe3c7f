"""The cryptography of the PBOC electronic purse, 3DES variant, for the simulated card and the simulated host.

Source: facts/purse-load.md 1.2 (PBOC purse as described by [W1], [E1], [Z1], [J1] there); vector A of that
section pins session key, MAC1 and MAC2 in tests/device_sim/test_card_crypto.py.
"""


def session_key(load_key: bytes, random: bytes, counter: int) -> bytes:
    """Return SESLK (8 bytes): 3DES-ECB of random (4) with counter (2) and 80 00 under the 16-byte load key."""
    raise NotImplementedError


def mac(key: bytes, data: bytes) -> bytes:
    """Return the 4-byte MAC: single-DES CBC under the 8-byte `key`, IV 0, padding 80 00.. always added."""
    raise NotImplementedError


def mac1(key: bytes, balance_fen: int, amount_fen: int, load_type: int, terminal_no: bytes) -> bytes:
    """Return MAC1 of INITIALIZE FOR LOAD under the session key; `load_type` 1 passbook, 2 purse."""
    raise NotImplementedError


def mac2(key: bytes, amount_fen: int, load_type: int, terminal_no: bytes, date: str, time: str) -> bytes:
    """Return MAC2 of CREDIT FOR LOAD under the session key; `date` YYYYMMDD, `time` hhmmss."""
    raise NotImplementedError


def tac(
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
    raise NotImplementedError


def diversify(master_key: bytes, factor: bytes) -> bytes:
    """Return the 16-byte card key: 3DES(MK, factor8) with 3DES(MK, NOT factor8)."""
    raise NotImplementedError
