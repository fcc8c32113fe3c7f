"""Why the bank host gave no answer, in words for a technician."""

import socket
import ssl

from wire.errors import WireError


def plain_reason(error: OSError | WireError, timeout_s: float) -> str:
    """Return why there is no answer, in words for a technician; nothing that was sent is in them."""
    match error:
        case WireError():
            return f"the bank host sent what is no message: {error}"
        case ssl.SSLCertVerificationError():
            return f"the bank host's certificate is not trusted: {error.verify_message}"
        case ssl.SSLEOFError():
            return "the bank host closed the connection"
        case ssl.SSLError():
            return f"TLS with the bank host failed: {error.reason or type(error).__name__}"
        case TimeoutError():
            return f"the bank host did not answer within {timeout_s:g} s"
        case socket.gaierror():
            return "the bank host's name is not known"
        case ConnectionRefusedError():
            return "the bank host does not accept connections"
        case ConnectionError():
            return "the bank host closed the connection"
        case _:
            return f"the bank host cannot be reached: {error.strerror or type(error).__name__}"
