"""A pytest plugin that writes down which messages the codecs carry, and for whom: a driver, a simulator, a vector.

A message is a line: ">" to the device or "<" from it, then its bytes in hexadecimal (a frame is taken off) or, where
they are bits, their name. It is *driven* where a driver encoded it or decoded it without an error, *simulated* where a
simulated device understood it and did not refuse it as unknown, or said it, and *tested* where a test of a codec did
either. Who calls is told by the file of the caller. Load it before anything of ours: -p tests.coverage.traffic.
"""

import functools
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from device_sim.receipt import interpreter, language
from wire import ccid, crt288k, crt310, crt591, escpos, escpos_status, id_card_text, pp791, scanner, sdt, usb_printer
from wire.escpos_questions import StatusKind

ROOT = Path(__file__).parents[2]
WRITE_TO = "OPENTELLER_TRAFFIC"
"""The environment variable that names the file to write."""

Lines = Callable[[Any, tuple[Any, ...]], Iterable[str]]

# device -> role -> lines
heard: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
_waiting: dict[str, set[str]] = defaultdict(set)

# How a device says that it does not know a command, or has no part for it.
_REFUSALS = {
    "crt-591": re.compile("<4e....303[03]"),
    "crt-310": re.compile("<4e..0[012]"),
    "crt-288k": re.compile("<4e....303[0-3]"),
    "sdt": re.compile("<000021"),
    "ccid": re.compile("<8.{13}4.00"),
}


def _role(depth: int) -> str | None:
    path = Path(sys._getframe(depth).f_code.co_filename)
    if not path.is_relative_to(ROOT):
        return None
    match path.relative_to(ROOT).parts:
        case ("drivers", "trace", *_):
            return None
        case ("drivers", *_):
            return "driven"
        case ("device_sim", *_):
            return "simulated"
        case ("tests", "wire", *_):
            return "tested"
        case _:
            return None


def _note(device: str, role: str, lines: Iterable[str], *, questions: bool = False) -> None:
    """Keep lines. What a simulator is asked counts once its answer is no refusal."""
    for line in lines:
        if role == "simulated" and questions:
            _settle(device)
            _waiting[device].add(line)
        elif role == "simulated" and (refusal := _REFUSALS.get(device)) and refusal.match(line):
            _waiting[device].clear()
            heard[device][role].add(line)
        else:
            if role == "simulated":
                _settle(device)
            heard[device][role].add(line)


def _settle(device: str) -> None:
    heard[device]["simulated"] |= _waiting.pop(device, set())


def _watch(device: str, owner: object, name: str, lines: Lines, *, questions: bool = False) -> None:
    """Wrap a function: whenever it returns to one of ours, keep what `lines` makes of its result and arguments."""
    wrapped = getattr(owner, name)

    @functools.wraps(wrapped)
    def watching(*arguments: Any, **named: Any) -> Any:
        result = wrapped(*arguments, **named)
        if (role := _role(2)) is not None:
            _note(device, role, lines(result, arguments), questions=questions)
        return result

    setattr(owner, name, watching)


def _hex(data: bytes | bytearray) -> str:
    return bytes(data).hex()


def _set_bits(prefix: str, status: object) -> Iterator[str]:
    """Name what is true in a record of status bits."""
    if is_dataclass(status):
        yield f"{prefix}."
        yield from (f"{prefix}.{each.name}" for each in fields(status) if getattr(status, each.name))


def _crt310(message: crt310.Message) -> Iterator[str]:
    if isinstance(message, crt310.Control):
        yield f"control {message.name}"
        return
    direction = ">" if isinstance(message, crt310.Command) else "<"
    yield direction + _hex(_encode_crt310(message)[3:-2])
    yield from _crt310_words(message)


def _crt310_words(message: object) -> Iterator[str]:
    """Name what an answer holds at different places: the operation byte, and what became of each track."""
    if (outcome := getattr(message, "outcome", None)) is not None:
        yield f"<outcome {outcome.name}"
    yield from (f"<track {_word(track)}" for track in getattr(message, "listed", ()))


def _controls(found: Any, _: object) -> Iterator[str]:
    tokens = found if isinstance(found, list) else [found]
    yield from (f"control {token.name}" for token in tokens if type(token).__name__ == "Control")


_encode_crt310 = crt310.encode
_feed = escpos_status.AnswerDeframer.feed
_decode_status, _decode_presenter_paper = escpos_status.decode_status, escpos_status.decode_presenter_paper


def _ccid(transfer: bytes) -> str:
    return ("<" if transfer[0] & 0x80 or transfer[0] < 0x60 else ">") + _hex(transfer)


def _answers(found: object, _: object) -> Iterator[str]:
    assert isinstance(found, list)
    for answer in found:
        match answer:
            case escpos_status.AutoStatus():
                yield from _set_bits("<ASB", answer)
            case escpos_status.Noise():
                pass
            case _:
                yield f"<{type(answer).__name__}"


def _status(status: object) -> Iterator[str]:
    yield from _set_bits(f"<{type(status).__name__}", status)


def _watch_everything() -> None:
    _watch("crt-591", crt591, "encode_command", lambda text, _: [">" + _hex(text)])
    _watch("crt-591", crt591, "decode_command", lambda _, args: [">" + _hex(args[0])], questions=True)
    _watch("crt-591", crt591, "encode_reply", lambda text, _: ["<" + _hex(text)])
    _watch("crt-591", crt591, "decode_reply", lambda _, args: ["<" + _hex(args[0])])
    _watch("crt-310", crt310, "encode", lambda _, args: _crt310(args[0]))
    _watch("crt-310", crt310, "decode_command", lambda _, args: [">" + _hex(args[0].data)], questions=True)
    _watch(
        "crt-310",
        crt310,
        "decode_answer",
        lambda answer, args: ["<" + _hex(args[1].data), *_crt310_words(answer)],
    )
    _watch("crt-288k", crt288k, "encode_command", lambda frame, _: [">" + _hex(frame.text)])
    _watch("crt-288k", crt288k, "decode_command", lambda _, args: [">" + _hex(args[0].text)], questions=True)
    _watch("crt-288k", crt288k, "encode_reply", lambda frame, _: ["<" + _hex(frame.text)])
    _watch("crt-288k", crt288k, "decode_reply", lambda _, args: ["<" + _hex(args[0].text)])
    _watch("crt-288k", crt288k, "encode_tracks", lambda _, args: [f"<track {_word(each)}" for each in args[0]])
    _watch("crt-288k", crt288k, "decode_tracks", lambda tracks, _: [f"<track {_word(each)}" for each in tracks])
    _watch("sdt", sdt, "encode_command", lambda frame, _: [">" + _hex(frame[7:-1])])
    _watch("sdt", sdt, "decode_command", lambda _, args: [">" + _hex(args[0])], questions=True)
    _watch("sdt", sdt, "encode_reply", lambda frame, _: ["<" + _hex(frame[7:-1])])
    _watch("sdt", sdt, "decode_reply", lambda _, args: ["<" + _hex(args[0])])
    _watch("pp791", pp791, "encode_request", lambda frame, _: [">" + _hex(frame[1:-2])])
    _watch("pp791", pp791, "decode_request", lambda _, args: [">" + _hex(args[0].text)])
    _watch("pp791", pp791, "encode_reply", lambda frame, _: ["<" + _hex(frame[1:-2])])
    _watch("pp791", pp791, "decode_reply", lambda _, args: ["<" + _hex(args[0].text)])
    for device, frames in {"crt-591": crt591, "crt-310": crt310, "crt-288k": crt288k, "pp791": pp791}.items():
        _watch(device, frames.Deframer, "feed", _controls)
    _watch("sdt", id_card_text, "decode_text", lambda text, _: [f"<text {type(text).__name__}"])
    _watch("sdt", id_card_text, "encode_text", lambda _, args: [f"<text {type(args[0]).__name__}"])
    _watch_ccid()
    _watch_escpos()
    _watch_scanner()


def _word(value: object) -> str:
    return getattr(value, "name", type(value).__name__)


def _watch_ccid() -> None:
    encode, decode = ccid.encode, ccid.decode

    @functools.wraps(encode)
    def watching_encode(message: ccid.Message) -> bytes:
        transfer = encode(message)
        if (role := _role(2)) is not None:
            _note("ccid", role, [_ccid(transfer)])
        return transfer

    @functools.wraps(decode)
    def watching_decode(transfer: bytes) -> ccid.Message:
        message = decode(transfer)
        if (role := _role(2)) is not None and not isinstance(message, ccid.OtherMessage):
            _note("ccid", role, [_ccid(transfer)], questions=True)
        return message

    ccid.encode, ccid.decode = watching_encode, watching_decode
    _watch("ccid", ccid, "decode_interrupt", lambda _, args: [_ccid(args[0])])
    _watch("ccid", ccid, "abort_request", lambda _, __: [">class 01"])
    _watch("ccid", ccid, "get_data_rates", lambda _, __: [">class 03"])


def _watch_escpos() -> None:
    _watch("escpos", escpos, "encode", lambda data, _: [">" + _hex(data)])
    _watch("escpos", escpos_status.AnswerDeframer, "feed", _answers)
    for name in ("decode_status", "decode_presenter_paper", "decode_transmitted_paper"):
        _watch("escpos", escpos_status, name, lambda status, _: _status(status))
    _watch("escpos", escpos_status, "decode_auto_status", lambda status, _: _set_bits("<ASB", status))
    for name in ("encode_status", "encode_transmitted_paper"):
        _watch("escpos", escpos_status, name, lambda _, args: _status(args[0]))
    _watch("escpos", escpos_status, "encode_auto_status", lambda _, args: _set_bits("<ASB", args[0]))
    _watch("escpos", escpos_status, "encode_information", lambda _, __: ["<Information"])
    _watch("escpos", usb_printer, "get_device_id", lambda _, __: [">usb a100"])
    _watch("escpos", usb_printer, "get_port_status", lambda _, __: [">usb a101"])
    _watch("escpos", usb_printer, "soft_reset", lambda _, __: [">usb 2102"])
    for name in ("encode_device_id", "decode_device_id"):
        _watch("escpos", usb_printer, name, lambda _, __: [">usb a100"])
    for name in ("encode_port_status", "decode_port_status"):
        _watch("escpos", usb_printer, name, lambda _, __: [">usb a101"])
    _watch_language()


def _watch_printer() -> None:
    """What the simulated printer says is told apart as a driver would."""
    printed: Any = receipt_printer.SimulatedReceiptPrinter
    idle, real_time = printed.idle, status.real_time

    @functools.wraps(idle)
    def idling(self: object) -> bytes:
        said: bytes = idle(self)
        heard["escpos"]["simulated"] |= set(_answers(_feed(escpos_status.AnswerDeframer(), said), None))
        return said

    @functools.wraps(real_time)
    def in_real_time(mechanism: mechanics.Mechanism, n: int) -> bytes:
        said = real_time(mechanism, n)
        found: object = _decode_status(StatusKind(n), said[0])
        if n == 4 and mechanism.presenter is mechanics.Presenter.GS_R:
            found = _decode_presenter_paper(said[0])
        heard["escpos"]["simulated"] |= {f">1004{n:02x}", *_status(found)}
        return said

    printed.idle = idling
    receipt_printer.real_time = in_real_time
    _watch("escpos", RealTimeScanner, "feed", lambda found, _: [">" + _hex(command) for _, command in found])
    for device, owner, word in (
        ("escpos", receipt_printer.UsbReceiptPrinter, "usb"),
        ("ccid", ccid_reader.SimulatedCcidReader, "class"),
    ):
        _watch_requests(device, owner, word)


def _watch_requests(device: str, owner: Any, word: str) -> None:
    answer = owner.control_in

    @functools.wraps(answer)
    def answering(self: object, request_type: int, request: int, *rest: int) -> bytes:
        said: bytes = answer(self, request_type, request, *rest)
        number = f"{request_type:02x}{request:02x}" if word == "usb" else f"{request:02x}"
        heard[device]["simulated"].add(f">{word} {number}")
        return said

    owner.control_in = answering


def _watch_language() -> None:
    """The simulated printer has a language of its own: what it reads and does not report counts."""
    read, report = language.read, interpreter.Interpreter._report
    tokens: list[str] = []

    @functools.wraps(read)
    def reading(data: bytearray, at: int, *, line_empty: bool) -> language.Token | None:
        if _role(2) == "simulated":
            while tokens:
                line = tokens.pop()
                heard["escpos"]["simulated"].add(line)
                if "tests/device_sim/test_receipt_" in os.environ.get("PYTEST_CURRENT_TEST", ""):
                    heard["escpos"]["tested"].add(line)
        token = read(data, at, line_empty=line_empty)
        if token is not None and token.name not in {"", "TEXT"}:
            tokens.append(">" + _hex(token.raw))
        return token

    @functools.wraps(report)
    def reporting(self: interpreter.Interpreter, token: language.Token, reason: str) -> None:
        tokens.clear()
        report(self, token, reason)

    language.read = reading
    interpreter.Interpreter._report = reporting  # type: ignore[method-assign]


def _watch_scanner() -> None:
    _watch("scanner", scanner, "split_identifier", lambda found, _: [f"<identifier {found[0].code}"])
    _watch("scanner", scanner.Deframer, "__init__", lambda _, args: [f"<framing {_around(args[1])}"])


def _around(framing: Any) -> str:
    return f"{framing.prefix.hex()} {framing.suffix.hex()}"


def _watch_scanners() -> None:
    from device_sim.barcode_scanner import SimulatedBarcodeScanner as Simulated

    show, receive = Simulated.show, Simulated.receive

    def showing(self: Simulated, data: bytes, identifier: str = "Q1") -> bool:
        settings = self._settings
        heard["scanner"]["simulated"].add(f"<framing {_around(settings)}")
        if settings.identifiers:
            heard["scanner"]["simulated"].add(f"<identifier {identifier[0]}")
        return show(self, data, identifier)

    def receiving(self: Simulated, data: bytes) -> bytes:
        settings = self._settings
        if data and data in {settings.trigger_on, settings.trigger_off, settings.reset}:
            heard["scanner"]["simulated"].add(">" + _hex(data))
            heard["scanner"]["tested"].add(">" + _hex(data))
        return receive(self, data)

    from drivers.barcode_scanner import SerialBarcodeScanner as Driver

    send = Driver._send

    def sending(self: Driver, command: bytes) -> None:
        heard["scanner"]["driven"].add(">" + _hex(command))
        send(self, command)

    Driver._send = sending  # type: ignore[method-assign]
    Simulated.show, Simulated.receive = showing, receiving  # type: ignore[method-assign]


_watch_everything()
from device_sim import ccid_reader, receipt_printer  # noqa: E402  (they take what is watched by name)
from device_sim.receipt import mechanism as mechanics  # noqa: E402
from device_sim.receipt import status  # noqa: E402
from device_sim.receipt.real_time import RealTimeScanner  # noqa: E402

_watch_printer()
_watch_scanners()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write all that was heard, sorted."""
    for device in list(_waiting):
        _settle(device)
    found = {device: {role: sorted(lines) for role, lines in roles.items()} for device, roles in heard.items()}
    Path(os.environ[WRITE_TO]).write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
