"""What ends an attempt to speak."""

from kiosk_core.errors import OpenTellerError


class VoiceUnavailable(OpenTellerError):
    """The voice or the loudspeaker is absent, broken or hangs; a person must look, and it is tried again later."""


class Hushed(Exception):
    """Nobody wants to hear the rest."""
