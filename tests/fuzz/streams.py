"""Targets that take streams apart: the deframers of wire/, and the simulated receipt printer."""

from device_sim.receipt_printer import SimulatedReceiptPrinter
from tests.fuzz.invariants import cuts_alike, decoded, held, pieces_of
from wire import crt288k, escpos, escpos_status, escpos_stream, mjpeg, pp791, scanner, sdt
from wire import crt310_frames as crt310
from wire import crt591_frames as crt591
from wire import host_frames as host
from wire.errors import WireError
from wire.escpos_questions import RealTimeCommand, StatusKind

_CUT = b"\x1d\x56\x42\x00"  # GS V 66 0
_LISTEN = b"\x1b\x3d\x01\x1b\x40\n"  # ESC = 1, ESC @, LF
_CLEAR = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")  # DLE DC4 fn 8


def crt310_frames(data: bytes) -> None:
    """Every byte is in a package, a broken frame, a control or noise, and a package was in the stream as a frame."""
    told = 0
    for event in cuts_alike(crt310.Deframer, data, crt310.MAX_PACKAGE + 5):
        match event:
            case crt310.Package(package):
                assert crt310.frame(package) in data
                told += len(package) + 5
            case crt310.BadFrame(size):
                assert size > 0
                told += size
            case _:
                told += 1
    assert len(data) - crt310.MAX_PACKAGE - 5 < told <= len(data)


def crt591_frames(data: bytes) -> None:
    """A frame was in the stream."""
    for token in cuts_alike(crt591.Deframer, data, crt591.MAX_FRAME):
        if isinstance(token, crt591.Frame):
            assert crt591.encode_frame(token) in data


def crt288k_reports(data: bytes) -> None:
    """Reports of 64 bytes, the last one shorter: a frame was in the stream, and less than one is kept."""
    deframer = crt288k.Deframer()
    for at in range(0, len(data), crt288k.REPORT):
        token = deframer.feed(data[at : at + crt288k.REPORT])
        assert held(deframer) < crt288k.MAX_FRAME
        if isinstance(token, crt288k.Frame):
            assert b"".join(crt288k.encode_reports(token)).rstrip(b"\0") in data
            assert not deframer.in_frame


def sdt_frames(data: bytes) -> None:
    """A body was in the stream, and what is no command and no reply is refused."""
    for body in cuts_alike(sdt.Deframer, data, sdt.MAX_LENGTH + 7):
        if isinstance(body, bytes):
            assert sdt.PREAMBLE + (len(body) + 1).to_bytes(2, "big") + body in data
            reply = decoded(sdt.decode_reply, body)
            assert reply is None or sdt.encode_reply(reply) in data
            command = decoded(sdt.decode_command, body)
            assert command is None or sdt.encode_command(command) in data


def pp791_frames(data: bytes) -> None:
    """A frame was in the stream; as a message it has one form only."""
    for found in cuts_alike(pp791.Deframer, data, pp791.MAX_FRAME):
        if isinstance(found, pp791.Frame):
            assert bytes((found.kind.value,)) + found.text in data
            request = decoded(lambda _, frame=found: pp791.decode_request(frame), b"")
            assert request is None or pp791.encode_request(request) in data
            reply = decoded(lambda _, frame=found: pp791.decode_reply(frame), b"")
            assert reply is None or pp791.encode_reply(reply) in data


_FRAMINGS = (
    scanner.Framing(max_length=40),
    scanner.Framing(suffix=scanner.CR + scanner.LF, max_length=40),
    scanner.Framing(prefix=scanner.STX, suffix=scanner.ETX, max_length=40),
    scanner.Framing(prefix=b"\x02\x02", suffix=b"\r\n", max_length=12),
    scanner.Framing(prefix=b"QR", suffix=b"\r", max_length=12),
    scanner.Framing(suffix=b"", max_length=20),
)


def scanner_codes(data: bytes) -> None:
    """With every framing: a code was in the stream, and the same codes come however the stream is cut.

    How often something broken is told of depends on the cut, the codes do not.
    """
    for framing in _FRAMINGS:
        most = len(framing.prefix) + framing.max_length + len(framing.suffix)
        found = cuts_alike(lambda framing=framing: scanner.Deframer(framing), data, most, _codes)
        for code in _codes(found):
            assert 0 < len(code) <= framing.max_length
            assert framing.prefix + code + framing.suffix in data
            decoded(scanner.split_identifier, code)
            scanner.is_text(code)
        deframer = scanner.Deframer(framing)
        deframer.feed(data)
        deframer.pause()
        assert held(deframer) == 0


def _codes(found: list[object]) -> list[bytes]:
    return [code for code in found if isinstance(code, bytes)]


_MAX_BODY = 64


def mjpeg_parts(data: bytes) -> None:
    """A part was in the stream, and the same parts come however the stream is cut."""
    most = mjpeg.MAX_HEAD + _MAX_BODY  # and the body is longer than the end of a head
    for found in cuts_alike(lambda: mjpeg.Deframer("b", _MAX_BODY), data, most):
        if isinstance(found, mjpeg.Part):
            assert len(found.body) <= _MAX_BODY
            assert bytes(found.body) in data


def _merged(found: list[object]) -> list[object]:
    """Join pieces of text: a printer prints what has come."""
    merged: list[object] = []
    for command in found:
        if isinstance(command, escpos.Text) and merged and isinstance(merged[-1], escpos.Text):
            merged[-1] = escpos.Text(merged[-1].data + command.data)
        else:
            merged.append(command)
    return merged


def escpos_commands(data: bytes) -> None:
    """Every byte is in a command, text or something unknown; a command encodes to one that means the same."""
    for command in cuts_alike(escpos_stream.CommandDeframer, data, len(data), _merged):
        if isinstance(command, escpos_stream.Unknown):
            assert command.data in data
        else:
            again = escpos_stream.CommandDeframer().feed(escpos.encode(command))
            assert again == [command], f"{command!r} became {again!r}"
    at_once = _real_time([data])
    assert _real_time([data[at : at + 1] for at in range(len(data))]) == at_once
    assert _real_time(list(pieces_of(data))) == at_once
    assert escpos_stream.holds_real_time_command(data) == bool(at_once)


def _real_time(pieces: list[bytes]) -> list[tuple[int, RealTimeCommand]]:
    """Return the real-time commands with the offsets behind them."""
    finder = escpos_stream.RealTimeScanner()
    found: list[tuple[int, RealTimeCommand]] = []
    begin = 0
    for piece in pieces:
        found += [(begin + at, command) for at, command in finder.feed(piece)]
        begin += len(piece)
    return found


def escpos_answers(data: bytes) -> None:
    """What is told apart also decodes: no byte passes for an answer that its decoder refuses."""
    for answer in cuts_alike(escpos_status.AnswerDeframer, data, 90):
        match answer:
            case escpos_status.RealTimeAnswer(byte):
                for kind in StatusKind:
                    escpos_status.decode_status(kind, byte)
                escpos_status.decode_presenter_paper(byte)
            case escpos_status.TransmittedByte(byte):
                escpos_status.decode_transmitted_paper(byte)
            case escpos_status.AutoStatus():
                assert escpos_status.decode_auto_status(escpos_status.encode_auto_status(answer)) == answer


def receipt_printer(data: bytes) -> None:
    """The simulated printer raises nothing, keeps no more than its buffer and prints the same however it is cut.

    A real-time status may overtake other answers, so answers are compared as a set; what clears the buffer clears more
    of a stream that came at once.
    """
    whole = _printed([data])
    if _CLEAR not in data:
        assert _printed(list(pieces_of(data))) == whole


def _printed(pieces: list[bytes]) -> tuple[object, ...]:
    printer = SimulatedReceiptPrinter()
    answers = sorted(b"".join(printer.receive(piece) for piece in pieces))
    printer.receive(_CLEAR + _LISTEN + _CUT)
    assert len(printer.ignored) <= 256
    assert printer.receive(b"\x10\x04\x01") in {b"\x12", b""}
    return answers, list(printer.receipts), list(printer.ignored)


class _UntilWrong:
    """A host frame cannot be found again behind a wrong length: the connection is lost, and nothing more is fed."""

    def __init__(self) -> None:
        self._deframer = host.Deframer()
        self._lost = False

    def feed(self, data: bytes) -> list[object]:
        if not self._lost:
            try:
                found = list[object](self._deframer.feed(data))
                self.kept = b"." * held(self._deframer)
            except WireError:
                self._lost = True
                return [WireError]
            return found
        return []


def _or_lost(found: list[object]) -> object:
    return WireError if WireError in found else found


def host_frames(data: bytes) -> None:
    """Until a length is wrong, the same messages come however the stream is cut; and it is noticed in every cut."""
    for payload in cuts_alike(_UntilWrong, data, 2 + host.MAX_MESSAGE_BYTES, _or_lost):
        if isinstance(payload, bytes):
            assert host.frame(payload) in data
