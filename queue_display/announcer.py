"""The branch's calls as they are spoken: one after the other, in order, each as often as the settings say.

A call is said once before any is repeated; a repeat is dropped as soon as another call waits. One that could not be
said in time is dropped too: whom it called is at the window by then, or the screen has told him. The same ticket called
again while its call still waits to be said takes that place, with its new window.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen

from kiosk_core.clock import Clock
from kiosk_core.services import SettingError
from kiosk_core.speech import Chime, Speaker, Utterance
from kiosk_core.texts import Language, LocalText

_STRICT = {"extra": "forbid", "strict": True}

_CALL = LocalText("请{number}号，到{window}办理。", "Ticket {number}, please go to {window}.")
_WINDOW = LocalText("{window}号窗口", "window {window}")

Volume = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True)
class QuietHours:
    """From `begin` to `end` by the wall clock, over midnight where `end` is the earlier; volume 0 is silence.

    Raises:
        SettingError: they end when they begin.
    """

    begin: time
    end: time
    volume: Volume = 0.0

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise SettingError(("end",), "must be another time than begin")

    def hold_at(self, moment: time) -> bool:
        """Return whether `moment` is in them; `end` is not."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


@dataclass(frozen=True)
class Announcements:
    """How calls are spoken.

    Every call is said in all `languages`, in their order, `times` times and `pause_s` apart unless others wait. One
    that could not be begun within `too_late_s` is dropped.
    """

    languages: Annotated[tuple[Language, ...], MinLen(1)] = ("zh", "en")
    times: Annotated[int, Ge(1), Le(5)] = 2
    pause_s: Annotated[float, Ge(0), Le(60)] = 3.0
    too_late_s: Annotated[float, Gt(0), Le(600)] = 60.0
    chime: bool = True
    volume: Volume = 1.0
    quiet: tuple[QuietHours, ...] = ()

    __pydantic_config__ = _STRICT

    def volume_at(self, moment: time) -> float:
        """Return the volume at a time of the day, the lowest of what holds then."""
        return min([self.volume, *(hours.volume for hours in self.quiet if hours.hold_at(moment))])


@dataclass(frozen=True)
class _Call:
    number: str
    window: str
    made_at: float
    said: int = 0


class Announcer:
    """Speaks the calls of a branch; one thread's. Whoever has it calls `let_time_pass` several times a second."""

    def __init__(self, speaker: Speaker, clock: Clock, settings: Announcements) -> None:
        self._speaker = speaker
        self._clock = clock
        self._settings = settings
        self._waiting: list[_Call] = []
        self._last: _Call | None = None
        self._is_speaking = False
        self._quiet_since = 0.0

    def called(self, number: str, window: str) -> None:
        """Take in that ticket `number` was called, or called again, to `window`."""
        call = _Call(number, window, self._clock.now())
        for place, waiting in enumerate(self._waiting):
            if waiting.number == number:
                self._waiting[place] = call
                break
        else:
            self._waiting.append(call)
        self.let_time_pass()

    def let_time_pass(self) -> None:
        """Go on to what is to be said next, if nothing is being said."""
        now, volume = self._clock.now(), self._settings.volume_at(self._clock.wall().time())
        if not volume:
            self._be_silent()
            return
        if self._speaker.is_speaking():
            self._is_speaking = True
            return
        if self._is_speaking:
            self._is_speaking, self._quiet_since = False, now
        self._waiting = [call for call in self._waiting if now - call.made_at <= self._settings.too_late_s]
        call = self._next(now)
        if call is not None:
            self._last = replace(call, said=call.said + 1)
            self._is_speaking = True
            self._speaker.say(tuple(self._sentences(call, volume)))

    def _be_silent(self) -> None:
        """Keep the quiet hours: what was called in them is not said after them either."""
        self._waiting = []
        self._last = None
        if self._is_speaking:
            self._is_speaking = False
            self._speaker.hush()

    def _next(self, now: float) -> _Call | None:
        if self._waiting:
            return self._waiting.pop(0)
        if self._last is None or self._last.said >= self._settings.times:
            return None
        return self._last if now - self._quiet_since >= self._settings.pause_s else None

    def _sentences(self, call: _Call, volume: float) -> Iterator[Utterance | Chime]:
        if self._settings.chime:
            yield Chime(volume)
        for language in self._settings.languages:
            yield Utterance(language, call_sentence(call.number, call.window, language), volume)


def call_sentence(number: str, window: str, language: Language) -> str:
    """Return a call as a sentence: 请A013号，到3号窗口办理。 A window whose name is no number is named as it is."""
    place = _WINDOW.in_language(language).format(window=window) if window.isascii() and window.isalnum() else window
    return _CALL.in_language(language).format(number=number, window=place)
