"""What can befall the simulated bank: its requests, its answers, itself; by name, by count, by chance and by a seed."""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import get_args

from wire.host_messages import Message, Request


class BankFault(Enum):
    """What goes wrong at the bank. The value is the name in scenarios and in tests."""

    REQUEST_LOST = "request_lost"
    """The request never arrives: nothing is done and nothing said."""
    REQUEST_LATE = "request_late"
    """The request arrives behind the next one, and nobody hears the answer."""
    DECLINED = "declined"
    """A request is refused with `code`, whatever it says: an order or a load, or what is named. Nothing is done."""
    ANSWER_LOST = "answer_lost"
    """The bank acts, and its answer never arrives."""
    ANSWER_LATE = "answer_late"
    """The answer comes `seconds` late."""
    ANSWER_TWICE = "answer_twice"
    """The answer comes twice."""
    ANSWER_OF_ANOTHER = "answer_of_another"
    """What comes is the last answer to another request; nothing, where there was none."""
    ANSWER_HALF = "answer_half"
    """Half of the answer comes, then nothing; the connection stays open."""
    ANSWER_CUT = "answer_cut"
    """The connection is lost after `byte` bytes of the answer, its two bytes of length counted too."""
    HANG_UP = "hang_up"
    """The bank acts and ends the connection in good order instead of answering."""
    RESTART = "restart"
    """The bank acts, and is killed and started again before it answers: every connection is lost, its books are not."""
    WRONG_MAC = "wrong_mac"
    """The MAC of the answer is wrong; an answer without a MAC has one bit wrong at its end."""
    WRONG_MAC2 = "wrong_mac2"
    """The permission to load is forged, or `issuer` where it is named: its commands; the card does not believe it."""
    CLOCK_SKEW = "clock_skew"
    """The bank's clock is `seconds` ahead, or behind: the dates in its permissions and books are."""


_BY_ITSELF = {BankFault.DECLINED: {"order", "charge", "deposit", "load"}, BankFault.WRONG_MAC2: {"load"}}
"""Which requests a fault waits for where none is named; else all."""


@dataclass
class BankMisfortune:
    """A fault that befalls requests: `times` of them (None: until it is mended), each with probability `chance`.

    `request` is which kind of request, as `kind_of` names it, None any; the first `after` of them are spared. The last
    three are what a fault may need.
    """

    fault: BankFault
    request: str | None = None
    times: int | None = 1
    after: int = 0
    chance: float = 1.0
    seconds: float = 1.0
    byte: int = 0
    code: str = "96"


def kind_of(request: Message) -> str:
    """Return which kind of request it is, one of REQUEST_KINDS; what is no request has a name that is none of them."""
    return _kind(type(request))


def _kind(message: type) -> str:
    return "_".join(re.findall("[A-Z][a-z]*", message.__name__.removesuffix("Request"))).lower()


REQUEST_KINDS: tuple[str, ...] = tuple(_kind(each) for each in get_args(Request))
"""The kinds of requests: `order`, `load`, `confirm`, ...: the class's name without "Request"."""


class BankFaults:
    """What will befall the bank, to be changed at any time and by any thread; the same seed gives the same.

    `silent`, `loses_answers`, `delay_s`, `wrong_mac2` and `declines_next` are the commonest as switches.
    """

    def __init__(self, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._misfortunes: list[BankMisfortune] = []
        self._random = random.Random(seed)  # noqa: S311  (bad luck, no secret)

    @property
    def active(self) -> tuple[str, ...]:
        """The names of what has not happened often enough yet."""
        with self._lock:
            return tuple(dict.fromkeys(each.fault.value for each in self._misfortunes))

    def strike(self, misfortune: BankMisfortune) -> None:
        """Let something happen from now on."""
        with self._lock:
            self._misfortunes.append(misfortune)

    def mend(self, fault: BankFault | None = None) -> None:
        """Let `fault` happen no more; without one: nothing at all."""
        with self._lock:
            self._misfortunes[:] = [each for each in self._misfortunes if fault is not None and each.fault is not fault]

    def befall(self, request: str) -> Mapping[BankFault, BankMisfortune]:
        """Return what befalls a request of this kind, which is counted: of each fault the one that struck first."""
        with self._lock:
            found: dict[BankFault, BankMisfortune] = {}
            for each in list(self._misfortunes):
                wanted = _BY_ITSELF.get(each.fault, {request}) if each.request is None else {each.request}
                if request in wanted and each.fault not in found and self._hits(each):
                    found[each.fault] = each
            return found

    def _hits(self, misfortune: BankMisfortune) -> bool:
        if misfortune.after > 0:
            misfortune.after -= 1
            return False
        if self._random.random() >= misfortune.chance:
            return False
        if misfortune.times is not None:
            misfortune.times -= 1
            if misfortune.times <= 0:
                self._misfortunes.remove(misfortune)
        return True

    # -- switches ------------------------------------------------------------------------------------------

    @property
    def switches(self) -> Mapping[str, bool | float | str | None]:
        """The switches below and how they stand."""
        return {
            "silent": self.silent,
            "loses_answers": self.loses_answers,
            "delay_s": self.delay_s,
            "declines_next": self.declines_next,
            "wrong_mac2": self.wrong_mac2,
        }

    @property
    def silent(self) -> bool:
        """Whether requests are swallowed and do nothing."""
        return self._standing(BankFault.REQUEST_LOST) is not None

    @silent.setter
    def silent(self, on: bool) -> None:
        self._switch(BankMisfortune(BankFault.REQUEST_LOST, times=None), on)

    @property
    def loses_answers(self) -> bool:
        """Whether it acts and says nothing."""
        return self._standing(BankFault.ANSWER_LOST) is not None

    @loses_answers.setter
    def loses_answers(self, on: bool) -> None:
        self._switch(BankMisfortune(BankFault.ANSWER_LOST, times=None), on)

    @property
    def wrong_mac2(self) -> bool:
        """Whether its permissions to load are forged."""
        return self._standing(BankFault.WRONG_MAC2) is not None

    @wrong_mac2.setter
    def wrong_mac2(self, on: bool) -> None:
        self._switch(BankMisfortune(BankFault.WRONG_MAC2, times=None), on)

    @property
    def delay_s(self) -> float:
        """How late every answer is, in seconds."""
        late = self._standing(BankFault.ANSWER_LATE)
        return late.seconds if late is not None else 0.0

    @delay_s.setter
    def delay_s(self, seconds: float) -> None:
        self._switch(BankMisfortune(BankFault.ANSWER_LATE, times=None, seconds=seconds), seconds > 0)

    @property
    def declines_next(self) -> str | None:
        """The response code with which the next order or load is refused, once."""
        with self._lock:
            return next((each.code for each in self._misfortunes if each.fault is BankFault.DECLINED), None)

    @declines_next.setter
    def declines_next(self, code: str | None) -> None:
        self._switch(BankMisfortune(BankFault.DECLINED, code=code or ""), bool(code))

    def _standing(self, fault: BankFault) -> BankMisfortune | None:
        with self._lock:
            return next((each for each in self._misfortunes if each.fault is fault and each.times is None), None)

    def _switch(self, misfortune: BankMisfortune, on: bool) -> None:
        self.mend(misfortune.fault)
        if on:
            self.strike(misfortune)
