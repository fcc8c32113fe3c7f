"""The link to the bank host: ISO 8583 messages over TLS 1.3 with certificates on both sides."""
