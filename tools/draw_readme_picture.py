"""Put pages and receipt of a rehearsal side by side for the README.

Run `./run demo --headless` first, then `python tools/draw_readme_picture.py`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
HEIGHT = 720
GAP = 24
PAGES = ("home", "amount-chosen", "payment", "result")


def main() -> None:
    out = ROOT / "out"
    files = [next((out / "pages").glob(f"[0-9][0-9]-{page}.png")) for page in PAGES]
    pictures = [Image.open(file).convert("RGB") for file in [*files, out / "receipt.png"]]
    small = [each.resize((each.width * HEIGHT // each.height, HEIGHT), Image.Resampling.LANCZOS) for each in pictures]
    width = sum(each.width for each in small) + GAP * (len(small) + 1)
    sheet = Image.new("RGB", (width, HEIGHT + 2 * GAP), "#e8edf0")
    left = GAP
    for each in small:
        sheet.paste(each, (left, GAP))
        left += each.width + GAP
    target = ROOT / "docs" / "images" / "top-up.png"
    sheet.quantize(128).save(target, optimize=True)
    print(target.name, target.stat().st_size)


if __name__ == "__main__":
    main()
