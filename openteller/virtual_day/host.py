"""What the bank's host does with what the terminal sends it: it opens PIN blocks and checks codes."""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes


def pin_in(block: bytes, key: bytes, account: str) -> str | None:
    """Return the PIN in a block of ISO 9564-1 format 0 under a 16-byte key, None where it is no such block."""
    decryptor = Cipher(TripleDES(key + key[:8]), modes.ECB()).decryptor()  # noqa: S305  (one block)
    clear = int.from_bytes(decryptor.update(block), "big") ^ int(account[-13:-1], 16)
    field = f"{clear:016X}"
    length = int(field[1], 16)
    digits = field[2 : 2 + length]
    well_formed = field[0] == "0" and 4 <= length <= 12 and digits.isdecimal() and set(field[2 + length :]) == {"F"}
    return digits if well_formed else None


def luhn_digit(digits: str) -> str:
    """Return the check digit of ISO/IEC 7812-1 annex B for `digits`, "" where they are none."""
    if not (digits.isascii() and digits.isdecimal()):
        return ""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)
