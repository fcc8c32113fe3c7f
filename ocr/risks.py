"""Why a picture of a card should not be trusted: what light, colour and ink tell, and what is written there."""

from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np

from ocr import fields, forgery, grid
from ocr.arrays import Pixels, Plane, Points
from ocr.id_card import IdCardBack, IdCardFront, Quality, Risk, day
from ocr.layout import Field
from ocr.regions import known
from ocr.sight import CELL, INK, Sight, cells

_SOFT = 0.478  # sharpness of a picture in which a stroke is as wide as it is unsharp
_COLOURLESS = 0.09
_OUTSIDE = 0.008  # of the card's width
# What must be printed on any card: (from the left edge of the box, dots wide).
_LEAST_WIDE = {"name": 48, "sex": 8, "ethnicity": 8, "birth": 270, "address": 128, "id_number": 480, "authority": 128,
               "validity": 178}  # fmt: skip
_WIDE = {"name": 70, "sex": 30, "ethnicity": 30, "birth": 330, "address": 150, "id_number": 530, "authority": 150,
         "validity": 200}  # fmt: skip
_FIRST_LINE = 270  # dots: an address goes on in a second line only when the first is full
_HOLE = 62  # dots within a line without ink; a birth has its labels in between, pale in a pale picture
_HOLE_OF_BIRTH = 130


def judge(
    sight: Sight,
    quality: Quality,
    picture: Pixels,
    corners: Points,
    *,
    side: IdCardFront | IdCardBack,
    today: date | None,
) -> frozenset[Risk]:
    """Return every risk of a card at `corners` of a picture, with these fields on this day.

    `today` None: nobody knows what day it is, and no card has expired.
    """
    risks = seen(sight, quality, picture, corners)
    excused = {Risk.BLURRED, Risk.GLARE, Risk.EDGE_MISSING, Risk.PHOTOCOPY, Risk.SCREEN}
    if not risks & excused and _senseless(side):  # something else is written where the field should be
        risks |= {Risk.OCCLUDED}
    return risks | written(side, today)


def _senseless(side: IdCardFront | IdCardBack) -> bool:
    if isinstance(side, IdCardBack):
        return not side.valid_from.text and not side.valid_until.text
    return not side.birth.text or len(side.id_number.text) < 15


def seen(sight: Sight, quality: Quality, picture: Pixels, corners: Points) -> frozenset[Risk]:
    """Return what the picture itself tells, with the card at `corners` (4 x 2)."""
    risks = set()
    if cut(picture.shape, corners):
        risks.add(Risk.EDGE_MISSING)
    if blurred(quality):
        risks.add(Risk.BLURRED)
    if colours(sight.flat) < _COLOURLESS:
        risks.add(Risk.PHOTOCOPY)
    if grid.regularity(picture, corners) > grid.REGULAR:
        risks.add(Risk.SCREEN)
    hidden = [Hidden.of(sight, field) for field in sight.layout.fields]
    if any(each.mirrors for each in hidden):
        risks.add(Risk.GLARE)
    # No lamp is as wide as three fields: it is white paper under too much light.
    if any(each.covered for each in hidden) or sum(each.missing for each in hidden) >= 3:
        risks.add(Risk.OCCLUDED)
    # A field that nobody can see well proves nothing, and a new picture is asked for anyway.
    if not risks & {Risk.PHOTOCOPY, Risk.SCREEN, Risk.BLURRED}:
        clear = {field.name for field, each in zip(sight.layout.fields, hidden, strict=True) if each.clear}
        if forgery.likely(sight, quality.sharpness, clear):
            risks.add(Risk.EDITED)
    return frozenset(risks)


def blurred(quality: Quality) -> bool:
    """Return whether strokes are as wide as they are unsharp."""
    return quality.sharpness < _SOFT


def written(side: IdCardFront | IdCardBack, today: date | None) -> frozenset[Risk]:
    """Return what the fields tell, on this day if it is known."""
    risks = set()
    if isinstance(side, IdCardBack):
        until = day(side.valid_until.text)
        if until is not None and today is not None and until < today:
            risks.add(Risk.EXPIRED)
        return frozenset(risks)
    number = side.id_number.text
    if fields.checks(number):
        told = {"birth": fields.born(number), "sex": fields.sex(number)}
        if any(text and text != told[name] for name, text in (("birth", side.birth.text), ("sex", side.sex.text))):
            risks.add(Risk.NUMBER_DISAGREES)
        if not known(number[:6]):
            risks.add(Risk.REGION_UNKNOWN)
    return frozenset(risks)


def cut(shape: tuple[int, ...], corners: Points) -> bool:
    """Return whether a corner is outside, or a whole side lies along the edge of the picture."""
    play = _OUTSIDE * float(np.linalg.norm(corners[1] - corners[0]))
    limits = (shape[1], shape[0])
    if (corners < -play).any() or (corners > np.array(limits) + play).any():
        return True
    return any(
        (np.roll(near, -side)[:2]).all()
        for axis in (0, 1)
        for near in (corners[:, axis] < play / 2, corners[:, axis] > limits[axis] - play / 2)
        for side in range(4)
    )


@dataclass(frozen=True)
class Hidden:
    """What keeps a field from being read. `missing`: its ink, at least."""

    mirrors: bool
    covered: bool
    missing: bool

    @property
    def clear(self) -> bool:
        """Return whether nothing lies over the field, and no lamp mirrors itself there."""
        return not self.mirrors and not self.covered

    @classmethod
    def of(cls, sight: Sight, field: Field) -> "Hidden":
        """Return what a card shows of a field."""
        place = sight.places.get(field.name)
        left, top, right, bottom = field.box
        if place is None:
            bottom = min(bottom, top + 40)
            right = left + _WIDE[field.name]
        else:
            right = min(max(place.box[2] - 7, left + _WIDE[field.name]), right + 12)
            top, bottom = place.box[1], place.box[3]
        missing = place is None or _lacks(sight, field.name, left, place.box, place.lines)
        if missing and place is not None and place.lines > 1:  # what hides the ends of lines lies beside them
            right = field.box[2]
        where = cells((left, top, right, bottom), CELL)
        shine, dim, light, colour = (each[where] for each in (sight.shine, sight.dim, sight.light, sight.colour))
        white = float(np.percentile(dim, 97)) >= 250
        overexposed = sight.usual >= 248
        bright = ((shine > 0.12).mean(axis=0) > 0.4) & _faded(sight, (left, top, right, bottom), shine.shape[1])
        clipped = ((dim >= 251).mean(axis=0) > 0.5).sum()
        strange = int(((colour > 0.09).mean(axis=0) > 0.35).sum())
        black = int(((light < 0.52 * sight.usual).mean(axis=0) > 0.35).sum())
        most = float(shine.max())
        mirrors = bool(
            (bright.sum() >= 3 and most > 0.15 and strange < 2)
            or (missing and white and (overexposed or most > 0.04))
            or (not overexposed and sight.usual < 246 and clipped >= 4 and most > 0.06)
        )
        covered = strange >= 3 or black >= 3 or (missing and most < 0.3 and not mirrors)
        return cls(mirrors, covered, missing)


def _lacks(sight: Sight, name: str, left: int, box: tuple[int, int, int, int], lines: int) -> bool:
    """Return whether ink is missing where every card has some, or in the middle of a line."""
    if box[0] - left > 20 or box[2] - box[0] - 14 < _LEAST_WIDE[name]:
        return True
    if name == "address" and lines > 1 and box[2] - box[0] - 14 < _FIRST_LINE:
        return True
    hole = _HOLE_OF_BIRTH if name == "birth" else _HOLE
    high = (box[3] - box[1]) / lines
    for line in range(max(lines - 1, 1)):  # where the last of several ends, there is no telling
        part = sight.ink[cells((box[0], round(box[1] + line * high), box[2], round(box[1] + (line + 1) * high)), INK)]
        inked = np.flatnonzero(part.max(axis=0) > 0.2)
        if len(inked) == 0 or np.diff(inked).max(initial=0) * INK > hole:
            return True
    return False


def _faded(sight: Sight, box: tuple[int, int, int, int], columns: int) -> Plane:
    """Return for each column of cells whether there is much less ink around it than in the rest of the field."""
    ink = cv2.resize(sight.ink[cells(box, INK)], (columns, max((box[3] - box[1]) // CELL, 1)))
    dense = cv2.blur(ink, (9, min(9, ink.shape[0]))).max(axis=0)
    return np.asarray(dense < 0.6 * np.median(dense))


def colours(flat: Pixels) -> float:
    """Return how colourful a card is: about 0 for one in grey, under any one light; 0.12 and more for a real one."""
    dots = cv2.resize(flat, (125, 79), interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1, 3)
    clear = dots.max(axis=1) < 250
    if clear.sum() > 500:
        dots = dots[clear]
    light = dots.mean(axis=1)
    greys = np.stack([light, light * light / 255, np.ones_like(light)], axis=1)
    squares = greys.T @ greys + 1e-3 * np.eye(3)  # least squares, without a run of LAPACK over ten thousand rows
    rest = [dots[:, channel] - greys @ np.linalg.solve(squares, greys.T @ dots[:, channel]) for channel in (0, 2)]
    return float(np.percentile(np.hypot(*rest), 97) / max(light.mean(), 1.0))
