"""From a picture to the cards in it: outline, side, flattening, lines, texts, doubts."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from ocr import document, quality, risks, rules
from ocr.arrays import Matrix, Pixels
from ocr.crew import meanwhile
from ocr.field_reader import FieldReader, Printed, Seen, around
from ocr.finder import CardFinder
from ocr.flat import Flats
from ocr.id_card import RESIDENT_ID, IdCard, Quad, Quality, Risk, Unreadable
from ocr.layout import Box, Field, Layout, LayoutError, layouts
from ocr.recogniser import QuickRecogniser, Recogniser
from ocr.sides import Guess
from ocr.sight import Place, Sight, look


class Reader:
    """Reads resident ID cards, and other documents where it is asked to; one thread owns it, and may close it.

    Its own threads begin with the first card, read lines of one picture side by side, and end with it.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        threads: int = 2,
        documents: Sequence[str] = (RESIDENT_ID,),
        folder: Path | None = None,
    ) -> None:
        """Take the recogniser of lines, and how many threads may work.

        `documents`: what may lie in a picture, by the names in ocr/layouts or, if one is given, in the layouts of a
        folder as well. What is no resident ID card is looked for where there is none.

        Raises:
            LayoutError: a file of the folder is no layout, or nothing describes one of the documents.
        """
        known = {**layouts(), **(layouts(folder) if folder else {})}
        unknown = sorted(set(documents) - set(known))
        if unknown:
            raise LayoutError(f"no layout describes {unknown[0]!r}; there are {', '.join(sorted(known))}")
        self._crew = ThreadPoolExecutor(threads, "ocr")
        quick = QuickRecogniser(recogniser.characters)
        self._fields = FieldReader(recogniser, crew=self._crew, quick=quick)
        first = known[RESIDENT_ID] if RESIDENT_ID in documents else ()
        others = tuple(each for name in documents if name != RESIDENT_ID for each in known[name])
        self._bare = tuple(each for each in others if not each.labels)
        self._rivals = tuple(each for each in others if each.instead_of) if first else ()
        self._flats = Flats(self._crew)
        self._finder = CardFinder(first, threads, others, self._proof, crew=self._crew, begins=self._flats.begin)

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        """Return the card in a picture of height x width x 3, BGR; of several, the one that is seen best.

        `today`: the day by which cards have expired; without one, none has.
        """
        try:
            found = self._finder.find(picture, most=1)
            return self._read(picture, found[0], today) if found else why_not(picture)
        finally:
            self._flats.drop()

    def read_all(self, picture: Pixels, today: date | None = None) -> list[IdCard]:
        """Return all cards in a picture, as a photocopy has both sides on one sheet, the one seen best first."""
        try:
            return [self._read(picture, guess, today) for guess in self._finder.find(picture)]
        finally:
            self._flats.drop()

    def close(self) -> None:
        """End the threads; nothing can be read any more."""
        self._crew.shutdown()

    def _read(self, picture: Pixels, guess: Guess, today: date | None) -> IdCard:
        with self._flats.lend(picture, guess) as (flat, back):
            return self._of_flat(flat, back, picture, guess, today)

    def _of_flat(self, flat: Pixels, back: Matrix, picture: Pixels, guess: Guess, today: date | None) -> IdCard:
        first = guess
        with ExitStack() as beside:
            lit = beside.enter_context(meanwhile(self._crew, lambda: _lit(flat, picture, first)))
            printed = self._fields.find(flat, guess.layout)
            looked_at = beside.enter_context(
                meanwhile(self._crew, lambda: _looked_at(lit(), printed, picture, first))  # lit has begun before
            )
            seen = self._fields.read(flat, guess.layout, printed)
            for other in [each for each in self._bare if each is not guess.layout and _is_same(each, guess.layout)]:
                also = self._fields.read(flat, other)
                if document.fitting(other, also) > document.fitting(guess.layout, seen):
                    guess, seen = replace(guess, layout=other), also
            for rival in [each for each in self._rivals if _is_like(each, guess.layout) and _proved_by(each, seen)]:
                guess, seen = replace(guess, layout=rival), self._fields.read(flat, rival)
            if guess is first:
                good, told = looked_at()
            else:
                where = self._fields.find(flat, guess.layout)
                good, told = _looked_at(_lit(flat, picture, guess), where, picture, guess)
        boxes = {name: None if each.box is None else _in_picture(each.box, back) for name, each in seen.items()}
        portrait = None
        if guess.layout.portrait is not None:
            left, top, right, bottom = guess.layout.portrait
            portrait = flat[top:bottom, left:right].copy()
        if guess.layout.document == RESIDENT_ID:
            tell = rules.front if guess.layout.side == "front" else rules.back
            side = rules.asked_back(tell(seen, boxes, self._fields.interpreter), told.hidden)
            return IdCard(side, _quad(guess.corners), good, risks.told(told, side, today), portrait)
        paper, disagreeing = document.judge(guess.layout, seen, boxes, self._fields.interpreter)
        all_told = told.risks | disagreeing | document.written(guess.layout, paper, today)
        return IdCard(paper, _quad(guess.corners), good, all_told, portrait)

    def _proof(self, picture: Pixels, guess: Guess) -> float:
        """Return how well what is written fits a layout that has a proof: 0 where that is not in order."""
        layout = guess.layout
        with self._flats.lend(picture, guess) as (flat, _):
            seen = {field.name: self._fields.glance(flat, layout, field) for field in _proofs(layout)}
            if not _proved_by(layout, seen):
                return 0.0
            rest = [field for field in layout.fields if field.name not in seen]
            seen |= {field.name: self._fields.glance(flat, layout, field) for field in rest}
        return document.fitting(layout, seen)


def why_not(picture: Pixels) -> Unreadable:
    """Return why no card is found in a picture, as far as the picture tells."""
    return Unreadable.BLURRED if quality.out_of_focus(picture) else Unreadable.NO_CARD


def _lit(flat: Pixels, picture: Pixels, guess: Guess) -> tuple[Sight, Quality]:
    """Return what shows of a card before it is known where its fields are printed."""
    sight = look(flat, guess.layout, {})
    return sight, quality.measure(sight, picture.shape, guess.corners)


def _looked_at(
    lit: tuple[Sight, Quality], printed: Printed, picture: Pixels, guess: Guess
) -> tuple[Quality, risks.Seen]:
    """Return what shows without reading: quality, and the risks that the picture itself tells."""
    boxes = {name: (around(found), len(found)) for name, found in printed.items()}
    places = {name: None if box is None else Place(box, count) for name, (box, count) in boxes.items()}
    sight, good = replace(lit[0], places=places), lit[1]
    if guess.layout.document == RESIDENT_ID:
        return good, risks.seen(sight, good, picture, guess.corners)
    return good, risks.Seen(frozenset({Risk.EDGE_MISSING} if risks.cut(picture.shape, guess.corners) else ()))


def _is_same(one: Layout, other: Layout) -> bool:
    return (one.document, one.side, one.size) == (other.document, other.side, other.size)


def _is_like(rival: Layout, found: Layout) -> bool:
    return rival.instead_of == found.document and rival.side == found.side


def _proofs(layout: Layout) -> list[Field]:
    """Return the field that proves a layout, if any does."""
    return [field for field in layout.fields if field.name == layout.proof]


def _proved_by(layout: Layout, seen: Mapping[str, Seen]) -> bool:
    return any(document.proved(seen[field.name], field, layout) for field in _proofs(layout))


def _in_picture(box: Box, back: Matrix) -> Quad:
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    return _quad(cv2.perspectiveTransform(corners, back)[0])


def _quad(corners: Matrix) -> Quad:
    one, two, three, four = ((float(x), float(y)) for x, y in corners)
    return one, two, three, four
