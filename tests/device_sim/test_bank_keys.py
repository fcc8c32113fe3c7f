"""The bank's keys: MACs on its messages, new keys in blocks that others can open, and nothing of them to be seen."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psec import tr31

from device_sim import key_block
from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune
from device_sim.bank_keys import LineKeys, MacAgreement, MacAlgorithm
from device_sim.key_block import HeldKey
from device_sim.secure_module import SecureModule, SecureModuleError
from host_link import software_keys
from host_link.link import HostLink
from host_link.mac_keys import KeyRefused
from kiosk_core.errors import HostSilent
from kiosk_core.ports import Confirmation, LoadAuthorisation, QrOrder, ReversalReason, Reversed
from tests.bank import RULES, TERMINAL, TRACE, Purse
from tests.clocks import SetClock
from tests.device_sim.test_bank_host import ASK, OPEN
from wire.errors import WireError
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_frames import Deframer
from wire.host_mac import Sealed, covered, unseal
from wire.host_messages import (
    EchoRequest,
    EchoResponse,
    JournalHeadRequest,
    JournalHeadResponse,
    KeyRequest,
    KeyResponse,
    Message,
    OrderResponse,
    Request,
    SignOnRequest,
    SignOnResponse,
    StatusRequest,
    StatusResponse,
)

EXCHANGE = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
# The keys and MACs of the StatusRequest of docs/host-messages.md, "Message authentication".
STATUS = StatusRequest(terminal=TERMINAL, stan=9, order="T0000001-000042")
RETAIL = MacAgreement(MacAlgorithm.RETAIL, EXCHANGE)
CMAC = MacAgreement(MacAlgorithm.CMAC, EXCHANGE)
RETAIL_KEY, RETAIL_MAC = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("30A07D90806D1DB0")
CMAC_KEY, CMAC_MAC = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), bytes.fromhex("4BB62252A13CFD2C")
CHALLENGE = bytes.fromhex("A1B2C3D4E5F60718")
ASK_FOR_KEY = KeyRequest(terminal=TERMINAL, stan=2, challenge=CHALLENGE)


@pytest.fixture
def books() -> BankBooks:
    return BankBooks(None, RULES, SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC)))


def keys_that_are(books: BankBooks, agreement: MacAgreement, *keys: bytes) -> LineKeys:
    """Line keys whose next MAC keys are these."""
    coming: Iterator[bytes] = iter(keys)
    return LineKeys(agreement, books, lambda count: next(coming) if count == 16 else bytes(count))


@pytest.fixture
def faults() -> BankFaults:
    return BankFaults()


@pytest.fixture
def desk(books: BankBooks, faults: BankFaults) -> BankDesk:
    return BankDesk(books, faults, LineKeys(CMAC, books))


class Terminal:
    """A terminal that holds its key in the host link's own software."""

    def __init__(self, desk: BankDesk, agreement: MacAgreement = CMAC) -> None:
        self.desk = desk
        algorithm = software_keys.MacAlgorithm(agreement.algorithm.value)
        self.keys = software_keys.SoftwareMacKeys(algorithm, agreement.exchange_key)

    def ask(self, data: bytes) -> tuple[Message, Sealed]:
        sealed = unseal(self.desk.reply(data).data[2:])
        return decode(sealed.payload), sealed

    def fetch_key(self) -> str:
        answer, sealed = self.ask(encode(ASK_FOR_KEY))
        assert isinstance(answer, KeyResponse)
        assert answer.key_block is not None
        assert sealed.mac is not None
        self.keys.install(answer.key_block, sealed.covered, sealed.mac)
        return answer.key_block

    def say(self, request: Request) -> Message:
        """Ask under the key, and take the answer only if it is sealed with it."""
        data = covered(encode(request))
        answer, sealed = self.ask(data + self.keys.mac(data))
        assert sealed.mac == self.keys.mac(sealed.covered)
        return answer


# -- MACs and blocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreement", "key", "mac"),
    [(RETAIL, RETAIL_KEY, RETAIL_MAC), (CMAC, CMAC_KEY, CMAC_MAC)],
    ids=["retail", "cmac"],
)
def test_the_mac_is_that_of_the_document(books: BankBooks, agreement: MacAgreement, key: bytes, mac: bytes) -> None:
    keys = keys_that_are(books, agreement, key)
    block = keys.renew(TERMINAL)
    data = covered(encode(STATUS))
    assert keys.mac(block, data) == mac
    assert keys.check(TERMINAL, data, mac) == block
    assert keys.check(TERMINAL, data, bytes(8)) is None
    assert keys.check(TERMINAL, data, None) is None
    assert keys.check("T0000002", data, mac) is None


@pytest.mark.parametrize(
    ("agreement", "key", "usage", "algorithm"),
    [(RETAIL, RETAIL_KEY, "M3", "T"), (CMAC, CMAC_KEY, "M6", "A")],
    ids=["retail", "cmac"],
)
def test_a_key_comes_in_a_block_that_others_can_open(
    books: BankBooks, agreement: MacAgreement, key: bytes, usage: str, algorithm: str
) -> None:
    block = keys_that_are(books, agreement, key).renew(TERMINAL)
    header, value = tr31.unwrap(EXCHANGE, block)
    assert value == key
    assert (header.version_id, header.key_usage, header.algorithm, header.mode_of_use) == ("D", usage, algorithm, "C")


@pytest.mark.parametrize("protection", [EXCHANGE, EXCHANGE + EXCHANGE[:8], EXCHANGE + EXCHANGE[::-1]])
def test_a_block_of_version_d_is_wrapped_for_every_aes_key(protection: bytes) -> None:
    block = key_block.wrap(protection, HeldKey("M6", "A", "C", CMAC_KEY), bytes(14), "D")
    assert tr31.unwrap(protection, block)[1] == CMAC_KEY
    assert key_block.unwrap(protection, block).value == CMAC_KEY


def test_check_values() -> None:
    module = SecureModule(bytes)
    module.put("des", HeldKey("M3", "T", "C", RETAIL_KEY))
    module.put("aes", HeldKey("M6", "A", "C", CMAC_KEY))
    assert module.check_value("des") == "08D7B4"  # of this key in every DES textbook: 08D7B4FB629D0885
    assert module.check_value("aes") == "7AD386"  # `openssl mac` of 16 bytes of zeros
    for refused in (
        lambda: module.check_value("none"),
        lambda: module.cmac("des", b""),
        lambda: module.cmac("none", b""),
    ):
        with pytest.raises(SecureModuleError):
            refused()


def test_the_cmac_of_nothing_is_that_of_rfc_4493() -> None:
    module = SecureModule(bytes)
    module.put("aes", HeldKey("M6", "A", "C", CMAC_KEY))
    assert module.cmac("aes", b"") == bytes.fromhex("BB1D6929E9593728")  # example 1


# -- key exchange ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("agreement", [RETAIL, CMAC], ids=["retail", "cmac"])
def test_terminal_and_bank_agree_on_a_key(books: BankBooks, faults: BankFaults, agreement: MacAgreement) -> None:
    terminal = Terminal(BankDesk(books, faults, LineKeys(agreement, books)), agreement)
    terminal.fetch_key()
    answer = terminal.say(OPEN)
    assert isinstance(answer, OrderResponse)
    assert answer.response_code == "00"


def test_an_old_key_counts_until_a_newer_one_is_used(desk: BankDesk) -> None:
    terminals = [Terminal(desk) for _ in range(3)]
    for each in terminals:
        each.fetch_key()  # of which every answer but that to the first may have been lost
    first, second, third = terminals
    for each in (first, first, second):
        assert isinstance(each.say(STATUS), StatusResponse)
    assert isinstance(third.say(STATUS), StatusResponse)
    for each in (first, second):
        data = covered(encode(STATUS))
        answer, _ = each.ask(data + each.keys.mac(data))
        assert isinstance(answer, StatusResponse)
        assert answer.response_code == "63"


def test_however_many_keys_are_asked_for_the_one_in_use_counts(desk: BankDesk) -> None:
    terminal, asking = Terminal(desk), Terminal(desk)
    terminal.fetch_key()
    terminal.say(STATUS)
    for _ in range(20):
        asking.fetch_key()
    assert isinstance(terminal.say(STATUS), StatusResponse)
    assert isinstance(asking.say(STATUS), StatusResponse)


def test_every_terminal_has_its_own_key_and_every_key_is_new(desk: BankDesk) -> None:
    blocks = {Terminal(desk).fetch_key() for _ in range(3)}
    values = {tr31.unwrap(EXCHANGE, block)[1] for block in blocks}
    assert len(values) == 3
    other = JournalHeadRequest(terminal="T0000002", stan=3, row_number=1, row_hash=bytes(32), confirmed=bytes(32))
    terminal = Terminal(desk)
    terminal.fetch_key()
    data = covered(encode(other))
    answer, sealed = terminal.ask(data + terminal.keys.mac(data))
    assert isinstance(answer, JournalHeadResponse)
    assert answer.response_code == "63"
    assert sealed.mac is None  # there is no key to seal it with


def test_a_key_survives_a_restart_and_is_in_no_file(tmp_path: Path, faults: BankFaults) -> None:
    clock = SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    books = BankBooks(tmp_path, RULES, clock)
    terminal = Terminal(BankDesk(books, faults, LineKeys(CMAC, books)))
    block = terminal.fetch_key()
    terminal.say(STATUS)
    books.close()
    books = BankBooks(tmp_path, RULES, clock)
    terminal.desk = BankDesk(books, faults, LineKeys(CMAC, books))
    assert isinstance(terminal.say(STATUS), StatusResponse)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    books.close()
    assert block.encode() in files
    assert tr31.unwrap(EXCHANGE, block)[1] not in files
    assert EXCHANGE not in files


def test_a_new_key_is_told_by_its_check_value_alone(desk: BankDesk, caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal(desk)
    with caplog.at_level(logging.INFO):
        key = tr31.unwrap(EXCHANGE, terminal.fetch_key())[1]
    assert caplog.messages == [f"a new MAC key for T0000001, check value {terminal.keys.check_value}"]
    assert repr(CMAC) == "MacAgreement(algorithm=<MacAlgorithm.CMAC: 'cmac'>)"
    assert key.hex().upper() not in caplog.text.upper()


@pytest.mark.parametrize(
    "agreement",
    [replace(CMAC, exchange_key=bytes(16)), replace(CMAC, algorithm=MacAlgorithm.RETAIL)],
    ids=["another exchange key", "another algorithm"],
)
def test_keys_from_before_a_new_agreement_count_no_more(
    desk: BankDesk, books: BankBooks, faults: BankFaults, agreement: MacAgreement
) -> None:
    old = Terminal(desk)
    old.fetch_key()
    new = Terminal(BankDesk(books, faults, LineKeys(agreement, books)), agreement)
    data = covered(encode(STATUS))
    answer, sealed = new.ask(data + old.keys.mac(data))
    assert isinstance(answer, StatusResponse)
    assert (answer.response_code, sealed.mac) == ("63", None)
    new.fetch_key()
    assert isinstance(new.say(STATUS), StatusResponse)


# -- messages --------------------------------------------------------------------------------------------


def test_a_message_without_a_mac_or_with_a_wrong_one_does_nothing(desk: BankDesk, books: BankBooks) -> None:
    terminal = Terminal(desk)
    terminal.fetch_key()
    terminal.say(STATUS)
    for data in (encode(OPEN), covered(encode(OPEN)) + bytes(8)):
        answer, sealed = terminal.ask(data)
        assert isinstance(answer, OrderResponse)
        assert (answer.response_code, answer.rrn) == ("63", "000000000000")
        assert sealed.mac == terminal.keys.mac(sealed.covered)
    assert books.entries() == []
    opened = terminal.say(OPEN)
    assert isinstance(opened, OrderResponse)
    assert opened.response_code == "00"  # nothing was remembered


def test_network_management_needs_no_mac(desk: BankDesk) -> None:
    terminal = Terminal(desk)
    for request, kind in (
        (EchoRequest(terminal=TERMINAL, stan=7), EchoResponse),
        (SignOnRequest(terminal=TERMINAL, stan=1), SignOnResponse),
    ):
        answer, sealed = terminal.ask(encode(request))
        assert isinstance(answer, kind)
        assert sealed.mac is None


def test_where_no_key_is_agreed_none_is_given_and_no_mac_is_taken(books: BankBooks, faults: BankFaults) -> None:
    terminal = Terminal(BankDesk(books, faults))
    answer, sealed = terminal.ask(encode(ASK_FOR_KEY))
    assert answer == KeyResponse(terminal=TERMINAL, stan=2, response_code="96", challenge=CHALLENGE)
    assert sealed.mac is None
    with pytest.raises(WireError, match="it has a MAC, and no key is agreed for it"):
        terminal.ask(covered(encode(STATUS)) + bytes(8))


def test_a_wrong_mac_is_wrong_and_the_message_under_it_right(desk: BankDesk, faults: BankFaults) -> None:
    terminal = Terminal(desk)
    terminal.fetch_key()
    faults.strike(BankMisfortune(BankFault.WRONG_MAC, "status"))
    data = covered(encode(ASK))
    answer, sealed = terminal.ask(data + terminal.keys.mac(data))
    assert isinstance(answer, StatusResponse)
    assert sealed.mac != terminal.keys.mac(sealed.covered)


def test_what_is_declined_by_name_is_approved_when_it_is_repeated(desk: BankDesk, faults: BankFaults) -> None:
    terminal = Terminal(desk)
    faults.strike(BankMisfortune(BankFault.DECLINED, "sign_on", code="58"))
    request = encode(SignOnRequest(terminal=TERMINAL, stan=1))
    codes = [
        answer.response_code for answer, _ in map(terminal.ask, [request] * 2) if isinstance(answer, SignOnResponse)
    ]
    assert codes == ["58", "00"]
    faults.strike(BankMisfortune(BankFault.DECLINED, "key", code="58"))
    refused, _ = terminal.ask(encode(ASK_FOR_KEY))
    assert refused == KeyResponse(terminal=TERMINAL, stan=2, response_code="58", challenge=CHALLENGE)


def test_the_key_in_an_answer_is_sealed_with_itself_over_the_challenge(desk: BankDesk) -> None:
    terminal = Terminal(desk)
    _, sealed = terminal.ask(encode(replace(ASK_FOR_KEY, challenge=bytes(8))))
    answer, _ = terminal.ask(encode(ASK_FOR_KEY))
    assert isinstance(answer, KeyResponse)
    assert answer.challenge == CHALLENGE
    assert answer.key_block is not None
    assert sealed.mac is not None
    with pytest.raises(KeyRefused):
        terminal.keys.install(answer.key_block, sealed.covered, sealed.mac)


# -- the terminal's own link -----------------------------------------------------------------------------


class InProcess:
    """A connection to the desk: a host_link.connection.Connection that takes no time."""

    def __init__(self, desk: BankDesk) -> None:
        self.desk = desk
        self.deframer = Deframer()
        self.coming = b""

    def send(self, data: bytes, _: float) -> None:
        for payload in self.deframer.feed(data):
            self.coming += self.desk.reply(payload).data

    def receive(self, _: float) -> bytes:
        data, self.coming = self.coming, b""
        if not data:
            raise TimeoutError
        return data

    def close(self) -> None:
        self.coming = b""


def link_to(desk: BankDesk, agreement: MacAgreement) -> HostLink:
    algorithm = software_keys.MacAlgorithm(agreement.algorithm.value)
    keys = software_keys.SoftwareMacKeys(algorithm, agreement.exchange_key)
    clock = SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    return HostLink(lambda _: InProcess(desk), TERMINAL, clock, keys=keys)


@pytest.mark.parametrize("agreement", [RETAIL, CMAC], ids=["retail", "cmac"])
def test_a_top_up_under_macs(books: BankBooks, faults: BankFaults, agreement: MacAgreement) -> None:
    link = link_to(BankDesk(books, faults, LineKeys(agreement, books)), agreement)
    init = Purse().init()
    assert isinstance(link.order_qr(TRACE, init), QrOrder)
    assert books.pay(TRACE.transaction)
    permission = link.authorise_load(TRACE, init)
    assert isinstance(permission, LoadAuthorisation)
    assert link.confirm_load(TRACE, 5000, Purse().tac(init, permission)) is Confirmation.ACCEPTED
    assert [entry.loaded for entry in books.entries()] == [True]


def test_an_answer_under_a_wrong_mac_is_none_and_its_order_is_given_back(
    books: BankBooks, faults: BankFaults, desk: BankDesk
) -> None:
    link = link_to(desk, CMAC)
    faults.strike(BankMisfortune(BankFault.WRONG_MAC, "order"))
    with pytest.raises(HostSilent, match="wrong MAC"):
        link.order_qr(TRACE, Purse().init())
    assert books.pay(TRACE.transaction)
    assert link.reverse(TRACE, 5000, ReversalReason.MAC_WRONG) == Reversed(5000)
    assert books.flaws() == []
