"""What all commands say in the same way: where a terminal's file lies, errors that a user can mend, and the log."""

import logging
import os
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from kiosk_core.errors import ConfigError, OpenTellerError

TERMINAL_FILE = Path("/etc/openteller/kiosk.toml")
"""The configuration that a command takes where none is named."""


_WHERE_QT_DRAWS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


class plain_errors:  # noqa: N801  (reads as a clause)
    """What a user can mend is one sentence and exit code 1, never a traceback."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ConfigError):
            report(error)
            raise typer.Exit(1) from None
        if isinstance(error, OSError) and error.filename is not None:
            stop(f"{error.filename}: {error.strerror}")
        if isinstance(error, OpenTellerError | OSError):
            stop(str(error))


def stop(problem: str) -> NoReturn:
    """Say what is wrong and exit with 1."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{escape(problem)}[/]")
    raise typer.Exit(1)


def need_display() -> None:
    """Stop where no window can be opened: Qt itself would abort, and leave a core dump for an answer."""
    if not any(os.environ.get(name) for name in _WHERE_QT_DRAWS):
        stop("there is no display here: start it on a desktop, or say how to draw: QT_QPA_PLATFORM=linuxfb")


def report(error: ConfigError) -> None:
    """Print every mistake to stderr, a line each: "file:line: key: what is wrong"."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for mistake in error.all:
        console.print(f"[red]{escape(str(mistake).splitlines()[0])}[/]")


def log_to_stderr(verbose: bool) -> None:
    """Log warnings, or with `verbose` all that happens."""
    console = Console(stderr=True, soft_wrap=True)
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(name)s: %(message)s",
        handlers=[RichHandler(console=console, show_path=False)],
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request: the core looks at the queue often
