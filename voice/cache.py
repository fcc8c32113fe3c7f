"""Sentences that were just said, kept for when they are said again: a call and its repeat."""

import threading
from collections import OrderedDict

from kiosk_core.speech import Utterance
from kiosk_core.texts import Language
from voice.espeak import Voice
from voice.sound import Sound

_MOST_BYTES = 8_000_000  # three minutes of speech


class RememberingVoice:
    """A voice that renders no sentence twice while it remembers it; one thread's."""

    def __init__(self, voice: Voice, most_bytes: int = _MOST_BYTES) -> None:
        self._voice = voice
        self._most_bytes = most_bytes
        self._sounds: OrderedDict[tuple[Language, str], Sound] = OrderedDict()
        self._bytes = 0

    def render(self, utterance: Utterance, hush: threading.Event) -> Sound:
        """Return the sentence at full volume; raises as Voice says."""
        key = utterance.language, utterance.text
        sound = self._sounds.get(key)
        if sound is None:
            sound = self._sounds[key] = self._voice.render(utterance, hush)
            self._bytes += len(sound.samples)
            while self._bytes > self._most_bytes:
                _, forgotten = self._sounds.popitem(last=False)
                self._bytes -= len(forgotten.samples)
        else:
            self._sounds.move_to_end(key)
        return sound
