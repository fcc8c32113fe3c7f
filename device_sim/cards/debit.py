"""A bank card's debit application: the commands of EMV 4.3 Book 1 (chapters 10 to 12) and Book 3 (6.5, 5.4, 10).

AIDs of the PBOC application: facts/social-security-card.md. The cryptogram is Book 2's (8.1, A1.2.1, A1.3.1) over the
data that the terminal sent; PBOC's own session keys and card verification results are in no public source that was
found, and a terminal passes both on unseen. Not here: offline data authentication, enciphered PINs, issuer scripts.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from device_sim.cards.chip import RefusedCommand, respond, tlv
from device_sim.cards.lasting import Lasting, Tearing
from kiosk_core.card_number import CardNumber
from wire.apdu import CommandApdu
from wire.purse import StatusWord

PSE = b"1PAY.SYS.DDF01"
PPSE = b"2PAY.SYS.DDF01"
ATR = bytes.fromhex("3B00")

# What the terminal sends: amount, other amount, country, TVR, currency, date, type, unpredictable number.
CDOL1 = bytes.fromhex("9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704")
SIGNED_TAGS = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37")
"""The same by name; behind their values the cryptogram is over AIP, counter and the card's own results."""

# Behind the authorisation response code (8A), the same again.
CDOL2 = bytes.fromhex("8A02") + CDOL1
_CDOL1_BYTES = 29
_CDOL2_BYTES = 31
_AIP = bytes.fromhex("1800")  # cardholder verification, terminal risk management; no offline authentication
_AIP_CHECKING = bytes.fromhex("1C00")  # and issuer authentication
_AFL = bytes.fromhex("08010100 10010100")  # SFI 1 record 1, SFI 2 record 1: none of them signed
_DIRECTORY_SFI = 1
_CVM_LIST = bytes.fromhex("00000000 00000000 0203 1F03")  # enciphered PIN online, else none
_MAX_ATC = 0xFFFF
_AUTHENTICATION_FAILED = 0x6300
_KEPT = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class DebitIdentity:
    """What is written on the card when it is made: `expires` YYMMDD, `key` 16 bytes, `pin` for VERIFY in clear.

    One that `checks_issuer` approves nothing unless its bank's cryptogram came by EXTERNAL AUTHENTICATE.
    """

    number: CardNumber
    expires: str
    key: bytes = field(repr=False)
    pin: str = field(default="", repr=False)
    aid: bytes = bytes.fromhex("A000000333010101")
    label: str = "PBOC DEBIT"
    service_code: str = "220"
    sequence: int = 1
    checks_issuer: bool = False


@dataclass(frozen=True)
class DebitMemory:
    """What it keeps: the transaction counter, and wrong PINs in a row."""

    counter: int = 0
    pin_errors: int = 0

    __pydantic_config__ = _KEPT


class DebitApplication:
    """Directory and application; a device_sim.card.Card."""

    def __init__(
        self,
        identity: DebitIdentity,
        *,
        pin_tries: int = 3,
        file: Path | None = None,
        tearing: Tearing | None = None,
    ) -> None:
        self._identity = identity
        self._pin_tries = pin_tries
        self._lasting = Lasting(DebitMemory(), file, tearing)
        self.power_off()

    @property
    def memory(self) -> DebitMemory:
        """What it would keep if it lost its power now."""
        return self._lasting.value

    def power_on(self) -> bytes:
        """Begin anew and return the ATR."""
        self.power_off()
        return ATR

    def power_off(self) -> None:
        """Forget what was selected and begun."""
        self._selected = b""
        self._begun = False
        self._cryptograms = 0
        self._asked_with = b""  # the cryptogram by which the bank was asked
        self._issuer_is_right = False

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command, or None: the card was torn out."""
        return respond(command, self._answer)

    def _answer(self, asked: CommandApdu) -> bytes:
        match (asked.cla, asked.ins):
            case (0x00, 0xA4):
                return self._select(asked)
            case (0x00, 0xB2):
                return self._read_record(asked)
            case (0x00, 0x20):
                return self._verify(asked)
            case (0x00, 0x82):
                return self._external_authenticate(asked)
            case (0x80, 0xA8):
                return self._get_processing_options(asked)
            case (0x80, 0xAE):
                return self._generate_ac(asked)
            case (0x80, 0xCA):
                return self._get_data(asked)
        raise RefusedCommand(StatusWord.UNKNOWN_INS if asked.cla in {0x00, 0x80} else StatusWord.UNKNOWN_CLA)

    def _select(self, asked: CommandApdu) -> bytes:
        self.power_off()
        if (asked.p1, asked.p2) != (0x04, 0x00):
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        identity = self._identity
        label, priority = tlv("50", identity.label.encode("ascii")), tlv("87", b"\x01")
        entry = tlv("61", tlv("4F", identity.aid), label, priority)
        match asked.data:
            case name if name == PSE:
                proprietary = tlv("88", bytes((_DIRECTORY_SFI,)))
            case name if name == PPSE:
                proprietary = tlv("BF0C", entry)
            case name if 5 <= len(name) <= 16 and identity.aid.startswith(name):
                name = identity.aid
                proprietary = label + priority + tlv("5F2D", b"zh")
            case _:
                raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
        self._selected = name
        return tlv("6F", tlv("84", name), tlv("A5", proprietary))

    def _read_record(self, asked: CommandApdu) -> bytes:
        if asked.p2 & 0x07 != 0x04:
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        file = asked.p2 >> 3
        identity = self._identity
        if not self._selected:
            raise RefusedCommand(StatusWord.CONDITIONS)
        records: dict[tuple[int, int], bytes] = {}
        match self._selected:
            case name if name == PSE:
                entry = tlv(
                    "61", tlv("4F", identity.aid), tlv("50", identity.label.encode("ascii")), tlv("87", b"\x01")
                )
                records[_DIRECTORY_SFI, 1] = tlv("70", entry)
            case name if name == identity.aid and self._begun:
                number = identity.number.reveal()
                track2 = f"{number}D{identity.expires[:4]}{identity.service_code}00000"
                records[1, 1] = tlv("70", tlv("57", _digits(track2)), tlv("5F20", b"SPECIMEN/CARD"))
                records[2, 1] = tlv(
                    "70",
                    tlv("5A", _digits(number)),
                    tlv("5F24", bytes.fromhex(identity.expires)),
                    tlv("5F34", bytes((identity.sequence,))),
                    tlv("5F28", bytes.fromhex("0156")),
                    tlv("8C", CDOL1),
                    tlv("8D", CDOL2),
                    tlv("8E", _CVM_LIST),
                )
        if not any(sfi == file for sfi, _ in records):
            raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
        if (file, asked.p1) not in records:
            raise RefusedCommand(StatusWord.RECORD_NOT_FOUND)
        return records[file, asked.p1]

    def _get_processing_options(self, asked: CommandApdu) -> bytes:
        if (asked.p1, asked.p2) != (0, 0):
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        if self._selected != self._identity.aid or self._begun or self.memory.counter >= _MAX_ATC:
            raise RefusedCommand(StatusWord.CONDITIONS)
        if asked.data != bytes.fromhex("8300"):  # there is no PDOL
            raise RefusedCommand(StatusWord.WRONG_LENGTH)
        self._lasting.commit(replace(self.memory, counter=self.memory.counter + 1))
        self._begun = True
        return tlv("80", self._profile, _AFL)

    @property
    def _profile(self) -> bytes:
        return _AIP_CHECKING if self._identity.checks_issuer else _AIP

    def _external_authenticate(self, asked: CommandApdu) -> bytes:
        """Check the bank's cryptogram and response code; it may be tried once (EMV 4.3 Book 3, 6.5.4)."""
        if (asked.p1, asked.p2) != (0x00, 0x00):
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        if not self._identity.checks_issuer or not self._asked_with:
            raise RefusedCommand(StatusWord.CONDITIONS)
        if not 8 <= len(asked.data) <= 16:
            raise RefusedCommand(StatusWord.WRONG_LENGTH)
        counter = self.memory.counter.to_bytes(2, "big")
        right = issuer_cryptogram(self._identity.key, counter, self._asked_with, asked.data[8:10])
        self._issuer_is_right = len(asked.data) == 10 and asked.data[:8] == right
        self._asked_with = b""
        if not self._issuer_is_right:
            raise RefusedCommand(_AUTHENTICATION_FAILED)
        return b""

    def _generate_ac(self, asked: CommandApdu) -> bytes:
        if asked.p2 != 0 or asked.p1 & 0x3F or asked.p1 == 0xC0:
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        if not self._begun or self._cryptograms == 2:
            raise RefusedCommand(StatusWord.CONDITIONS)
        if len(asked.data) != (_CDOL2_BYTES if self._cryptograms else _CDOL1_BYTES):
            raise RefusedCommand(StatusWord.WRONG_LENGTH)
        # It does nothing without the bank: a TC that is asked for first becomes an ARQC.
        online = not self._cryptograms and asked.p1 in {0x40, 0x80}
        kind = 0x80 if online else asked.p1 & 0x40
        if self._identity.checks_issuer and not self._issuer_is_right:
            kind &= 0x80  # a stranger's yes is none
        self._cryptograms += 1
        counter = self.memory.counter.to_bytes(2, "big")
        # Issuer application data: a length, key and algorithm of its own, and results of four bytes, all opaque.
        results = bytes((3, 0xA0 if online else 0x60 if kind else 0x20, 0, 0))
        mac = application_cryptogram(self._identity.key, counter, asked.data + self._profile + counter + results)
        self._asked_with = mac if online else b""
        return tlv("80", bytes((kind,)), counter, mac, bytes((7, 1, 1)), results)

    def _verify(self, asked: CommandApdu) -> bytes:
        if (asked.p1, asked.p2) != (0x00, 0x80):
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        if not self._begun or not self._identity.pin:
            raise RefusedCommand(StatusWord.CONDITIONS)
        errors = self.memory.pin_errors
        if errors >= self._pin_tries:
            raise RefusedCommand(StatusWord.PIN_LOCKED)
        pin = self._identity.pin
        right = asked.data == bytes.fromhex(f"2{len(pin):X}{pin}".ljust(16, "F"))
        if errors or not right:
            self._lasting.commit(replace(self.memory, pin_errors=0 if right else errors + 1))
        if not right:
            raise RefusedCommand(0x63C0 | self._pin_tries - errors - 1)
        return b""

    def _get_data(self, asked: CommandApdu) -> bytes:
        match (asked.p1, asked.p2):
            case (0x9F, 0x36):
                return tlv("9F36", self.memory.counter.to_bytes(2, "big"))
            case (0x9F, 0x17):
                return tlv("9F17", bytes((self._pin_tries - self.memory.pin_errors,)))
        raise RefusedCommand(0x6A88)  # referenced data not found (ISO/IEC 7816-4)


def application_cryptogram(key: bytes, counter: bytes, data: bytes) -> bytes:
    """Return the 8 bytes for `data` under a card key (16 bytes) and a transaction counter (2): EMV Book 2, A1."""
    session = _session_key(key, counter)
    left, right = session[:8], session[8:]
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    # Single DES is 3DES with one key three times over.
    chain = Cipher(TripleDES(left * 3), modes.CBC(bytes(8))).encryptor()
    last = (chain.update(padded) + chain.finalize())[-8:]
    back = Cipher(TripleDES(right * 3), modes.ECB()).decryptor()  # noqa: S305  (one block)
    forth = Cipher(TripleDES(left * 3), modes.ECB()).encryptor()  # noqa: S305  (one block)
    return forth.update(back.update(last))


def issuer_cryptogram(key: bytes, counter: bytes, cryptogram: bytes, response_code: bytes) -> bytes:
    """Return the bank's 8 bytes for the card's `cryptogram` and its response code (2): EMV Book 2, 8.2.1."""
    session = _session_key(key, counter)
    block = bytes(one ^ other for one, other in zip(cryptogram, response_code.ljust(8, b"\0"), strict=True))
    return Cipher(TripleDES(session + session[:8]), modes.ECB()).encryptor().update(block)  # noqa: S305  (one block)


def _session_key(key: bytes, counter: bytes) -> bytes:
    derive = Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor()  # noqa: S305  (the standard's own rule)
    return b"".join(derive.update(counter + bytes((side,)) + bytes(5)) for side in (0xF0, 0x0F))


def _digits(digits: str) -> bytes:
    return bytes.fromhex(digits + "F" * (len(digits) % 2))
