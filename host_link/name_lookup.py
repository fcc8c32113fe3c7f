"""The address behind a host's name, asked for on a thread of its own: a resolver that hangs hangs nobody else."""

import ipaddress
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

Resolve = Callable[[str], str]
"""Returns the address of a name; raises OSError."""


class LookupTimeout(TimeoutError):
    """The resolver did not answer in time."""


def resolve(name: str) -> str:
    """Return the first address of `name` that the system's resolver gives; may hang for minutes.

    Raises:
        OSError: there is none.
    """
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return str(found[0][4][0])


class NameLookup:
    """Looks one name up, anew for every connection; a lookup that still hangs is waited for and not begun again.

    An address is its own answer.
    """

    def __init__(self, name: str, resolve: Resolve = resolve) -> None:
        self._name = name
        self._resolve = resolve
        self._is_address = _is_address(name)
        self._asked: Future[str] | None = None

    def address(self, patience_s: float) -> str:
        """Return the address.

        Raises:
            LookupTimeout: not in `patience_s`.
            OSError: there is none.
        """
        if self._is_address:
            return self._name
        if self._asked is None:
            self._asked = Future()
            thread = threading.Thread(target=self._ask, args=(self._asked,), name="name-lookup", daemon=True)
            thread.start()
        try:
            found = self._asked.result(patience_s)
        except TimeoutError:
            if not self._asked.done():
                raise LookupTimeout(self._name) from None
            self._asked = None
            raise
        except OSError:
            self._asked = None
            raise
        self._asked = None
        return found

    def _ask(self, answer: "Future[str]") -> None:
        try:
            answer.set_result(self._resolve(self._name))
        except OSError as error:
            answer.set_exception(error)
        except UnicodeError:  # a name that cannot be one
            answer.set_exception(socket.gaierror(socket.EAI_NONAME, "no name"))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
