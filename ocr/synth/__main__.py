"""Writes numbered test pictures and labels.json into a folder: python -m ocr.synth FOLDER --level hard --count 20."""

import argparse
import json
from pathlib import Path

import cv2

from ocr.synth.documents import DOCUMENTS
from ocr.synth.samples import Set, document_sample, sample
from ocr.synth.scenes import Level
from ocr.synth.typefaces import TypefacesMissing, require_rare_characters


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(prog="python -m ocr.synth", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", default=Set.DEV.value, choices=[each.value for each in Set])
    parser.add_argument("--level", choices=[each.value for each in Level], help="one level only")
    parser.add_argument("--count", type=int, default=20, help="how many pictures a level")
    parser.add_argument("--document", choices=list(DOCUMENTS), help="another document than a resident ID card")
    given = parser.parse_args()
    try:
        require_rare_characters()
    except TypefacesMissing as error:
        raise SystemExit(str(error)) from None
    given.folder.mkdir(parents=True, exist_ok=True)
    labels = {}
    for level in [Level(given.level)] if given.level else list(Level):
        for number in range(given.count):
            purpose = Set(given.set)
            other = given.document
            scene = document_sample(purpose, other, level, number) if other else sample(purpose, level, number)
            name = f"{level.value}-{number:04}.png"
            (given.folder / name).write_bytes(cv2.imencode(".png", scene.pixels)[1].tobytes())
            card = scene.cards[0]
            lost = sorted(card.lost)
            labels[name] = {"side": card.face.side, "fields": card.face.fields, "lost": lost, "level": level.value}
    text = json.dumps(labels, ensure_ascii=False, indent=1)
    (given.folder / "labels.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
