"""The wire: what it does to bytes, in time and by misfortune."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.misfortune import Harm, Misfortune, Towards
from device_sim.serial.wire import Wire
from device_sim.virtual_time import VirtualClock
from kiosk_core.trace import What


class Answers:
    """Answers each message with the next one of a list, and keeps what it was told."""

    def __init__(self, answers: Iterable[bytes]) -> None:
        self.heard: list[bytes] = []
        self._answers = iter(answers)

    def receive(self, data: bytes) -> bytes:
        self.heard.append(data)
        return next(self._answers, b"")

    def idle(self) -> bytes:
        return b""


def make(*answers: bytes, baudrate: int = 0) -> tuple[Wire, Answers, VirtualClock]:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    device = Answers(answers)
    return Wire(device, clock, baudrate=baudrate), device, clock


def befall(wire: Wire, harm: Harm, towards: Towards = Towards.HOST, **more: float | None) -> None:
    wire.fortune.misfortunes.append(Misfortune(harm, towards, **more))  # type: ignore[arg-type]


def test_without_misfortune_everything_passes() -> None:
    wire, device, _ = make(b"answer")
    assert wire.receive(b"question") == b"answer"
    assert device.heard == [b"question"]
    assert wire.busy_s() is None


def test_bytes_take_their_time() -> None:
    wire, device, clock = make(b"ok", baudrate=9600)
    assert wire.receive(bytes(9)) == b""
    assert wire.busy_s() == pytest.approx(9 * 10 / 9600)
    assert device.heard == []
    clock.sleep(9 * 10 / 9600)
    assert wire.idle() == b""
    assert device.heard == [bytes(9)]
    clock.sleep(2 * 10 / 9600)
    assert wire.idle() == b"ok"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (Harm.DROP, b""),
        (Harm.DUPLICATE, b"answeranswer"),
        (Harm.HALF, b"ans"),
        (Harm.STALE, b"beforeanswer"),
    ],
)
def test_a_misfortune_befalls_one_message_and_is_gone(harm: Harm, said: bytes) -> None:
    wire, _, _ = make(b"before", b"answer", b"after")
    assert wire.receive(b"1") == b"before"
    befall(wire, harm)
    assert wire.receive(b"2") == said
    assert wire.receive(b"3") == b"after"


def test_a_garbled_message_differs_in_one_byte() -> None:
    wire, _, _ = make(b"answer")
    befall(wire, Harm.GARBLE)
    said = wire.receive(b"?")
    assert sum(one != other for one, other in zip(said, b"answer", strict=True)) == 1


def test_noise_comes_before_a_message() -> None:
    wire, _, _ = make(b"answer")
    befall(wire, Harm.NOISE)
    said = wire.receive(b"?")
    assert len(said) == 9
    assert said.endswith(b"answer")


def test_at_the_wrong_baud_rate_nothing_is_understood() -> None:
    wire, device, _ = make(b"answer", b"answer")
    befall(wire, Harm.WRONG_BAUD, Towards.DEVICE, times=2)
    wire.receive(b"question")
    assert device.heard != [b"question"]


def test_what_is_late_holds_up_what_follows() -> None:
    wire, _, clock = make(b"1", b"2")
    befall(wire, Harm.LATE, seconds=5.0)
    assert wire.receive(b"?") == b""
    assert wire.receive(b"?") == b""
    clock.sleep(4.999)
    assert wire.idle() == b""
    clock.sleep(0.001)
    assert wire.idle() == b"12"


def test_slow_bytes_come_one_by_one() -> None:
    wire, _, clock = make(b"abc")
    befall(wire, Harm.SLOW, seconds=0.5)
    assert wire.receive(b"?") == b""
    said = []
    for _ in range(3):
        clock.sleep(0.5)
        said.append(wire.idle())
    assert said == [b"a", b"b", b"c"]


def test_harm_can_befall_what_the_host_says() -> None:
    wire, device, _ = make(b"answer")
    befall(wire, Harm.HALF, Towards.DEVICE)
    assert wire.receive(b"question") == b"answer"
    assert device.heard == [b"ques"]


def test_a_misfortune_without_an_end_stays() -> None:
    wire, _, _ = make(*[b"answer"] * 3)
    befall(wire, Harm.DROP, times=None)
    assert [wire.receive(b"?") for _ in range(3)] == [b"", b"", b""]


def test_what_is_on_its_way_is_lost_with_the_plug() -> None:
    wire, _, clock = make(b"answer", baudrate=9600)
    wire.receive(b"question")
    wire.clear()
    clock.sleep(1.0)
    assert wire.idle() == b""


@given(st.lists(st.sampled_from(Harm)), st.integers(0, 2**16))
def test_the_same_seed_does_the_same_harm(harms: list[Harm], seed: int) -> None:
    def said() -> list[bytes]:
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        wire = Wire(Answers([b"answer"] * 20), clock, seed=seed)
        for harm in harms:
            befall(wire, harm, chance=0.5)
        heard = []
        for _ in range(20):
            heard.append(wire.receive(b"?"))
            clock.sleep(1.0)
        return heard

    assert said() == said()


def test_who_listens_in_hears_what_the_host_sends_and_what_arrives_there() -> None:
    wire, _, clock = make(b"answer", b"lost", baudrate=9600)
    heard: list[tuple[What, bytes]] = []

    def listen(what: What, data: bytes) -> None:
        heard.append((what, data))

    def ask(question: bytes) -> None:
        wire.receive(question)
        for _ in range(2):  # there and back
            clock.sleep(0.2)
            wire.idle()

    wire.tap = listen
    ask(b"question")
    befall(wire, Harm.DROP)
    ask(b"again")
    wire.tap = None
    ask(b"unheard")
    assert heard == [(What.OUT, b"question"), (What.IN, b"answer"), (What.OUT, b"again")]


def test_a_device_that_never_stops_talking_waits_for_the_line() -> None:
    class Talks(Answers):
        asked = 0

        def idle(self) -> bytes:
            self.asked += 1
            return bytes(64)

    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    device = Talks(())
    wire = Wire(device, clock, baudrate=9600)
    said = b""
    for _ in range(1000):
        clock.sleep(0.001)
        said += wire.idle()
    assert 900 < len(said) <= 960  # what 9600 Bd carry in a second
    assert device.asked < 40
