"""Build the two bundled font files from the variable Noto Sans SC (SIL OFL 1.1).

Qt on Linux shows a variable font in its thinnest weight and draws no bold above some 64 px, so the
suite ships two static cuts. They hold GB 2312, ASCII, Latin-1 and the symbols that the screens use.

    pip install fonttools justmytype-intl-cjk==0.1.0
    python tools/build_fonts.py
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

OUT = Path(__file__).parent.parent / "kiosk_core" / "fonts"
SYMBOLS = "€–—‘’“”…•‰′″※→←↑↓↔√×÷±≤≥≈∞℃№①②③④⑤⑥⑦⑧⑨⑩■□▲△▼▽◆◇○●★☆✓✕　、。〈〉《》「」『』【】〔〕！（），．：；？￥～"


def characters() -> set[int]:
    """Return every code point of GB 2312, ASCII, Latin-1 and SYMBOLS."""
    points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | {ord(c) for c in SYMBOLS}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return points


def main() -> None:
    spec = importlib.util.find_spec("justmytype_intl_cjk")
    if spec is None or spec.origin is None:
        raise SystemExit("the source font is missing: pip install justmytype-intl-cjk==0.1.0")
    source = Path(spec.origin).parent / "fonts" / "ofl" / "notosanssc"
    options = subset.Options()
    options.layout_features = ["kern", "tnum", "locl", "ccmp", "mark"]
    options.name_IDs = ["*"]
    for name, weight in (("Regular", 400), ("Bold", 700)):
        font = TTFont(source / "NotoSansSC[wght].ttf")
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=characters())
        cutter.subset(font)
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True, updateFontNames=True)
        target = OUT / f"NotoSansSC-{name}.ttf"
        font.save(target)
        print(target.name, target.stat().st_size)
    (OUT / "OFL.txt").write_bytes((source / "OFL.txt").read_bytes())


if __name__ == "__main__":
    main()
