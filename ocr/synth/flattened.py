"""Drawn cards flattened by their true corners, give or take what a finder errs: no network is needed for that."""

import cv2
import numpy as np

from ocr import lines
from ocr.arrays import Points
from ocr.layout import layout
from ocr.sight import Place, Sight, look
from ocr.synth.faces import HEIGHT, WIDTH
from ocr.synth.scenes import Scene

_ASIDE = 0.002  # of the card's width: standard deviation


def flattened(scene: Scene) -> tuple[Sight, Points]:
    """Return the first card of a picture and its corners; fields lie where their ink is."""
    card = scene.cards[0]
    aside = np.random.default_rng(scene.pixels.shape[0]).normal(0, _ASIDE, (4, 2))
    corners = card.corners + aside * np.linalg.norm(card.corners[1] - card.corners[0])
    square = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), square)
    flat = cv2.warpPerspective(scene.pixels, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    kind = layout(f"resident_id_{card.face.side}")
    ink = lines.ink(flat)
    places = {}
    for field in kind.fields:
        found = np.array([line.box for line in lines.find(ink, field, kind.slack)])
        if len(found):
            left, top = found[:, :2].min(axis=0).tolist()
            right, bottom = found[:, 2:].max(axis=0).tolist()
            places[field.name] = Place((left, top, right, bottom), len(found))
    return look(flat, kind, places), corners
