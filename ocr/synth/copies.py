"""Photocopies: one or both sides of a card in grey on a white sheet, each its own way up, stamped over."""

from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr.arrays import Matrix, Pixels, Points
from ocr.synth.faces import HEIGHT, WIDTH, Face, Fonts, font

_STAMPS = ("仅供办理业务使用", "禁止复印", "仅供银行开户使用 他用无效", "复印无效", "与原件核对无误")


def photocopy(sides: list[Face], fonts: Fonts, chance: Random) -> tuple[Pixels, list[Points]]:
    """Return the sheet, BGR with the three channels alike, and where the corners of each card are on it."""
    margin = chance.randrange(60, 200)
    pitch = HEIGHT + chance.randrange(60, 240)
    wide, high = WIDTH + 2 * margin, pitch * (len(sides) - 1) + HEIGHT + 2 * margin
    sheet = np.full((high, wide), chance.randrange(238, 254), np.float32)
    corners = []
    for number, side in enumerate(sides):
        grey = np.asarray(side.picture.convert("L")).astype(np.float32)
        grey = (grey - 128) * chance.uniform(1.0, 1.5) + chance.uniform(120, 150)
        turn = chance.uniform(-4, 4) + chance.choice((0, 0, 180))
        middle = (wide / 2 + chance.uniform(-40, 40), margin + number * pitch + HEIGHT / 2)
        matrix: Matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn, 1.0)
        matrix[:, 2] += [middle[0] - WIDTH / 2, middle[1] - HEIGHT / 2]
        mask = cv2.warpAffine(np.ones_like(grey), matrix, (wide, high))
        sheet = sheet * (1 - mask) + cv2.warpAffine(grey, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE) * mask
        square = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
        at = square @ matrix[:, :2].T + matrix[:, 2]
        cv2.polylines(sheet, [at.astype(np.int32)], True, chance.uniform(60, 190), 2, cv2.LINE_AA)  # its shadow
        corners.append(at)
    if chance.random() < 0.6:
        sheet = _stamped(sheet, fonts, chance)
    noise = np.random.default_rng(chance.randrange(2**32))
    sheet += noise.normal(0, chance.uniform(2, 8), sheet.shape)
    specks = noise.random(sheet.shape) < chance.uniform(0, 0.0006)
    sheet[cv2.dilate(specks.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0] = 40  # toner
    return cv2.cvtColor(np.clip(sheet, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), corners


def _stamped(sheet: Pixels, fonts: Fonts, chance: Random) -> Pixels:
    high, wide = sheet.shape
    layer = Image.new("L", (wide, high), 0)
    pen = ImageDraw.Draw(layer)
    size = chance.randrange(40, 76)
    text = chance.choice(_STAMPS)
    for y in range(0, high, chance.randrange(260, 520)):
        pen.text((chance.randrange(-100, wide // 2), y), text, 255, font(fonts, size))
    turned = np.asarray(layer.rotate(chance.uniform(-35, 35))).astype(np.float32) / 255
    share = chance.uniform(0.25, 0.7)
    return np.asarray(sheet * (1 - share * turned) + 70 * share * turned)
