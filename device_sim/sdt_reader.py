"""A resident ID-card reader SDT / SAM_V with invented cards: written from the SAM_V protocol, chapters 3 and 4.

Sources of what it answers: wire/sdt.py. Strict: a broken frame, a wrong length and an unknown command get the code
that names them; a card is selected only after it was found, read only once selected, and found again only once it
was lifted.
"""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from device_sim.recent import Recent
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.clock import Clock
from wire import id_card_text, sdt
from wire.errors import WireError
from wire.id_card_text import (
    CitizenText,
    Foreigner2017Text,
    Foreigner2023Text,
    IdCardText,
    ResidencePermitText,
    Sex,
)
from wire.sdt import CardContents, Command, Garbled, Reply, SamId, Sw3


@dataclass(frozen=True, repr=False)
class SimulatedIdCard:
    """A card: its text, 1024 bytes of photo, appended addresses (at most 4) and fingerprints (0, 512, 1024 bytes)."""

    text: IdCardText
    photo: bytes = b"WLf" + bytes(1021)
    new_addresses: tuple[str, ...] = ()
    fingerprints: bytes = b""


# Nobody's numbers: order code 000 of a day is never given to anyone; the check characters are right (mod 11-2).
CITIZEN = SimulatedIdCard(
    CitizenText(
        "甄模拟",
        Sex.FEMALE,
        "01",
        date(1990, 1, 1),
        "某省某市示范区虚构路1号",
        "110101199001010007",
        "某市公安局示范分局",
        date(2020, 2, 29),
        date(2040, 2, 28),
    ),
    new_addresses=("某省某市示范区新址路2号",),
)
ELDERLY_CITIZEN = SimulatedIdCard(
    CitizenText(
        "贾老人",
        Sex.MALE,
        "05",
        date(1940, 5, 6),
        "某自治区某市虚构巷3号",
        "650101194005060004",
        "某市公安局",
        date(2010, 1, 1),
        None,
    ),
    fingerprints=bytes(1024),
)
HONG_KONG_RESIDENT = SimulatedIdCard(
    ResidencePermitText(
        "陳虛構",
        Sex.MALE,
        "",
        date(1985, 12, 31),
        "某省某市示范区虚构路4号",
        "810000198512310000",
        "某市公安局",
        date(2019, 6, 1),
        date(2024, 5, 31),
        "H00000000",
        "01",
    )
)
FOREIGNER_2017 = SimulatedIdCard(
    Foreigner2017Text(
        "NOBODY, ANN EXAMPLE",
        Sex.FEMALE,
        "GBR000000000000",
        "GBR",
        "安示例",
        date(2018, 3, 4),
        date(2028, 3, 3),
        date(1979, 7, 8),
        "01",
        "1500",
    )
)
FOREIGNER_2023 = SimulatedIdCard(
    Foreigner2023Text(
        "博示例",
        Sex.MALE,
        "00",
        date(1988, 8, 8),
        "NOBODY, BARTHOLOMEW MAXIMILIAN EXAM",
        "911826198808080007",
        date(2024, 1, 2),
        date(2034, 1, 1),
        "PLE",
        "FRA",
        "",
    )
)
ID_CARDS = {
    "citizen": CITIZEN,
    "elderly_citizen": ELDERLY_CITIZEN,
    "hong_kong_resident": HONG_KONG_RESIDENT,
    "foreigner_2017": FOREIGNER_2017,
    "foreigner_2023": FOREIGNER_2023,
}
"""All of them by name."""

SAM_ID = SamId((5, 1, 20200101, 1, 2))


class Misdeed(Enum):
    """What can be wrong with one answer on its way."""

    SILENT = auto()
    GARBLED = auto()
    HALF = auto()
    TWICE = auto()
    LATE = auto()
    AFTER_NOISE = auto()


class _Phase(Enum):
    NONE = auto()
    FOUND = auto()
    SELECTED = auto()
    READ = auto()


class SimulatedSdtReader:
    """The reader. It is a device_sim.serial.device.SerialDevice; cards come and go from any thread."""

    def __init__(self, clock: Clock, *, answer_s: float = 0.0, late_s: float = 3.0, sam_id: SamId = SAM_ID) -> None:
        """Make a reader without a card; it takes `answer_s` for an answer and `late_s` for one that is LATE."""
        self._clock = clock
        self._answer_s = answer_s
        self._late_s = late_s
        self._sam_id = sam_id
        self._lock = threading.RLock()
        self._deframer = sdt.Deframer()
        self._card: SimulatedIdCard | None = None
        self._phase = _Phase.NONE
        self._rate = Command.SET_115200_BD
        # What is on its way, in order, each with the time from which on it arrives.
        self._answers: deque[tuple[float, bytes]] = deque()
        self._misdeeds: deque[Misdeed] = deque()
        self._failures: dict[Command, deque[Sw3]] = {}
        self.asked: Recent[Command] = Recent()
        """The latest commands that arrived whole."""

    # -- what a person does ------------------------------------------------------------------------------

    @property
    def card(self) -> SimulatedIdCard | None:
        """The card on the reader."""
        with self._lock:
            return self._card

    @property
    def rate(self) -> Command:
        """The baud rate that was set last, as the command that sets it."""
        with self._lock:
            return self._rate

    def place(self, card: SimulatedIdCard) -> None:
        """Lay a card on the reader.

        Raises:
            ValueError: there is one already.
        """
        with self._lock:
            if self._card is not None:
                raise ValueError("there is a card on the reader already")
            self._card = card
            self._phase = _Phase.NONE

    def lift(self) -> SimulatedIdCard | None:
        """Take the card away and return it, None if there was none."""
        with self._lock:
            card, self._card = self._card, None
            self._phase = _Phase.NONE
            return card

    def fail(self, command: Command, *codes: Sw3) -> None:
        """Answer the next ones of `command` with `codes`, one each."""
        with self._lock:
            self._failures.setdefault(command, deque()).extend(codes)

    def misbehave(self, *misdeeds: Misdeed) -> None:
        """Do this to the next answers, one each."""
        with self._lock:
            self._misdeeds.extend(misdeeds)

    def power_cycle(self) -> None:
        """Switch off and on: what was asked and selected is forgotten, the card stays where it is."""
        with self._lock:
            self._deframer.reset()
            self._answers.clear()
            self._phase = _Phase.NONE

    # -- the line ----------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what is ready to be said."""
        with self._lock:
            for body in self._deframer.feed(data):
                self._say(sdt.encode_reply(self._answer(body)))
            return self.idle()

    def idle(self) -> bytes:
        """Return what is ready to be said."""
        with self._lock:
            ready = bytearray()
            while self._answers and self._answers[0][0] <= self._clock.now():
                ready += self._answers.popleft()[1]
            return bytes(ready)

    def _say(self, frame: bytes) -> None:
        at = self._clock.now() + self._answer_s
        match self._misdeeds.popleft() if self._misdeeds else None:
            case Misdeed.SILENT:
                return
            case Misdeed.GARBLED:
                frame = frame[:-1] + bytes((frame[-1] ^ 0x01,))
            case Misdeed.HALF:
                frame = frame[: len(frame) // 2]
            case Misdeed.TWICE:
                frame += frame
            case Misdeed.LATE:
                at += self._late_s
            case Misdeed.AFTER_NOISE:
                frame = b"\x00\xff\xaa\xaa\xaa\x96" + frame
        self._answers.append((at, frame))

    def _answer(self, body: bytes | Garbled) -> Reply:
        if isinstance(body, Garbled):
            return Reply(Sw3.BAD_CHECKSUM)
        if len(body) != 2:
            return Reply(Sw3.BAD_LENGTH)
        try:
            command = sdt.decode_command(body)
        except WireError:
            return Reply(Sw3.BAD_COMMAND)
        self.asked.append(command)
        failures = self._failures.get(command)
        return Reply(failures.popleft()) if failures else self._obey(command)

    def _obey(self, command: Command) -> Reply:
        match command:
            case Command.RESET:
                self._phase = _Phase.READ if self._phase is _Phase.READ else _Phase.NONE
                return Reply(Sw3.OK)
            case Command.GET_STATUS:
                return Reply(Sw3.OK)
            case Command.READ_SAM_ID:
                return Reply(Sw3.OK, sdt.encode_sam_id(self._sam_id))
            case Command.FIND_CARD:
                return self._find()
            case Command.SELECT_CARD:
                if self._phase is not _Phase.FOUND:
                    return Reply(Sw3.SELECT_FAILED)
                self._phase = _Phase.SELECTED
                return Reply(Sw3.OK, bytes(8))
            case Command.READ_BASE | Command.READ_BASE_AND_FINGERPRINTS:
                return self._read(with_fingerprints=command is Command.READ_BASE_AND_FINGERPRINTS)
            case Command.READ_NEW_ADDRESS:
                return self._read_new_address()
            case _:
                self._rate = command
                return Reply(Sw3.OK)

    def _find(self) -> Reply:
        if self._card is None or self._phase is _Phase.READ:
            return Reply(Sw3.FIND_FAILED)
        self._phase = _Phase.FOUND
        return Reply(Sw3.CARD_FOUND, bytes(4))

    def _read(self, *, with_fingerprints: bool) -> Reply:
        if self._card is None or self._phase is not _Phase.SELECTED:
            return Reply(Sw3.READ_FAILED)
        self._phase = _Phase.READ
        fingerprints = self._card.fingerprints if with_fingerprints else None
        contents = CardContents(id_card_text.encode_text(self._card.text), self._card.photo, fingerprints)
        return Reply(Sw3.OK, sdt.encode_contents(contents))

    def _read_new_address(self) -> Reply:
        if self._card is None or self._phase not in {_Phase.SELECTED, _Phase.READ}:
            return Reply(Sw3.READ_FAILED)
        if not self._card.new_addresses:
            return Reply(Sw3.NO_SUCH_CONTENT)
        return Reply(Sw3.OK, sdt.encode_addresses(self._card.new_addresses))


# -- the same reader on USB --------------------------------------------------------------------------------


@dataclass(frozen=True)
class UsbProfile:
    """How the reader looks on USB: 0400:C35A and the pipes are sourced, class and type of the pipes are not."""

    vendor_id: int = 0x0400
    product_id: int = 0xC35A
    interface_class: int = 0xFF
    out_pipes: tuple[int, ...] = (0x02, 0x06)
    in_pipes: tuple[int, ...] = (0x81, 0x85)


class UsbSdtReader:
    """A device_sim.usb.device.UsbFunction: whole frames on the first pipe of each direction, the others stall."""

    def __init__(self, reader: SimulatedSdtReader, profile: UsbProfile | None = None) -> None:
        profile = profile or UsbProfile()
        self._reader = reader
        self._answers = bytearray()
        self._out, self._in = profile.out_pipes[0], profile.in_pipes[0]
        endpoints = tuple(Endpoint(address, 2) for address in profile.out_pipes + profile.in_pipes)
        self._descriptor = Descriptor(
            profile.vendor_id,
            profile.product_id,
            "OpenTeller",
            "Simulated ID-card reader",
            "SIM0001",
            (Interface(profile.interface_class, 0, 0, endpoints),),
        )

    @property
    def descriptor(self) -> Descriptor:
        """Its descriptors."""
        return self._descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take bytes of frames. Raises Stall for another pipe than the first."""
        if endpoint != self._out:
            raise Stall
        self._answers += self._reader.receive(data)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give bytes of answers, None where there are none. Raises Stall for another pipe than the first."""
        if endpoint != self._in:
            raise Stall
        self._answers += self._reader.idle()
        if not self._answers:
            return None
        data = bytes(self._answers[:size])
        del self._answers[:size]
        return data

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:  # noqa: ARG002
        """Stall: it has no class requests."""
        raise Stall

    def power_cycle(self) -> None:
        """Forget what is on its way; the module is powered by the port and starts anew."""
        self._answers.clear()
        self._reader.power_cycle()
