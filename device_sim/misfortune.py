"""What a cable can do to what passes it, by name, by chance and by a seed."""

import random
from dataclasses import dataclass
from enum import Enum

_NOISE_BYTES = 3


class Harm(Enum):
    """What befalls a message on its way. The value is the name in scenarios and in tests."""

    DROP = "drop"
    GARBLE = "garble"
    DUPLICATE = "duplicate"
    LATE = "late"
    STALE = "stale"
    HALF = "half"
    SLOW = "slow"
    NOISE = "noise"
    WRONG_BAUD = "wrong_baud"


class Towards(Enum):
    """Whose messages are harmed: those on their way to the host, or to the device."""

    HOST = "host"
    DEVICE = "device"


@dataclass
class Misfortune:
    """A harm that befalls messages: `times` of them (None: until it is taken away), each with probability `chance`.

    `seconds` is how late LATE is, and the pause before each byte of SLOW.
    """

    harm: Harm
    towards: Towards = Towards.HOST
    times: int | None = 1
    chance: float = 1.0
    seconds: float = 1.0


class Fortune:
    """What befalls the messages of one cable; the same seed and the same messages give the same."""

    def __init__(self, seed: int) -> None:
        self.misfortunes: list[Misfortune] = []
        self._random = random.Random(seed)  # noqa: S311  (bad luck, no secret)
        self._last_to_host = self._last_to_device = b""

    def befall(self, towards: Towards, data: bytes) -> list[tuple[float, bytes]]:
        """Return what becomes of a message: pauses in seconds, and the bytes that follow each of them."""
        if towards is Towards.HOST:
            last, self._last_to_host = self._last_to_host, data
        else:
            last, self._last_to_device = self._last_to_device, data
        if not self.misfortunes or (misfortune := self._next(towards)) is None:
            return [(0.0, data)]
        return self._harmed(misfortune, data, last)

    def _next(self, towards: Towards) -> Misfortune | None:
        for each in self.misfortunes:
            if each.towards is towards and self._random.random() < each.chance:
                if each.times is not None:
                    each.times -= 1
                    if each.times <= 0:
                        self.misfortunes.remove(each)
                return each
        return None

    def _harmed(self, misfortune: Misfortune, data: bytes, last: bytes) -> list[tuple[float, bytes]]:
        match misfortune.harm:
            case Harm.DROP:
                return []
            case Harm.GARBLE:
                place = self._random.randrange(len(data))
                other = data[place] ^ self._random.randrange(1, 256)
                return [(0.0, data[:place] + bytes((other,)) + data[place + 1 :])]
            case Harm.DUPLICATE:
                return [(0.0, data), (0.0, data)]
            case Harm.LATE:
                return [(misfortune.seconds, data)]
            case Harm.STALE:
                return [(0.0, last), (0.0, data)] if last else [(0.0, data)]
            case Harm.HALF:
                return [(0.0, data[: len(data) // 2])] if len(data) > 1 else []
            case Harm.SLOW:
                return [(misfortune.seconds, data[place : place + 1]) for place in range(len(data))]
            case Harm.NOISE:
                return [(0.0, self._random.randbytes(_NOISE_BYTES)), (0.0, data)]
            case Harm.WRONG_BAUD:
                return [(0.0, self._random.randbytes(len(data)))]
