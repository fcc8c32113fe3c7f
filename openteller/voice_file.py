"""The file of a voice (`voice.toml`): how it sounds, and how calls are spoken; and what it opens."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from kiosk_core.clock import Clock
from kiosk_core.speech import Speaker
from openteller.toml_file import TomlFile
from queue_display.announcer import Announcements
from voice.program import missing_packages
from voice.settings import VoiceSettings

VOICE_NAME = "voice.toml"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VoiceFile:
    """All of the file; every key has a default."""

    voice: VoiceSettings = field(default_factory=VoiceSettings)
    announcements: Announcements = field(default_factory=Announcements)

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012  (pydantic reads it from the class)


def load_voice(path: Path) -> VoiceFile:
    """Read and check the file.

    Raises:
        ConfigError: as `openteller.config.load_terminal`.
    """
    return TomlFile(path).checked(VoiceFile)


def open_reader(settings: VoiceSettings | None, clock: Clock) -> Speaker | None:
    """Return what reads a terminal's pages aloud; None where it is to have no voice, or lacks a program for it."""
    if settings is None or settings.loudspeaker == "none":
        return None
    missing = missing_packages()
    if missing:
        _log.warning("no page is read aloud: install Debian's %s", " and ".join(missing))
        return None
    return open_speaker(settings, clock)


def open_speaker(settings: VoiceSettings, clock: Clock) -> Speaker:
    """Return the speaker of a screen. It opens nothing yet: what is missing is logged when it is to speak."""
    from voice.cache import RememberingVoice  # noqa: PLC0415  (with it come pypinyin's dictionaries)
    from voice.espeak import Espeak  # noqa: PLC0415
    from voice.loudspeaker import Aplay  # noqa: PLC0415
    from voice.speaker import SilentSpeaker, VoiceSpeaker  # noqa: PLC0415

    if settings.loudspeaker == "none":
        return SilentSpeaker()
    return VoiceSpeaker(RememberingVoice(Espeak(settings, clock)), Aplay(settings.loudspeaker, clock), clock)
