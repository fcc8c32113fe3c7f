"""One reader for a whole program, loaded with the first picture; any thread may ask it."""

from datetime import date
from functools import cache
from threading import Lock

import numpy as np

from ocr.arrays import Pixels
from ocr.id_card import IdCard, Unreadable
from ocr.picture import decode
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.sizes import refused

_turn = Lock()


def read(image: bytes | Pixels, today: date | None) -> IdCard | Unreadable:
    """As ocr.read_id_card. What was decoded from a file is overwritten."""
    if isinstance(image, bytes):
        picture = decode(image)
        if isinstance(picture, Unreadable):
            return picture
        try:
            return read(picture, today)
        finally:
            picture.fill(0)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError("a picture is height x width x 3, uint8")
    height, width = image.shape[:2]
    why_not = refused(width, height)
    if why_not:
        return why_not
    with _turn:
        return _reader().read(image, today)


@cache
def _reader() -> Reader:
    return Reader(OnnxRecogniser())
