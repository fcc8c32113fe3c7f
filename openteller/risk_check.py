"""The rules of the terminal at work: what the journal, the clock and the blacklist files say is put before them."""

import logging
from datetime import datetime
from pathlib import Path

from kiosk_core.blacklist import Blacklist, BlacklistError, parse_blacklist
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError
from kiosk_core.ledger import Journal
from kiosk_core.risk import Allowance, Cap, Circumstances, Load, Risk, assess, assess_payer
from kiosk_core.services import PaidService
from openteller.recent_loads import RecentLoads

_log = logging.getLogger(__name__)


def load_blacklist(path: Path) -> Blacklist:
    """Read a blacklist file.

    Raises:
        ConfigError: it cannot be read, or a line is wrong; what the line says is not repeated.
    """
    try:
        return parse_blacklist(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), None, "", "is not UTF-8 text; save it as UTF-8") from None
    except BlacklistError as error:
        raise ConfigError(str(path), error.line, "", error.problem) from None


class BlacklistFile:
    """A blacklist that is read again whenever its file has changed.

    A list that cannot be read or understood is logged, and the last good one stands for `stale_after_s`: most
    often somebody is writing it, and no list at all would let every barred card pass. After that nobody knows who
    is barred, so there is no list.

    Raises (in the constructor):
        ConfigError: as `load_blacklist`: a terminal does not start without its list.
    """

    def __init__(self, path: Path, stale_after_s: float, clock: Clock) -> None:
        self._path = path
        self._stale_after_s = stale_after_s
        self._clock = clock
        self._seen = _version(path)
        self._good = load_blacklist(path)
        self._broken_since: float | None = None

    def current(self) -> Blacklist | None:
        """Return the list that stands; None: the file has been broken for too long."""
        seen = _version(self._path)
        if seen is None or seen != self._seen:
            self._read_again()
            self._seen = seen
        broken_since = self._broken_since
        if broken_since is not None and self._clock.now() - broken_since >= self._stale_after_s:
            return None
        return self._good

    def _read_again(self) -> None:
        try:
            self._good = load_blacklist(self._path)
        except ConfigError as error:
            if self._broken_since is None:
                self._broken_since = self._clock.now()
            minutes = round(self._stale_after_s / 60)
            _log.error("the last good blacklist stands for %d minutes, then no card is served: %s", minutes, error)
        else:
            self._broken_since = None
            _log.info("%s was read again: %d entries", self._path, len(self._good.entries))


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class RiskCheck:
    """Asks the rules about a card. The paths of `risk` are anchored.

    Raises (in the constructor):
        ConfigError: as `load_blacklist`.
    """

    def __init__(self, risk: Risk, journal: Journal, clock: Clock) -> None:
        self._risk = risk
        self._clock = clock
        self._loads = RecentLoads(journal)
        self._blacklists = {
            rule.file: BlacklistFile(Path(rule.file), rule.stale_after_min * 60.0, clock)
            for rule in risk.blacklist.values()
        }

    def allowance(
        self, service: PaidService, number: CardNumber, token: str, *, can_identify: bool = False
    ) -> Allowance:
        """Return what the rules leave the card now, for this service; `token` is its name in the journal.

        Raises:
            JournalUnavailable: what was loaded cannot be known.
        """
        now = self._clock.wall()
        loads = self._recent(now)
        lists = {path: file.current() for path, file in self._blacklists.items()}
        return assess(self._risk, Circumstances(now, number, token, loads, lists, can_identify, service))

    def may_pay(self, payer: str, amount_fen: int) -> Cap | None:
        """Return the rule that does not let an account pay so much now, None: it may; `payer` names it in the journal.

        Raises:
            JournalUnavailable: what was paid cannot be known.
        """
        now = self._clock.wall()
        return assess_payer(self._risk, payer, amount_fen, self._recent(now), now)

    def _recent(self, now: datetime) -> tuple[Load, ...]:
        return self._loads.since(self._risk.looks_back_to(now), now)
