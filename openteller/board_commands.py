"""`openteller board`: the lobby guide screen of a branch's queue."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from openteller.console import log_to_stderr, need_display, plain_errors, stop
from openteller.system_clock import SystemClock
from queue_display.listening.place import NoToken, QueuePlace, read_token

app = typer.Typer()


@app.command(
    epilog="""
Examples:

openteller queue token add display lobby > lobby.token

openteller board https://queue.branch:8640 --ca branch-ca.pem --token-file lobby.token --fullscreen

openteller board http://127.0.0.1:8640 --token-file lobby.token --size 1080x1920 --media notices/
"""
)
def board(  # noqa: PLR0917  (each is an option)
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the queue is served, like https://HOST:8640.")],
    token_file: Annotated[Path, typer.Option(metavar="FILE", help="A file with the token of a display.")],
    size: Annotated[str, typer.Option(metavar="WxH", help="The window in pixels, wide or upright.")] = "1920x1080",
    fullscreen: Annotated[bool, typer.Option("--fullscreen", help="Fill the screen.")] = False,
    media: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Pictures and notices, shown while nobody is called.")
    ] = None,
    ca: Annotated[Path | None, typer.Option(metavar="PEM", help="Whom to trust for TLS, and nobody else.")] = None,
    voice: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="How calls are spoken.", show_default="openteller/queue_defaults/voice.toml"),
    ] = None,
    mute: Annotated[bool, typer.Option("--mute", help="Speak no calls.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, not only what is wrong.")] = False,
) -> None:
    """Show the lobby who is called to which window, and how long others wait, in Chinese and English.

    It waits for a queue that is not there, and finds it again whenever it restarts. Runs until SIGTERM or Ctrl-C.
    """
    from openteller.voice_file import VoiceFile, load_voice, open_speaker  # noqa: PLC0415
    from queue_display.announcer import Announcer  # noqa: PLC0415
    from queue_display.board.app import run  # noqa: PLC0415  (Qt)

    log_to_stderr(verbose)
    pixels = re.fullmatch(r"(\d{3,4})x(\d{3,4})", size, re.ASCII)
    if pixels is None or not all(480 <= int(side) <= 7680 for side in pixels.groups()):
        stop(f"--size {size}: must be WIDTHxHEIGHT in pixels, 480 to 7680 each, like 1920x1080")
    if media is not None and not media.is_dir():
        stop(f"--media {media}: there is no such folder")
    with plain_errors(), ExitStack() as undo:
        queue = QueuePlace(_address(url), _token(token_file), ca)
        spoken = load_voice(voice) if voice is not None else VoiceFile()
        need_display()
        clock = SystemClock()
        announcer = None
        if not mute:
            speaker = open_speaker(spoken.voice, clock)
            undo.callback(speaker.close)
            announcer = Announcer(speaker, clock, spoken.announcements)
        size_px = int(pixels[1]), int(pixels[2])
        code = run(queue, clock, size=size_px, fullscreen=fullscreen, media=media, announcer=announcer)
    raise typer.Exit(code)


def _address(url: str) -> str:
    """Return the address without its last slash; it must be one of a server and nothing more."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none
        sound = False
    if not sound or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        stop(f"{url}: must be like http://HOST:8640 or https://HOST:8640")
    return f"{parts.scheme}://{parts.netloc}"


def _token(file: Path) -> str:
    try:
        return read_token(file)
    except NoToken:
        stop(f"{file}: must hold one token and nothing else, as printed by: openteller queue token add display NAME")
