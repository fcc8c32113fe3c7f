"""The exchange of the PIN key (docs/host-messages.md): the host gives a block, the pad takes it, the host is told."""

import logging
import math
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from host_link.line import Line
from host_link.mac_keys import KeyRefused
from kiosk_core.clock import Clock
from kiosk_core.errors import HostSilent
from wire.host_messages import (
    APPROVED,
    CHALLENGE_BYTES,
    PinKeyInUseRequest,
    PinKeyInUseResponse,
    PinKeyRequest,
    PinKeyResponse,
)

_log = logging.getLogger(__name__)

RETRY_S = 60.0
"""How long the host is left alone after an exchange that failed."""


class PinKeyPad(Protocol):
    """Whose key it is: the PIN pad. The terminal sees the block alone, which only the pad can open."""

    def look(self) -> None:
        """See that the pad answers. Raises KeyRefused."""
        ...

    def load(self, block: str, check_value: bytes) -> None:
        """Have the pad take the key of a TR-31 block with this check value (3 bytes).

        Raises:
            KeyRefused: it does not, or nobody knows whether it has; the text says why and names no key.
        """
        ...


@dataclass(frozen=True)
class PinKeyState:
    """What is known of the PIN key: the `check_value` of the last that bank and pad agreed on, "" before there was one.

    `problem` says in a sentence why no PIN can be taken now, "" while one can.
    """

    check_value: str = ""
    problem: str = "no PIN key has come from the bank host yet"


class PinKeyExchange:
    """Knows whether a new PIN key is wanted, and fetches it; `renew` is the line's thread's, all else any thread's.

    From the moment that a key is wanted until one is agreed upon no PIN is to be taken: a block that was made with the
    old key could meet a host that has the new one.

    Args:
        renew_after: with so many PINs a key is used up.
        changed: called after each wish and each exchange, on the thread of whoever wished, or of the line.
        random: so many random bytes.
    """

    def __init__(
        self,
        pad: PinKeyPad,
        terminal: str,
        clock: Clock,
        *,
        renew_after: int,
        changed: Callable[[], None] = lambda: None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._pad = pad
        self._terminal = terminal
        self._clock = clock
        self._renew_after = renew_after
        self._changed = changed
        self._random = random
        self._lock = threading.Lock()
        self._state = PinKeyState()
        self._wishes = 0  # an exchange fulfils those from before it began
        self._pins = 0
        self._not_before = math.inf  # nobody has seen a pad

    @property
    def state(self) -> PinKeyState:
        """What is known of the key now."""
        return self._state

    @property
    def is_wanted(self) -> bool:
        """Whether a key is to be fetched, so that no PIN can be taken."""
        return bool(self._state.problem)

    @property
    def is_due(self) -> bool:
        """Whether a key is to be fetched now."""
        return self.is_wanted and self._clock.now() >= self._not_before

    def want(self, why: str) -> None:
        """Have a new key fetched, because of `why`, and soon."""
        with self._lock:
            if not self._state.problem:
                _log.info("a new PIN key is wanted: %s", why)
            self._state = replace(self._state, problem=why)
            self._wishes += 1
            self._not_before = self._clock.now()
        self._changed()

    def count_pin(self) -> None:
        """Note that a PIN block was sent to the host."""
        self._pins += 1
        if self._pins == self._renew_after:
            self.want(f"the PIN key has served {self._pins} PINs")

    def renew(self, line: Line) -> None:
        """Fetch a key and have the pad take it; `state` says what came of it."""
        self._renew(line)
        self._changed()

    def _renew(self, line: Line) -> None:
        wishes = self._wishes
        try:
            check_value = self._exchange(line)
        except (HostSilent, KeyRefused) as error:
            with self._lock:
                if wishes == self._wishes:
                    self._not_before = self._clock.now() + RETRY_S
                self._state = replace(self._state, problem=f"no new PIN key: {error}")
            _log.warning("bank cards cannot pay, no new PIN key: %s", error)
            return
        with self._lock:
            before, self._state = self._state.check_value, replace(self._state, check_value=check_value)
            self._pins = 0
            if wishes == self._wishes:
                self._state = replace(self._state, problem="")
        if check_value == before:
            _log.warning("the bank host gave the PIN key again that was in use, check value %s", check_value)
        else:
            _log.info("a new PIN key is in the PIN pad, check value %s", check_value)

    def _exchange(self, line: Line) -> str:
        """Return the check value of the key that both ends have now. Raises HostSilent, KeyRefused."""
        self._pad.look()
        challenge = self._random(CHALLENGE_BYTES)
        wish = PinKeyRequest(terminal=self._terminal, stan=line.own_stan(), challenge=challenge)
        answer = line.ask(wish, PinKeyResponse)
        if answer.key is None:
            raise KeyRefused(f"the bank host gives none ({answer.response_code})")
        check_value = answer.key.check_value
        self._pad.load(answer.key.block, bytes.fromhex(check_value))
        done = PinKeyInUseRequest(terminal=self._terminal, stan=line.own_stan(), check_value=check_value)
        code = line.ask(done, PinKeyInUseResponse).response_code
        if code != APPROVED:
            raise KeyRefused(f"the bank host does not take it for its own ({code})")
        return check_value
