"""What passes on the terminal's cables, kept to be read: the last of each device, masked by who hands in the reader."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from device_sim.tap import Tap
from device_sim.unit import Unit
from kiosk_core.clock import Clock
from kiosk_core.trace import Octets, What

KEPT = 200
"""Messages of a device that are kept: the oldest goes first."""
SHOWN = 64
"""Bytes of a message that are kept."""

Understand = Callable[[str, What, bytes], tuple[Octets, str]]
"""Device, direction and bytes to what of them may be shown, and a few words on what it means."""

_LONGEST_ROUND = 8  # messages: four questions and their answers, or two with an ACK after each
_SIGNS = {What.OUT: "→", What.IN: "←", What.INTERRUPT: "!", What.CONTROL: "="}


@dataclass(frozen=True)
class Passed:
    """A message: when, which way, its first bytes in hexadecimal (·· is a hidden one), how many `more` there were.

    `times`: what came again and again since is the same message.
    """

    sequence: int
    at: str
    sign: str
    octets: tuple[str, ...]
    more: int
    meaning: str
    times: int = 1

    def is_like(self, other: "Passed") -> bool:
        """Whether both say the same; a device's running number may differ where the meaning is known."""
        if self.sign != other.sign or self.meaning != other.meaning:
            return False
        return bool(self.meaning) or (self.octets, self.more) == (other.octets, other.more)

    def again(self, latest: "Passed") -> "Passed":
        """Return the `latest` that is like this one, in its place."""
        return replace(latest, sequence=self.sequence, times=self.times + latest.times)


class Listening:
    """Listens in on units until it is closed. Devices speak on their own threads; any thread may look."""

    def __init__(self, units: Mapping[str, Unit], understand: Understand, clock: Clock) -> None:
        self._units = units
        self._understand = understand
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: dict[str, deque[Passed]] = {name: deque(maxlen=KEPT) for name in units}
        self._rounds = {name: _Round() for name in units}
        self._sequence = 0
        for name, unit in units.items():
            unit.listen(self._tap(name))

    def close(self) -> None:
        """Listen no more."""
        for unit in self._units.values():
            unit.listen(None)

    def heard(self, device: str) -> tuple[Passed, ...]:
        """Return what passed at a device, oldest first; nothing for one that is not there."""
        with self._lock:
            return tuple(self._heard.get(device, ()))

    def _tap(self, device: str) -> Tap:
        def tap(what: What, data: bytes) -> None:
            octets, meaning = self._understand(device, what, data)
            with self._lock:
                self._keep(device, what, octets, meaning)

        return tap

    def _keep(self, device: str, what: What, octets: Octets, meaning: str) -> None:
        self._sequence += 1
        at = f"{self._clock.wall():%H:%M:%S.%f}"[:-3]
        more = max(0, len(octets.data) - SHOWN)
        self._fold(device, Passed(self._sequence, at, _SIGNS[what], _hex(octets), more, meaning))

    def _fold(self, device: str, passed: Passed) -> None:
        """Keep a message, as one more of the round of questions and answers that comes again and again at the end."""
        heard, now = self._heard[device], self._rounds[device]
        if now.size and passed.is_like(heard[now.place - now.size]):
            heard[now.place - now.size] = heard[now.place - now.size].again(passed)
            now.place = (now.place + 1) % now.size
            return
        now.size = now.place = 0
        heard.append(passed)
        for size in range(1, min(_LONGEST_ROUND, len(heard) // 2) + 1):
            asked = {each for each in range(1, size + 1) if heard[-each].sign == _SIGNS[What.OUT]}
            if asked and size not in asked:
                continue  # a round begins with a question
            if all(heard[-each].is_like(heard[-each - size]) for each in range(1, size + 1)):
                for each in range(size, 0, -1):
                    heard[-each - size] = heard[-each - size].again(heard[-each])
                for _ in range(size):
                    heard.pop()
                now.size = size
                return


@dataclass
class _Round:
    """How many messages at the end are a round, and which of them would come next."""

    size: int = 0
    place: int = 0


def _hex(octets: Octets) -> tuple[str, ...]:
    pairs = [f"{byte:02X}" for byte in octets.data[:SHOWN]]
    for begin, end in octets.hidden:
        pairs[begin:end] = ["··"] * (min(end, len(pairs)) - min(begin, len(pairs)))
    return tuple(pairs)
