"""Sides of a card as they were read, written by hand."""

from collections.abc import Collection

import numpy as np

from ocr.arrays import Pixels
from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Quad, Quality, Risk, Source

# 341302: 埇桥区; born 5 March 1984; 007: a man; the check character as worked out in test_rules.py.
NUMBER = "341302198403050075"
FRONT = {
    "name": "王伟",
    "sex": "男",
    "ethnicity": "汉",
    "birth": "1984-03-05",
    "address": "安徽省宿州市埇桥区人民路1号",
    "id_number": NUMBER,
}
BACK = {"authority": "宿州市公安局埇桥分局", "valid_from": "2012-03-04", "valid_until": "2032-03-04"}


def square(width: float, at: float = 0.0) -> Quad:
    high = width * 0.631
    return (at, at), (at + width, at), (at + width, at + high), (at, at + high)


def picture() -> Pixels:
    return np.full((700, 1000, 3), 200, np.uint8)


def field(
    text: str, confidence: float = 0.999, *, sure: bool | None = None, source: Source = Source.PRINT
) -> FieldReading:
    sure = confidence >= 0.995 if sure is None else sure
    return FieldReading(text, confidence, ((100, 100), (300, 100), (300, 140), (100, 140)), source, sure and bool(text))


def front(
    risks: Collection[Risk] = (),
    *,
    corners: Quad | None = None,
    exposure: float = 1.0,
    sharpness: float = 0.9,
    **changed: FieldReading,
) -> IdCard:
    side = IdCardFront(**{name: changed.get(name, field(text)) for name, text in FRONT.items()})
    return _card(side, risks, corners, exposure, sharpness)


def back(
    risks: Collection[Risk] = (),
    *,
    corners: Quad | None = None,
    exposure: float = 1.0,
    sharpness: float = 0.9,
    **changed: FieldReading,
) -> IdCard:
    side = IdCardBack(**{name: changed.get(name, field(text)) for name, text in BACK.items()})
    return _card(side, risks, corners, exposure, sharpness)


def _card(
    side: IdCardFront | IdCardBack, risks: Collection[Risk], corners: Quad | None, exposure: float, sharpness: float
) -> IdCard:
    quality = Quality(sharpness, 1.0, exposure, 1.0, 0.0)
    return IdCard(side, corners or square(800), quality, frozenset(risks), np.full((9, 9, 3), 9, np.uint8))
