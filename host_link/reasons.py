"""Why the bank host gave no answer, in words for a technician: what is wrong, and what to do where that is certain."""

import socket
import ssl

from host_link.name_lookup import LookupTimeout
from host_link.servers import Resting
from wire.errors import WireError

# By X509_V_ERR_* of OpenSSL (openssl-verify(1)), which the ssl module gives as verify_code.
_CERTIFICATES = {
    9: "it is not valid yet; check the terminal's clock",
    10: "it has expired; the bank must renew it, if the terminal's clock is right",
    18: "it is not of the pinned CA; check [host] ca_file, and that this is the bank's host",
    19: "it is not of the pinned CA; check [host] ca_file, and that this is the bank's host",
    20: "it is not of the pinned CA; check [host] ca_file, and that this is the bank's host",
    21: "it is not of the pinned CA; check [host] ca_file, and that this is the bank's host",
}

# By the reason codes of OpenSSL: the alerts are those of RFC 8446, 6.2, told under their old names.
_TLS = {
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no TLS 1.3, and nothing older is used; the bank must switch it on",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS 1.3, and nothing older is used; the bank must switch it on",
    "WRONG_VERSION_NUMBER": "it speaks no TLS there; check [host] port",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it got no certificate of ours; check [host] certificate_file",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our certificate; check [host] certificate_file with the bank",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not trust our certificate; check [host] certificate_file with the bank",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our certificate has expired; renew [host] certificate_file",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "our certificate has been revoked; ask the bank",
    "SSLV3_ALERT_BAD_RECORD_MAC": "bytes were changed or sent twice on the way; look for what sits in between",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "bytes were changed or sent twice on the way; look for what sits in between",
}


def plain_reason(error: OSError | WireError, timeout_s: float) -> str:
    """Return why there is no answer; nothing that was sent is in it."""
    match error:
        case WireError():
            return f"the bank host sent what is no message: {error}"
        case ssl.SSLError():
            return _tls_reason(error)
        case Resting(seconds=seconds, why=why):
            return f"{plain_reason(why, timeout_s)}; it is tried again in {seconds:.1f} s"
        case LookupTimeout():
            return f"the name {error} could not be looked up in time; check the name server, or give an address"
        case TimeoutError():
            return f"the bank host did not answer within {timeout_s:g} s"
        case socket.gaierror():
            return "the bank host's name is not known; check [host] host and the name server"
        case ConnectionRefusedError():
            return "the bank host does not accept connections"
        case ConnectionError():
            return "the bank host closed the connection"
        case _:
            return f"the bank host cannot be reached: {error.strerror or type(error).__name__}"


def _tls_reason(error: ssl.SSLError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            known = _CERTIFICATES.get(error.verify_code)
            advice = f"{error.verify_message.rstrip('.')}; check [host] server_name" if known is None else known
            return f"the bank host's certificate is not trusted: {advice}"
        case ssl.SSLEOFError():
            return "the bank host closed the connection"
        case _:
            reason = error.reason or type(error).__name__
            known = _TLS.get(reason)
            return f"TLS with the bank host failed: {reason if known is None else f'{known} ({reason})'}"
