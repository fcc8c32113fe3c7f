"""The keys under which PINs come to the simulated bank: injected into the PIN pads, or given to them over the line.

docs/host-messages.md, "Exchange of the PIN key". Real banks have a loading key for each PIN pad, this one has one for
all.
"""

import logging
import secrets
from contextlib import suppress

import apsw

from device_sim import key_block
from device_sim.key_block import HeldKey, KeyBlockError
from device_sim.secure_module import Random, SecureModule, SecureModuleError
from kiosk_core.pin_pad import PinFormat
from wire.host_values import BroughtKey, PinScheme, SealedPin

_log = logging.getLogger(__name__)

_FORMATS = {
    PinScheme.ISO0_TDES: PinFormat.ISO0,
    PinScheme.ISO3_TDES: PinFormat.ISO3,
    PinScheme.ISO4_AES: PinFormat.ISO4,
}
_KEY_BYTES = 16
_PADDING_BYTES = 6  # with 2 bytes of length and the key it fills three blocks of 3DES
_LOADING, _TDES, _AES = "loading", "T", "A"

_SCHEMA = "create table if not exists pin_keys (terminal text primary key, used text, offered text)"


class PinKeys:
    """Opens PIN blocks, and gives keys to terminals; in a database that its owner opens, locks and commits.

    Of a key that came over the line the database holds the TR-31 block alone.

    Args:
        injected: the key that every pad got in a secure room, 3DES of 16 bytes, if so.
        injected_aes: the same for PIN blocks of format 4, AES.
        loading_key: what the pads open key blocks with, 3DES of 16 bytes; None: terminals can fetch no keys.
    """

    def __init__(
        self,
        database: apsw.Connection,
        injected: bytes | None,
        injected_aes: bytes | None,
        loading_key: bytes | None,
        random: Random = secrets.token_bytes,
    ) -> None:
        self._db = database
        self._injected = {_TDES: injected, _AES: injected_aes}
        self._loading_key = loading_key
        self._random = random
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched

    def offer(self, terminal: str) -> BroughtKey | None:
        """Make a new key for the terminal, beside the one in use; None: the bank gives none out."""
        if self._loading_key is None:
            return None
        key = HeldKey("P0", "T", "E", self._random(_KEY_BYTES))
        block = key_block.wrap(self._loading_key, key, self._random(_PADDING_BYTES))
        used, _ = self._blocks(terminal)
        self._db.execute("insert or replace into pin_keys values (?, ?, ?)", (terminal, used, block))
        check_value = self._check_value(block)
        _log.info("a new PIN key for %s, check value %s", terminal, check_value)
        return BroughtKey(block, check_value)

    def take_into_use(self, terminal: str, check_value: str) -> bool:
        """Open the terminal's PIN blocks with the key that it has; False: the bank gave it no such key."""
        used, offered = self._blocks(terminal)
        if offered and self._check_value(offered) == check_value:
            self._db.execute("insert or replace into pin_keys values (?, ?, '')", (terminal, offered))
            return True
        return bool(used) and self._check_value(used) == check_value

    def digits(self, terminal: str, pin: SealedPin, number: str) -> str | None:
        """Return the PIN that was typed, None where the block is none of this card under the terminal's key."""
        pin_format = _FORMATS[pin.scheme]
        place = _AES if pin_format is PinFormat.ISO4 else _TDES
        module = SecureModule(self._random)
        with suppress(SecureModuleError, KeyBlockError):
            self._put_key(module, place, terminal)
            return module.pin_digits(place, pin_format, pin.block, number)
        return None

    def _put_key(self, module: SecureModule, place: str, terminal: str) -> None:
        injected = self._injected[place]
        used, _ = self._blocks(terminal)
        if used and place == _TDES:
            module.put(place, self._opened(used))
        elif injected is not None:
            module.put(place, HeldKey("P0", place, "E", injected))

    def _check_value(self, block: str) -> str:
        module = SecureModule(self._random)
        with suppress(SecureModuleError, KeyBlockError):
            module.put(_TDES, self._opened(block))
            return module.check_value(_TDES)
        return ""

    def _opened(self, block: str) -> HeldKey:
        """Return the key of a block of ours. Raises SecureModuleError, KeyBlockError."""
        module = SecureModule(self._random)
        if self._loading_key is not None:
            module.put(_LOADING, HeldKey("K0", "T", "D", self._loading_key))
        return module.open_block(_LOADING, _TDES, block)

    def _blocks(self, terminal: str) -> tuple[str, str]:
        """Return the blocks in use and on offer, "" for none."""
        row = self._db.execute("select used, offered from pin_keys where terminal = ?", (terminal,)).fetchone()
        return (row[0], row[1]) if row else ("", "")
