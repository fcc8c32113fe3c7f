"""A recorded trace as a driver: it sends what was sent, and compares the answers with those that were recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.trace import Octets, Record, What

WRITE_S = 5.0
ANSWER_S = 2.0
"""How long an answer may take from its question, or from its byte before."""

_MOST_SHOWN = 8


@dataclass(frozen=True)
class Difference:
    """An answer that is another than the recorded one, from byte `at` behind record `record` on."""

    record: int
    at: int
    recorded: bytes
    came: bytes

    def __str__(self) -> str:
        return (
            f"the answer to record {self.record}, byte {self.at}: {_hex(self.recorded)} was recorded, "
            f"{_hex(self.came)} came"
        )


def _hex(data: bytes) -> str:
    if not data:
        return "nothing"
    return data[:_MOST_SHOWN].hex(" ").upper() + (" ..." if len(data) > _MOST_SHOWN else "")


def play(records: Sequence[Record], transport: Transport, clock: Clock) -> tuple[Difference, ...]:
    """Send the host's side of `records` and return where the answers differ; hidden bytes match any.

    What came by itself on an interrupt pipe is not waited for. In the place of hidden bytes their stand-ins are sent.

    Raises:
        DeviceUnavailable: unplugged.
    """
    differences = []
    wanted = Octets()
    asked = 0
    for record in [*records, None]:
        if record is not None and record.what is What.IN:
            wanted += record.octets
            continue
        if record is not None and record.what not in (What.OUT, What.CONTROL, What.DISCARD):
            continue
        if wanted.data:
            came = _read(transport, len(wanted.data), clock)
            differences += _compare(asked, wanted, came)
            wanted = Octets()
        if record is None:
            break
        asked = record.sequence
        if record.what is What.OUT:
            transport.write(record.octets.data, WRITE_S)
        elif record.what is What.DISCARD:
            transport.discard_input()
        elif isinstance(transport, UsbTransport):
            request = [int(number, 16) for number in record.note.split()]
            differences += _compare(asked, record.octets, transport.control_in(*request))
    return tuple(differences)


def _read(transport: Transport, size: int, clock: Clock) -> bytes:
    came = b""
    deadline = clock.now() + ANSWER_S
    while len(came) < size and (left := deadline - clock.now()) > 0:
        if data := transport.read(size - len(came), left):
            came += data
            deadline = clock.now() + ANSWER_S
    return came


def _compare(asked: int, wanted: Octets, came: bytes) -> list[Difference]:
    at = wanted.difference(came)
    return [] if at is None else [Difference(asked, at, wanted.data[at:], came[at:])]
