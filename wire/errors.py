"""The one error of the codecs."""


class WireError(ValueError):
    """Bytes that break the rules of their protocol, or a message that cannot be put on the wire."""
