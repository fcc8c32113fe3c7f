"""Signatures of webhooks by the convention Standard Webhooks 1.0.0.

Its text is spec/standard-webhooks.md of github.com/standard-webhooks/standard-webhooks; here "Signature scheme" and
"Webhook headers": HMAC-SHA256 over `id.timestamp.body`, written `v1,BASE64`, by a secret written `whsec_BASE64`.
"""

import base64
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # the convention asks for 24 to 64


def new_secret() -> str:
    """Make the secret of one endpoint."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed(secret: str, message: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign `body`, sent at `at` (Unix seconds) as `message`, an id without full stops."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    mac = hmac.digest(key, f"{message}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
