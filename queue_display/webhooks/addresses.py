"""Where a webhook may go: addresses whose host a technician has allowed, so that nobody else can aim the server."""

from enum import Enum

import httpx

from kiosk_core.texts import LocalText

_LONGEST = 1000
_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """An address to which nothing is sent; `sentence` says why."""

    def __init__(self, why: "Why") -> None:
        super().__init__(why.value.en)
        self.sentence = why.value


class Why(Enum):
    """Why an address is refused."""

    NO_ADDRESS = LocalText("网址须以https://开头并带主机名。", "The URL must begin with https:// and name a host.")
    PERSON_IN_IT = LocalText("网址中不得带用户名或密码。", "The URL must not hold a user or a password.")
    FRAGMENT = LocalText("网址中不得带“#”部分。", "The URL must not hold a #fragment: it is never sent.")
    PATH = LocalText("只须写主机，不带路径。", "Name a host only, without a path.")


def checked_url(text: str) -> str:
    """Return a URL to deliver to, in one spelling.

    Raises:
        AddressRefused: it is none.
    """
    return str(_parsed(text))


def origin_of(text: str) -> str:
    """Return scheme, host and port of a URL, in one spelling: `https://crm.bank.example:443`.

    Raises:
        AddressRefused: it is no URL to deliver to.
    """
    url = _parsed(text)
    name = url.raw_host.decode()
    host = f"[{name}]" if ":" in name else name
    return f"{url.scheme}://{host}:{url.port or _PORTS[url.scheme]}"


def origin_named(text: str) -> str:
    """Return the origin that a technician names: a host, `host:port`, or with http:// one without TLS.

    Raises:
        AddressRefused: it is none.
    """
    url = text if "://" in text else f"https://{text}"
    if _parsed(url).raw_path not in {b"", b"/"}:
        raise AddressRefused(Why.PATH)
    return origin_of(url)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text if len(text) <= _LONGEST else "")
    except (httpx.InvalidURL, UnicodeError):
        raise AddressRefused(Why.NO_ADDRESS) from None
    if url.scheme not in _PORTS or not url.host or not 0 < (url.port or 1) < 65_536:
        raise AddressRefused(Why.NO_ADDRESS)
    if url.userinfo:
        raise AddressRefused(Why.PERSON_IN_IT)
    if url.fragment:
        raise AddressRefused(Why.FRAGMENT)
    return url
