"""What hostile tests share: mischief that befalls messages, a serial line that does it on set time, and the lanes."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from device_sim.serial.device import SerialDevice
from kiosk_core.errors import DeviceUnavailable
from tests.clocks import SetClock

LATENCY_S = 0.001
_REMEMBERED = 6


@dataclass(frozen=True)
class Mischief:
    """What happens to one message: `kind` at byte `at` (of what there is), with a mask, a delay or other bytes."""

    kind: str
    at: int = 0
    mask: int = 1
    delay_s: float = 0.0
    other: bytes = b""

    def spoil(self, data: bytes) -> bytes:
        """Return what becomes of `data` (1 byte or more) where `kind` changes bytes, else `data` itself."""
        at = self.at % len(data)
        match self.kind:
            case "garble":
                return data[:at] + bytes((data[at] ^ self.mask,)) + data[at + 1 :]
            case "drop":
                return data[:at] + data[at + 1 :]
            case "double":
                return data[: at + 1] + data[at:]
            case "insert":
                return data[:at] + self.other + data[at:]
            case "cut" | "unplug":
                return data[:at]
            case "drop all":
                return b""
            case _:
                return data


LEAVE = Mischief("leave")

MayRepeat = Callable[[bytes, bytes], bool]
"""Whether an old message (the first) may come once more before this one: what nobody can notice may not."""


class Way:
    """One direction of a line, first in, first out. One mischief of `plan` befalls each message, then none.

    "delay" and "pause" (behind byte `at`) hold up all that follows as well, as on a wire; "stale" lets an old message
    come before this one; "swap" lets the next one come first; "unplug" cuts the line within the message.
    """

    def __init__(self, clock: SetClock, may_repeat: MayRepeat) -> None:
        self.plan: list[Mischief] = []
        self.cut = False
        self._clock = clock
        self._may_repeat = may_repeat
        self._old: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._coming: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self._held = b""

    def put(self, message: bytes) -> None:
        """Take one message of the sender."""
        mischief = self.plan.pop(0) if self.plan else LEAVE
        at = mischief.at % len(message)
        match mischief.kind:
            case "delay":
                pieces = [(mischief.delay_s, message)]
            case "pause":
                pieces = [(0.0, message[:at]), (mischief.delay_s, message[at:])]
            case "stale":
                old = [each for each in self._old if self._may_repeat(each, message)]
                pieces = [*([(0.0, old[mischief.at % len(old)])] if old else []), (0.0, message)]
            case "double all":
                pieces = [(0.0, message)] * 2
            case "swap" if not self._held:
                self._held = message
                return
            case kind:
                self.cut = self.cut or kind == "unplug"
                pieces = [(0.0, mischief.spoil(message))]
        self._old.append(message)
        if self._held:
            pieces.append((0.0, self._held))
            self._held = b""
        for pause_s, piece in pieces:
            self._free_at = max(self._free_at, self._clock.now() + LATENCY_S) + pause_s
            if piece:
                self._coming.append((self._free_at, piece))

    def next_at(self) -> float | None:
        """Return when the next bytes arrive, None where none are on their way."""
        return self._coming[0][0] if self._coming else None

    def arrived(self) -> list[bytes]:
        """Return and forget what has arrived."""
        arrived = []
        while self._coming and self._coming[0][0] <= self._clock.now():
            arrived.append(self._coming.popleft()[1])
        return arrived


class HostileLine:
    """A `drivers.transport.Transport` to a simulated serial device; set time passes while the host reads.

    The device, and the people before it (`meanwhile`), are looked after every `step_s`. With a `report_size` it is no
    stream of bytes but of reports, which come one at a time.
    """

    def __init__(
        self,
        name: str,
        device: SerialDevice,
        clock: SetClock,
        may_repeat: MayRepeat,
        *,
        step_s: float = 0.05,
        report_size: int | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        self.to_device, self.to_host = Way(clock, may_repeat), Way(clock, may_repeat)
        self.sent: list[bytes] = []
        self._name = name
        self._device = device
        self._clock = clock
        self._step_s = step_s
        self._meanwhile = meanwhile
        self._report_size = report_size
        self._input: list[bytes] = []

    @property
    def cut(self) -> bool:
        """Whether the line was cut; a new one has to be made."""
        return self.to_device.cut or self.to_host.cut

    def follow(self, to_device: Sequence[Mischief], to_host: Sequence[Mischief]) -> None:
        """Let this befall the next messages, one each, and none after them."""
        self.to_device.plan, self.to_host.plan = list(to_device), list(to_host)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send a message."""
        self._check()
        self.sent.append(data)
        self.to_device.put(data)
        self._happen()

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return what has come, after `timeout_s` nothing."""
        until = self._clock.now() + timeout_s
        while True:
            self._check()
            self._happen()
            if self._input or self._clock.now() >= until:
                return self._taken(size)
            moments = [way.next_at() for way in (self.to_device, self.to_host)]
            nearest = min([until, self._clock.now() + self._step_s, *(each for each in moments if each is not None)])
            self._clock.sleep(max(1e-6, nearest - self._clock.now()))

    def discard_input(self) -> None:
        """Throw away what has arrived."""
        self._check()
        self._happen()
        self._input.clear()

    def close(self) -> None:
        """Let go."""

    def calm(self) -> None:
        """Let all that is on its way arrive, and let nothing happen to what follows."""
        self.follow([], [])
        while self.to_device.next_at() is not None or self.to_host.next_at() is not None:
            self.wait(1.0)
        self.wait(1.0)

    def wait(self, seconds: float) -> None:
        """Let time pass while nobody reads."""
        until = self._clock.now() + seconds
        while self._clock.now() < until:
            self._happen()
            self._clock.sleep(self._step_s)
        self._happen()

    def _happen(self) -> None:
        self._meanwhile()
        for message in self.to_device.arrived():
            self._say(self._device.receive(message))
        self._say(self._device.idle())
        self._input += self.to_host.arrived()

    def _taken(self, size: int) -> bytes:
        if self._report_size is not None:
            return self._input.pop(0)[:size] if self._input else b""
        data = b"".join(self._input)
        self._input = [data[size:]] if data[size:] else []
        return data[:size]

    def _say(self, data: bytes) -> None:
        step = self._report_size or len(data) or 1
        for start in range(0, len(data), step):
            self.to_host.put(data[start : start + step])

    def _check(self) -> None:
        if self.cut:
            raise DeviceUnavailable(self._name, "unplugged")


def lanes(fast: int, slow: int) -> pytest.MarkDecorator:
    """Parametrise `examples`: some in the fast lane, many in the slow one."""
    return pytest.mark.parametrize(
        "examples", [pytest.param(fast, id="fast"), pytest.param(slow, marks=pytest.mark.slow, id="slow")]
    )


def attack(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Run a machine, always the same examples."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
        ),
    )
