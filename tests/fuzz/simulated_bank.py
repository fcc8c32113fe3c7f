"""Targets of the simulated bank: what it is sent, and the file of a day that it writes."""

import hashlib
from datetime import UTC, datetime

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFaults
from device_sim.bank_keys import LineKeys, MacAgreement, MacAlgorithm
from tests.bank import BANK_RULES
from tests.clocks import SetClock
from tests.fuzz.invariants import comes_back
from wire import settlement
from wire.errors import WireError
from wire.host_frames import Deframer

_AGREEMENT = MacAgreement(MacAlgorithm.CMAC, bytes(range(16)))


def settlement_file(data: bytes) -> None:
    """A file is in one form only, or is refused: as it is, and with a trailer that fits it."""
    comes_back(settlement.decode, settlement.encode, data)
    lines = [line.split(b"|") for line in data.split(b"\n") if line.startswith(b"D|")]
    amounts = [int(line[8]) for line in lines if len(line) > 8 and line[8].isdigit()]
    digest = hashlib.sha256(data).hexdigest()
    comes_back(settlement.decode, settlement.encode, data + f"T|{len(lines)}|{sum(amounts):012}|{digest}\n".encode())


def bank_desk(data: bytes) -> None:
    """Whatever comes in frames is answered or refused, with MACs and without, and the books stay whole."""
    books = BankBooks(None, BANK_RULES, SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC)))
    for keys in (None, LineKeys(_AGREEMENT, books, bytes)):
        desk, deframer = BankDesk(books, BankFaults(), keys), Deframer()
        try:
            for payload in deframer.feed(data):
                desk.reply(payload)
                for entry in books.entries():
                    books.pay(entry.order)
        except WireError:
            pass
    assert books.flaws() == []
    books.close()
