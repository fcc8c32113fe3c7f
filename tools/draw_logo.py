"""Draw the logo that the demo prints on its receipts: one bit a dot, 400 x 96.

python tools/draw_logo.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parent.parent
SCALE = 8
WIDTH, HEIGHT = 400, 96


def main() -> None:
    big = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE), 255)
    draw = ImageDraw.Draw(big)

    def box(left: float, top: float, right: float, bottom: float, *, radius: float, fill: int) -> None:
        corners = [value * SCALE for value in (left, top, right, bottom)]
        draw.rounded_rectangle(corners, radius=radius * SCALE, fill=fill)

    box(4, 4, 92, 92, radius=20, fill=0)  # the terminal
    box(18, 60, 78, 68, radius=4, fill=255)  # its card slot
    box(30, 20, 66, 64, radius=6, fill=255)  # a card half in the slot
    box(30, 30, 66, 38, radius=0, fill=0)  # the stripe of the card
    box(37, 44, 47, 52, radius=2, fill=0)  # its chip
    font = ImageFont.truetype(str(ROOT / "kiosk_core" / "fonts" / "NotoSansSC-Bold.ttf"), 54 * SCALE)
    draw.text((108 * SCALE, HEIGHT * SCALE // 2), "OpenTeller", font=font, fill=0, anchor="lm")
    small = big.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).point(lambda value: 255 if value > 140 else 0)
    target = ROOT / "openteller" / "receipt_logo.png"
    small.convert("1").save(target, optimize=True)
    print(target.name, target.stat().st_size)


if __name__ == "__main__":
    main()
