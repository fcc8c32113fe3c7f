"""The board's tests need no display; Qt must know before it starts."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
