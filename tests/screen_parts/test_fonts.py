"""The fonts that come with the suite, in whatever application asks for them."""

import os
import subprocess
import sys
from pathlib import Path

# In a process of its own: here an application is there already, and a second one ends it.
TWO_APPLICATIONS = """
from PyQt6.QtGui import QFont, QFontInfo, QGuiApplication
from screen_parts.fonts import load_fonts
for _ in range(2):
    application = QGuiApplication([""])
    load_fonts()
    load_fonts()
    print(QFontInfo(QFont("Noto Sans SC")).family())
    del application
"""


def test_a_second_application_has_the_fonts_too() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", TWO_APPLICATIONS],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split("\n") == ["Noto Sans SC", "Noto Sans SC", ""]
