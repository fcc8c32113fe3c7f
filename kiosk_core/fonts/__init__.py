"""Fonts that the screen and the simulated printer draw with: Noto Sans SC, SIL OFL 1.1 (see OFL.txt)."""
