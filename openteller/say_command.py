"""`openteller say`: whether a loudspeaker works, and how a sentence is said."""

import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kiosk_core.speech import Utterance
from kiosk_core.texts import LANGUAGES, Language
from openteller.console import plain_errors, stop
from openteller.system_clock import SystemClock
from openteller.voice_file import VoiceFile, load_voice
from queue_display.announcer import call_sentence
from voice.espeak import Espeak
from voice.loudspeaker import Aplay, Loudspeaker, WavFile
from voice.sound import Sound, chime

app = typer.Typer(add_completion=False)


@app.command(
    epilog="""
Examples:

openteller say                                   (a gong and a call, in Chinese and English)

openteller say "¥1,234.56" --language zh --wav sum.wav

openteller say --loudspeaker plughw:1,0          (another sound card; aplay -L lists them)
"""
)
def say(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; a call where there is none.")] = "",
    language: Annotated[
        str, typer.Option(metavar="zh|en", help="Its language.", show_default="zh if it has Chinese in it")
    ] = "",
    wav: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a WAV file instead.")] = None,
    loudspeaker: Annotated[
        str | None, typer.Option(metavar="CARD", help="A sound card of ALSA.", show_default="that of the file")
    ] = None,
    file: Annotated[Path | None, typer.Option("--voice", metavar="FILE", help="The voice's file.")] = None,
) -> None:
    """Say a text aloud, as the screens do, and show how it is read.

    Exits with 1, and says why, if nothing can be heard.
    """
    with plain_errors():
        settings = (load_voice(file) if file is not None else VoiceFile()).voice
        voice = Espeak(settings, SystemClock())
        utterances = _utterances(text, language)
        speaking = [voice.render(utterance, threading.Event()) for utterance in utterances]
        sink: Loudspeaker = (
            WavFile(wav) if wav is not None else Aplay(loudspeaker or settings.loudspeaker, SystemClock())
        )
        console = Console(highlight=False, soft_wrap=True)
        for utterance in utterances:
            console.print(f"{utterance.text}  [{voice.spelling(utterance)}]", markup=False)
        _play(sink, [*([] if text else [chime()]), *speaking])


def _utterances(text: str, language: str) -> tuple[Utterance, ...]:
    if not text:
        return tuple(Utterance(each, call_sentence("A013", "3", each)) for each in LANGUAGES)
    spoken: Language
    match language:
        case "zh" | "en":
            spoken = language
        case "":
            spoken = "zh" if any("㐀" <= letter <= "鿿" for letter in text) else "en"
        case _:
            stop(f"--language {language}: must be zh or en")
    return (Utterance(spoken, text),)


def _play(sink: Loudspeaker, sounds: list[Sound]) -> None:
    try:
        for sound in sounds:
            sink.play(sound, threading.Event())
    finally:
        sink.close()
