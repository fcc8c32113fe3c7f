"""The answer to reset of a card with contacts, and the choice of protocol parameters (PPS).

Sources: ISO/IEC 7816-3 chapters 8 (ATR), 9 (PPS) and 11.4 (bytes of T=1); LudovicRousseau/CCID @5de6a96
src/towitoko/atr.c and pps.c (the same as code); ATRs and PPS of real cards: tests/wire/test_atr.py.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from wire.errors import WireError

DEFAULT_FI_DI = 0x11
_DIRECT, _INVERSE = 0x3B, 0x3F
_MAX_BYTES = 33
_DEFAULT_IFSC = 32
_MAX_IFSC = 254

# Tables 7 and 8: Fi by the high half of TA1, Di by the low half; the others are reserved.
_FI = {0: 372, 1: 372, 2: 558, 3: 744, 4: 1116, 5: 1488, 6: 1860, 9: 512, 10: 768, 11: 1024, 12: 1536, 13: 2048}
_DI = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 12, 9: 20}


@dataclass(frozen=True)
class InterfaceBytes:
    """TAi, TBi and TCi of one group with the protocol that they are for; None where the ATR has none."""

    protocol: int
    ta: int | None = None
    tb: int | None = None
    tc: int | None = None


@dataclass(frozen=True)
class Atr:
    """An answer to reset: groups[0] has TA1 TB1 TC1, groups[1] TA2 TB2 TC2, and so on."""

    inverse: bool
    groups: tuple[InterfaceBytes, ...]
    historical: bytes

    @property
    def protocols(self) -> tuple[int, ...]:
        """The protocols that the card offers, its first choice first; T=15 is none. Without TD1 it is T=0."""
        offered = [group.protocol for group in self.groups[1:] if group.protocol != 0x0F]
        return tuple(dict.fromkeys(offered)) or (0,)

    @property
    def fi_di(self) -> int:
        """TA1, or its default."""
        ta1 = self.groups[0].ta
        return DEFAULT_FI_DI if ta1 is None else ta1

    @property
    def specific_mode(self) -> int | None:
        """TA2: its low half is the one protocol of the card, bit 5 says that TA1 is not to be used."""
        return self.groups[1].ta if len(self.groups) > 1 else None

    @property
    def guard_time(self) -> int:
        """TC1: extra guard time, 0 to 254, 255 is the shortest."""
        return self.groups[0].tc or 0

    @property
    def waiting_integer(self) -> int:
        """WI of T=0 (TC2)."""
        tc2 = self.groups[1].tc if len(self.groups) > 1 else None
        return tc2 or 0x0A

    @property
    def ifsc(self) -> int:
        """The longest information field that the card takes over T=1 (FF is not allowed and read as 254)."""
        ta = self._first_of_t1().ta
        return min(ta, _MAX_IFSC) if ta else _DEFAULT_IFSC

    @property
    def waiting_integers(self) -> int:
        """BWI (high half) and CWI (low half) of T=1."""
        tb = self._first_of_t1().tb
        return 0x4D if tb is None else tb

    @property
    def crc(self) -> bool:
        """Whether blocks of T=1 end in a CRC and not in an LRC."""
        return bool((self._first_of_t1().tc or 0) & 0x01)

    def _first_of_t1(self) -> InterfaceBytes:
        # The first group from the third on that is for T=1 (ISO/IEC 7816-3 11.4).
        return next((group for group in self.groups[2:] if group.protocol == 1), InterfaceBytes(1))


def decode_atr(data: bytes) -> Atr:
    """Return the ATR in `data`; bytes behind its end are passed over, as terminals do.

    Raises:
        WireError: cut short, too long, begins with neither 3B nor 3F, or its check byte is wrong.
    """
    if len(data) < 2 or len(data) > _MAX_BYTES or data[0] not in {_DIRECT, _INVERSE}:
        raise WireError("no ATR: it has 2 to 33 bytes and begins with 3B or 3F")
    rest = iter(data[2:])
    groups = []
    protocol, presence = 0, data[1] >> 4
    try:
        while True:
            ta, tb, tc, td = (next(rest) if presence & bit else None for bit in (1, 2, 4, 8))
            groups.append(InterfaceBytes(protocol, ta, tb, tc))
            if td is None:
                break
            protocol, presence = td & 0x0F, td >> 4
        historical = bytes(next(rest) for _ in range(data[1] & 0x0F))
        # Only a card that knows T=0 alone has no check byte.
        checked = any(group.protocol != 0 for group in groups[1:])
        if checked:
            next(rest)
    except (StopIteration, RuntimeError):
        raise WireError("the ATR is cut short") from None
    used = len(data) - len(bytes(rest))
    if checked and reduce(xor, data[1:used]) != 0:
        raise WireError("the check byte of the ATR is wrong")
    return Atr(data[0] == _INVERSE, tuple(groups), historical)


def factors(fi_di: int) -> tuple[int, int]:
    """Return Fi and Di of a TA1.

    Raises:
        WireError: the value is reserved.
    """
    try:
        return _FI[fi_di >> 4], _DI[fi_di & 0x0F]
    except KeyError:
        raise WireError(f"TA1 {fi_di:02X} is reserved") from None


def encode_pps(protocol: int, fi_di: int | None) -> bytes:
    """Return the request (and its confirmation) for a protocol, and for Fi and Di where they are given."""
    head = bytes((0xFF, protocol)) if fi_di is None else bytes((0xFF, 0x10 | protocol, fi_di))
    return head + bytes((reduce(xor, head),))


def decode_pps(data: bytes) -> tuple[int, int | None]:
    """Return the protocol, and Fi and Di where they are named, of a request or confirmation.

    Raises:
        WireError: no PPS, a wrong check byte, or PPS2 and PPS3, which nobody here asks for.
    """
    if len(data) < 3 or data[0] != 0xFF or reduce(xor, data) != 0:
        raise WireError("no PPS")
    named = bool(data[1] & 0x10)
    if data[1] & 0xE0 or len(data) != 3 + named:
        raise WireError("a PPS of another length, or with PPS2 or PPS3")
    return data[1] & 0x0F, data[2] if named else None
