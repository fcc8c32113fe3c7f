"""Codecs: bytes to frozen dataclasses and back, for every device protocol, card application and host message."""
