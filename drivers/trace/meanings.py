"""What the bytes of a trace mean, in a few words a chunk: from the codecs of wire/, with what is masked left out."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Protocol

from kiosk_core.trace import What
from wire import apdu, ccid, crt310, crt310_frames, crt591, crt591_frames, escpos_status, escpos_stream, sdt
from wire.errors import WireError
from wire.escpos_questions import AskStatus, StatusKind


class Meaning(Protocol):
    """Follows one session and says what each chunk of it means."""

    def say(self, what: What, data: bytes) -> str:
        """Return a few words, "" where a chunk alone means nothing (a piece of a frame, an unknown protocol)."""
        ...


class NoMeaning:
    """For a protocol that nobody described."""

    def say(self, what: What, data: bytes) -> str:  # noqa: ARG002  (a Meaning)
        """Return nothing."""
        return ""


class CcidMeaning:
    """wire/ccid.py; every transfer is a message."""

    def __init__(self) -> None:
        self._asks_for_atr = False

    def say(self, what: What, data: bytes) -> str:
        """Return the message, and the card's command or status word in it."""
        if what is What.CONTROL:
            return ""
        try:
            message = ccid.decode(data)
        except WireError:
            return ""
        if what is What.OUT:
            self._asks_for_atr = isinstance(message, ccid.IccPowerOn)
        if isinstance(message, ccid.DataBlock) and message.data and self._asks_for_atr:
            return f"ATR: {len(message.data)} bytes"
        return self._message(message)

    @staticmethod
    def _message(message: ccid.Message) -> str:
        match message:
            case ccid.XfrBlock(data=command):
                return f"to card: {_command_apdu(command)}"
            case ccid.DataBlock(state=state, data=answer) if state.command is ccid.CommandStatus.PROCESSED:
                return f"from card: {_answer_apdu(answer)}"
            case ccid.DataBlock(state=state):
                return f"card: {_word(state.command)}, {_word(state.icc)}, error {state.error:02X}"
            case ccid.SlotStatus(state=state):
                failed = "" if state.command is ccid.CommandStatus.PROCESSED else f", {_word(state.command)}"
                return f"slot: card {_word(state.icc)}{failed}"
            case ccid.NotifySlotChange():
                return f"slot: card {'arrived' if message.present(0) else 'left'}"
            case ccid.OtherMessage(message_type=number):
                return f"message {number:02X}"
            case _:
                return _spaced(type(message).__name__)


class Crt591Meaning:
    """wire/crt591.py."""

    def __init__(self) -> None:
        self._streams = {What.OUT: crt591_frames.Deframer(), What.IN: crt591_frames.Deframer()}

    def say(self, what: What, data: bytes) -> str:
        """Return the controls, commands and answers that end in this chunk."""
        return "; ".join(self._token(what, token) for token in self._streams[what].feed(data))

    @staticmethod
    def _token(what: What, token: crt591_frames.Token) -> str:
        match token:
            case crt591_frames.Control():
                return token.name
            case crt591_frames.Garbled(reason):
                return f"no frame: {reason}"
            case crt591_frames.Frame(text=text):
                try:
                    return _words(crt591.decode_command(text) if what is What.OUT else crt591.decode_reply(text))
                except WireError:
                    return f"{'command' if what is What.OUT else 'answer'} {text[1:3].hex(' ').upper()}"


class Crt310Meaning:
    """wire/crt310.py; an answer is read by the command before it."""

    def __init__(self) -> None:
        self._streams = {What.OUT: crt310_frames.Deframer(), What.IN: crt310_frames.Deframer()}
        self._asked: crt310.Command | None = None

    def say(self, what: What, data: bytes) -> str:
        """Return the controls, commands and answers that end in this chunk."""
        return "; ".join(self._event(what, event) for event in self._streams[what].feed(data))

    def _event(self, what: What, event: crt310_frames.Event) -> str:
        match event:
            case crt310_frames.Control():
                return event.name
            case crt310_frames.BadFrame(size):
                return f"no frame: {size} bytes"
            case crt310_frames.Noise():
                return "noise"
            case crt310_frames.Package():
                return self._package(what, event)

    def _package(self, what: What, package: crt310_frames.Package) -> str:
        try:
            if what is What.OUT:
                self._asked = None
                self._asked = crt310.decode_command(package)
                return _words(self._asked)
            if self._asked is not None:
                return _words(crt310.decode_answer(self._asked, package))
        except WireError:
            pass
        return f"{'command' if what is What.OUT else 'answer'} {package.data[:2].hex(' ').upper()}"


class SdtMeaning:
    """wire/sdt.py."""

    def __init__(self) -> None:
        self._streams = {What.OUT: sdt.Deframer(), What.IN: sdt.Deframer()}

    def say(self, what: What, data: bytes) -> str:
        """Return the commands and answers that end in this chunk."""
        return "; ".join(self._body(what, body) for body in self._streams[what].feed(data))

    @staticmethod
    def _body(what: What, body: bytes | sdt.Garbled) -> str:
        if isinstance(body, sdt.Garbled):
            return "no frame"
        try:
            if what is What.OUT:
                return _word(sdt.decode_command(body))
            reply = sdt.decode_reply(body)
        except WireError:
            return "unknown"
        return _word(reply.sw3) + (f", {len(reply.data)} bytes" if reply.data else "")


_MOST_ASKED = 16


class EscPosMeaning:
    """wire/escpos.py and wire/escpos_status.py; the answers to DLE EOT are read in the order of the questions."""

    def __init__(self) -> None:
        self._commands = escpos_stream.CommandDeframer()
        self._answers = escpos_status.AnswerDeframer()
        self._asked: list[StatusKind] = []

    def say(self, what: What, data: bytes) -> str:
        """Return the commands that end in this chunk, counted, or the answers."""
        if what is What.OUT:
            commands = self._commands.feed(data)
            asked = [each.kind for each in commands if isinstance(each, AskStatus)]
            self._asked = (self._asked + asked)[-_MOST_ASKED:]
            if len(commands) == 1:
                return _words(commands[0])
            counted = Counter(_spaced(type(each).__name__) for each in commands)
            return ", ".join(f"{count} {name}" if count > 1 else name for name, count in counted.items())
        if what is What.IN:
            return "; ".join(self._answer(answer) for answer in self._answers.feed(data))
        return ""

    def _answer(self, answer: escpos_status.Answer) -> str:
        if isinstance(answer, escpos_status.RealTimeAnswer) and self._asked:
            try:
                return _words(escpos_status.decode_status(self._asked.pop(0), answer.byte))
            except WireError:
                pass
        return _words(answer)


MEANINGS: Mapping[str, Callable[[], Meaning]] = {
    "ccid": CcidMeaning,
    "crt310": Crt310Meaning,
    "crt591": Crt591Meaning,
    "escpos": EscPosMeaning,
    "sdt": SdtMeaning,
}


def meaning_of(family: str) -> Meaning:
    """Return what follows one session of a family."""
    return MEANINGS.get(family, NoMeaning)()


# -- words -------------------------------------------------------------------------------------------------

_INSTRUCTIONS = {
    0x20: "VERIFY",
    0x50: "INITIALIZE FOR LOAD",
    0x52: "CREDIT FOR LOAD",
    0x5A: "GET TRANSACTION PROOF",
    0x5C: "GET BALANCE",
    0x82: "EXTERNAL AUTHENTICATE",
    0x84: "GET CHALLENGE",
    0x88: "INTERNAL AUTHENTICATE",
    0xA4: "SELECT",
    0xB0: "READ BINARY",
    0xB2: "READ RECORD",
    0xC0: "GET RESPONSE",
    0xCA: "GET DATA",
    0xD6: "UPDATE BINARY",
    0xDC: "UPDATE RECORD",
}


def _command_apdu(data: bytes) -> str:
    try:
        command = apdu.decode_command(data)
    except WireError:
        return f"{len(data)} bytes"
    name = _INSTRUCTIONS.get(command.ins, f"{command.cla:02X} {command.ins:02X}")
    return f"{name} {command.p1:02X} {command.p2:02X}"


def _answer_apdu(data: bytes) -> str:
    if len(data) < 2:
        return f"{len(data)} bytes"
    carries = f"{len(data) - 2} bytes, " if len(data) > 2 else ""
    return f"{carries}SW {data[-2:].hex().upper()}"


def _words(message: object) -> str:
    """Return a message's name and its fields; what has no repr (a secret) is left out."""
    said = ", ".join(_fields(message))
    name = _spaced(type(message).__name__)
    return f"{name}: {said}" if said else name


def _fields(message: Any) -> Iterator[str]:
    for field in fields(message):
        value = getattr(message, field.name)
        if not field.repr or value is None or value is False or value == b"":
            continue
        name = field.name.replace("_", " ")
        if name == "byte":
            yield f"{value:02X}"
        else:
            yield name if value is True else f"{name} {_value(value)}"


def _value(value: object) -> str:
    match value:
        case Enum():
            return _word(value)
        case bytes():
            return f"{len(value)} bytes"
        case tuple() if all(isinstance(each, bool) for each in value):
            return "".join("1" if each else "0" for each in value)
        case tuple():
            return " ".join(f"{each:02X}" if isinstance(each, int) else _value(each) for each in value)
        case _ if is_dataclass(value):
            return ", ".join(_fields(value))
        case _:
            return str(value)


def _word(value: Enum) -> str:
    return value.name.lower().replace("_", " ")


def _spaced(name: str) -> str:
    """Return "ask status" for "AskStatus"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
