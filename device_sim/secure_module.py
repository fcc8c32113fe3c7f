"""The heart of a simulated PIN pad, and of a bank: it holds keys, encrypts PINs and makes MACs, and gives no key away.

ISO 9564-1 formats 0, 3 (TDES) and 4 (AES), the MAC of ISO 9797-1 algorithm 3 with zero padding, and AES-CMAC. The
vectors are in tests/device_sim/test_secure_module.py with their sources.
"""

import re
from collections.abc import Callable
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from device_sim import key_block
from device_sim.key_block import HeldKey
from kiosk_core.pin_pad import PinFormat

Random = Callable[[int], bytes]
"""So many random bytes."""


# A block's first half in hexadecimal: the format, how many digits, the digits, what fills it.
_PIN_FIELDS = {
    PinFormat.ISO0: re.compile(r"0(?P<length>[4-9A-C])(?P<digits>[0-9]{4,12})F+"),
    PinFormat.ISO3: re.compile(r"3(?P<length>[4-9A-C])(?P<digits>[0-9]{4,12})[A-F]+"),
    PinFormat.ISO4: re.compile(r"4(?P<length>[4-9A-C])(?P<digits>[0-9]{4,12})A+"),
}


class Offence(Enum):
    """Why the module does not do it."""

    NO_KEY = "no key"
    USAGE = "the key is not for this"
    DUPLICATE = "the key is in another place already"
    LONGER = "the key is longer than the one that protects it"
    NO_PIN_BLOCK = "it is no PIN block of this account under the key"


class SecureModuleError(Exception):
    """What the module does not do; it names no key and no digit."""

    def __init__(self, offence: Offence) -> None:
        super().__init__(offence.value)
        self.offence = offence


class SecureModule:
    """Keys in named places. Opened by force it loses them all and works no more."""

    def __init__(self, random: Random) -> None:
        """Make one without keys; `random` gives what fills formats 3 and 4."""
        self._random = random
        self._keys: dict[str, HeldKey] = {}
        self._tampered = False

    @property
    def tampered(self) -> bool:
        """Whether it was opened."""
        return self._tampered

    def tamper(self) -> None:
        """Open it by force: the keys are gone, and only its maker can bring it back."""
        self._keys.clear()
        self._tampered = True

    def put(self, place: str, key: HeldKey) -> None:
        """Put a key in its place, as two trusted people do in a secure room."""
        if not self._tampered:
            self._keys[place] = key

    def erase(self, place: str) -> None:
        """Forget the key of a place, if there is one."""
        self._keys.pop(place, None)

    def attributes(self, place: str) -> tuple[str, str, str] | None:
        """Return usage, mode and algorithm of the key in a place, None where there is none."""
        key = self._keys.get(place)
        return None if key is None else (key.usage, key.mode, key.algorithm)

    def open_block(self, protector: str, place: str, block: str) -> HeldKey:
        """Return the key of a TR-31 block for `place`, protected by the key of `protector`, to be `put` there.

        Raises:
            SecureModuleError: there is no such protector, or the key may not come this way.
            device_sim.key_block.KeyBlockError: the block is wrong.
        """
        protecting = self._keys.get(protector)
        if protecting is None or protecting.usage != "K0":
            raise SecureModuleError(Offence.NO_KEY)
        key = key_block.unwrap(protecting.value, block)
        if len(key.value) > len(protecting.value):
            raise SecureModuleError(Offence.LONGER)
        if any(other.value == key.value for where, other in self._keys.items() if where != place):
            raise SecureModuleError(Offence.DUPLICATE)
        return key

    def pin_block(self, place: str, pin_format: PinFormat, digits: str, account: str) -> bytes:
        """Return the encrypted block of `digits` (4 to 12) for an account number with its check digit.

        Raises:
            SecureModuleError: no key, or none for PINs and this format.
        """
        key = self._key(place, "P0", "A" if pin_format is PinFormat.ISO4 else "T").value
        match pin_format:
            case PinFormat.ISO0:
                return _tdes(key, _xor(_pin_field("0", digits, "F" * 10), _account_field(account)))
            case PinFormat.ISO3:
                filling = "".join("ABCDEF"[byte % 6] for byte in self._random(10))
                return _tdes(key, _xor(_pin_field("3", digits, filling), _account_field(account)))
            case PinFormat.ISO4:
                field = _pin_field("4", digits, "A" * 10) + self._random(8)
                return _aes(key, _xor(_aes(key, field), _long_account_field(account)))

    def pin_digits(self, place: str, pin_format: PinFormat, block: bytes, account: str) -> str:
        """Return the digits in an encrypted block for an account number with its check digit; only a bank asks this.

        Raises:
            SecureModuleError: no key, or none for PINs and this format; or it is no such block.
        """
        key = self._key(place, "P0", "A" if pin_format is PinFormat.ISO4 else "T").value
        if len(block) != (16 if pin_format is PinFormat.ISO4 else 8):
            raise SecureModuleError(Offence.NO_PIN_BLOCK)
        if pin_format is PinFormat.ISO4:
            field = _aes_back(key, _xor(_aes_back(key, block), _long_account_field(account)))[:8]
        else:
            field = _xor(_tdes_back(key, block), _account_field(account))
        match = _PIN_FIELDS[pin_format].fullmatch(field.hex().upper())
        if match is None or len(match["digits"]) != int(match["length"], 16):
            raise SecureModuleError(Offence.NO_PIN_BLOCK)
        return match["digits"]

    def mac(self, place: str, data: bytes) -> bytes:
        """Return the 8-byte MAC of `data`.

        Raises:
            SecureModuleError: no key, or none for MACs.
        """
        key = self._key(place, "M3", "T").value
        padded = data + bytes(-len(data) % 8)
        # Single DES is 3DES with one key three times over.
        first = Cipher(TripleDES(key[:8] * 3), modes.CBC(bytes(8))).encryptor()
        last = (first.update(padded) + first.finalize())[-8:]
        second = Cipher(TripleDES(key[8:16] * 3), modes.ECB()).decryptor()  # noqa: S305  (one block)
        third = Cipher(TripleDES(key[:8] * 3), modes.ECB()).encryptor()  # noqa: S305  (one block)
        return third.update(second.update(last))

    def cmac(self, place: str, data: bytes) -> bytes:
        """Return the leftmost 8 bytes of the AES-CMAC of `data` (RFC 4493).

        Raises:
            SecureModuleError: no key, or none for such MACs.
        """
        return _cmac(self._key(place, "M6", "A").value, data)[:8]

    def check_value(self, place: str) -> str:
        """Return by which people compare keys, six hexadecimal digits: ANSI X9.24-1:2017, of a block of zeros.

        Raises:
            SecureModuleError: no key.
        """
        key = self._keys.get(place)
        if key is None:
            raise SecureModuleError(Offence.NO_KEY)
        value = _cmac(key.value, bytes(16)) if key.algorithm == "A" else _tdes(key.value, bytes(8))
        return value[:3].hex().upper()

    def _key(self, place: str, usage: str, algorithm: str) -> HeldKey:
        key = self._keys.get(place)
        if key is None:
            raise SecureModuleError(Offence.NO_KEY)
        if (key.usage, key.algorithm) != (usage, algorithm):
            raise SecureModuleError(Offence.USAGE)
        return key


def _cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def _pin_field(control: str, digits: str, filling: str) -> bytes:
    return bytes.fromhex((f"{control}{len(digits):X}{digits}{filling}FFFFFFFFFF")[:16])


def _account_field(account: str) -> bytes:
    return bytes.fromhex(f"{account[:-1][-12:]:0>16}")


def _long_account_field(account: str) -> bytes:
    return bytes.fromhex(f"{max(len(account) - 12, 0)}{account:0>12}".ljust(32, "0"))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def _tdes(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key + key[:8] if len(key) == 16 else key), modes.ECB()).encryptor().update(block)  # noqa: S305


def _aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  (one block)


def _tdes_back(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key + key[:8] if len(key) == 16 else key), modes.ECB()).decryptor().update(block)  # noqa: S305


def _aes_back(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(block)  # noqa: S305  (one block)
