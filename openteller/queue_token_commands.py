"""`openteller queue token`: who may ask the branch queue."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openteller.console import plain_errors, stop
from openteller.queue_folder import default_folder
from queue_display.server.access import TOKENS_NAME, Role, Tokens

app = typer.Typer(
    no_args_is_help=True, help="Tokens of tellers, screens and kiosks; a running queue sees a change at once."
)

_Data = Annotated[Path | None, typer.Option("--data", metavar="FOLDER", help="As of: openteller queue serve.")]


@app.callback()
def _token() -> None:
    """Tokens of tellers, screens and kiosks."""


@app.command(name="list")
def list_(data: _Data = None) -> None:
    """Say who has a token."""
    with plain_errors():
        for caller in _tokens(data).callers:
            Console(highlight=False).print(f"{caller.role.value:<11}{caller.name}", markup=False)


@app.command(epilog="Example:  openteller queue token add teller 1001")
def add(role: Role, name: str, data: _Data = None) -> None:
    """Make a token and print it; it is shown this once."""
    with plain_errors():
        typer.echo(_tokens(data).add(role, name))


@app.command(epilog="Example:  openteller queue token remove 1001")
def remove(name: str, data: _Data = None) -> None:
    """Let a token be worth nothing from now on."""
    with plain_errors():
        _tokens(data).remove(name)


def _tokens(data: Path | None) -> Tokens:
    """Return the tokens of a queue that has run once: only the queue itself makes them where there are none."""
    folder = data or default_folder()
    if not (folder / TOKENS_NAME).exists():
        stop(f"there is no queue in {folder}: start it once with openteller queue serve, or name its folder by --data")
    return Tokens(folder)
