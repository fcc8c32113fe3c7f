"""A card and a bank for tests of the host link: the keys, and what the card would answer."""

from dataclasses import dataclass, replace

from device_sim import card_crypto
from device_sim.bank_books import BankRules
from device_sim.bank_host import BankHostSettings
from kiosk_core.card_number import CardNumber
from kiosk_core.ports import LoadAuthorisation, LoadInit, Trace
from openteller.demo_certificates import DemoCertificates

RULES = BankRules(
    load_master_key=bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
    tac_master_key=bytes.fromhex("89ABCDEF01234567FEDCBA9876543210"),
)
CARD = "3104870001234567890"
FACTOR = bytes.fromhex("4870001234567890")  # its last 16 digits
TERMINAL = "T0000001"
TERMINAL_NO = bytes.fromhex("001122334455")
TRACE = Trace("T0000001-000042", order_stan=42, authorise_stan=43, confirm_stan=44, reverse_stan=45)


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
