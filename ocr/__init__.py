"""A picture of an ID card -> its fields, checked; everything stays in memory."""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocr.arrays import Pixels
    from ocr.id_card import IdCard, Unreadable


def read_id_card(image: "bytes | Pixels", today: date | None = None) -> "IdCard | Unreadable":
    """Return the card in a picture, or why there is none; the first call loads the networks, within a second or two.

    `image`: a JPEG, PNG, WebP or BMP file, or dots of height x width x 3, uint8, BGR. `today`: the day by which cards
    have expired; without one, none has. Any thread may call it; a program that must outlive hostile pictures asks
    `ocr.worker.ReadingProcess`.

    Raises:
        ValueError: dots of another shape or type.
        ocr.recogniser.ModelMissing: the networks are not installed.
    """
    from ocr.shared_reader import read  # noqa: PLC0415  (with it come the networks: not for who wants one part)

    return read(image, today)
