"""The commands that bring pictures, keep them under a key or number, and print them.

Sources: as in `device_sim.receipt.pictures`.
"""

from PIL import Image

from device_sim.receipt.pictures import (
    DOWNLOAD_CAPACITY,
    NvMemory,
    PictureStore,
    enlarged,
    from_columns,
    from_rows,
)
from device_sim.receipt.reports import Refused

_ACK, _NAK, _CAN = 0x06, 0x15, 0x18
_TIMES = {0: (1, 1), 1: (2, 1), 2: (1, 2), 3: (2, 2)}  # m of GS v 0, GS /, FS p: across, down
_MODES = (0, 1, 2, 3, 48, 49, 50, 51)


class Graphics:
    """The memories for pictures; `answers` is what they have to say. What a method returns is to be printed now."""

    def __init__(self, nv: NvMemory) -> None:
        self.answers = bytearray()
        self._nv = nv
        self.power_up()

    def power_up(self) -> None:
        """Forget all but what is in the NV memory."""
        self._downloaded = PictureStore(DOWNLOAD_CAPACITY)
        self.answers.clear()
        self.initialize()
        self.clear()

    def initialize(self) -> None:
        """ESC @: forget the downloaded bit image (Epson TM-T88 p5-15)."""
        self._bit_image: Image.Image | None = None

    def clear(self) -> None:
        """Forget what was stored to be printed, and an unfinished list of keys."""
        self._stored: Image.Image | None = None
        self._key_blocks: list[bytes] = []

    # -- bit images ----------------------------------------------------------------------------------------

    def bit_image(self, name: str, p: bytes) -> Image.Image | None:
        """Carry out GS v 0, GS *, GS /, FS q or FS p.

        Raises:
            Refused: it has no effect.
        """
        match name:
            case "GS v 0":
                width, height = int.from_bytes(p[1:3], "little"), int.from_bytes(p[3:5], "little")
                return enlarged(from_rows(width * 8, height, p[5:]), *_TIMES[p[0] % 48])
            case "GS *":
                self._bit_image = from_columns(p[0] * 8, p[1] * 8, p[2:])
            case "FS q":
                self._nv.bit_images = _nv_images(p)
            case "GS /" if p[0] in _MODES:
                if self._bit_image is None:
                    raise Refused("no bit image is defined")
                return enlarged(self._bit_image, *_TIMES[p[0] % 48])
            case "FS p" if p[1] in _MODES:
                if not 1 <= p[0] <= len(self._nv.bit_images):
                    raise Refused("no NV bit image of this number")
                return enlarged(self._nv.bit_images[p[0] - 1], *_TIMES[p[1] % 48])
            case _:
                raise Refused(f"{name}: m out of range")
        return None

    # -- GS ( L and GS 8 L -----------------------------------------------------------------------------------

    def function(self, fn: int, p: bytes) -> Image.Image | None:  # noqa: C901, PLR0912  (one line a function)
        """Carry out function `fn` of GS ( L with what follows it.

        Raises:
            Refused: it has no effect.
        """
        match fn:
            case 0 | 48 if not p:
                self._say_number(0x30, self._nv.graphics.capacity)
            case 2 | 50 if not p:
                if self._stored is None:
                    raise Refused("no graphics are stored")
                return self._stored
            case 3 | 51 if not p:
                self._say_number(0x31, self._nv.graphics.free)
            case 4 | 52 if not p:
                self._say_number(0x32, self._downloaded.free)
            case 64 | 80 if p == b"KC":
                self._key_blocks = self._store(fn).key_blocks(0x72 if fn == 64 else 0x73)
                self.answers += self._key_blocks[0]
            case 65 | 81 if p == b"CLR":
                self._store(fn).pictures.clear()
            case 66 | 82 if len(p) == 2:
                if self._store(fn).pictures.pop(p, None) is None:
                    raise Refused("no graphics under this key")
            case 67 | 68 | 83 | 84 if len(p) >= 9:
                self._define(fn, p)
            case 69 | 85 if len(p) == 4 and p[2] in (1, 2) and p[3] in (1, 2):
                picture = self._store(fn).pictures.get(p[:2])
                if picture is None:
                    raise Refused("no graphics under this key")
                return enlarged(picture, p[2], p[3])
            case 112 | 113 if len(p) >= 9 and p[0] == 48 and p[1] in (1, 2) and p[2] in (1, 2) and p[3] == 49:
                self._stored = enlarged(_sized(fn == 113, p[4:]), p[1], p[2])
            case _:
                raise Refused("GS ( L: unknown function or parameter out of range")
        return None

    def printed(self) -> None:
        """Forget what was stored to be printed: it is."""
        self._stored = None

    def _store(self, fn: int) -> PictureStore:
        return self._nv.graphics if fn < 80 else self._downloaded

    def _define(self, fn: int, p: bytes) -> None:
        a, key, colours = p[0], p[1:3], p[3]
        if a != 48 or not all(0x20 <= byte <= 0x7E for byte in key) or colours != 1 or p[8] != 49:
            raise Refused("GS ( L: parameter out of range")
        if not self._store(fn).keep(key, _sized(fn in (68, 84), p[4:8] + p[9:])):
            raise Refused("memory for graphics is full")

    def _say_number(self, identifier: int, number: int) -> None:
        self.answers += bytes((0x37, identifier)) + str(number).encode() + b"\0"

    def takes(self, byte: int) -> bool:
        """Take ACK (the next block of keys), NAK (the same again) or CAN (no more) if one was expected.

        Any other byte ends the list (Epson "Paper roll" reference p233: ESC/POS handshaking).
        """
        if not self._key_blocks or byte not in (_ACK, _NAK, _CAN):
            self._key_blocks = []
            return False
        self._key_blocks = {_ACK: self._key_blocks[1:], _NAK: self._key_blocks, _CAN: []}[byte]
        if self._key_blocks:
            self.answers += self._key_blocks[0]
        return True


def _sized(columns: bool, p: bytes) -> Image.Image:
    """Return the picture of xL xH yL yH d1...dk."""
    width, height = int.from_bytes(p[:2], "little"), int.from_bytes(p[2:4], "little")
    size = width * ((height + 7) // 8) if columns else (width + 7) // 8 * height
    if not (1 <= width <= 2047 and 1 <= height <= 1662 and len(p) - 4 == size):
        raise Refused("GS ( L: size out of range")
    return from_columns(width, height, p[4:]) if columns else from_rows(width, height, p[4:])


def _nv_images(p: bytes) -> list[Image.Image]:
    """Return the pictures of FS q n [xL xH yL yH d1...dk]1...n."""
    found, at = [], 1
    for _ in range(p[0]):
        width, height = int.from_bytes(p[at : at + 2], "little"), int.from_bytes(p[at + 2 : at + 4], "little")
        end = at + 4 + width * height * 8
        found.append(from_columns(width * 8, height * 8, p[at + 4 : end]))
        at = end
    return found
