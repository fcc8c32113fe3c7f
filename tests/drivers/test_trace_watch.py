"""The recorder between a driver and its transport: it keeps what passed, in order, masked, and not too much of it."""

import time
from datetime import UTC, datetime

import pytest

from drivers.trace.watch import MAX_BYTES, MAX_CHUNK, MAX_RECORDS, TraceWatch
from drivers.transport import Transport, UsbTransport
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Identity
from kiosk_core.trace import Octets, Record, What
from tests.clocks import SetClock

BEGAN = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


class Line:
    """A transport that answers from a list; None is an unplug."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.written: list[bytes] = []
        self.closed = 0

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written.append(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        answer = self.answers.pop(0) if self.answers else b""
        if answer is None:
            raise DeviceUnavailable("printer", "unplugged")
        return answer

    def discard_input(self) -> None:
        self.answers.clear()

    def close(self) -> None:
        self.closed += 1


class Usb(Line):
    identity = Identity("ACME Reader", "1.02", "S1")
    class_descriptor = b"\x36\x21"

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        return b"\x18"

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        return self.read(size, timeout_s)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(BEGAN)


def told(records: tuple[Record, ...]) -> list[tuple[str, bytes]]:
    return [(record.what.value, record.octets.data) for record in records]


def test_everything_that_passes_is_kept_in_its_order_and_time(clock: SetClock) -> None:
    watch = TraceWatch("printer", clock, family="escpos")
    line = Line(b"\x12", b"", b"", b"\x16")
    watched = watch.line(line)
    clock.sleep(1.5)
    watched.write(b"\x10\x04\x01", 1)
    assert [watched.read(1, 1) for _ in range(4)] == [b"\x12", b"", b"", b"\x16"]
    watched.discard_input()
    watched.close()
    watched.close()
    assert told(watch.records()) == [
        ("open", b""),
        ("out", b"\x10\x04\x01"),
        ("in", b"\x12"),
        ("time-out", b""),  # one word for any number of them
        ("in", b"\x16"),
        ("discard", b""),
        ("close", b""),
    ]
    assert [record.sequence for record in watch.records()] == [1, 2, 3, 4, 5, 6, 7]
    assert [record.at_s for record in watch.records()][:2] == [0.0, 1.5]
    assert line.written == [b"\x10\x04\x01"]
    assert line.closed == 2
    assert watch.bytes_passed == (3, 2)


def test_an_unplug_is_an_event_with_its_reason_and_reaches_the_driver(clock: SetClock) -> None:
    watch = TraceWatch("printer", clock)
    watched = watch.line(Line(None))
    with pytest.raises(DeviceUnavailable, match="unplugged"):
        watched.read(1, 1)
    assert [(record.what, record.note) for record in watch.records()][1:] == [(What.ERROR, "unplugged")]


def test_a_usb_device_is_watched_on_all_its_pipes_and_named_in_the_header(clock: SetClock) -> None:
    watch = TraceWatch("reader", clock, family="ccid", model="ccid-t-union", port="usb://1209:0001")
    watched = watch.usb(Usb(b"\x50\x03", b""))
    assert isinstance(watched, UsbTransport)
    assert (watched.identity.model, watched.class_descriptor) == ("ACME Reader", b"\x36\x21")
    assert watched.control_in(0xA1, 2, 0, 0, 4) == b"\x18"
    assert watched.read_interrupt(8, 0) == b"\x50\x03"
    assert watched.read_interrupt(8, 0) == b""
    assert told(watch.records())[1:] == [("control", b"\x18"), ("interrupt", b"\x50\x03")]
    assert watch.records()[1].note == "a1 02 0000 0000 0004"
    header = watch.header
    assert (header.family, header.identity, header.firmware) == ("ccid", "ACME Reader", "1.02")
    assert (header.class_descriptor, header.began) == (b"\x36\x21", "2026-11-22T10:15:30.000+00:00")


def test_a_line_is_not_taken_for_a_usb_device(clock: SetClock) -> None:
    assert not isinstance(TraceWatch("printer", clock).line(Line()), UsbTransport)


def test_what_is_secret_never_gets_into_the_recorder(clock: SetClock) -> None:
    kept: list[Record] = []
    watch = TraceWatch("printer", clock, family="escpos", sink=kept.append)
    watch.line(Line()).write(b"Card 6222021234567890123\n", 1)
    assert b"6222" not in kept[1].octets.data
    assert tuple(kept) == watch.records()
    unknown = TraceWatch("other", clock)
    unknown.line(Line()).write(b"hello", 1)
    assert unknown.records()[1].octets.data == b"00000"


class ShowsAnswers:
    """A masker as a package may bring it; it remembers one session."""

    def __init__(self) -> None:
        self.asked = False

    def mask(self, what: What, data: bytes) -> Octets:
        self.asked = self.asked or what is What.OUT
        return Octets(data) if what is What.IN and self.asked else Octets(bytes(len(data)), ((0, len(data)),))

    def gap(self) -> None:
        self.asked = False


def test_a_masker_of_ones_own_is_made_anew_for_every_session(clock: SetClock) -> None:
    watch = TraceWatch("printer", clock, family="acme", masker=ShowsAnswers)
    first = watch.line(Line(b"yes"))
    first.write(b"secret", 1)
    assert first.read(3, 1) == b"yes"
    assert watch.line(Line(b"yes")).read(3, 1) == b"yes"
    assert [data for _, data in told(watch.records())] == [b"", bytes(6), b"yes", b"", bytes(3)]
    assert watch.header.family == "acme"


def test_memory_is_bounded_by_records_and_by_bytes(clock: SetClock) -> None:
    watch = TraceWatch("printer", clock, family="escpos")
    watched = watch.line(Line())
    for _ in range(MAX_RECORDS + 10):
        watched.write(b"x", 1)
    assert len(watch.records()) == MAX_RECORDS
    assert watch.records()[-1].sequence == MAX_RECORDS + 11
    watched.write(b"y" * (MAX_CHUNK + 1), 1)
    assert [len(record.octets.data) for record in watch.records()[-2:]] == [MAX_CHUNK, 1]
    for _ in range(40):
        watched.write(b"y" * MAX_CHUNK, 1)
    assert sum(len(record.octets.data) for record in watch.records()) <= MAX_BYTES


def test_records_are_asked_by_number_and_by_count(clock: SetClock) -> None:
    watch = TraceWatch("printer", clock)
    watched = watch.line(Line())
    for _ in range(MAX_RECORDS + 5):
        watched.write(b"x", 1)
    newest = MAX_RECORDS + 6
    assert [record.sequence for record in watch.records(after=newest - 2)] == [newest - 1, newest]
    assert [record.sequence for record in watch.records(last=2)] == [newest - 1, newest]
    assert watch.records(after=newest) == ()
    assert watch.records(after=newest + 99) == ()
    assert len(watch.records(after=1)) == MAX_RECORDS
    assert watch.records(last=0) == ()


@pytest.mark.parametrize(
    ("family", "sent", "received"),
    [
        ("ccid", bytes.fromhex("6f050000000007000000 00b095001e"), bytes.fromhex("80200000000007000000") + b"1" * 32),
        ("crt591", bytes.fromhex("f20000034331 3003b0"), bytes.fromhex("f2000006503130303230 0393")),
        ("escpos", b"\x10\x04\x01", b"\x16"),
        ("", b"\x10\x04\x01", b"\x16"),
    ],
)
def test_a_chunk_costs_no_more_than_some_calls(clock: SetClock, family: str, sent: bytes, received: bytes) -> None:
    """Less than 400 calls of nothing, some 10 us: the best of many, so that other processes do not fail this."""

    def best(transport: Transport) -> float:
        rounds = []
        for _ in range(200):
            began = time.perf_counter()
            for _ in range(10):
                transport.write(sent, 1)
                transport.read(64, 1)
            rounds.append(time.perf_counter() - began)
        return min(rounds) / 20

    class Quick(Line):
        def write(self, data: bytes, timeout_s: float) -> None: ...

        def read(self, size: int, timeout_s: float) -> bytes:
            return received

    assert best(TraceWatch("d", clock, family=family).line(Quick())) < 400 * best(Quick())
