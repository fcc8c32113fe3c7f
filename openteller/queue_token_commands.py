"""`openteller queue token`: who may ask the branch queue."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openteller.console import plain_errors
from openteller.queue_folder import default_folder
from queue_display.server.access import Role, Tokens

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
        for caller in Tokens(data or default_folder()).callers:
            Console(highlight=False).print(f"{caller.role.value:<11}{caller.name}", markup=False)


@app.command(epilog="Example:  openteller queue token add teller 1001")
def add(role: Role, name: str, data: _Data = None) -> None:
    """Make a token and print it; it is shown this once."""
    with plain_errors():
        typer.echo(Tokens(data or default_folder()).add(role, name))


@app.command(epilog="Example:  openteller queue token remove 1001")
def remove(name: str, data: _Data = None) -> None:
    """Let a token be worth nothing from now on."""
    with plain_errors():
        Tokens(data or default_folder()).remove(name)
