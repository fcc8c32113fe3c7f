"""Why a picture of a card should not be trusted: what light, colour and ink tell, and what is written there."""

from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np

from ocr import fields, forgery, grid, hidden
from ocr.arrays import Pixels, Points
from ocr.id_card import IdCardBack, IdCardFront, Quality, Risk, day
from ocr.ranks import quantile
from ocr.regions import known
from ocr.sight import Sight, shrunk

_SOFT = 0.51  # sharpness of a picture in which a stroke is as wide as it is unsharp
_COLOURLESS = 0.09
_OUTSIDE = 0.008  # of the card's width


@dataclass(frozen=True)
class Seen:
    """What the picture itself tells.

    `hidden`: names of the fields over which glare or an object lies; `hiding`: which of the two it rather is, if it is
    any.
    """

    risks: frozenset[Risk]
    hidden: frozenset[str] = frozenset()
    hiding: Risk = Risk.OCCLUDED


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
    return told(seen(sight, quality, picture, corners), side, today)


def told(seen: Seen, side: IdCardFront | IdCardBack, today: date | None) -> frozenset[Risk]:
    """Return every risk of a card of which the picture itself tells that, with these fields on this day."""
    excused = {Risk.BLURRED, Risk.GLARE, Risk.OCCLUDED, Risk.EDGE_MISSING, Risk.PHOTOCOPY, Risk.SCREEN}
    hiding = {seen.hiding} if not seen.risks & excused and _breaks_off(side) else set()
    return seen.risks | hiding | written(side, today)


def _breaks_off(side: IdCardFront | IdCardBack) -> bool:
    """Return whether less is read than stands on any card: of 270 cards of which all could be seen, of none."""
    if any(not each.text for each in vars(side).values()):
        return True
    if isinstance(side, IdCardBack):
        return not side.authority.text.endswith("局")
    return len(side.id_number.text) != 18 or len(side.name.text) < 2


def seen(sight: Sight, quality: Quality, picture: Pixels, corners: Points) -> Seen:
    """Return what the picture itself tells, with the card at `corners` (4 x 2)."""
    risks = set()
    if cut(picture.shape, corners):
        risks.add(Risk.EDGE_MISSING)
    if blurred(quality):
        risks.add(Risk.BLURRED)
    if colours(sight.quarter) < _COLOURLESS:
        risks.add(Risk.PHOTOCOPY)
    if grid.regularity(picture, corners) > grid.REGULAR:
        risks.add(Risk.SCREEN)
    by_field = hidden.told(sight, quality.sharpness)
    mirrors, covers = (
        max(each) for each in zip(*((one.mirrors, one.covers) for one in by_field.values()), strict=True)
    )
    if mirrors > 0:
        risks.add(Risk.GLARE)
    if covers > 0:
        risks.add(Risk.OCCLUDED)
    # What is blurred, a copy or on a screen has another grain anyhow, and a new picture is asked for anyway.
    if not risks & {Risk.PHOTOCOPY, Risk.SCREEN, Risk.BLURRED} and forgery.likely(sight, quality.sharpness):
        risks.add(Risk.EDITED)
    lost = frozenset(name for name, each in by_field.items() if not each.clear)
    return Seen(frozenset(risks), lost, Risk.GLARE if mirrors > covers else Risk.OCCLUDED)


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


def colours(card: Pixels) -> float:
    """Return how colourful a card, 250 dots wide, is: about 0 for one in grey in any light, 0.12 or more for others."""
    channels = [each.ravel() for each in cv2.split(shrunk(card))]
    clear = np.maximum(np.maximum(channels[0], channels[1]), channels[2]) < 250
    if np.count_nonzero(clear) > 500:
        channels = [each[clear] for each in channels]
    blue, green, red = (each.astype(float) for each in channels)  # float32 is too coarse for the squares
    light = (blue + green + red) / 3
    greys = np.stack([light, light * light / 255, np.ones_like(light)])
    squares = greys @ greys.T + 1e-3 * np.eye(3)  # least squares, without a run of LAPACK over ten thousand dots
    rest = [each - np.linalg.solve(squares, greys @ each) @ greys for each in (blue, red)]
    return quantile(np.hypot(*rest), 0.97) / max(float(light.mean()), 1.0)
