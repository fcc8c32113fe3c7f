"""`openteller devices`: what the running core says of its devices."""

import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kiosk_core.errors import ConfigError
from kiosk_core.pages import AskDevices, DeviceReport, Devices
from kiosk_core.protocol import MAX_LINE_BYTES, BadMessage, decode_from_core, encode
from openteller.config import load_terminal
from openteller.config_commands import report

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="See how the terminal's devices are.")

_TIMEOUT_S = 3.0


@app.callback()
def _devices() -> None:
    """See how the terminal's devices are."""


@app.command(name="list", epilog="Example:  openteller devices list out/kiosk.toml")
def list_devices(
    config_file: Annotated[
        Path, typer.Argument(metavar="KIOSK.TOML", help="The terminal's configuration file.")
    ] = Path("/etc/openteller/kiosk.toml"),
) -> None:
    """List every device of the running core: state, faults, supplies, port.

    Exits with 1 if the core does not run or a device is not in service.
    """
    try:
        path = load_terminal(config_file).core.socket
    except ConfigError as error:
        report(error)
        raise typer.Exit(1) from None
    try:
        devices = _ask(path)
    except (OSError, BadMessage) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"[red]no core answers on {escape(str(path))}: {escape(str(error))}; start it with: "
            f"openteller core {escape(str(config_file))}[/]"
        )
        raise typer.Exit(1) from None
    Console(highlight=False).print(_table(devices))
    if any(device.state != "online" or device.faults for device in devices.devices):
        raise typer.Exit(1)


def _ask(path: Path) -> Devices:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as core:
        core.settimeout(_TIMEOUT_S)
        core.connect(str(path))
        core.sendall(encode(AskDevices()))
        with core.makefile("rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                message = decode_from_core(line)
                if isinstance(message, Devices):
                    return message
    raise ConnectionResetError("it hung up")


def _table(devices: Devices) -> Table:
    table = Table("device", "state", "since", "how it is", box=None, pad_edge=False)
    for column in table.columns[:3]:
        column.no_wrap = True
    for device in devices.devices:
        colour = "green" if device.state == "online" and not device.faults else "red"
        where = f"[dim]{escape(device.model)} on {escape(device.port)}[/]"
        remarks = escape(_remarks(device))
        how = f"{remarks}\n{where}" if remarks else where
        table.add_row(device.name, f"[{colour}]{device.state}[/]", device.since[11:19], how)
    return table


def _remarks(device: DeviceReport) -> str:
    parts = [fault.replace("_", " ") for fault in device.faults]
    parts += [f"{name} {amount}" for name, amount in device.supplies.items()]
    if device.media is not None:
        parts.append(f"media {device.media}")
    if device.detail:
        parts.append(device.detail)
    return ", ".join(parts)
