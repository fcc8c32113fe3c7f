"""`openteller devices`: what the running core says of its devices, and what is done with their traces."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from kiosk_core.errors import ConfigError, OpenTellerError
from kiosk_core.screen_messages import Answer, Question, Refused
from kiosk_core.technician_questions import (
    MAX_PREVIEW_S,
    AskDevice,
    AskDevices,
    AskPreview,
    AskReset,
    AskTest,
    AskTrace,
    DeviceDetail,
    Devices,
    Previewed,
    TestReport,
    TraceReport,
)
from kiosk_core.trace import BadTrace, parse_header, parse_record
from openteller.console import TERMINAL_FILE, report
from openteller.core_client import CoreClient, CoreSilent
from openteller.device_views import device_detail, device_list, in_service, test_result
from openteller.system_clock import SystemClock

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="See, test and trace the terminal's devices.")

BAD, REFUSED = 1, 2
"""Exit codes: a device is not well, or the question failed; and a customer is being served."""

_TEST_PATIENCE_S = 65.0
_FOLLOW_S = 0.25

_ConfigFile = Annotated[Path, typer.Argument(metavar="[KIOSK.TOML]", help="The terminal's configuration file.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The device: card_reader, receipt_printer, ...")]
_Json = Annotated[bool, typer.Option("--json", help="JSON for scripts, instead of text for people.")]

A = TypeVar("A", bound=Answer)


class _CardTo(Enum):
    """The words of AskReset for the places of a card."""

    STAY = "stay"
    EXIT = "exit"
    RETAIN = "retain"


@app.callback()
def _devices() -> None:
    """See, test and trace the terminal's devices: they are those of the running core."""


@app.command(name="list", epilog="Example:  openteller devices list out/kiosk.toml")
def list_devices(config_file: _ConfigFile = TERMINAL_FILE, as_json: _Json = False) -> None:
    """List every device of the running core: state, faults, supplies, port.

    Exits with 1 if the core does not run or a device is not in service.
    """
    with _core(config_file) as ask:
        devices = ask(AskDevices(), Devices)
    if as_json:
        _print_json([asdict(device) for device in devices.devices])
    else:
        _out().print(device_list(devices))
    if not all(in_service(device) for device in devices.devices):
        raise typer.Exit(BAD)


@app.command(epilog="Example:  openteller devices status receipt_printer out/kiosk.toml")
def status(name: _Name, config_file: _ConfigFile = TERMINAL_FILE, as_json: _Json = False) -> None:
    """Show one device in detail: state, what to do, what it says it is, supplies, counters.

    Exits with 1 if the core does not run or the device is not in service.
    """
    _expect_name(name, "status")
    with _core(config_file) as ask:
        detail = ask(AskDevice(name=name), DeviceDetail)
    if as_json:
        _print_json(asdict(detail))
    else:
        _out().print(device_detail(detail))
    if not in_service(detail.report):
        raise typer.Exit(BAD)


@app.command(name="test", epilog="Example:  openteller devices test card_reader out/kiosk.toml")
def self_test(name: _Name, config_file: _ConfigFile = TERMINAL_FILE, as_json: _Json = False) -> None:
    """Have a device test itself. No card is moved and no paper used up.

    Exits with 0 for PASS, 1 for FAIL or if the core does not run, 2 while a customer is being served.
    """
    _expect_name(name, "test")
    with _core(config_file) as ask:
        result = ask(AskTest(name=name), TestReport, _TEST_PATIENCE_S)
    if as_json:
        _print_json(asdict(result))
    else:
        _out().print(test_result(result))
    if not result.passed:
        raise typer.Exit(BAD)


@app.command(epilog="Example:  openteller devices reset card_reader --card exit out/kiosk.toml")
def reset(
    name: _Name,
    config_file: _ConfigFile = TERMINAL_FILE,
    card: Annotated[_CardTo, typer.Option(help="Where a card reader takes a card that it finds.")] = _CardTo.STAY,
    as_json: _Json = False,
) -> None:
    """Reset a device after a person has mended it: a jam taken out, a bin emptied, a latch freed.

    Exits with 0 if it is in service afterwards, 1 if not or if the core does not run, 2 while a customer is being
    served.
    """
    _expect_name(name, "reset")
    with _core(config_file) as ask:
        result = ask(AskReset(name=name, card=card.value), TestReport, _TEST_PATIENCE_S)
    if as_json:
        _print_json(asdict(result))
    else:
        _out().print(test_result(result))
    if not result.passed:
        raise typer.Exit(BAD)


@app.command(
    name="trace",
    epilog="""
Examples:

openteller devices trace card_reader --last 50 out/kiosk.toml

openteller devices trace receipt_printer --follow --out printer.jsonl out/kiosk.toml
""",
)
def trace_device(  # noqa: PLR0917  (typer's options)
    name: _Name,
    config_file: _ConfigFile = TERMINAL_FILE,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="How many records, the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a trace file (docs/traces.md): all that is kept.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show what passed between a device and its driver, with its meaning; numbers of cards and people are hidden.

    > was sent, < received, ! came by itself, = is a USB control request, ·· is a hidden byte.
    """
    from openteller.trace_view import TraceView  # noqa: PLC0415  (only here the codecs are needed)

    _expect_name(name, "trace")
    with contextlib.ExitStack() as undo:
        ask = undo.enter_context(_core(config_file))
        first = ask(AskTrace(name=name, last=None if out is not None else last), TraceReport)
        write: Callable[[str], None]
        if out is not None:
            try:
                file = undo.enter_context(out.open("w", encoding="utf-8"))
            except OSError as error:
                _fail(f"{out}: {error.strerror}")
            write = lambda line: print(line, file=file, flush=True)  # noqa: E731
            write(first.header)
        elif as_json:
            write = lambda line: print(line, flush=True)  # noqa: E731
            write(first.header)
        else:
            view = TraceView(parse_header(first.header).family)
            console = _out()

            def write(line: str) -> None:
                for each in view.lines(parse_record(line)):
                    console.print(each, markup=False)

        undo.enter_context(contextlib.suppress(KeyboardInterrupt))
        count = 0
        for line in _records(ask, name, first, follow=follow):
            write(line)
            count += 1
    if out is not None:
        _out().print(f"{count} records in {escape(str(out))}")
    elif not count:
        Console(stderr=True, highlight=False).print(f"nothing has passed between {name} and its driver")


@app.command(epilog="Example:  openteller devices show camera --seconds 20 out/kiosk.toml")
def show(
    name: _Name,
    config_file: _ConfigFile = TERMINAL_FILE,
    seconds: Annotated[int, typer.Option(min=1, max=MAX_PREVIEW_S, metavar="N", help="How long.")] = 20,
    mirrored: Annotated[bool, typer.Option("--mirrored", help="As in a mirror: the camera sees a face.")] = False,
) -> None:
    """Show the camera's picture on the customer's screen, to check where it looks. Nothing is kept of it.

    It ends by itself, by Ctrl-C, or when "Cancel" is touched.

    Exits with 1 if the core does not run or there is no camera, 2 while a customer is being served.
    """
    _expect_name(name, "show")
    if name != "camera":
        _fail(f'{name} has no picture; only "camera" can be shown')
    with _core(config_file) as ask:
        ask(AskPreview(seconds=seconds, mirrored=mirrored), Previewed)
        _out().print(f"the camera's picture is on the screen for {seconds} s; press Ctrl-C to end")
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            ask(AskPreview(seconds=0), Previewed)


@app.command(epilog="Example:  openteller devices monitor out/kiosk.toml")
def monitor(
    config_file: _ConfigFile = TERMINAL_FILE,
    interval: Annotated[float, typer.Option(min=0.1, max=60, metavar="SECONDS", help="How often to look.")] = 1.0,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End by itself after so long.")
    ] = None,
) -> None:
    """Watch all devices, live: state, bytes a second, cycles, jams, resends, checksum errors, stray answers.

    Where the output is no terminal, a line is written for every change. A core that stops is waited for.
    """
    from openteller.monitor import samples, watch_lines, watch_table  # noqa: PLC0415

    path = _socket(config_file)
    with _core(config_file) as ask:
        ask(AskDevices(), Devices)

    def look() -> Devices | None:
        try:
            with CoreClient(path) as core:
                answer = core.ask(AskDevices())
        except CoreSilent:
            return None
        return answer if isinstance(answer, Devices) else None

    seen = samples(look, SystemClock(), interval, seconds)
    with contextlib.suppress(KeyboardInterrupt):
        if sys.stdout.isatty():
            watch_table(_out(), seen)
        else:
            watch_lines(lambda line: print(line, flush=True), seen)


class ReplayAs(Enum):
    """What a trace becomes."""

    DEVICE = "device"
    DRIVER = "driver"


@app.command(
    name="replay",
    epilog="""
Examples:

openteller devices replay printer.jsonl --as device --at ./printer

openteller devices replay printer.jsonl --as driver --at /dev/ttyUSB0
""",
)
def replay_trace(  # noqa: PLR0917  (typer's options)
    file: Annotated[Path, typer.Argument(metavar="TRACE", help="A file of `devices trace --out`.")],
    role: Annotated[ReplayAs, typer.Option("--as", help="Which side of the recording to be.")],
    at: Annotated[
        str,
        typer.Option(metavar="PORT", help="The port to make (device: a path), or to open (driver: as in kiosk.toml)."),
    ],
    lenient: Annotated[
        bool, typer.Option("--lenient", help="As device: answer any recorded request, in any order.")
    ] = False,
    baudrate: Annotated[int | None, typer.Option(min=1200, max=921_600, help="As driver, on a serial port.")] = None,
    usb_socket: Annotated[
        Path | None, typer.Option(metavar="SOCKET", help="As driver, for sim-usb: the simulator's bus.")
    ] = None,
) -> None:
    """Replay a trace: be the device that was recorded, or be its host and compare the answers.

    Exits with 0 if all was as recorded, with 1 at the first byte that was not. docs/traces.md says what hidden bytes
    become.
    """
    from openteller.replay import load_trace, play_host, serve_device  # noqa: PLC0415  (the simulator)

    try:
        trace = load_trace(file)
        if role is ReplayAs.DRIVER:
            found: list[object] = list(play_host(trace, at, SystemClock(), baudrate=baudrate, usb_socket=usb_socket))
        else:
            _out().print(f"{escape(trace.header.device)}: {len(trace.records)} records, at {escape(at)}; Ctrl-C ends")
            script = serve_device(trace, Path(at), SystemClock(), strict=not lenient)
            found = [script.mismatch] if script.mismatch else []
            if not (lenient or script.finished or found):
                found.append("the host ended before the recording did")
            if script.unknown:
                found.append(f"{script.unknown} requests were not in the recording")
    except (BadTrace, OpenTellerError, ValueError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or at}: {error.strerror or error}")
    for each in found:
        print(each)
    if found:
        raise typer.Exit(BAD)
    _out().print("[green]as recorded[/]")


# -- asking ----------------------------------------------------------------------------------------------------


class _Ask:
    """Asks the core, and ends the command where the answer is another than the one asked for."""

    def __init__(self, core: CoreClient) -> None:
        self._core = core

    def __call__(self, question: Question, wanted: type[A], patience_s: float = 5.0) -> A:
        answer = self._core.ask(question, patience_s)
        if isinstance(answer, wanted):
            return answer
        if not isinstance(answer, Refused):
            raise CoreSilent("it answered another question")
        if answer.known:
            return _fail(f"{answer.reason}; there are {', '.join(answer.known)}")
        return _fail(answer.reason, REFUSED)


@contextlib.contextmanager
def _core(config_file: Path) -> Iterator[_Ask]:
    path = _socket(config_file)
    try:
        with CoreClient(path) as core:
            yield _Ask(core)
    except CoreSilent as error:
        _fail(f"no core answers on {path}: {error}; start it with: openteller core {config_file}")


def _records(ask: _Ask, name: str, first: TraceReport, *, follow: bool) -> Iterator[str]:
    """Yield lines from the first report on, to the newest or for ever."""
    answer, behind = first, 0
    while True:
        yield from answer.records
        if answer.records:
            behind = parse_record(answer.records[-1]).sequence
        if not answer.more:
            if not follow:
                return
            time.sleep(_FOLLOW_S)
        answer = ask(AskTrace(name=name, after=behind), TraceReport)


def _socket(config_file: Path) -> Path:
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    try:
        return load_terminal(config_file).core.socket
    except ConfigError as error:
        report(error)
        raise typer.Exit(BAD) from None


def _expect_name(name: str, command: str) -> None:
    if name.endswith(".toml"):
        _fail(f"{name} is no device; the device comes first: openteller devices {command} NAME {name}")


def _out() -> Console:
    return Console(highlight=False)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _fail(problem: str, code: int = BAD) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{escape(problem)}[/]")
    raise typer.Exit(code)
