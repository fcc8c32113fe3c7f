"""The bundled fonts; no other one is used, so every machine draws the same pixels."""

from pathlib import Path

from PyQt6.QtGui import QFontDatabase

import kiosk_core.fonts

CAP_HEIGHT = 0.733
"""How high the capitals of Noto Sans SC are, as a part of its pixel size."""

_FOLDER = Path(kiosk_core.fonts.__file__).parent


_loaded: dict[str, int] = {}


def load_fonts() -> None:
    """Load them into the application, once; they end with it, and the next application gets them anew.

    Raises:
        RuntimeError: a file is damaged.
    """
    for name in ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"):
        if name in _loaded and QFontDatabase.applicationFontFamilies(_loaded[name]):
            continue
        _loaded[name] = QFontDatabase.addApplicationFont(str(_FOLDER / name))
        if _loaded[name] < 0:
            raise RuntimeError(f"{_FOLDER / name} is no font")
