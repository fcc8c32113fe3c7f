"""Pictures of cards that somebody changed on a computer: one field painted over, or pasted from elsewhere."""

from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr.arrays import Pixels, Plane, Points
from ocr.synth.faces import HEIGHT, WIDTH, Box, Face, Fonts, font
from ocr.synth.mishaps import card_matrix

_OVER = 2
FORGED = ("name", "ethnicity", "birth", "id_number", "authority", "validity")


def forge(pixels: Pixels, card: tuple[Face, Points], name: str, other: Face, *, fonts: Fonts, chance: Random) -> Pixels:
    """Return the picture with one field as it is on the face of another card; `fonts` for painting it."""
    face, corners = card
    left, top, right, bottom = (round(value) for value in face.boxes[name])
    left, top, right, bottom = left - 6, top - 6, max(right, round(other.boxes[name][2])) + 6, bottom + 6
    flat = cv2.warpPerspective(
        pixels, card_matrix(corners), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    there = flat[top:bottom, left:right].reshape(-1, 3).astype(np.float32)
    light = there.sum(axis=1)
    paper = np.median(there[light >= np.percentile(light, 60)], axis=0)
    ink = np.median(there[light <= np.percentile(light, 4)], axis=0)
    if chance.random() < 0.5:
        patch = _painted(other, name, (left, top, right, bottom), (paper, ink), fonts=fonts, chance=chance)
    else:
        patch = _pasted(other, (left, top, right, bottom), paper, chance)
    return _laid(pixels, patch, (left, top, right, bottom), corners)


def _painted(other: Face, name: str, box: Box, tones: tuple[Points, Points], *, fonts: Fonts, chance: Random) -> Pixels:
    """Cover the field with one colour and write on it with the print of another typeface."""
    left, top, right, bottom = box
    size = (int(right - left) * _OVER, int(bottom - top) * _OVER)
    colours = [tuple(int(np.clip(value + chance.uniform(-7, 7), 0, 255)) for value in tone[::-1]) for tone in tones]
    patch = Image.new("RGB", size, colours[0])
    text = other.fields[name] if name in other.fields else f"{other.fields['valid_from'].replace('-', '.')}-长期"
    high = 44 if name == "id_number" else 36
    wide = other.boxes[name][2] - other.boxes[name][0]
    face = font(fonts, min(high, int(wide / max(len(text), 1) * 1.9)) * _OVER)
    ImageDraw.Draw(patch).text((12, size[1] // 2), text, colours[1], face, anchor="lm")
    pixels = np.asarray(patch)[:, :, ::-1]
    grain = np.random.default_rng(chance.randrange(2**32)).normal(0, chance.choice((0, 0, 1.5)), pixels.shape)
    return np.asarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _pasted(other: Face, box: Box, paper: Points, chance: Random) -> Pixels:
    """Cut the field out of a sharp picture of another card, whose light was nearly the same and whose JPEG was not."""
    left, top, right, bottom = (int(value) for value in box)
    cut = np.asarray(other.picture)[top:bottom, left:right, ::-1].astype(np.float32)
    own = np.median(cut.reshape(-1, 3), axis=0)
    cut *= paper / np.maximum(own, 1) * chance.choice((0.93, 0.96, 1.04, 1.07))
    quality = [cv2.IMWRITE_JPEG_QUALITY, chance.randrange(15, 45)]
    coded = cv2.imencode(".jpg", np.clip(cut, 0, 255).astype(np.uint8), quality)[1]
    patch = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.asarray(cv2.resize(patch, None, fx=_OVER, fy=_OVER, interpolation=cv2.INTER_CUBIC))


def _laid(pixels: Pixels, patch: Pixels, box: Box, corners: Points) -> Pixels:
    """Project a patch of the flat card, twice as large as its box, onto the picture."""
    left, top, _, _ = box
    to_card = np.array([[1 / _OVER, 0, left], [0, 1 / _OVER, top], [0, 0, 1]])
    matrix = card_matrix(corners) @ to_card
    size = (pixels.shape[1], pixels.shape[0])
    laid = cv2.warpPerspective(patch, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    mask: Plane = cv2.warpPerspective(np.ones(patch.shape[:2], np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    mixed = pixels * (1 - mask[..., None]) + laid * mask[..., None]
    return np.asarray(np.clip(mixed, 0, 255).astype(np.uint8))
