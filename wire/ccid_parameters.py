"""The structures of Set-, Get- and ResetParameters: CCID, Device Class Specification revision 1.1, chapter 6.1.7.

Sources: osmocom/osmo-ccid-firmware ccid_common/ccid_proto.h (fields); LudovicRousseau/CCID @5de6a96 src/ifdhandler.c
(defaults); logs of real readers in tests/wire/test_ccid.py.
"""

from dataclasses import dataclass

from wire.errors import WireError


@dataclass(frozen=True)
class T0Parameters:
    """Parameters of T=0 as they are on the wire: Fi and Di as in TA1, bit 1 of `tccks` is the inverse convention."""

    fi_di: int = 0x11
    tccks: int = 0x00
    guard_time: int = 0
    waiting_integer: int = 0x0A
    clock_stop: int = 0


@dataclass(frozen=True)
class T1Parameters:
    """Parameters of T=1 as they are on the wire: in `tccks` bit 0 is CRC, bit 1 inverse convention, bit 4 is set."""

    fi_di: int = 0x11
    tccks: int = 0x10
    guard_time: int = 0
    waiting_integers: int = 0x4D
    clock_stop: int = 0
    ifsc: int = 32
    nad: int = 0


def encode_parameters(parameters: T0Parameters | T1Parameters) -> tuple[int, bytes]:
    """Return bProtocolNum and the structure.

    Raises:
        WireError: a field does not fit its byte.
    """
    fields = [getattr(parameters, name) for name in parameters.__dataclass_fields__]
    try:
        return int(isinstance(parameters, T1Parameters)), bytes(fields)
    except ValueError as error:
        raise WireError(f"CCID parameters: {error}") from None


def decode_parameters(protocol: int, data: bytes) -> T0Parameters | T1Parameters:
    """Return the structure of bProtocolNum `protocol`.

    Raises:
        WireError: it is the structure of neither T=0 nor T=1.
    """
    match protocol, len(data):
        case 0, 5:
            return T0Parameters(*data)
        case 1, 7:
            return T1Parameters(*data)
    raise WireError(f"{len(data)} bytes are no parameters of protocol {protocol:02X}")
