"""The accounts of the simulated bank, each with its card: what the bank alone knows of it, and whether it may pay.

The chip's cryptograms are EMV 4.3 Book 2's (8.1, and 8.2.1 for the answer) over what the simulated cards are given to
sign (device_sim/cards/debit.py).
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import apsw

from device_sim.bank_ledger import Ledger
from device_sim.bank_pin_keys import PinKeys
from device_sim.cards.debit import SIGNED_TAGS, application_cryptogram, issuer_cryptogram
from kiosk_core.card_number import CardNumber
from wire import emv
from wire.errors import WireError
from wire.host_fields import CURRENCY_CNY
from wire.host_messages import APPROVED
from wire.host_values import PayingCard

_PIN_TRIES = 3
_ARQC = 0x80  # the two highest bits of 9F27 (EMV 4.3 Book 3, 6.5.5.4)
_RESULTS = 3  # where the card's own results begin in 9F10 of a simulated card
_WANTED_TAGS = (*SIGNED_TAGS, "82", "9F10", "9F26", "9F27", "9F36")

_SCHEMA = """
    create table if not exists pin_errors (holder blob primary key, wrong integer);
    create table if not exists chip_counters (holder blob primary key, highest integer);
"""


@dataclass(frozen=True)
class BankAccount:
    """An account as it is opened: `expires` (YYMM) and `chip_key` (16 bytes) are its card's."""

    number: CardNumber
    expires: str
    balance_fen: int
    pin: str = field(repr=False)
    chip_key: bytes = field(repr=False)


class Accounts:
    """The accounts, wrong PINs in a row and chips' counters, in a database that its owner opens, locks and commits.

    `token` makes of a card number what may be kept of it; it is also the holder in the ledger.
    """

    def __init__(
        self,
        database: apsw.Connection,
        accounts: Iterable[BankAccount],
        keys: PinKeys,
        ledger: Ledger,
        token: Callable[[str], bytes],
    ) -> None:
        self._db = database
        self._accounts = {each.number.reveal(): each for each in accounts}
        self._keys = keys
        self._ledger = ledger
        self._token = token
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched

    def knows(self, number: str) -> bool:
        """Return whether a card belongs to an account of this bank."""
        return number in self._accounts

    def balance_fen(self, number: str) -> int:
        """Return what is on the account of a known card."""
        return self._accounts[number].balance_fen + self._ledger.change_of(self._token(number))

    def refusal(self, terminal: str, payer: PayingCard, amount_fen: int, today: date) -> str | None:
        """Return the response code why a card may not pay at a terminal, if so.

        What its chip signed counts once, whatever becomes of it. A wrong PIN is counted, a right one ends it.
        """
        account = self._accounts.get(payer.number)
        if account is None:
            return "14"
        if payer.expires != account.expires or payer.expires < f"{today:%y%m}":
            return "54"
        if payer.track2 and not payer.track2.startswith(f"{payer.number}={payer.expires}"):
            return "05"
        if not _chip_agrees(account, payer, amount_fen):
            return "05"
        if not self._is_new(payer):
            return "59"
        if unfit := self._pin_refusal(terminal, account, payer):
            return unfit
        return "51" if self.balance_fen(payer.number) < amount_fen else None

    def for_the_chip(self, payer: PayingCard) -> bytes:
        """Return what an approval holds for the chip: issuer authentication data (91)."""
        objects = _objects(payer.chip)
        key = self._accounts[payer.number].chip_key
        code = APPROVED.encode("ascii")
        return emv.encode_object("91", issuer_cryptogram(key, objects["9F36"], objects["9F26"], code) + code)

    def _is_new(self, payer: PayingCard) -> bool:
        """Return whether the chip's transaction counter is higher than any before, and remember it."""
        holder, counter = self._token(payer.number), int.from_bytes(_objects(payer.chip)["9F36"], "big")
        highest = self._db.execute("select highest from chip_counters where holder = ?", (holder,)).get
        if highest is not None and counter <= highest:
            return False
        self._db.execute("insert or replace into chip_counters values (?, ?)", (holder, counter))
        return True

    def _pin_refusal(self, terminal: str, account: BankAccount, payer: PayingCard) -> str | None:
        holder = self._token(payer.number)
        wrong = self._db.execute("select wrong from pin_errors where holder = ?", (holder,)).get or 0
        if wrong >= _PIN_TRIES:
            return "75"
        if payer.pin is None:
            return "05"
        digits = self._keys.digits(terminal, payer.pin, payer.number)
        if digits is None:
            return "99"  # the keys differ: the customer did nothing wrong
        wrong = 0 if hmac.compare_digest(digits, account.pin) else wrong + 1
        self._db.execute("insert or replace into pin_errors values (?, ?)", (holder, wrong))
        return None if not wrong else "75" if wrong >= _PIN_TRIES else "55"


def _chip_agrees(account: BankAccount, payer: PayingCard, amount_fen: int) -> bool:
    """Return whether the card's own chip wants the bank's decision about this amount in yuan."""
    try:
        objects = _objects(payer.chip)
    except WireError:
        return False
    if any(tag not in objects for tag in _WANTED_TAGS) or len(objects["9F36"]) != 2 or len(objects["9F27"]) != 1:
        return False
    if objects["9F02"].hex() != f"{amount_fen:012d}" or objects["5F2A"].hex() != f"0{CURRENCY_CNY}":
        return False
    signed = b"".join(objects[tag] for tag in (*SIGNED_TAGS, "82", "9F36")) + objects["9F10"][_RESULTS:]
    right = application_cryptogram(account.chip_key, objects["9F36"], signed)
    return objects["9F27"][0] & 0xC0 == _ARQC and hmac.compare_digest(right, objects["9F26"])


def _objects(chip: bytes) -> Mapping[str, bytes]:
    """Return the values by their tags. Raises WireError."""
    return {each.tag: each.value for each in emv.decode_objects(chip)}
