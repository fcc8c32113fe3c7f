"""The card reader as the place where cards are read: what goes in, comes out."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from device_sim.cards.kinds import Issuer, built_in_kinds, make_card
from drivers.registry import Place, models
from drivers.social_security_card import ChipSocialSecurityReader
from kiosk_core.card_reader import CardReader, CardRefusal, ChipPower, Destination, ResetAction
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem
from kiosk_core.status import Media
from openteller.bench import Bench
from openteller.card_slot import CardSlot
from tests.clocks import RealClock
from tests.patience import PATIENCE_S


@dataclass
class Reader:
    """A reader that notes what it is told; a card stays at the gate until it is taken."""

    where: Media = Media.NOT_PRESENT
    told: list[object] = field(default_factory=list)
    breaks_at: object = None

    def media(self) -> Media:
        return self.where

    def set_entry(self, enabled: bool) -> None:
        self._note(enabled)

    def chip_power(self, power: ChipPower) -> None:
        self._note(power)

    def move(self, to: Destination) -> CardRefusal | None:
        self._note(to)
        self.where = Media.ENTERING
        return None

    def reset(self, action: ResetAction) -> None:
        self._note(action)

    def _note(self, command: object) -> None:
        if command == self.breaks_at:
            raise DeviceUnavailable("card_reader", "unplugged")
        self.told.append(command)


def read(reader: Any) -> str:
    """Read a card, which leaves it at the contacts."""
    reader.told.append("read")
    reader.where = Media.LATCHED
    return "a card"


def break_off(reader: Any) -> str:
    """Read a card until the reader is unplugged."""
    read(reader)
    raise DeviceUnavailable("card_reader", "unplugged")


def test_a_card_is_let_in_read_and_given_back_without_power() -> None:
    slot, reader = CardSlot(), Reader()
    assert slot.look(reader, read) is None  # type: ignore[arg-type]
    assert reader.told == [True]
    reader.where = Media.PRESENT
    assert slot.look(reader, read) == "a card"  # type: ignore[arg-type]
    assert reader.told == [True, "read", False, ChipPower.OFF, Destination.EXIT]


def test_a_card_is_not_read_twice_while_nobody_takes_it() -> None:
    slot, reader = CardSlot(), Reader()
    slot.look(reader, read)  # type: ignore[arg-type]
    reader.where = Media.PRESENT
    slot.look(reader, read)  # type: ignore[arg-type]
    for stays in (Media.ENTERING, Media.PRESENT):  # at the gate of a motor reader, inside a dip reader
        reader.where = stays
        assert slot.look(reader, read) is None  # type: ignore[arg-type]
    assert reader.told.count("read") == 1
    reader.where = Media.NOT_PRESENT
    slot.look(reader, read)  # type: ignore[arg-type]
    reader.where = Media.PRESENT
    slot.look(reader, read)  # type: ignore[arg-type]
    assert reader.told.count("read") == 2


def test_a_card_that_was_left_there_is_given_back_unread() -> None:
    reader = Reader(Media.PRESENT)
    assert CardSlot().look(reader, read) is None  # type: ignore[arg-type]
    assert reader.told == [False, Destination.EXIT]


def test_the_slot_is_closed_and_a_card_on_its_way_in_comes_back() -> None:
    slot, reader = CardSlot(), Reader()
    slot.look(reader, read)  # type: ignore[arg-type]
    slot.close(reader)  # type: ignore[arg-type]
    assert reader.told == [True, False]
    reader.where = Media.PRESENT
    assert slot.look(reader, read) is None  # type: ignore[arg-type]
    assert "read" not in reader.told


def test_a_card_is_given_back_when_reading_fails_and_the_failure_is_told() -> None:
    slot, reader = CardSlot(), Reader()
    slot.look(reader, read)  # type: ignore[arg-type]
    reader.where = Media.PRESENT
    with pytest.raises(DeviceUnavailable):
        slot.look(reader, break_off)  # type: ignore[arg-type]
    assert reader.told[-1] is Destination.EXIT


def test_a_jammed_card_is_the_reader_s_fault() -> None:
    with pytest.raises(DeviceFault) as jam:
        CardSlot().look(Reader(Media.JAMMED), read)  # type: ignore[arg-type]
    assert jam.value.fault is Fault.CARD_JAM


def test_a_jammed_card_is_brought_out_when_the_slot_closes() -> None:
    reader = Reader(Media.JAMMED)
    CardSlot().close(reader)  # type: ignore[arg-type]
    assert reader.told == [False, ResetAction.EXIT]


def test_a_reader_that_is_gone_is_closed_without_a_word() -> None:
    CardSlot().close(Reader(breaks_at=False))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["crt-591", "crt-310", "crt-288k"])
def test_a_customer_has_his_card_read_by_every_kind_of_reader(model: str, tmp_path: Path) -> None:
    card = make_card(built_in_kinds()["social_security_2"], "2", tmp_path, Issuer(bytes(16), bytes(16))).plastic

    def read_chip(reader: CardReader) -> SocialSecurityCard | SocialSecurityProblem:
        return ChipSocialSecurityReader(reader).read_card()

    with Bench() as bench:
        plugged: Any = {"crt-591": bench.crt591, "crt-310": bench.crt310, "crt-288k": bench.crt288k}[model]()
        reader = models()[model].open(Place("card_reader", plugged.port, None, RealClock(), lambda _: None))
        reader.reset()
        slot = CardSlot()
        assert slot.look(reader, read_chip) is None
        plugged.device.insert(card)
        patience = time.monotonic() + PATIENCE_S
        while (found := slot.look(reader, read_chip)) is None:
            assert time.monotonic() < patience
            time.sleep(0.05)
        assert isinstance(found, SocialSecurityCard)
        assert found.number.reveal() == "A00000002"  # device_sim/card_store/social_security_2.toml
        take = plugged.device.pull_out if model == "crt-288k" else plugged.device.take
        assert take() is card
        reader.close()
