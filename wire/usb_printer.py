"""The requests of the USB printer class and their answers.

Sources: facts/device-protocols.md 3c (Linux usblp.c); USB Device Class Definition for Printing Devices 1.1 as printed
in TransAct EPIC 3000 Programmer's Guide, appendix B, p249 (request types, port status bits).
"""

from dataclasses import dataclass

from wire.errors import WireError

INTERFACE_CLASS, INTERFACE_SUBCLASS, PROTOCOL_BIDIRECTIONAL = 7, 1, 2


@dataclass(frozen=True)
class ClassRequest:
    """The setup packet of a control transfer; `length` is how many bytes the device may answer."""

    request_type: int
    request: int
    value: int
    index: int
    length: int


def get_device_id(interface: int = 0, alternate: int = 0, configuration: int = 0) -> ClassRequest:
    """Ask for the IEEE 1284 device id; `configuration` counts from 0."""
    return ClassRequest(0xA1, 0, configuration, interface << 8 | alternate, 1023)


def get_port_status(interface: int = 0) -> ClassRequest:
    """Ask for the byte of a parallel port."""
    return ClassRequest(0xA1, 1, 0, interface, 1)


def soft_reset(interface: int = 0) -> ClassRequest:
    """Empty all buffers and bring the pipes to their first state; nothing is answered."""
    return ClassRequest(0x21, 2, 0, interface, 0)


@dataclass(frozen=True)
class DeviceId:
    """An IEEE 1284 device id; `fields` has every key in capitals as it came (MFG, MDL, CLS...)."""

    fields: dict[str, str]

    @property
    def manufacturer(self) -> str:
        """MFG or MANUFACTURER, "" where there is none."""
        return self.fields.get("MFG") or self.fields.get("MANUFACTURER", "")

    @property
    def model(self) -> str:
        """MDL or MODEL, "" where there is none."""
        return self.fields.get("MDL") or self.fields.get("MODEL", "")

    @property
    def serial(self) -> str:
        """SN, SERN or SERIALNUMBER, "" where there is none."""
        return self.fields.get("SN") or self.fields.get("SERN") or self.fields.get("SERIALNUMBER", "")


def decode_device_id(answer: bytes) -> DeviceId:
    """Return the fields of "MFG:..;MDL:..;" behind its two length bytes (big endian, they count themselves).

    Raises:
        WireError: the length is wrong or a field has no colon.
    """
    if len(answer) < 2 or int.from_bytes(answer[:2], "big") != len(answer):
        raise WireError(f"a device id of {len(answer)} bytes has another length inside")
    fields: dict[str, str] = {}
    for field in answer[2:].rstrip(b"\0").split(b";"):
        if not field.strip():
            continue
        key, colon, value = field.partition(b":")
        if not colon:
            raise WireError(f"{field!r} in a device id has no colon")
        # Capitals of ASCII alone: those of some other letters are not in Latin-1.
        fields[key.strip().upper().decode("latin-1")] = value.strip().decode("latin-1")
    return DeviceId(fields)


def encode_device_id(device_id: DeviceId) -> bytes:
    """Return the answer to GET_DEVICE_ID.

    Raises:
        WireError: it is longer than the request asks for.
    """
    text = "".join(f"{key}:{value};" for key, value in device_id.fields.items()).encode("latin-1")
    if len(text) + 2 > get_device_id().length:
        raise WireError(f"a device id of {len(text)} bytes is too long")
    return (len(text) + 2).to_bytes(2, "big") + text


@dataclass(frozen=True)
class PortStatus:
    """The byte of GET_PORT_STATUS."""

    paper_empty: bool = False
    selected: bool = True
    error: bool = False


def decode_port_status(answer: bytes) -> PortStatus:
    """Return what the one byte of `answer` says.

    Raises:
        WireError: not one byte, or a reserved bit is set.
    """
    if len(answer) != 1 or answer[0] & 0xC7:
        raise WireError(f"{answer.hex(' ')!r} is no port status")
    return PortStatus(bool(answer[0] & 0x20), bool(answer[0] & 0x10), not answer[0] & 0x08)


def encode_port_status(status: PortStatus) -> bytes:
    """Return the answer to GET_PORT_STATUS."""
    return bytes((status.paper_empty << 5 | status.selected << 4 | (not status.error) << 3,))
