"""`openteller queue token`: who may ask the branch queue."""

import typer
from rich.console import Console

from openteller.console import plain_errors
from openteller.queue_folder import FolderOfQueue, folder_of_queue
from queue_display.server.access import Role, Tokens

app = typer.Typer(
    no_args_is_help=True, help="Tokens of tellers, screens and kiosks; a running queue sees a change at once."
)


@app.callback()
def _token() -> None:
    """Tokens of tellers, screens and kiosks."""


@app.command(name="list")
def list_(data: FolderOfQueue = None) -> None:
    """Say who has a token."""
    with plain_errors():
        for caller in Tokens(folder_of_queue(data)).callers:
            Console(highlight=False).print(f"{caller.role.value:<11}{caller.name}", markup=False)


@app.command(epilog="Example:  openteller queue token add teller 1001")
def add(role: Role, name: str, data: FolderOfQueue = None) -> None:
    """Make a token and print it; it is shown this once."""
    with plain_errors():
        typer.echo(Tokens(folder_of_queue(data)).add(role, name))


@app.command(epilog="Example:  openteller queue token remove 1001")
def remove(name: str, data: FolderOfQueue = None) -> None:
    """Let a token be worth nothing from now on."""
    with plain_errors():
        Tokens(folder_of_queue(data)).remove(name)
