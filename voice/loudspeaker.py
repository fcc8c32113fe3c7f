"""Where sound goes: the sound card by `aplay`, or a WAV file."""

import threading
import wave
from pathlib import Path
from typing import Protocol

from kiosk_core.clock import Clock
from voice.program import ProgramFailed, run_program
from voice.sound import Sound, write_header
from voice.unavailable import VoiceUnavailable

_PROGRAM = "aplay"
_SLACK_S = 5.0  # what opening a sound card and draining it may take beyond the sound itself


class Loudspeaker(Protocol):
    """Whatever makes sound audible."""

    def play(self, sound: Sound, hush: threading.Event) -> None:
        """Play `sound` and return when it was heard.

        Raises:
            VoiceUnavailable: it cannot be heard.
            Hushed: `hush` was set meanwhile, and it is silent.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Aplay:
    """A sound card by ALSA's own player; it is killed to be hushed."""

    def __init__(self, card: str, clock: Clock, program: str = _PROGRAM) -> None:
        self._command = (program, "-q", "-D", card, "-t", "wav", "-")
        self._clock = clock

    def play(self, sound: Sound, hush: threading.Event) -> None:
        """Play `sound`; raises as Loudspeaker says."""
        try:
            run_program(self._command, sound.wav(), sound.seconds + _SLACK_S, self._clock, hush)
        except ProgramFailed as error:
            raise VoiceUnavailable(f"{error}; `aplay -L` lists the sound cards that there are") from error

    def close(self) -> None:
        """Let go of nothing: a player lives no longer than its sound."""


class WavFile:
    """A WAV file that all sounds are written into, one behind the other."""

    def __init__(self, path: Path) -> None:
        """Begin the file anew.

        Raises:
            VoiceUnavailable: it cannot be written.
        """
        try:
            self._stream = path.open("wb")
        except OSError as error:
            raise VoiceUnavailable(f"{path}: {error.strerror}") from error
        self._file = wave.open(self._stream, "wb")  # noqa: SIM115  (closed by `close`)
        write_header(self._file)

    def play(self, sound: Sound, hush: threading.Event) -> None:  # noqa: ARG002  (it takes no time)
        """Write `sound`; raises as Loudspeaker says."""
        try:
            self._file.writeframes(sound.samples)
        except OSError as error:
            raise VoiceUnavailable(f"{self._stream.name}: {error.strerror}") from error

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._stream.close()
