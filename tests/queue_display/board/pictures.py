"""`python -m tests.queue_display.board.pictures [FOLDER]`: draw the pictures of docs/screens/ from sample data."""

import os
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from PyQt6.QtCore import QBuffer, QIODevice
from PyQt6.QtGui import QGuiApplication, QImage

from tests.queue_display.board.samples import LANDSCAPE, MEDIA, PORTRAIT, SCENES, idle, open_board

FOLDER = Path("docs/screens")
COLOURS = 64
WIDTH = {PORTRAIT: 540, LANDSCAPE: 960}


def main(folder: Path) -> None:
    """Draw every scene, wide and upright."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication(sys.argv[:1])
    for name, show in SCENES.items():
        for orientation, size in (("portrait", PORTRAIT), ("landscape", LANDSCAPE)):
            with open_board(size, MEDIA if show is idle else None) as (rig, screen):
                show(rig)
                save(screen.grab(), folder / f"board-{name}-{orientation}.png", WIDTH[size])
    application.quit()


def save(image: QImage, path: Path, width: int) -> None:
    """Write a small PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    picture = Image.open(BytesIO(buffer.data().data())).convert("RGB")
    picture.thumbnail((width, 10 * width), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
