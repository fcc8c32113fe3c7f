"""Frames and messages of the PIN pad PP791 against its manual, PM0103-U Rev. 06 (pages by their printed numbers)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import pp791
from wire.errors import WireError
from wire.pp791 import (
    Cancel,
    CheckKey,
    Control,
    Deframer,
    EnterPin,
    Frame,
    Garbled,
    GetSerialNumber,
    KeyAbsent,
    KeyCode,
    KeyPresent,
    KeyPressed,
    KeySelected,
    Kind,
    LoadError,
    LoadKey,
    LoadRefused,
    Mac,
    MacStatus,
    PinBlock,
    PinError,
    PinRefused,
    PromptShown,
    ReadKey,
    Reply,
    Request,
    RequestMac,
    ResetState,
    SelectKey,
    SelfTest,
    SelfTestFailure,
    SelfTestResult,
    SerialNumber,
    ShowPrompt,
)

# p31: both blocks and both messages are printed, the LRCs are not. The MAC of the first is printed twice, once as
# 319C3198: a misprint ([computed] in tests/device_sim/test_secure_module.py)
BLOCK_A = "A0072K0TD00N00007D2D21FC9ECD3EECBB0A2615BD8F05605722120BDFF2CCAC319C3918"
BLOCK_B = "B0080P0TE00N00003C4F5024C59C182F7165BC870FCB7F63456AAE07DB736C32EA391E5834C1AA0C"
FS = "\x1c"

# The texts are those of the manual's formats with values put in; LRC [computed] by hand from the rule of p26 where a
# number stands behind the text: XOR of all behind the start byte through the end byte.
REQUESTS: dict[str, tuple[str, int | None, Request]] = {
    "p31: TR-31 2005": (f"\x0f020{BLOCK_A}\x0e", None, LoadKey("0", BLOCK_A)),
    "p31: TR-31 2010, position #1": (f"\x0f021{BLOCK_B}\x0e", None, LoadKey("1", BLOCK_B)),
    # 30 34 30 31 0E: 30^34=04, ^30=34, ^31=05, ^0E=0B
    "p34: query key information": ("\x0f0401\x0e", 0x0B, CheckKey("0")),
    # 30 36 0E: 06^0E=08
    "p37: serial number": ("\x0f06\x0e", 0x08, GetSerialNumber()),
    # 30 38 37 0E: 08^37=3F, ^0E=31; the example <SI>087<SO> is in the MX800 manual p322
    "p39: select key 7": ("\x0f087\x0e", 0x31, SelectKey("7")),
    # 31 36 0E: 07^0E=09
    "p50: self-test": ("\x0f16\x0e", 0x09, SelfTest()),
    # 5A 31 03: 6B^03=68
    "p208: reset": ("\x02Z1\x03", 0x68, ResetState()),
    # 37 32 03: 05^03=06
    "p206: cancel": ("\x0272\x03", 0x06, Cancel()),
    # 5A 32 1D 30 30 35 1A 03: 68, 75, 45, 75, 40, 5A, 59
    "p215: prompt 005": ("\x02Z2\x1d005\x1a\x03", 0x59, ShowPrompt(5)),
    # 5A 34 32 31 30 03: 6E, 5C, 6D, 5D, 5E
    "p221: read key, 10 s": ("\x02Z4210\x03", 0x5E, ReadKey(10)),
    "p228: PIN with prompts": (
        f"\x02Z62.4012345678909{FS}00000000000000000406NENTER PIN{FS}PRESS ENTER{FS}PLEASE WAIT{FS}2\x03",
        None,
        EnterPin("4012345678909", 4, 6, ("ENTER PIN", "PRESS ENTER", "PLEASE WAIT"), 2),
    ),
    "p231: MAC (packet type assumed)": (
        f"\x02Z66600B{FS}0000000000000000{FS}{FS}4E6F77\x03",
        None,
        RequestMac("6", 0, "B", b"Now"),
    ),
}
REPLIES: dict[str, tuple[str, int | None, Reply]] = {
    "p30: echo": (f"\x0f021{BLOCK_B}\x0e", None, LoadKey("1", BLOCK_B)),
    "p34: not loaded": ("\x0f040\x0e", 0x3A, KeyAbsent()),  # 04^30=34^0E=3A
    "p34: PIN key": (f"\x0f04FP0{FS}E{FS}T\x0e", None, KeyPresent("P0", "E", "T")),
    "p37: no number": ("\x0f06000000000000\x0e", 0x08, SerialNumber("000000000000")),  # twelve 30 cancel out
    "p39: selected": ("\x0f080\x0e", 0x36, KeySelected(done=True)),  # 08^30=38^0E=36
    "p39: index > 9": ("\x0f081\x0e", 0x37, KeySelected(done=False)),
    "p50: healthy": ("\x0f160\x0e", 0x39, SelfTestResult(frozenset())),  # 07^30=37^0E=39
    "p50: all failed, as printed": ("\x0f16125\x0e", 0x3F, SelfTestResult(frozenset(SelfTestFailure))),
    "p211: shown": ("\x02Z20\x03", 0x5B, PromptShown(done=True)),  # 68^30=58^03=5B
    "p211: not supported": ("\x02Z21\x03", 0x5A, PromptShown(done=False)),
    "p204: PIN block": (
        "\x0271.004011B9C1845EB993A7A\x03",
        None,
        PinBlock(4, bytes.fromhex("1B9C1845EB993A7A")),
    ),
    "p234: MAC": ("\x02Z670A1C72E74EA3FA9B6\x03", None, Mac(MacStatus.DONE, bytes.fromhex("A1C72E74EA3FA9B6"))),
}
REPLIES |= {
    f"p30: error {code}": (f"\x0f02?{code}\x0e", None, LoadRefused(error))
    for code, error in (
        *(("2", LoadError.DUPLICATE), ("3", LoadError.NO_MEMORY), ("4", LoadError.KEY_STRUCTURE)),
        *(("7", LoadError.NOT_DECRYPTED), ("A", LoadError.FORMAT), ("B", LoadError.LONGER_THAN_ITS_KEY)),
        *(("C", LoadError.WRONG_MAC), ("D", LoadError.NO_KEY_LOADING_KEY), ("E", LoadError.USAGE)),
        ("F", LoadError.TOO_MANY_LOADS),
    )
}
REPLIES |= {
    f"p222: key {code}": (f"\x02Z43{code}\x03", None, KeyPressed(key))
    for code, key in (
        *(("0", KeyCode.ZERO), ("1", KeyCode.ONE), ("2", KeyCode.TWO), ("3", KeyCode.THREE), ("4", KeyCode.FOUR)),
        *(("5", KeyCode.FIVE), ("6", KeyCode.SIX), ("7", KeyCode.SEVEN), ("8", KeyCode.EIGHT), ("9", KeyCode.NINE)),
        *(("A", KeyCode.F1), ("B", KeyCode.F2), ("C", KeyCode.F3), ("*", KeyCode.CANCEL), ("#", KeyCode.ENTER)),
        *(("/", KeyCode.CLEAR), ("?", KeyCode.TIMED_OUT)),
    )
}
REPLIES |= {
    f"p205: error {code}": (f"\x0271{code}\x03", None, PinRefused(error))
    for code, error in (
        *(("0", PinError.NO_ACCOUNT), ("1", PinError.KEY_VALUE), ("2", PinError.ACCOUNT_SHORT)),
        *(("3", PinError.ACCOUNT_LONG), ("4", PinError.ACCOUNT_NOT_DIGITS), ("5", PinError.WORKING_KEY_FORMAT)),
        *(("6", PinError.TIMEOUT_VALUE), ("7", PinError.TOO_MANY_PINS), ("8", PinError.FIELD_FORMAT)),
        *(("9", PinError.NO_ACTIVE_KEY), ("A", PinError.SLOT_NOT_FOR_PINS), ("B", PinError.FLASH)),
        *(("C", PinError.NO_MEMORY), ("E", PinError.FIELD_LENGTH), ("G", PinError.FILE)),
    )
}
REPLIES |= {
    f"p234: status {code}": (f"\x02Z67{code}\x03", None, Mac(status))
    for code, status in (
        *(("1", MacStatus.READY_FOR_NEXT), ("2", MacStatus.SEQUENCE), ("3", MacStatus.KEY)),
        *(("4", MacStatus.SECOND_KEY), ("5", MacStatus.MESSAGE_LENGTH), ("6", MacStatus.PACKET_TYPE)),
        *(("7", MacStatus.MESSAGE_CONTENTS), ("8", MacStatus.SESSION_KEY), ("9", MacStatus.KEY_LENGTH)),
        ("A", MacStatus.SESSION_KEY_USAGE),
    )
}


def framed(text: str, lrc: int | None) -> bytes:
    """Return the frame of a printed text; the LRC is typed, or [computed] here by the rule of p26."""
    counted = 0
    for character in text[1:]:
        counted ^= ord(character)
    assert lrc is None or lrc == counted
    return text.encode("ascii") + bytes((counted,))


def deframed(data: bytes) -> Frame:
    (frame,) = Deframer().feed(data)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize(("text", "lrc", "request_"), REQUESTS.values(), ids=REQUESTS.keys())
def test_requests_are_those_of_the_manual(text: str, lrc: int | None, request_: Request) -> None:
    assert pp791.encode_request(request_) == framed(text, lrc)
    assert pp791.decode_request(deframed(framed(text, lrc))) == request_


@pytest.mark.parametrize(("text", "lrc", "reply"), REPLIES.values(), ids=REPLIES.keys())
def test_replies_are_those_of_the_manual(text: str, lrc: int | None, reply: Reply) -> None:
    assert pp791.encode_reply(reply) == framed(text, lrc)
    assert pp791.decode_reply(deframed(framed(text, lrc))) == reply


def test_every_message_and_every_code_has_a_vector() -> None:
    assert {type(request) for _, _, request in REQUESTS.values()} == set(Request.__args__)
    replies = [reply for _, _, reply in REPLIES.values()]
    assert {type(reply) for reply in replies} == set(Reply.__args__)
    assert {reply.error for reply in replies if isinstance(reply, LoadRefused)} == set(LoadError)
    assert {reply.key for reply in replies if isinstance(reply, KeyPressed)} == set(KeyCode)
    assert {reply.error for reply in replies if isinstance(reply, PinRefused)} == set(PinError)
    assert {reply.status for reply in replies if isinstance(reply, Mac)} == set(MacStatus)


@pytest.mark.parametrize(
    ("text", "length"),
    [("\x0271.004011B9C1845EB993A7A\x03", 27), ("\x02719\x03", 6), ("\x02Z43#\x03", 7), ("\x02Z673\x03", 7)],
)
def test_fixed_lengths_are_those_of_the_manual(text: str, length: int) -> None:
    # p204, p222, p234 print these lengths, LRC included
    assert len(framed(text, None)) == length


@pytest.mark.parametrize(
    "text",
    [
        "\x0f02\x0e",
        "\x0f02?9\x0e",
        "\x0f04FP0\x0e",
        "\x0f04FP0\x1cEE\x1cT\x0e",
        "\x0f04X\x0e",
        "\x0f082\x0e",
        "\x0f163\x0e",
        "\x0f1600\x0e",
        "\x0f16\x0e",
        "\x0f71.004011B9C1845EB993A7A\x0e",
        "\x0271.104011B9C1845EB993A7A\x03",
        "\x0271.004021B9C1845EB993A7A\x03",
        "\x0271.003011B9C1845EB993A7A\x03",
        "\x0271.013011B9C1845EB993A7A\x03",
        "\x0271.004011B9C1845EB993A\x03",
        "\x0271.004011b9c1845eb993a7a\x03",
        "\x0271D\x03",
        "\x0271\x03",
        "\x02Z43\x03",
        "\x02Z4312\x03",
        "\x02Z670\x03",
        "\x02Z671A1C72E74EA3FA9B6\x03",
        "\x02Z22\x03",
        "\x02Q1\x03",
        "\x02\x03",
    ],
)
def test_what_the_manual_does_not_have_is_refused_without_its_bytes(text: str) -> None:
    with pytest.raises(WireError) as caught:
        pp791.decode_reply(deframed(framed(text, None)))
    assert "1B9C" not in str(caught.value).upper()


@pytest.mark.parametrize(
    "request_",
    [
        LoadKey("F", BLOCK_A),
        LoadKey("0", BLOCK_A.lower()),
        LoadKey("0", "AA55AA55AA55AA55"),
        LoadKey("0", BLOCK_A + "\x1cK0D"),
        CheckKey("H"),
        CheckKey(""),
        SelectKey("B"),
        SelectKey("01"),
        ShowPrompt(0),
        ShowPrompt(1000),
        ReadKey(0),
        ReadKey(256),
        EnterPin("1234567", 4, 6, ("A", "B", "C"), 1),
        EnterPin("12345678901234567890", 4, 6, ("A", "B", "C"), 1),
        EnterPin("4012345678909", 3, 6, ("A", "B", "C"), 1),
        EnterPin("4012345678909", 6, 4, ("A", "B", "C"), 1),
        EnterPin("4012345678909", 4, 13, ("A", "B", "C"), 1),
        EnterPin("4012345678909", 4, 6, ("", "B", "C"), 1),
        EnterPin("4012345678909", 4, 6, ("A", "B\x1cC", "C"), 1),
        EnterPin("4012345678909", 4, 6, ("输入密码", "B", "C"), 1),
        EnterPin("4012345678909", 4, 6, ("A", "B", "C"), 0),
        EnterPin("4012345678909", 4, 6, ("A", "B", "C"), 10),
        RequestMac("6", 100, "B", b"1"),
        RequestMac("6", 0, "0", b"1"),
        RequestMac("6", 0, "B", b""),
        RequestMac("6", 0, "B", bytes(113)),
        RequestMac("", 0, "B", b"1"),
        RequestMac("\x03", 0, "B", b"1"),
    ],
)
def test_what_does_not_fit_the_manual_is_not_sent(request_: Request) -> None:
    with pytest.raises(WireError):
        pp791.encode_request(request_)


@pytest.mark.parametrize("text", [b"\x02", b"a\x0fb", b"\x04", b"\x06", b"\x15", b"\x03", b"\x0e"])
def test_a_text_cannot_hide_frames(text: bytes) -> None:
    with pytest.raises(WireError):
        pp791.encode_frame(Frame(Kind.TRANSACTION, text))


@pytest.mark.parametrize("rest", ["", "\x1cK0D"])
def test_a_clear_key_is_no_message_here(rest: str) -> None:
    # p31: <SI>02019191919191919195B5B5B5B5B5B5B5B<SO>, with usage and mode behind a separator on p28
    key = "19191919191919195B5B5B5B5B5B5B5B"
    with pytest.raises(WireError):
        pp791.decode_request(deframed(framed(f"\x0f020{key}{rest}\x0e", None)))
    with pytest.raises(WireError):
        pp791.encode_request(LoadKey("0", key + rest))


SELECTED = framed("\x0f080\x0e", 0x36)
SELECTED_FRAME = Frame(Kind.ADMINISTRATION, b"080")


def test_frames_and_control_bytes_are_told_apart_in_any_pieces() -> None:
    data = b"\x06" + SELECTED + b"\x04"
    for cut in range(len(data)):
        deframer = Deframer()
        assert deframer.feed(data[:cut]) + deframer.feed(data[cut:]) == [Control.ACK, SELECTED_FRAME, Control.EOT]


def test_an_lrc_that_looks_like_a_control_byte_is_an_lrc() -> None:
    # 72's LRC is 06 (p206, [computed] above)
    assert Deframer().feed(b"\x0272\x03\x06\x06") == [Frame(Kind.TRANSACTION, b"72"), Control.ACK]


def test_a_wrong_lrc_is_garbled_and_what_follows_is_found() -> None:
    assert Deframer().feed(SELECTED[:-1] + b"\x37" + SELECTED) == [Garbled(), SELECTED_FRAME]


def test_a_half_frame_is_garbled_by_the_next_one() -> None:
    assert Deframer().feed(SELECTED[:3] + SELECTED) == [Garbled(), SELECTED_FRAME]
    assert Deframer().feed(SELECTED[:3] + b"\x04") == [Garbled(), Control.EOT]


def test_noise_between_frames_is_dropped() -> None:
    assert Deframer().feed(b"\xff\x00abc" + SELECTED) == [SELECTED_FRAME]


def test_a_frame_without_end_is_given_up() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\x02" + b"5" * (pp791.MAX_FRAME + 50)) == [Garbled()]
    assert deframer.feed(SELECTED) == [SELECTED_FRAME]


def test_a_reset_forgets_half_a_frame() -> None:
    deframer = Deframer()
    deframer.feed(SELECTED[:5])
    deframer.reset()
    assert deframer.feed(b"\x06") == [Control.ACK]


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes_are_survived_and_a_quiet_line_finds_the_next_frame(pieces: list[bytes]) -> None:
    deframer = Deframer()
    for piece in pieces:
        for found in deframer.feed(piece):
            if isinstance(found, Frame):
                for decode in (pp791.decode_request, pp791.decode_reply):
                    try:
                        decode(found)
                    except WireError:
                        continue
    deframer.reset()
    assert deframer.feed(SELECTED) == [SELECTED_FRAME]


def test_no_repr_shows_what_is_secret() -> None:
    shown = repr(
        [
            deframed(framed("\x0271.004011B9C1845EB993A7A\x03", None)),
            PinBlock(4, bytes.fromhex("1B9C1845EB993A7A")),
            EnterPin("4012345678909", 4, 6, ("A", "B", "C"), 1),
            LoadKey("1", BLOCK_B),
            KeyPressed(KeyCode.SEVEN),
            RequestMac("6", 0, "B", b"Now is the time"),
            Mac(MacStatus.DONE, bytes.fromhex("A1C72E74EA3FA9B6")),
        ]
    )
    for secret in ("1B9C", "\\x1b\\x9c", "40123456", BLOCK_B, "SEVEN", "Now", "xa1"):
        assert secret not in shown
