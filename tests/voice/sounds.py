"""Sounds to play."""

import numpy as np

from voice.sound import RATE_HZ, Sound


def tone(seconds: float, pitch_hz: float = 440.0) -> Sound:
    """Return a tone at half of full volume."""
    moments = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Sound((np.sin(2 * np.pi * pitch_hz * moments) * 16_384).astype("<i2").tobytes())
