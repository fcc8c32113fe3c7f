"""The speaker of the port: a queue, and one thread that renders and plays what is in it."""

import logging
import threading
from collections import deque
from collections.abc import Sequence

from kiosk_core.clock import Clock
from kiosk_core.speech import Chime, Utterance
from voice.espeak import Voice
from voice.loudspeaker import Loudspeaker
from voice.sound import Sound, chime
from voice.unavailable import Hushed, VoiceUnavailable

_log = logging.getLogger(__name__)

AGAIN_AFTER_S = 30.0
"""How long it is silent after voice or loudspeaker failed, before it tries again. What is said meanwhile is lost."""

_CLOSING_S = 2.0


class SilentSpeaker:
    """kiosk_core.speech.Speaker of a screen that has no loudspeaker."""

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        """Say nothing."""

    def is_speaking(self) -> bool:
        """Return that nothing is being said."""
        return False

    def hush(self) -> None:
        """Stay silent."""

    def close(self) -> None:
        """Let go of nothing."""


class VoiceSpeaker:
    """kiosk_core.speech.Speaker. A voice or loudspeaker that fails is logged once, until it works again."""

    def __init__(self, voice: Voice, loudspeaker: Loudspeaker, clock: Clock) -> None:
        self._voice = voice
        self._loudspeaker = loudspeaker
        self._clock = clock
        self._chime = chime()
        self._changed = threading.Condition()
        self._waiting: deque[Utterance | Chime] = deque()
        self._is_busy = False
        self._is_closed = False
        self._hush = threading.Event()
        self._silent_until: float | None = None
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)
        self._thread.start()

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        """Queue `utterances`; return at once."""
        with self._changed:
            self._waiting.extend(utterances)
            self._changed.notify()

    def is_speaking(self) -> bool:
        """Return whether anything is being said or queued."""
        with self._changed:
            return self._is_busy or bool(self._waiting)

    def hush(self) -> None:
        """Cut off what is being said, and forget what is queued."""
        with self._changed:
            self._waiting.clear()
            self._hush.set()
            self._hush = threading.Event()

    def close(self) -> None:
        """Hush and end the thread; one that hangs is left behind."""
        self.hush()
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            self._say(*taken)
        self._loudspeaker.close()

    def _next(self) -> tuple[Utterance | Chime, threading.Event] | None:
        with self._changed:
            self._is_busy = False
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            if self._is_closed:
                return None
            self._is_busy = True
            return self._waiting.popleft(), self._hush

    def _say(self, what: Utterance | Chime, hush: threading.Event) -> None:
        if self._silent_until is not None and self._clock.now() < self._silent_until:
            return
        try:
            self._loudspeaker.play(self._sound(what, hush).at_volume(what.volume), hush)
        except Hushed:
            return
        except VoiceUnavailable as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001  (the thread must live)
            _log.exception("the voice has a defect")
            self._fail(type(error).__name__)
        else:
            if self._silent_until is not None:
                _log.warning("the voice is back")
                self._silent_until = None

    def _sound(self, what: Utterance | Chime, hush: threading.Event) -> Sound:
        match what:
            case Chime():
                return self._chime
            case Utterance():
                return self._voice.render(what, hush)

    def _fail(self, reason: str) -> None:
        if self._silent_until is None:
            _log.warning("nothing can be heard: %s; tried again every %.0f s", reason, AGAIN_AFTER_S)
        self._silent_until = self._clock.now() + AGAIN_AFTER_S
