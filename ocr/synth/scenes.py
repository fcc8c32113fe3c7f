"""Cards as a camera sees them: lying somewhere, lit somehow, worn, blurred; each picture with its truth."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random

import cv2
import numpy as np
from PIL import Image

from ocr.arrays import Pixels, Plane, Points
from ocr.id_card import Risk
from ocr.projection import to_picture
from ocr.synth.copies import photocopy
from ocr.synth.faces import HEIGHT, WIDTH, Box, Face, Fonts
from ocr.synth.forgeries import FORGED, forge
from ocr.synth.grounds import GROUNDS
from ocr.synth.mishaps import card_matrix, covered, finger, glare, paper, shadow, wear
from ocr.synth.screens import on_screen


class Level(Enum):
    """How hard a picture is to read."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True)
class Card:
    """A card in a picture. `corners`: 4 x 2, from the card's top left clockwise; `lost`: fields nobody could read."""

    face: Face
    corners: Points
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scene:
    """A picture, height x width x 3, BGR, and what is in it.

    `risks` are truly there; of `slight` there is a little: neither to tell of it nor to be silent is wrong.
    """

    pixels: Pixels
    cards: tuple[Card, ...]
    effects: tuple[str, ...] = field(default=())
    risks: frozenset[Risk] = frozenset()
    slight: frozenset[Risk] = frozenset()


@dataclass(frozen=True)
class _Bounds:
    """What may happen to a picture of a level; pairs are the least and the most."""

    card_width: tuple[int, int]
    turn: Callable[[Random], float]  # degrees
    lean: float  # how far a corner may move by perspective, in widths of the card
    blur: tuple[float, float]  # standard deviation in dots
    noise: tuple[float, float]
    light: tuple[float, float]
    jpeg: tuple[int, int]
    grounds: tuple[str, ...]
    glare: float  # how often
    finger: float
    shadow: float
    wear: float


_SMALL, _LENS = 0.8, 0.35  # what a lens does to a card smaller than its drawing, before the sensor counts the dots
_ROOM = 8  # dots around a strip
_FOUND = 0.0025  # of the card's width: how far aside a corner is that was found
_BLURRED, _SLIGHTLY = 3.2, 2.2  # standard deviation in dots of the flat card: a stroke is 4 to 5 dots wide


def _upright(chance: Random) -> float:
    return chance.uniform(-8, 8)


def _quarters(chance: Random) -> float:
    return chance.choice((0, 0, 90, 180, 270)) + chance.uniform(-12, 12)


def _anyhow(chance: Random) -> float:
    return chance.uniform(0, 360)


_LEVELS = {
    Level.EASY: _Bounds(
        (700, 1250), _upright, 0.02, (0.0, 0.7), (0, 4), (0.85, 1.1), (85, 97),
        ("tray", "plain", "wood"), glare=0.1, finger=0.0, shadow=0.2, wear=0.3,
    ),
    Level.MEDIUM: _Bounds(
        (560, 1300), _quarters, 0.05, (0.3, 1.1), (2, 8), (0.7, 1.15), (70, 92),
        ("tray", "plain", "wood", "paper", "busy"), glare=0.35, finger=0.25, shadow=0.4, wear=0.6,
    ),
    Level.HARD: _Bounds(
        (420, 1100), _anyhow, 0.09, (0.5, 1.5), (4, 13), (0.55, 1.2), (50, 80),
        ("plain", "wood", "paper", "busy", "pale"), glare=0.6, finger=0.5, shadow=0.6, wear=0.8,
    ),
}  # fmt: skip


def photograph(face: Face, level: Level, chance: Random, risk: Risk | None = None) -> Scene:
    """Lay one card down and take its picture, by all means with glare or something lying on a field, blurred or cut."""
    bounds = _LEVELS[level]
    noise = np.random.default_rng(chance.randrange(2**63))
    lens = noise.spawn(1)[0]
    effects: list[str] = []
    card = np.asarray(face.picture)[:, :, ::-1].copy()
    if chance.random() < bounds.wear:
        wear(card, chance)
        effects.append("wear")
    width = chance.uniform(*bounds.card_width)
    corners = _lay(width, face.aspect, bounds, chance)
    margin_x, margin_y = (chance.uniform(0.03, 0.35) * width for _ in range(2))
    corners += [margin_x, margin_y] - corners.min(axis=0)
    size = np.ceil(corners.max(axis=0) + [chance.uniform(0.03, 0.35) * width for _ in range(2)]).astype(int)
    ground = chance.choice(bounds.grounds)
    picture = GROUNDS[ground]((int(size[1]), int(size[0])), chance).astype(np.float32)
    effects.append(ground)
    picture = _put(picture, card, corners, chance)
    if chance.random() < bounds.shadow:
        picture = shadow(picture, chance)
        effects.append("shadow")
    seen = _Seen(face, corners)
    if chance.random() < bounds.glare:
        picture, mask = glare(picture, corners, chance)
        seen.glare(mask)
        effects.append("glare")
    if chance.random() < bounds.finger:
        picture, mask = finger(picture, corners, chance)
        seen.cover(mask)
        effects.append("finger")
    picture = _spoilt(picture, seen, risk, chance)
    if ground == "tray":
        picture, corners = _fixed_camera(picture, corners, lens)
        effects.append("barrel")
    strength = chance.uniform(*bounds.blur)
    across = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    least = 0.0
    if risk is Risk.BLURRED:
        least = chance.uniform(3.6, 7) * across / WIDTH
    blur = _blur(strength, least, chance)
    seen.blur(blur.deviation * WIDTH / across)
    pixels = _camera(picture, bounds, blur, chance, noise, phone=lens if ground != "tray" else None)
    if risk is Risk.EDGE_MISSING:
        pixels, corners = _cut(pixels, corners, chance)
        seen.risks.add(Risk.EDGE_MISSING)
        seen.lost |= {name for name, box in face.boxes.items() if _outside(box, corners, pixels)}
    return Scene(
        pixels, (Card(face, corners, frozenset(seen.lost)),), tuple(effects), frozenset(seen.risks),
        frozenset(seen.slight - seen.risks),
    )  # fmt: skip


def photograph_strip(strip: Pixels, level: Level, chance: Random) -> Pixels:
    """Take a picture of a part of a flat card, without mishaps, and flatten it as exactly as cards are found."""
    bounds = _LEVELS[level]
    noise = np.random.default_rng(chance.randrange(2**63))
    high, wide = strip.shape[:2]
    scale = chance.uniform(*bounds.card_width) / WIDTH
    corners = _lay(wide * scale, wide / high, bounds, chance)
    corners -= corners.min(axis=0) - _ROOM
    size = np.ceil(corners.max(axis=0) + _ROOM).astype(int)
    matrix = to_picture(corners, (wide, high))
    seen = cv2.GaussianBlur(strip, (0, 0), _LENS / scale) if scale < _SMALL else strip
    picture = cv2.warpPerspective(seen, matrix, size.tolist(), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    blur = _blur(chance.uniform(*bounds.blur), 0.0, chance)
    phone = noise.spawn(1)[0] if chance.choice(bounds.grounds) != "tray" else None
    pixels = _camera(picture, bounds, blur, chance, noise, phone=phone)
    found = corners + noise.normal(0, _FOUND * scale * WIDTH, corners.shape)
    back = np.linalg.inv(to_picture(found, (wide, high)))
    return np.asarray(cv2.warpPerspective(pixels, back, (wide, high), borderMode=cv2.BORDER_REPLICATE))


def photograph_screen(face: Face, level: Level, chance: Random) -> Scene:
    """Take a picture of a screen that shows a picture of a card."""
    shown = photograph(face, Level.EASY, chance)
    picture, corners = on_screen(shown.pixels, shown.cards[0].corners, chance)
    bounds = _LEVELS[level]
    blur = _blur(chance.uniform(0, 0.6), 0.0, chance)
    pixels = _camera(picture, bounds, blur, chance, np.random.default_rng(chance.randrange(2**63)))
    card = Card(face, corners, shown.cards[0].lost)
    return Scene(pixels, (card,), ("screen",), frozenset({Risk.SCREEN}) | shown.risks, shown.slight)


def photograph_copy(sides: list[Face], fonts: Fonts, level: Level, chance: Random) -> Scene:
    """Take a picture of a photocopy of one card or of both its sides."""
    bounds = _LEVELS[level]
    sheet, at = photocopy(sides, fonts, chance)
    width = chance.uniform(max(bounds.card_width[0], 560), bounds.card_width[1])
    high, wide = (side * width / WIDTH for side in sheet.shape[:2])
    square = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], float)
    square += [[chance.uniform(-bounds.lean, bounds.lean) * width / 2 for _ in range(2)] for _ in range(4)]
    turn = np.radians(chance.choice((0, 0, 0, 90, 180, 270)) + chance.uniform(-5, 5))
    corners = (square - square.mean(axis=0)) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners += chance.uniform(0.01, 0.1) * width - corners.min(axis=0)
    size = np.ceil(corners.max(axis=0) + chance.uniform(0.01, 0.1) * width).astype(int)
    picture = GROUNDS[chance.choice(("tray", "plain", "wood"))]((int(size[1]), int(size[0])), chance)
    paper_size = np.array([[0, 0], [sheet.shape[1], 0], sheet.shape[1::-1], [0, sheet.shape[0]]], np.float32)
    matrix = cv2.getPerspectiveTransform(paper_size, corners.astype(np.float32))
    shape = (int(size[0]), int(size[1]))
    sheet = cv2.GaussianBlur(sheet, (0, 0), max(0.35 * WIDTH / width, 0.3))
    mask = cv2.warpPerspective(np.ones(sheet.shape[:2], np.float32), matrix, shape)[..., None]
    laid = cv2.warpPerspective(sheet, matrix, shape, borderMode=cv2.BORDER_REPLICATE)
    picture = picture * (1 - mask) + laid * mask
    if chance.random() < bounds.shadow:
        picture = shadow(picture, chance)
    blur = _blur(chance.uniform(bounds.blur[0], min(bounds.blur[1], 1.0)), 0.0, chance)
    pixels = _camera(
        np.asarray(picture, np.float32), bounds, blur, chance, np.random.default_rng(chance.randrange(2**63))
    )
    cards = tuple(
        Card(side, np.asarray(cv2.perspectiveTransform(on[None], matrix)[0]))
        for side, on in zip(sides, at, strict=True)
    )
    return Scene(pixels, cards, ("photocopy",), frozenset({Risk.PHOTOCOPY}))


def photograph_forged(face: Face, other: Face, fonts: Fonts, level: Level, chance: Random) -> Scene:
    """Take a picture of a card, and put a field of another card into it."""
    scene = photograph(face, level, chance)
    card = scene.cards[0]
    name = chance.choice([name for name in FORGED if name in face.boxes])
    pixels = forge(scene.pixels, (face, card.corners), name, other, fonts=fonts, chance=chance)
    fields = {**face.fields, **{key: text for key, text in other.fields.items() if key == name}}
    lost = card.lost | ({name} if name not in fields else set())  # what is painted over a validity is not noted
    forged = Card(Face(face.side, face.picture, fields, face.boxes), card.corners, lost)
    effects = (*scene.effects, f"forged {name}")
    return Scene(_jpeg(pixels, _LEVELS[level], chance), (forged,), effects, scene.risks | {Risk.EDITED}, scene.slight)


def photograph_other(thing: Image.Image | None, kind: str, chance: Random) -> Scene:
    """Take a picture of something that is no ID card, or of nothing, at any level."""
    bounds = _LEVELS[chance.choice(tuple(Level))]
    picture = GROUNDS[chance.choice(bounds.grounds)]((chance.randrange(600, 1000), chance.randrange(900, 1400)), chance)
    picture = np.asarray(picture, np.float32)
    if thing is not None:
        flat = np.asarray(thing)[:, :, ::-1]
        high, wide = flat.shape[:2]
        scale = min(picture.shape[0] / high, picture.shape[1] / wide) * chance.uniform(0.5, 0.85)
        matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), chance.uniform(-15, 15), scale)
        matrix[:, 2] += [picture.shape[1] / 2 - wide / 2, picture.shape[0] / 2 - high / 2]
        shape = (picture.shape[1], picture.shape[0])
        mask = cv2.warpAffine(np.ones((high, wide), np.float32), matrix, shape)[..., None]
        flat = cv2.GaussianBlur(flat, (0, 0), max(0.35 / scale, 0.3))
        picture = picture * (1 - mask) + cv2.warpAffine(flat, matrix, shape) * mask
    noise = np.random.default_rng(chance.randrange(2**63))
    blur = _blur(chance.uniform(*bounds.blur), 0.0, chance)
    return Scene(_camera(np.asarray(picture, np.float32), bounds, blur, chance, noise), (), (kind,))


@dataclass(frozen=True)
class _Blur:
    """How far a dot is spread, in dots of standard deviation; `turn` is where to a hand moved, None: out of focus."""

    deviation: float
    turn: float | None


def _blur(strength: float, least: float, chance: Random) -> _Blur:
    if max(strength, least) > 0.25 and chance.random() < 0.3:
        return _Blur(max(strength * 0.72, least), chance.uniform(0, math.pi))
    return _Blur(max(strength, least), None)


class _Seen:
    """What of a card can still be seen."""

    def __init__(self, face: Face, corners: Points) -> None:
        self.corners = corners
        self.fields = {name: box for name, box in face.boxes.items() if name != "portrait"}
        self.lost: set[str] = set()
        self.risks: set[Risk] = set()
        self.slight: set[Risk] = set()

    def glare(self, mask: Plane) -> set[str]:
        if covered(self.fields, self.corners, mask, 0.15, 0.0):
            self.slight.add(Risk.GLARE)
        return self._hide(Risk.GLARE, covered(self.fields, self.corners, mask, 0.5, 0.12))

    def cover(self, mask: Plane) -> set[str]:
        if covered(self.fields, self.corners, cv2.dilate(mask, np.ones((9, 9), np.uint8)), 0.1, 0.0):
            self.slight.add(Risk.OCCLUDED)
        return self._hide(Risk.OCCLUDED, covered(self.fields, self.corners, mask, 0.5, 0.04))

    def blur(self, deviation: float) -> None:
        if deviation > _BLURRED:
            self.risks.add(Risk.BLURRED)
        elif deviation > _SLIGHTLY:
            self.slight.add(Risk.BLURRED)

    def _hide(self, risk: Risk, fields: set[str]) -> set[str]:
        if fields:
            self.risks.add(risk)
            self.lost |= fields
        return fields


def _spoilt(picture: Plane, seen: _Seen, risk: Risk | None, chance: Random) -> Plane:
    """Let glare or something that lies there hide at least one field, where this is the risk."""
    if risk not in {Risk.GLARE, Risk.OCCLUDED}:
        return picture
    while True:
        box = seen.fields[chance.choice(sorted(seen.fields))]
        if risk is Risk.GLARE:
            spoilt, mask = glare(picture, seen.corners, chance, box)
            hidden = seen.glare(mask)
        else:
            spoilt, mask = chance.choice((finger, paper))(picture, seen.corners, chance, box)
            hidden = seen.cover(mask)
        if hidden:
            return spoilt


def _cut(pixels: Pixels, corners: Points, chance: Random) -> tuple[Pixels, Points]:
    """Cut the picture so that a side or a corner of the card is outside."""
    height, width = pixels.shape[:2]
    low, high = corners.min(axis=0), corners.max(axis=0)
    depth = chance.uniform(0.03, 0.2) * (high - low)
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    match chance.randrange(5):
        case 0:
            left = low[0] + depth[0]
        case 1:
            top = low[1] + depth[1]
        case 2:
            right = high[0] - depth[0]
        case 3:
            bottom = high[1] - depth[1]
        case _:
            left, top = low + depth * 0.7
    cut = pixels[int(top) : int(bottom), int(left) : int(right)].copy()
    return cut, corners - [int(left), int(top)]


def _outside(box: Box, corners: Points, pixels: Pixels) -> bool:
    left, top, right, bottom = box
    square = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    at = cv2.perspectiveTransform(square, card_matrix(corners))[0]
    return bool((at < 0).any() or (at > [pixels.shape[1], pixels.shape[0]]).any())


# -- geometry ----------------------------------------------------------------------------------------------------


def _lay(width: float, aspect: float, bounds: _Bounds, chance: Random) -> Points:
    height = width / aspect
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    corners += [[chance.uniform(-bounds.lean, bounds.lean) * width for _ in range(2)] for _ in range(4)]
    turn = np.radians(bounds.turn(chance))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray((corners - corners.mean(axis=0)) @ spin.T)


def _put(picture: Plane, card: Pixels, corners: Points, chance: Random) -> Plane:
    """Warp the card, with round corners, onto the ground, with the shadow of its edge."""
    height, width = picture.shape[:2]
    shape = np.zeros((HEIGHT, WIDTH), np.uint8)
    radius = 37  # 3.18 mm, ISO/IEC 7810
    cv2.rectangle(shape, (radius, 0), (WIDTH - radius, HEIGHT), 255, -1)
    cv2.rectangle(shape, (0, radius), (WIDTH, HEIGHT - radius), 255, -1)
    for x in (radius, WIDTH - radius - 1):
        for y in (radius, HEIGHT - radius - 1):
            cv2.circle(shape, (x, y), radius, 255, -1)
    matrix = card_matrix(corners)
    scale = float(np.linalg.norm(corners[1] - corners[0])) / WIDTH
    if scale < _SMALL:
        card = cv2.GaussianBlur(card, (0, 0), _LENS / scale)
    mask = cv2.warpPerspective(shape, matrix, (width, height), flags=cv2.INTER_AREA)[..., None].astype(np.float32) / 255
    laid = cv2.warpPerspective(card, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    edge = cv2.GaussianBlur(mask, (0, 0), chance.uniform(3, 9))[..., None]
    picture = picture * (1 - chance.uniform(0.1, 0.5) * edge)
    return np.asarray(picture * (1 - mask) + laid.astype(np.float32) * mask, np.float32)


# -- the camera ---------------------------------------------------------------------------------------------------


def _fixed_camera(picture: Plane, corners: Points, lens: np.random.Generator) -> tuple[Plane, Points]:
    """See the tray through the wide lens above it: slightly barrelled, darker towards the corners of the picture."""
    height, width = picture.shape[:2]
    middle, reach = np.array([width / 2, height / 2]), float(np.hypot(width, height) / 2)
    bend, fall = lens.uniform(0.005, 0.03), lens.uniform(0.05, 0.25)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    away = ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / reach**2
    # The farther from the middle, the farther out is what is seen there.
    stretch = ((1 + bend * away) / (1 + bend)).astype(np.float32)
    across = np.asarray((x - middle[0]) * stretch + middle[0], np.float32)
    down = np.asarray((y - middle[1]) * stretch + middle[1], np.float32)
    seen = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lit = seen * (1 - fall * away[..., None])
    out = corners - middle
    for _ in range(8):  # the inverse, step by step
        out = (corners - middle) * (1 + bend) / (1 + bend * (out**2).sum(axis=1, keepdims=True) / reach**2)
    return np.asarray(lit, np.float32), out + middle


def _camera(
    picture: Plane,
    bounds: _Bounds,
    blur: _Blur,
    chance: Random,
    noise: np.random.Generator,
    *,
    phone: np.random.Generator | None = None,
) -> Pixels:
    if blur.turn is not None:
        length = max(2, round(blur.deviation * math.sqrt(12)))
        kernel = np.zeros((length * 2 + 1,) * 2, np.float32)
        step = (length * np.cos(blur.turn) / 2, length * np.sin(blur.turn) / 2)
        start, end = ((round(length + sign * step[0]), round(length + sign * step[1])) for sign in (-1, 1))
        cv2.line(kernel, start, end, 1.0, 1)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    elif blur.deviation > 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), blur.deviation)
    picture = picture * chance.uniform(*bounds.light)
    picture = picture * np.array([chance.uniform(0.93, 1.07), 1.0, chance.uniform(0.93, 1.07)], np.float32)
    grain = noise.normal(0, chance.uniform(*bounds.noise), picture.shape).astype(np.float32)
    picture = picture + grain
    if phone is not None and phone.random() < 0.4:  # phones make their pictures look sharp
        picture = picture + phone.uniform(0.2, 0.6) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.2))
    return _jpeg(np.clip(picture, 0, 255).astype(np.uint8), bounds, chance)


def _jpeg(pixels: Pixels, bounds: _Bounds, chance: Random) -> Pixels:
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, chance.randrange(*bounds.jpeg)])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
