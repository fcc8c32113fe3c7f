"""A simulated device on its port, and everything that can go wrong with it, by name.

The names are the same in scenarios, in the control protocol, in pytest markers and on the panel: those of
device_sim.misfortune.Harm for the cable, UNPLUG and BUSY for the port, and the device's own (device_sim/mishaps.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from device_sim.misfortune import Fortune, Harm, Misfortune, Towards
from device_sim.tap import Tap, Tapped

UNPLUG = "unplug"
BUSY = "busy"


class UnknownFaultError(LookupError):
    """The unit knows no fault of that name; the text lists those that it knows."""


@dataclass(frozen=True)
class Mishap:
    """What can befall a device or its port: `begin` it, and `mend` it as a person would.

    Without `mend` it is over as soon as it has happened; what it did to the device remains.
    """

    begin: Callable[[], None]
    mend: Callable[[], None] | None = None


class Unit:
    """A device that is plugged in from the beginning. One thread at a time strikes and mends.

    Without a `fortune` its cable is not simulated and nothing befalls it.
    """

    def __init__(
        self, name: str, fortune: Fortune | None, mishaps: Mapping[str, Mishap], line: Tapped | None = None
    ) -> None:
        """`line` is the wire or cable that `listen` listens in on."""
        self.name = name
        self._line = line
        self._fortune = fortune
        self._mishaps = mishaps
        self._begun: list[str] = []

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of all that can go wrong."""
        return (*(harm.value for harm in Harm if self._fortune is not None), *self._mishaps)

    def listen(self, tap: Tap | None) -> None:
        """Let `tap` listen in on the cable, None: nobody. Without a cable there is nothing to hear."""
        if self._line is not None:
            self._line.tap = tap

    @property
    def active(self) -> tuple[str, ...]:
        """The names of what is wrong now; of what befalls the cable, what has not happened often enough yet."""
        misfortunes = self._fortune.misfortunes if self._fortune is not None else []
        return (*self._begun, *dict.fromkeys(each.harm.value for each in misfortunes))

    def strike(
        self,
        fault: str,
        *,
        times: int | None = 1,
        chance: float = 1.0,
        seconds: float = 1.0,
        towards: Towards = Towards.HOST,
    ) -> None:
        """Let `fault` happen; all but the name are of the cable's faults (device_sim.misfortune.Misfortune).

        Raises:
            UnknownFaultError: there is no such fault.
        """
        self._know(fault)
        if fault in self._mishaps:
            self._begin(fault)
        elif self._fortune is not None:
            self._fortune.misfortunes.append(Misfortune(Harm(fault), towards, times, chance, seconds))

    def mend(self, fault: str | None = None) -> None:
        """Mend `fault`, or without a name all that is wrong.

        Raises:
            UnknownFaultError: there is no such fault.
        """
        if fault is not None:
            self._know(fault)
        if self._fortune is not None:
            kept = [each for each in self._fortune.misfortunes if fault is not None and each.harm.value != fault]
            self._fortune.misfortunes[:] = kept
        for name in [each for each in self._begun if fault in {None, each}]:
            self._begun.remove(name)
            mend = self._mishaps[name].mend
            if mend is not None:
                mend()

    def _know(self, fault: str) -> None:
        if fault not in self.faults:
            known = ", ".join(sorted(self.faults))
            raise UnknownFaultError(f"{self.name} knows no fault {fault!r}; there are {known}")

    def _begin(self, name: str) -> None:
        mishap = self._mishaps[name]
        if name in self._begun:
            return
        if mishap.mend is not None:
            self._begun.append(name)
        mishap.begin()
