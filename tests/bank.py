"""Cards and a bank for tests of the host link: the keys, and what the cards would answer."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from device_sim import card_crypto
from device_sim.bank_accounts import BankAccount
from device_sim.bank_host import BankHostSettings
from device_sim.bank_rules import BankRules
from device_sim.cards.debit import application_cryptogram
from kiosk_core.card_number import CardNumber
from kiosk_core.ports import LoadAuthorisation, LoadInit, Trace
from openteller.demo_certificates import DemoCertificates
from wire.host_values import PayingCard, PinScheme, SealedPin

RULES = BankRules(
    load_master_key=bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
    tac_master_key=bytes.fromhex("89ABCDEF01234567FEDCBA9876543210"),
)
CARD = "3104870001234567890"
FACTOR = bytes.fromhex("4870001234567890")  # its last 16 digits
TERMINAL = "T0000001"
TERMINAL_NO = bytes.fromhex("001122334455")
BEGAN = datetime(2011, 12, 21, 21, 48, 22, tzinfo=UTC)
TRACE = Trace("T0000001-000042", BEGAN, order_stan=42, authorise_stan=43, confirm_stan=44, reverse_stan=45)


@dataclass(frozen=True)
class Purse:
    """What a card says, worked out with the card's own keys."""

    balance_fen: int = 2000
    counter: int = 23

    def init(self, amount_fen: int = 5000, random: str = "11223344") -> LoadInit:
        key = card_crypto.diversify(RULES.load_master_key, FACTOR)
        session = card_crypto.session_key(key, bytes.fromhex(random), self.counter)
        return LoadInit(
            number=CardNumber(CARD),
            amount_fen=amount_fen,
            terminal_no=TERMINAL_NO,
            balance_fen=self.balance_fen,
            counter=self.counter,
            key_version=1,
            algorithm=0,
            random=bytes.fromhex(random),
            mac1=card_crypto.mac1(session, self.balance_fen, amount_fen, 2, TERMINAL_NO),
        )

    def believes(self, init: LoadInit, permission: LoadAuthorisation) -> bool:
        key = card_crypto.diversify(RULES.load_master_key, FACTOR)
        session = card_crypto.session_key(key, init.random, self.counter)
        expected = card_crypto.mac2(session, init.amount_fen, 2, TERMINAL_NO, permission.date, permission.time)
        return permission.mac2 == expected

    def tac(self, init: LoadInit, permission: LoadAuthorisation) -> bytes:
        key = card_crypto.diversify(RULES.tac_master_key, FACTOR)
        after = self.balance_fen + init.amount_fen
        return card_crypto.tac(
            key, after, self.counter, init.amount_fen, 2, TERMINAL_NO, permission.date, permission.time
        )


def with_wrong_mac1(init: LoadInit) -> LoadInit:
    return replace(init, mac1=bytes(byte ^ 1 for byte in init.mac1))


def host_settings(certificates: DemoCertificates, port: int = 0) -> BankHostSettings:
    return BankHostSettings(
        ca_file=certificates.ca,
        certificate_file=certificates.server_certificate,
        key_file=certificates.server_key,
        port=port,
    )


# -- a bank card ---------------------------------------------------------------------------------------------

PIN_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
ACCOUNT = BankAccount(
    number=CardNumber("9999990000000000014"),
    expires="3112",
    balance_fen=1_000_000,
    pin="123456",
    chip_key=bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
)
BANK_RULES = replace(RULES, accounts=(ACCOUNT,), pin_key=PIN_KEY)
"""The same bank, which has an account of its own."""


def paying_card(amount_fen: int = 5000, pin: str = "123456", counter: int = 1) -> PayingCard:
    """The card of ACCOUNT and what its chip and the PIN pad make for a payment: format 0, worked out here."""
    chip = chip_data(amount_fen, counter)
    pan = bytes.fromhex("0000000000000001")  # twelve digits of 9999990000000000014 before its last
    clear = bytes(a ^ b for a, b in zip(bytes.fromhex(f"0{len(pin)}{pin}".ljust(16, "F")), pan, strict=True))
    block = Cipher(TripleDES(PIN_KEY + PIN_KEY[:8]), modes.ECB()).encryptor().update(clear)
    return PayingCard(
        number="9999990000000000014",
        expires="3112",
        sequence=1,
        track2="9999990000000000014=31122200000000000",
        chip=chip,
        pin=SealedPin(PinScheme.ISO0_TDES, block),
    )


def chip_data(amount_fen: int, counter: int) -> bytes:
    """What the chip wants the bank to decide (DE 55): the objects that its cryptogram is over, and that."""
    signed = (
        *(("9F02", f"{amount_fen:012d}"), ("9F03", "000000000000"), ("9F1A", "0156"), ("95", "8000040000")),
        *(("5F2A", "0156"), ("9A", "261122"), ("9C", "00"), ("9F37", "89ABCDEF")),
    )
    profile, atc, results = "1800", f"{counter:04X}", "03A00000"
    data = bytes.fromhex("".join(value for _, value in signed) + profile + atc + results)
    mac = application_cryptogram(ACCOUNT.chip_key, bytes.fromhex(atc), data)
    more = (("82", profile), ("9F36", atc), ("9F27", "80"), ("9F10", f"070101{results}"), ("9F26", mac.hex()))
    return bytes.fromhex("".join(f"{tag}{len(value) // 2:02X}{value}" for tag, value in (*signed, *more)))
