"""What happens to a card before and while its picture is taken: wear, shadow, glare, a finger, a paper over it.

What covers something returns the picture and its mask: how much of each dot is covered, 0 to 1.
"""

from random import Random

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.synth.faces import HEIGHT, WIDTH, Box

_LAMP = 400.0  # a mirrored lamp is brighter than any paper: it stays white where the picture is dark


def card_matrix(corners: Points) -> Matrix:
    """Return what projects the flat card, 1000 x 631, to `corners`."""
    flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), float)


def on_picture(point: tuple[float, float], corners: Points) -> Points:
    """Return where a point of the flat card lies in the picture."""
    x, y, depth = card_matrix(corners) @ [*point, 1.0]
    return np.array([x / depth, y / depth])


def covered(boxes: dict[str, Box], corners: Points, mask: Plane, strong: float, share: float) -> set[str]:
    """Return the fields of which more than `share` lies where the mask is above `strong`."""
    flat = cv2.warpPerspective(
        mask, card_matrix(corners), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    lost = set()
    for name, (left, top, right, bottom) in boxes.items():
        inside = flat[int(top) : int(bottom), int(left) : int(right)]
        # A single character's width of a long field is enough to lose it.
        columns = (inside > strong).mean(axis=0)
        if columns.size and (columns > 0.5).sum() > max(share * columns.size, 6):
            lost.add(name)
    return lost


def wear(card: Pixels, chance: Random) -> None:
    """Scratch a flat card."""
    for _ in range(chance.randrange(1, 6)):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        turn, length = chance.uniform(0, 6.28), chance.uniform(60, 400)
        end = (int(x + length * np.cos(turn)), int(y + length * np.sin(turn)))
        layer = card.copy()
        cv2.line(layer, (x, y), end, (chance.randrange(200, 255),) * 3, chance.choice((1, 1, 2)), cv2.LINE_AA)
        share = chance.uniform(0.2, 0.7)
        card[:] = cv2.addWeighted(layer, share, card, 1 - share, 0)


def shadow(picture: Plane, chance: Random) -> Plane:
    """Let the shadow of a head or a hand fall on a side of the picture."""
    height, width = picture.shape[:2]
    mask: Plane = np.zeros((height, width), np.float32)
    across = np.array([[chance.randrange(width), 0], [chance.randrange(width), height]], np.int32)
    cv2.fillPoly(mask, [np.array([across[0], across[1], [0, height], [0, 0]], np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), chance.uniform(6, 40))
    return np.asarray(picture * (1 - chance.uniform(0.1, 0.4) * mask[..., None]), np.float32)


def glare(picture: Plane, corners: Points, chance: Random, box: Box | None = None) -> tuple[Plane, Plane]:
    """Let a lamp mirror itself in the laminate: anywhere, or in a box of the flat card."""
    height, width = picture.shape[:2]
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    left, top, right, bottom = box or (0, 0, WIDTH, HEIGHT)
    x, y = on_picture((chance.uniform(left, right), chance.uniform(top, bottom)), corners)
    mask: Plane = np.zeros((height, width), np.float32)
    least = 0.02 if box is None else 0.05
    axes = (int(wide * chance.uniform(least, 0.14)), int(wide * chance.uniform(least * 0.75, 0.07)))
    cv2.ellipse(mask, (int(x), int(y)), axes, chance.uniform(0, 180), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), wide * chance.uniform(0.008, 0.04))
    mask = mask * chance.uniform(0.6 if box is None else 0.85, 1.0)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 1)
    mask *= inside
    return np.asarray(picture * (1 - mask[..., None]) + _LAMP * mask[..., None], np.float32), mask


def finger(picture: Plane, corners: Points, chance: Random, box: Box | None = None) -> tuple[Plane, Plane]:
    """Let somebody hold the card by an edge, or with a finger that reaches a box of the flat card."""
    height, width = picture.shape[:2]
    side = chance.randrange(4)
    share = chance.uniform(0.1, 0.9)
    edge = corners[side] * (1 - share) + corners[(side + 1) % 4] * share
    inwards = corners.mean(axis=0) - edge
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    tip = edge + inwards / np.linalg.norm(inwards) * wide * chance.uniform(0.0, 0.06)
    out = edge - inwards * 1.5
    if box is not None:
        left, top, right, bottom = box
        tip = on_picture((chance.uniform(left, right), (top + bottom) / 2), corners)
        out = tip + (edge - tip) / max(float(np.linalg.norm(edge - tip)), 1.0) * 3 * wide
    mask: Plane = np.zeros((height, width), np.float32)
    thick = int(wide * chance.uniform(0.09, 0.13))
    cv2.line(mask, tip.astype(int).tolist(), out.astype(int).tolist(), 1.0, thick, cv2.LINE_AA)
    cv2.circle(mask, tip.astype(int).tolist(), thick // 2, 1.0, -1, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.2)
    skin = np.array([chance.randrange(110, 160), chance.randrange(140, 190), chance.randrange(190, 235)], np.float32)
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    shade = 0.7 + 0.3 * np.clip(distance / (thick / 2), 0, 1)
    return np.asarray(picture * (1 - mask[..., None]) + skin * shade[..., None] * mask[..., None], np.float32), mask


def paper(picture: Plane, corners: Points, chance: Random, box: Box) -> tuple[Plane, Plane]:
    """Let a note, a receipt or another card lie over most of a box of the flat card."""
    height, width = picture.shape[:2]
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    left, top, right, bottom = box
    middle = on_picture((chance.uniform(left, right), chance.uniform(top, bottom)), corners)
    size = (wide * chance.uniform(0.2, 0.5), wide * chance.uniform(0.12, 0.35))
    shape = cv2.boxPoints((middle.tolist(), size, chance.uniform(0, 180)))
    mask: Plane = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, shape.astype(np.int32), 1.0, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)
    colours = ((120, 235, 250), (250, 250, 250), (180, 170, 245), (240, 210, 150), (60, 50, 40), (235, 240, 240))
    sheet = np.full(picture.shape, chance.choice(colours), np.uint8)
    if chance.random() < 0.4:  # something is written on it
        for line in range(0, height, max(int(wide * 0.05), 8)):
            cv2.putText(sheet, "No 2026-0417 TOTAL 38.50 " * 8, (0, line), cv2.FONT_HERSHEY_SIMPLEX, wide / 1400,
                        (70, 70, 70), 1, cv2.LINE_AA)  # fmt: skip
    edge = cv2.GaussianBlur(mask, (0, 0), 5)[..., None]
    picture = picture * (1 - 0.4 * edge)
    return np.asarray(picture * (1 - mask[..., None]) + sheet * mask[..., None], np.float32), mask
