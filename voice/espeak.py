"""espeak-ng as the voice: words in, sound out. A program of its own for every sentence, so that it can fail alone."""

import threading
from collections.abc import Mapping
from typing import Protocol

from kiosk_core.clock import Clock
from kiosk_core.speech import Utterance
from kiosk_core.texts import Language
from voice import chinese, english, pinyin
from voice.program import run_program
from voice.settings import VoiceSettings
from voice.sound import Sound, read_wav

_PROGRAM = "espeak-ng"
_LIMIT_S = 10.0
_LONGEST = 2000  # characters: some five minutes of speech

# `cmn` of espeak-ng 1.51 reads many characters as English; this voice takes pinyin, which we make ourselves.
_VOICES: Mapping[Language, str] = {"zh": "cmn-latn-pinyin", "en": "en-us"}


class Voice(Protocol):
    """Whatever turns a sentence into sound."""

    def render(self, utterance: Utterance, hush: threading.Event) -> Sound:
        """Return the sentence at full volume.

        Raises:
            VoiceUnavailable: there is no voice, or it failed.
            Hushed: `hush` was set meanwhile.
        """
        ...


class Espeak:
    """voice.espeak.Voice by the program espeak-ng."""

    def __init__(self, settings: VoiceSettings, clock: Clock, program: str = _PROGRAM) -> None:
        self._settings = settings
        self._clock = clock
        self._program = program

    def render(self, utterance: Utterance, hush: threading.Event) -> Sound:
        """Return the sentence at full volume; raises as Voice says. It has at most 2000 characters, the rest is cut."""
        if not any(letter.isalnum() for letter in self.spelling(utterance)):
            return Sound(b"")  # espeak-ng would write no file at all
        return read_wav(self._run(utterance, ("--stdout",), hush))

    def phonemes(self, utterance: Utterance) -> str:
        """Return how the sentence is pronounced, in espeak-ng's own notation; raises VoiceUnavailable."""
        return self._run(utterance, ("-q", "-x"), threading.Event()).decode(errors="replace")

    def _run(self, utterance: Utterance, options: tuple[str, ...], hush: threading.Event) -> bytes:
        voice, speed = _VOICES[utterance.language], str(self._settings.words_a_minute)
        command = (self._program, "-v", voice, "-s", speed, "-b", "1", "--stdin", *options)
        return run_program(command, self.spelling(utterance).encode(), _LIMIT_S, self._clock, hush)

    def spelling(self, utterance: Utterance) -> str:
        """Return what espeak-ng is given: pinyin, or English words."""
        text = utterance.text[:_LONGEST]
        if utterance.language == "zh":
            return pinyin.of(chinese.written_out(text, self._settings.one))
        return english.written_out(text.replace("[[", " "))  # behind it espeak-ng takes phonemes
