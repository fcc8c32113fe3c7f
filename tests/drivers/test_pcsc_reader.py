"""The PC/SC reader on a module that behaves as pyscard's `smartcard.scard` does.

What the functions take and return, and the values of constants: LudovicRousseau/pyscard @4f46bf8
src/smartcard/scard/scard.i and PcscDefs.i; the values of error codes: its winscard headers (pcsc-lite pcsclite.h).
"""

# ruff: noqa: N802  (the functions are named as pyscard names them)

import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest

from device_sim.card import Card, OtherCard
from drivers.pcsc_reader import PcscReader
from drivers.smart_card_reader import ExchangeFailed, SmartCardReader
from drivers.top_up_module import TUnionTopUpModule
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.ports import CardProblem, Credited, LoadInit, PurseCard
from kiosk_core.status import Identity
from tests.clocks import SetClock
from tests.top_up import NUMBER, TERMINAL, a_card, authorise, expected_tac
from wire.ccid import IccStatus

NAME = "top-up"
READER = "ACS ACR122U PICC Interface 00 00"
SELECT = bytes.fromhex("00A4040008A00000063201010500")


class FakeScard(ModuleType):
    """One reader; functions return a tuple that begins with the result, as SWIG makes them."""

    SCARD_S_SUCCESS = 0
    SCARD_SCOPE_USER = 0
    SCARD_SHARE_EXCLUSIVE = 1
    SCARD_UNPOWER_CARD = 2
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_PCI_T0, SCARD_PCI_T1 = 1, 2
    SCARD_STATE_UNAWARE, SCARD_STATE_IGNORE, SCARD_STATE_CHANGED = 0x00, 0x01, 0x02
    SCARD_STATE_UNKNOWN, SCARD_STATE_UNAVAILABLE = 0x04, 0x08
    SCARD_STATE_EMPTY, SCARD_STATE_PRESENT, SCARD_STATE_MUTE = 0x10, 0x20, 0x200
    SCARD_E_TIMEOUT = 0x8010000A
    SCARD_E_SHARING_VIOLATION = 0x8010000B
    SCARD_E_NO_SMARTCARD = 0x8010000C
    SCARD_E_CARD_UNSUPPORTED = 0x8010001C
    SCARD_E_PROTO_MISMATCH = 0x8010000F
    SCARD_E_INVALID_ATR = 0x80100015
    SCARD_E_NOT_TRANSACTED = 0x80100016
    SCARD_E_READER_UNAVAILABLE = 0x80100017
    SCARD_E_NO_SERVICE = 0x8010001D
    SCARD_E_NO_READERS_AVAILABLE = 0x8010002E
    SCARD_W_UNSUPPORTED_CARD = 0x80100065
    SCARD_W_UNRESPONSIVE_CARD = 0x80100066
    SCARD_W_UNPOWERED_CARD = 0x80100067
    SCARD_W_RESET_CARD = 0x80100068
    SCARD_W_REMOVED_CARD = 0x80100069

    def __init__(self, clock: SetClock) -> None:
        super().__init__("smartcard.scard")
        self.clock = clock
        self.readers = [READER]
        self.card: Card | None = None
        self.fails: dict[str, int] = {}
        self.calls: list[str] = []
        self.bits = 0
        self.arrives: tuple[float, Card] | None = None
        self.powered = False
        self.signed = False

    def _result(self, function: str) -> int:
        self.calls.append(function)
        return self.fails.get(function, 0)

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        return self._result("establish"), 7

    def SCardReleaseContext(self, context: int) -> int:
        return self._result("release")

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return self._result("list"), self.readers

    def SCardGetStatusChange(
        self, context: int, timeout_ms: int, states: list[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        result = self._result("status_change")
        name, known = states[0]
        if self._now() & known and timeout_ms:
            if self.arrives is None or self.arrives[0] > timeout_ms / 1000:
                self.clock.sleep(timeout_ms / 1000)
                return self.SCARD_E_TIMEOUT, [(name, known, [])]
            self.clock.sleep(self.arrives[0])
            self.card = self.arrives[1]
        return result, [(name, (self.bits or self._now()) | self.SCARD_STATE_CHANGED, [])]

    def _now(self) -> int:
        return self.SCARD_STATE_EMPTY if self.card is None else self.SCARD_STATE_PRESENT

    def SCardConnect(self, context: int, reader: str, share: int, protocols: int) -> tuple[int, int, int]:
        result = self._result("connect")
        if self.card is None:
            return self.SCARD_E_NO_SMARTCARD, 0, 0
        if result == 0:
            self.atr = self.card.power_on()
            self.powered = True
        return result, 99, self.SCARD_PROTOCOL_T1

    def SCardStatus(self, card: int) -> tuple[int, str, int, int, list[int]]:
        return self._result("status"), READER, 0, self.SCARD_PROTOCOL_T1, self._list(self.atr)

    def SCardDisconnect(self, card: int, disposition: int) -> int:
        self.powered = False
        if self.card is not None:
            self.card.power_off()
        return self._result("disconnect")

    def SCardTransmit(self, card: int, header: int, command: list[int]) -> tuple[int, list[int]]:
        result = self._result("transmit")
        if self.card is None:
            return self.SCARD_W_REMOVED_CARD, []
        answer = None if result else self.card.transmit(bytes(command))
        if answer is None:
            return result or self.SCARD_W_REMOVED_CARD, []
        return result, self._list(answer)

    def _list(self, data: bytes) -> list[int]:
        return [value - 256 if self.signed and value > 127 else value for value in data]

    def SCardGetErrorMessage(self, result: int) -> str:
        return "message of PC/SC."


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture
def scard(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard(clock)
    monkeypatch.setitem(sys.modules, "smartcard", ModuleType("smartcard"))
    monkeypatch.setitem(sys.modules, "smartcard.scard", fake)
    return fake


@pytest.fixture
def reader(clock: SetClock, scard: FakeScard) -> PcscReader:
    return PcscReader(NAME, READER, clock)


def test_is_a_smart_card_reader(reader: PcscReader) -> None:
    port: SmartCardReader = reader
    assert port.identity == Identity(READER)


def test_without_pyscard_the_device_is_unavailable(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    with pytest.raises(DeviceUnavailable, match="pyscard is not installed"):
        PcscReader(NAME, READER, clock)


def test_without_pcscd_the_device_is_unavailable(clock: SetClock, scard: FakeScard) -> None:
    scard.fails["establish"] = scard.SCARD_E_NO_SERVICE
    with pytest.raises(DeviceUnavailable, match=r"pcscd does not run \(8010001D"):
        PcscReader(NAME, READER, clock)


def test_without_readers_the_context_is_given_back(clock: SetClock, scard: FakeScard) -> None:
    scard.fails["list"] = scard.SCARD_E_NO_READERS_AVAILABLE
    with pytest.raises(DeviceUnavailable, match="no reader"):
        PcscReader(NAME, READER, clock)
    assert scard.calls == ["establish", "list", "release"]


def test_a_reader_is_found_by_the_beginning_of_its_name(clock: SetClock, scard: FakeScard) -> None:
    scard.readers = ["Gemalto PC Twin Reader 00 00", READER]
    assert PcscReader(NAME, "ACS ACR122U", clock).identity == Identity(READER)
    with pytest.raises(DeviceUnavailable, match="no such reader; PC/SC has Gemalto"):
        PcscReader(NAME, "OMNIKEY", clock)
    scard.readers = [READER, READER.replace("00 00", "01 00")]
    with pytest.raises(DeviceUnavailable, match="several"):
        PcscReader(NAME, "ACS", clock)
    assert PcscReader(NAME, READER, clock).identity == Identity(READER)


def test_slot_follows_card_and_power(scard: FakeScard, reader: PcscReader) -> None:
    assert reader.slot() is IccStatus.ABSENT
    scard.card = OtherCard()
    assert reader.slot() is IccStatus.INACTIVE
    assert reader.power_on() == OtherCard.ATR
    assert reader.slot() is IccStatus.ACTIVE
    reader.power_off()
    assert reader.slot() is IccStatus.INACTIVE
    assert not scard.powered


@pytest.mark.parametrize("signed", [False, True])
def test_answers_are_octets_whatever_the_build_of_pyscard(scard: FakeScard, reader: PcscReader, signed: bool) -> None:
    scard.card, scard.signed = OtherCard(), signed
    assert reader.power_on() == OtherCard.ATR
    assert reader.transmit(bytes.fromhex("00B0000000")) == bytes.fromhex("6D00")
    assert (reader.counters().cycles, reader.counters().bytes_sent, reader.counters().bytes_received) == (1, 5, 2)


@pytest.mark.parametrize("bits", [0x04, 0x08, 0x01])
def test_a_reader_that_is_gone_is_unavailable(scard: FakeScard, reader: PcscReader, bits: int) -> None:
    scard.bits = bits
    with pytest.raises(DeviceUnavailable, match="unplugged"):
        reader.slot()


def test_a_slot_that_is_neither_is_a_violation(scard: FakeScard, reader: PcscReader) -> None:
    scard.bits = 0x400
    with pytest.raises(ProtocolViolation, match="neither"):
        reader.slot()


def test_without_a_card_everything_says_absent(scard: FakeScard, reader: PcscReader) -> None:
    assert reader.power_on() == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    assert reader.transmit(SELECT) == ExchangeFailed(IccStatus.INACTIVE, 0xFE)
    scard.card = OtherCard()
    reader.power_on()
    scard.card = None
    assert reader.transmit(SELECT) == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    reader.power_off()


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("code", [0x80100016, 0x80100066, 0x80100067, 0x80100068])
def test_an_exchange_that_failed_is_a_result_and_not_repeated(
    scard: FakeScard, reader: PcscReader, code: int, negative: bool
) -> None:
    scard.card = OtherCard()
    reader.power_on()
    scard.fails["transmit"] = code - (1 << 32) if negative else code
    assert reader.transmit(SELECT) == ExchangeFailed(IccStatus.ACTIVE, 0xFE)
    assert scard.calls.count("transmit") == 1


@pytest.mark.parametrize(("function", "code"), [("connect", 0x8010000B), ("transmit", 0x80100017)])
def test_what_is_not_about_the_card_is_unavailable(
    scard: FakeScard, reader: PcscReader, function: str, code: int
) -> None:
    scard.card = OtherCard()
    if function == "transmit":
        reader.power_on()
    scard.fails[function] = code
    with pytest.raises(DeviceUnavailable, match=f"{code:08X}: message of PC/SC"):
        reader.transmit(SELECT) if function == "transmit" else reader.power_on()


@pytest.mark.parametrize("apdu", [b"", b"\x00\xa4\x04", bytes(65545)])
def test_what_is_no_apdu_is_not_sent(scard: FakeScard, reader: PcscReader, apdu: bytes) -> None:
    with pytest.raises(ValueError, match="a command has"):
        reader.transmit(apdu)


def test_a_card_that_comes_ends_the_wait(clock: SetClock, scard: FakeScard, reader: PcscReader) -> None:
    scard.arrives = (0.7, OtherCard())
    assert reader.wait_for_change(IccStatus.ABSENT, 5.0) is IccStatus.INACTIVE
    assert clock.now() == pytest.approx(0.7)


def test_a_wait_without_a_card_ends_in_time(clock: SetClock, reader: PcscReader) -> None:
    assert reader.wait_for_change(IccStatus.ABSENT, 5.0) is IccStatus.ABSENT
    assert clock.now() == pytest.approx(5.0)


def test_close_takes_the_power_and_may_be_called_twice(scard: FakeScard, reader: PcscReader) -> None:
    scard.card = OtherCard()
    reader.power_on()
    reader.close()
    reader.close()
    assert scard.calls[-2:] == ["disconnect", "release"]
    assert not scard.powered
    with pytest.raises(DeviceUnavailable, match="closed"):
        reader.slot()


def test_a_whole_load_runs_over_pcsc(clock: SetClock, scard: FakeScard, reader: PcscReader) -> None:
    scard.card = a_card()
    module = TUnionTopUpModule(NAME, reader, clock)
    card = module.read_card()
    assert isinstance(card, PurseCard)
    init = module.initialize_load(NUMBER, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    assert module.credit_load(authorise(init)) == Credited(expected_tac(init))
    scard.card = None
    assert module.read_card() is CardProblem.NOT_PRESENT
    module.close()
