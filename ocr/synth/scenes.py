"""Cards as a camera sees them: lying somewhere, lit somehow, worn, blurred; each picture with its truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.synth.faces import HEIGHT, WIDTH, Box, Face


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
    """A picture, height x width x 3, BGR, and what is in it."""

    pixels: Pixels
    cards: tuple[Card, ...]
    effects: tuple[str, ...] = field(default=())


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


def photograph(face: Face, level: Level, chance: Random) -> Scene:
    """Lay one card down and take its picture."""
    bounds = _LEVELS[level]
    noise = np.random.default_rng(chance.randrange(2**63))
    effects: list[str] = []
    card = np.asarray(face.picture)[:, :, ::-1].copy()
    if chance.random() < bounds.wear:
        _wear(card, chance)
        effects.append("wear")
    width = chance.uniform(*bounds.card_width)
    corners = _lay(width, bounds, chance)
    margin_x, margin_y = (chance.uniform(0.03, 0.35) * width for _ in range(2))
    corners += [margin_x, margin_y] - corners.min(axis=0)
    size = np.ceil(corners.max(axis=0) + [chance.uniform(0.03, 0.35) * width for _ in range(2)]).astype(int)
    ground = chance.choice(bounds.grounds)
    picture = _GROUNDS[ground]((int(size[1]), int(size[0])), chance).astype(np.float32)
    effects.append(ground)
    picture = _put(picture, card, corners, chance)
    lost: set[str] = set()
    if chance.random() < bounds.shadow:
        picture = _shadow(picture, chance)
        effects.append("shadow")
    if chance.random() < bounds.glare:
        picture, mask = _glare(picture, corners, chance)
        lost |= _covered(face.boxes, corners, mask, 0.5, 0.12)
        effects.append("glare")
    if chance.random() < bounds.finger:
        picture, mask = _finger(picture, corners, chance)
        lost |= _covered(face.boxes, corners, mask, 0.5, 0.04)
        effects.append("finger")
    picture = _camera(picture, bounds, chance, noise)
    return Scene(picture, (Card(face, corners, frozenset(lost)),), tuple(effects))


# -- geometry ----------------------------------------------------------------------------------------------------


def _lay(width: float, bounds: _Bounds, chance: Random) -> Points:
    height = width * HEIGHT / WIDTH
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    corners += [[chance.uniform(-bounds.lean, bounds.lean) * width for _ in range(2)] for _ in range(4)]
    turn = np.radians(bounds.turn(chance))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray((corners - corners.mean(axis=0)) @ spin.T)


def _matrix(corners: Points) -> Matrix:
    flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), float)


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
    matrix = _matrix(corners)
    scale = float(np.linalg.norm(corners[1] - corners[0])) / WIDTH
    if scale < 0.8:  # what a lens does before the sensor counts the dots
        card = cv2.GaussianBlur(card, (0, 0), 0.35 / scale)
    mask = cv2.warpPerspective(shape, matrix, (width, height), flags=cv2.INTER_AREA)[..., None].astype(np.float32) / 255
    laid = cv2.warpPerspective(card, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    edge = cv2.GaussianBlur(mask, (0, 0), chance.uniform(3, 9))[..., None]
    picture = picture * (1 - chance.uniform(0.1, 0.5) * edge)
    return np.asarray(picture * (1 - mask) + laid.astype(np.float32) * mask, np.float32)


def _covered(boxes: dict[str, Box], corners: Points, mask: Plane, strong: float, share: float) -> set[str]:
    """Return the fields of which more than `share` lies where the mask is above `strong`."""
    matrix = _matrix(corners)
    flat = cv2.warpPerspective(mask, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    lost = set()
    for name, (left, top, right, bottom) in boxes.items():
        inside = flat[int(top) : int(bottom), int(left) : int(right)]
        # A single character's width of a long field is enough to lose it.
        columns = (inside > strong).mean(axis=0)
        if columns.size and (columns > 0.5).sum() > max(share * columns.size, 6):
            lost.add(name)
    return lost


# -- grounds -----------------------------------------------------------------------------------------------------


def _plain(size: tuple[int, int], chance: Random) -> Plane:
    base = np.array([chance.randrange(40, 215) for _ in range(3)], np.float32)
    base = base * 0.4 + base.mean() * 0.6
    return _slope(np.ones((*size, 3), np.float32) * base, chance)


def _pale(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a ground as light as the card itself."""
    return _slope(np.ones((*size, 3), np.float32) * chance.randrange(205, 240), chance)


def _tray(size: tuple[int, int], chance: Random) -> Plane:
    """Lay the dark tray of a terminal, lit by LEDs."""
    tray = np.ones((*size, 3), np.float32) * chance.randrange(18, 70)
    return _slope(tray, chance, 0.15)


def _wood(size: tuple[int, int], chance: Random) -> Plane:
    height, width = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    noise = np.random.default_rng(chance.randrange(2**63))
    grain = cv2.resize(
        noise.normal(0, 1, (max(height // 6, 2), max(width // 90, 2))).astype(np.float32), (width, height)
    )
    rings = np.sin(y / chance.uniform(9, 22) + grain * 2 + x / 300)
    base = np.array([chance.randrange(40, 110), chance.randrange(80, 140), chance.randrange(120, 190)], np.float32)
    return np.asarray(base + (rings * 10 + grain * 6)[..., None], np.float32)


def _paper(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a printed page."""
    page = np.full((*size, 3), chance.randrange(220, 250), np.uint8)
    height, width = size
    pitch = chance.randrange(22, 40)
    for top in range(pitch, height - pitch, pitch):
        x = chance.randrange(10, 60)
        while x < width - 30:
            word = chance.randrange(14, 90)
            letters = "".join(chance.choice("abcdefghiklmnoprstuvw0123456789") for _ in range(word // 9 + 1))
            cv2.putText(page, letters, (x, top), cv2.FONT_HERSHEY_SIMPLEX, pitch / 48, (40, 40, 40), 1, cv2.LINE_AA)
            x += word + 16
    return page.astype(np.float32)


def _busy(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a desk with things on it."""
    desk = _wood(size, chance) if chance.random() < 0.5 else _plain(size, chance)
    height, width = size
    for _ in range(chance.randrange(5, 14)):
        colour = tuple(chance.randrange(20, 245) for _ in range(3))
        middle = (chance.randrange(width), chance.randrange(height))
        if chance.random() < 0.6:
            box = cv2.boxPoints(
                (middle, (chance.randrange(40, 500), chance.randrange(30, 300)), chance.uniform(0, 180))
            )
            cv2.fillConvexPoly(desk, box.astype(np.int32), colour, cv2.LINE_AA)
            if chance.random() < 0.5:
                cv2.polylines(desk, [box.astype(np.int32)], True, (30, 30, 30), 2, cv2.LINE_AA)
        else:
            cv2.circle(desk, middle, chance.randrange(15, 130), colour, -1, cv2.LINE_AA)
    return desk


def _slope(picture: Plane, chance: Random, strength: float = 0.3) -> Plane:
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    slope = 1 + strength * (chance.uniform(-1, 1) * x + chance.uniform(-1, 1) * y) / 2
    return np.asarray(picture * slope[..., None], np.float32)


_GROUNDS = {"plain": _plain, "pale": _pale, "tray": _tray, "wood": _wood, "paper": _paper, "busy": _busy}


# -- what happens to a card and its picture --------------------------------------------------------------------------


def _wear(card: Pixels, chance: Random) -> None:
    for _ in range(chance.randrange(1, 6)):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        turn, length = chance.uniform(0, 6.28), chance.uniform(60, 400)
        end = (int(x + length * np.cos(turn)), int(y + length * np.sin(turn)))
        layer = card.copy()
        cv2.line(layer, (x, y), end, (chance.randrange(200, 255),) * 3, chance.choice((1, 1, 2)), cv2.LINE_AA)
        share = chance.uniform(0.2, 0.7)
        card[:] = cv2.addWeighted(layer, share, card, 1 - share, 0)


def _shadow(picture: Plane, chance: Random) -> Plane:
    height, width = picture.shape[:2]
    mask: Plane = np.zeros((height, width), np.float32)
    across = np.array([[chance.randrange(width), 0], [chance.randrange(width), height]], np.int32)
    cv2.fillPoly(mask, [np.array([across[0], across[1], [0, height], [0, 0]], np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), chance.uniform(6, 40))
    return np.asarray(picture * (1 - chance.uniform(0.1, 0.4) * mask[..., None]), np.float32)


def _glare(picture: Plane, corners: Points, chance: Random) -> tuple[Plane, Plane]:
    """Let a lamp mirror itself in the laminate; return the picture and how strong the glare is, 0 to 1."""
    height, width = picture.shape[:2]
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    middle = _matrix(corners) @ [chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT), 1.0]
    mask: Plane = np.zeros((height, width), np.float32)
    axes = (int(wide * chance.uniform(0.02, 0.14)), int(wide * chance.uniform(0.015, 0.07)))
    at = (int(middle[0] / middle[2]), int(middle[1] / middle[2]))
    cv2.ellipse(mask, at, axes, chance.uniform(0, 180), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), wide * chance.uniform(0.008, 0.04)) * chance.uniform(0.6, 1.0)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 1)
    mask *= inside
    return np.asarray(picture * (1 - mask[..., None]) + 255 * mask[..., None], np.float32), mask


def _finger(picture: Plane, corners: Points, chance: Random) -> tuple[Plane, Plane]:
    """Let somebody hold the card by an edge."""
    height, width = picture.shape[:2]
    side = chance.randrange(4)
    share = chance.uniform(0.1, 0.9)
    edge = corners[side] * (1 - share) + corners[(side + 1) % 4] * share
    inwards = corners.mean(axis=0) - edge
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    tip = edge + inwards / np.linalg.norm(inwards) * wide * chance.uniform(0.0, 0.06)
    out = edge - inwards * 1.5
    mask: Plane = np.zeros((height, width), np.float32)
    thick = int(wide * chance.uniform(0.09, 0.13))
    cv2.line(mask, tip.astype(int).tolist(), out.astype(int).tolist(), 1.0, thick, cv2.LINE_AA)
    cv2.circle(mask, tip.astype(int).tolist(), thick // 2, 1.0, -1, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.2)
    skin = np.array([chance.randrange(110, 160), chance.randrange(140, 190), chance.randrange(190, 235)], np.float32)
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    shade = 0.7 + 0.3 * np.clip(distance / (thick / 2), 0, 1)
    return np.asarray(picture * (1 - mask[..., None]) + skin * shade[..., None] * mask[..., None], np.float32), mask


def _camera(picture: Plane, bounds: _Bounds, chance: Random, noise: np.random.Generator) -> Pixels:
    blur = chance.uniform(*bounds.blur)
    if blur > 0.25:
        if chance.random() < 0.3:  # a hand that moves
            length = max(2, round(blur * 2.5))
            kernel = np.zeros((length * 2 + 1,) * 2, np.float32)
            turn = chance.uniform(0, 3.14)
            step = (length * np.cos(turn) / 2, length * np.sin(turn) / 2)
            cv2.line(
                kernel,
                (round(length - step[0]), round(length - step[1])),
                (round(length + step[0]), round(length + step[1])),
                1.0,
                1,
            )
            picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
        else:
            picture = cv2.GaussianBlur(picture, (0, 0), blur)
    picture = picture * chance.uniform(*bounds.light)
    picture = picture * np.array([chance.uniform(0.93, 1.07), 1.0, chance.uniform(0.93, 1.07)], np.float32)
    grain = noise.normal(0, chance.uniform(*bounds.noise), picture.shape).astype(np.float32)
    pixels = np.clip(picture + grain, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, chance.randrange(*bounds.jpeg)])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
