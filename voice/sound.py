"""Sound as the voice makes it and the loudspeaker takes it, and the gong."""

import io
import wave
from dataclasses import dataclass, field

import numpy as np

from voice.unavailable import VoiceUnavailable

RATE_HZ = 22_050
"""The rate of all sound here; it is that of espeak-ng's voices."""

_FULL = 32_767
_BYTES = 2

_CHIME_HZ = (659.26, 523.25)  # E5 and C5, a falling major third: the ding-dong of any lobby
_BELL_S = 0.45
_FADE_S = 0.15


@dataclass(frozen=True)
class Sound:
    """Mono sound: signed samples of 16 bits, little-endian, RATE_HZ a second."""

    samples: bytes = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / _BYTES / RATE_HZ

    @property
    def level(self) -> float:
        """Its root mean square, 0 (silent) to 1."""
        values = self._values()
        return float(np.sqrt(np.mean(values**2))) / _FULL if values.size else 0.0

    def at_volume(self, volume: float) -> "Sound":
        """Return it at a share of its volume, 0 to 1."""
        return self if volume >= 1 else _sound(self._values() * max(0.0, volume))

    def wav(self) -> bytes:
        """Return it as a WAV file."""
        target = io.BytesIO()
        with wave.open(target, "wb") as file:
            write_header(file)
            file.writeframes(self.samples)
        return target.getvalue()

    def _values(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.frombuffer(self.samples, dtype="<i2").astype(np.float64)


def write_header(file: wave.Wave_write) -> None:
    """Give a WAV file that is being written the form of all sound here."""
    file.setnchannels(1)
    file.setsampwidth(_BYTES)
    file.setframerate(RATE_HZ)


def read_wav(data: bytes) -> Sound:
    """Return the sound of a WAV file; its length is what is there, for a header of a pipe names none.

    Raises:
        VoiceUnavailable: it is no WAV file, or another form of sound.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            samples = file.readframes(len(data))
    except (wave.Error, EOFError) as error:
        raise VoiceUnavailable(f"that is no WAV file: {error}") from error
    if form != (1, _BYTES, RATE_HZ):
        raise VoiceUnavailable(f"{form[0]} channels of {8 * form[1]} bits at {form[2]} Hz; must be 1, 16, {RATE_HZ}")
    return Sound(samples[: len(samples) // _BYTES * _BYTES])


def chime() -> Sound:
    """Return the gong: two bells that fade, peaks at half of full volume."""
    seconds = np.arange(round(RATE_HZ * _BELL_S)) / RATE_HZ
    bells = [np.sin(2 * np.pi * pitch * seconds) * np.exp(-seconds / _FADE_S) for pitch in _CHIME_HZ]
    return _sound(np.concatenate(bells) * _FULL / 2)


def _sound(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Sound:
    return Sound(np.clip(np.round(values), -_FULL, _FULL).astype("<i2").tobytes())
