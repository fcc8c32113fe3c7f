"""The `openteller` command: one entry, and the subcommands that say what they do and what they need."""

import signal
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from openteller.console import log_to_stderr, need_display, plain_errors, stop
from openteller.no_core_dump import leave_no_core_dump
from openteller.system_clock import SystemClock

# Qt, the drivers and the simulator are imported by the command that needs them: a terminal without a screen never
# loads Qt, and a picture is read without the journal.

_ELSEWHERE = {
    "reconcile": "reconcile",
    "devices": "device_commands",
    "journal": "journal_commands",
    "host": "host_commands",
    "config": "config_commands",
    "sim": "sim_commands",
    "ocr": "ocr_commands",
    "queue": "queue_commands",
    "board": "board_commands",
    "say": "say_command",
}


class _Commands(TyperGroup):
    """The commands of this module, and those of `_ELSEWHERE`, imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(dict.fromkeys([*super().list_commands(ctx), *_ELSEWHERE]))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # For a name that there is not, all are: what was meant may be among them.
        for name in [cmd_name] if cmd_name in _ELSEWHERE or cmd_name in self.commands else _ELSEWHERE:
            if name not in self.commands:
                commands = import_module(f"openteller.{_ELSEWHERE[name]}").app
                single = commands.registered_callback is None and len(commands.registered_commands) == 1
                command = self.commands[name] = get_command(commands) if single else get_group(commands)
                command.name = name
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=_Commands,
    name="openteller",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="OpenTeller: self-service terminals of bank branches, and a simulator for all of their hardware.",
    epilog="Begin with [bold]openteller demo[/]: the whole terminal, simulated.",
)

_ConfigFile = Annotated[Path, typer.Argument(metavar="KIOSK.TOML", help="The terminal's configuration file.")]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, not only what is wrong.")]


@app.command(
    epilog="""
Examples:

openteller demo                                  (a window if there is a screen)

openteller demo --headless --out out             (a scripted customer, pictures in out/)

openteller demo --size 1920x1080 --language en
"""
)
def demo(
    out: Annotated[Path, typer.Option(help="Folder for configuration, journal and pictures.")] = Path("out"),
    headless: Annotated[
        bool | None,
        typer.Option(
            "--headless/--window", help="A scripted customer instead of a window.", show_default="by the display"
        ),
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="The panel in pixels.")] = "1080x1920",
    language: Annotated[str, typer.Option(metavar="zh|en", help="The scripted customer's language.")] = "zh",
    verbose: _Verbose = False,
) -> None:
    """Run the whole simulated terminal: devices, bank host, core and screen.

    With a display you are the customer: touch the screen, and use the small window beside it as your hands. Without
    one scripted customers top up a card, by phone and by bank card, bring a new ID card, and take a ticket of the
    branch's queue, which a teller calls; they leave pictures, receipts, journal and summary.json in OUT.
    Exits with 0 only if card, bank host and journal agree, and kiosk, queue and the lobby's board.
    """
    from openteller.demo import run_demo  # noqa: PLC0415

    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit() and 480 <= int(width) <= 7680 and 480 <= int(height) <= 7680):
        stop(f"--size {size}: must be WIDTHxHEIGHT in pixels, 480 to 7680 each, like 1080x1920")
    if language not in {"zh", "en"}:
        stop(f"--language {language}: must be zh or en")
    if headless is False:
        need_display()
    with plain_errors():
        raise typer.Exit(run_demo(out, headless, (int(width), int(height)), language, verbose=verbose))


@app.command(epilog="Example:  openteller core /etc/openteller/kiosk.toml")
def core(config_file: _ConfigFile, verbose: _Verbose = False) -> None:
    """Run a terminal's core: journeys, devices, journal and host link. No screen; that is `openteller kiosk`.

    Runs until SIGTERM or Ctrl-C. At start it settles what a power cut interrupted.
    """
    from openteller.core import Core  # noqa: PLC0415

    leave_no_core_dump()
    log_to_stderr(verbose)
    with plain_errors(), Core(config_file, SystemClock()) as running:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop())
        running.run()


@app.command(epilog="Example:  openteller kiosk /etc/openteller/kiosk.toml")
def kiosk(config_file: _ConfigFile, verbose: _Verbose = False) -> None:
    """Show the customer's screen; it waits for the core and finds it again whenever it restarts."""
    from kiosk_ui.app import run  # noqa: PLC0415
    from openteller.config import load_terminal  # noqa: PLC0415
    from openteller.voice_file import open_reader  # noqa: PLC0415

    log_to_stderr(verbose)
    with plain_errors():
        config = load_terminal(config_file)
        need_display()
        screen, clock = config.screen, SystemClock()
        code = run(
            config.core.socket,
            clock,
            size=(screen.width_px, screen.height_px),
            fullscreen=screen.fullscreen,
            speaker=open_reader(config.voice, clock),
        )
    raise typer.Exit(code)


def main() -> None:
    """Run the command."""
    app()
