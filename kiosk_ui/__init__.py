"""The customer's touch screen (PyQt6, QML): draws the pages that the core sends, returns what was touched."""
