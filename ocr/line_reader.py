"""Reads cards with any engine that gives lines of text: same questions and answers as `ocr.reader.Reader`."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np

from ocr import quality, risks
from ocr.arrays import Pixels
from ocr.id_card import IdCard, Unreadable
from ocr.labels import fitted, proved
from ocr.line_parser import ParsedCard, parse
from ocr.outline import sharpened
from ocr.projection import rim
from ocr.scales import Scales
from ocr.sides import Guess
from ocr.sight import look
from ocr.text_lines import LineEngine

_REACH = 20, 8  # dots of the card by which lines of text may miss where it lies
_AS_GOOD = 0.04


class LineReader:
    """Reads resident ID cards; sure of nothing but what a rule proves. One thread owns it."""

    def __init__(self, engine: LineEngine) -> None:
        """Take what finds and reads lines of text."""
        self._engine = engine

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        """Return the card in a picture of height x width x 3, BGR; of several, the one with most text to be read.

        `today`: the day by which cards have expired; without one, none has.
        """
        cards = self.read_all(picture, today)
        return cards[0] if cards else Unreadable.NO_CARD

    def read_all(self, picture: Pixels, today: date | None = None) -> list[IdCard]:
        """Return all cards in a picture, the one with most text to be read first."""
        return [_judged(picture, card, today) for card in parse(self._engine.lines(picture))]


def _judged(picture: Pixels, card: ParsedCard, today: date | None) -> IdCard:
    """Return the card with what its picture shows beside text: quality, risks, portrait."""
    corners = _settled(picture, Guess(card.layout, card.corners, 0.0, 0.0)).corners
    size = card.layout.size
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), rim(size).astype(np.float32))
    flat = cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    sight = look(flat, card.layout, card.places)
    portrait = None
    if card.layout.portrait is not None:
        left, top, right, bottom = card.layout.portrait
        portrait = flat[top:bottom, left:right].copy()
    one, two, three, four = ((float(x), float(y)) for x, y in corners)
    good = quality.measure(sight, picture.shape, corners)
    told = risks.judge(sight, good, picture, corners, side=card.side, today=today)
    return IdCard(card.side, (one, two, three, four), good, told, portrait)


def _settled(picture: Pixels, guess: Guess) -> Guess:
    """Return the guess moved to its labels, then to its edges if the labels do not speak against that."""
    scales = Scales(picture)
    by_labels = fitted(scales, guess, _REACH)
    edges = proved(scales, replace(by_labels, corners=sharpened(picture, by_labels.corners)), _REACH[-1])
    return edges if edges.likeness > by_labels.likeness - _AS_GOOD else by_labels
