"""Pictures in the printer: dots as the commands carry them, and the memories that keep them under a key.

Sources: HPRT TP80K p53 (GS v 0) and pp56-62 (GS ( L); MobiPrint MP-T3 p20 (ESC * at 203 dpi); Epson TM-T88 p5-15
(GS *); Citizen CT-S280 pp159-165 and CT-P29 pp147-153 (answers of GS ( L).
"""

from dataclasses import dataclass, field

from PIL import Image, ImageChops

NV_CAPACITY = 256 * 1024  # bytes, as on a Zebra ZQ110 (p70)
DOWNLOAD_CAPACITY = 64 * 1024
KEYS_A_BLOCK = 40


def from_rows(width: int, height: int, data: bytes) -> Image.Image:
    """Return the picture (mode "1", 0 = black) whose rows are in `data`, eight dots a byte, 1 = black."""
    return ImageChops.invert(Image.frombytes("1", ((width + 7) // 8 * 8, height), data)).crop((0, 0, width, height))


def from_columns(width: int, height: int, data: bytes) -> Image.Image:
    """Return the picture whose columns are in `data`, eight dots a byte from the top, 1 = black."""
    standing = Image.frombytes("1", ((height + 7) // 8 * 8, width), data)
    return ImageChops.invert(standing.transpose(Image.Transpose.TRANSPOSE)).crop((0, 0, width, height))


def enlarged(picture: Image.Image, times_wide: int, times_high: int) -> Image.Image:
    """Return the picture with every dot repeated."""
    if (times_wide, times_high) == (1, 1):
        return picture
    return picture.resize((picture.width * times_wide, picture.height * times_high), Image.Resampling.NEAREST)


@dataclass
class PictureStore:
    """Pictures under keys of two characters, as long as they fit."""

    capacity: int
    pictures: dict[bytes, Image.Image] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Bytes that are left."""
        return self.capacity - sum(_size(picture) for picture in self.pictures.values())

    def keep(self, key: bytes, picture: Image.Image) -> bool:
        """Keep a picture, instead of the one that has its key; False, and nothing is changed, where it does not fit."""
        before = self.pictures.get(key)
        if _size(picture) > self.free + (_size(before) if before else 0):
            return False
        self.pictures[key] = picture
        return True

    def key_blocks(self, identifier: int) -> list[bytes]:
        """Return the answers that list all keys, 40 in each: 37, identifier, 41 (more follow) or 40, keys, 00."""
        keys = list(self.pictures)
        blocks = [keys[i : i + KEYS_A_BLOCK] for i in range(0, len(keys), KEYS_A_BLOCK)] or [[]]
        return [
            bytes((0x37, identifier, 0x40 if block is blocks[-1] else 0x41)) + b"".join(block) + b"\0"
            for block in blocks
        ]


def _size(picture: Image.Image) -> int:
    return (picture.width + 7) // 8 * picture.height


class NvMemory:
    """What the printer keeps without power: graphics by key (GS ( L fn 67), and bit images by number (FS q)."""

    def __init__(self) -> None:
        self.graphics = PictureStore(NV_CAPACITY)
        self.bit_images: list[Image.Image] = []
