"""The bundled fonts; no other one is used, so every machine draws the same pixels."""

from functools import cache
from pathlib import Path

from PyQt6.QtGui import QFontDatabase

import kiosk_core.fonts

CAP_HEIGHT = 0.733
"""How high the capitals of Noto Sans SC are, as a part of its pixel size."""

_FOLDER = Path(kiosk_core.fonts.__file__).parent


@cache
def load_fonts() -> None:
    """Load them into the application."""
    for name in ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"):
        if QFontDatabase.addApplicationFont(str(_FOLDER / name)) < 0:
            raise RuntimeError(f"{_FOLDER / name} is no font")
