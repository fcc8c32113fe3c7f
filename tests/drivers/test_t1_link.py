"""The interface device's end of T=1 in dialogues typed by hand (ISO/IEC 7816-3 11.6; PCBs: tests/wire/test_t1.py)."""

import pytest

from drivers.smart_card_reader import ExchangeFailed
from drivers.t1_link import T1Link
from wire.ccid import IccStatus
from wire.t1 import Edc

READ = bytes.fromhex("00B0000000")
LOST = ExchangeFailed(IccStatus.ACTIVE, 0xFD)
MUTE = ExchangeFailed(IccStatus.ACTIVE, 0xFE)
GONE = ExchangeFailed(IccStatus.ABSENT, 0xFE)

SENT = "00 00 05 00 B0 00 00 00 B5"  # I(0,0)
DONE = "00 00 02 90 00 92"  # I(0,0)

# What is sent and what the card answers, in turn; then what becomes of the command.
DIALOGUES: dict[str, tuple[list[str | ExchangeFailed], bytes | ExchangeFailed]] = {
    "an answer in one block": ([SENT, DONE], bytes.fromhex("9000")),
    "an answer in two blocks": (
        [SENT, "00 20 01 AA 8B", "00 90 00 90", "00 40 02 90 00 D2"],
        bytes.fromhex("AA9000"),
    ),
    "a block that comes twice is taken once": (
        [SENT, "00 20 01 AA 8B", "00 90 00 90", "00 20 01 AA 8B", "00 90 00 90", "00 40 02 90 00 D2"],
        bytes.fromhex("AA9000"),
    ),
    "an empty block in a chain": (
        [SENT, "00 20 00 20", "00 90 00 90", "00 40 02 90 00 D2"],
        bytes.fromhex("9000"),
    ),
    "rule 7: a wrong code is asked for again, once with the reason": (
        [SENT, "00 00 02 90 00 93", "00 81 00 81", "00 00 02 90 00 93", "00 81 00 81", DONE],
        bytes.fromhex("9000"),
    ),
    "rule 7: nothing came in time": ([SENT, MUTE, "00 81 00 81", DONE], bytes.fromhex("9000")),
    "rule 7: a block with another number": ([SENT, "00 40 02 90 00 D2", "00 82 00 82", DONE], bytes.fromhex("9000")),
    "rule 7: the card did not understand": ([SENT, "00 81 00 81", SENT, DONE], bytes.fromhex("9000")),
    "rule 3: more time": ([SENT, "00 C3 01 05 C7", "00 E3 01 05 E7", DONE], bytes.fromhex("9000")),
    "rule 4: shorter blocks": ([SENT, "00 C1 01 10 D0", "00 E1 01 10 F0", DONE], bytes.fromhex("9000")),
    "rule 4: no blocks at all is not granted": (
        [SENT, "00 C1 01 00 C0", "00 82 00 82", DONE],
        bytes.fromhex("9000"),
    ),
    "rule 9: the card aborts": ([SENT, "00 C2 00 C2", "00 C0 00 C0", "00 E0 00 E0"], LOST),
    "rule 6: the card may not resynchronise": (
        [SENT, "00 C0 00 C0", "00 82 00 82", DONE],
        bytes.fromhex("9000"),
    ),
    "a card that leaves": ([SENT, GONE], GONE),
}


def carried_out(dialogue: list[str | ExchangeFailed], command: bytes) -> tuple[list[str], bytes | ExchangeFailed]:
    """Return what was sent and what became of `command`."""
    sent: list[str] = []
    answers = iter(dialogue[1::2])

    def send(block: bytes, multiplier: int) -> bytes | ExchangeFailed:
        sent.append(block.hex(" ").upper())
        answer = next(answers)
        return bytes.fromhex(answer) if isinstance(answer, str) else answer

    return sent, T1Link(send, ifsc=32, edc=Edc.LRC, ifsd=None).transmit(command)


@pytest.mark.parametrize(("dialogue", "outcome"), DIALOGUES.values(), ids=DIALOGUES.keys())
def test_dialogues(dialogue: list[str | ExchangeFailed], outcome: bytes | ExchangeFailed) -> None:
    assert carried_out(dialogue, READ) == (dialogue[0::2], outcome)


def test_the_card_may_not_answer_before_it_has_the_whole_command() -> None:
    # 33 bytes: I(0,1) of 32 and I(1,0) of one; 82 asks for the R-block that should have come
    first = "00 20 20" + " 00" * 32 + " 00"
    dialogue: list[str | ExchangeFailed] = [first, DONE, "00 82 00 82", "00 90 00 90", "00 40 01 00 41", DONE]
    assert carried_out(dialogue, bytes(33)) == (dialogue[0::2], bytes.fromhex("9000"))


def test_the_multiplier_goes_with_the_block_that_grants_it() -> None:
    multipliers = []
    answers = iter(("00 C3 01 05 C7", DONE))

    def send(_: bytes, multiplier: int) -> bytes:
        multipliers.append(multiplier)
        return bytes.fromhex(next(answers))

    T1Link(send, ifsc=32, edc=Edc.LRC, ifsd=None).transmit(READ)
    assert multipliers == [0, 5]
