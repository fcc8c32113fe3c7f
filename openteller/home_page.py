"""The home page: which services can be had now, and what a customer should know before he begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk_core.branch_queue import QueueNow, QueueService, Wait
from kiosk_core.funding import FundingKind
from kiosk_core.journeys.journey import RECORDED_JOURNEYS
from kiosk_core.pages import MenuItem, MenuPage, QueueStrip, StripCall, StripService
from kiosk_core.services import QueueTicketing, Service
from kiosk_core.status import DeviceStatus, Media
from kiosk_core.texts import Language, Words
from openteller.page_on_screen import DEFAULT_LANGUAGE

LANGUAGE_SECONDS = 60
"""How long the home page stays in another language than the terminal's own."""

_DEVICES_OF_FUNDING: Mapping[FundingKind, tuple[str, ...]] = {
    FundingKind.QR: (),
    FundingKind.BANK_CARD: ("card_reader", "pin_pad"),
}

# The device that a service cannot do without.
_DEVICES_OF_KINDS: Mapping[str, str] = {
    "transit_top_up": "top_up_module",
    "account_deposit": "card_reader",
    "card_info": "top_up_module",
    "id_update": "camera",
}


_QUEUE = "queue_ticket"
_STRIP_CALLS = 3


@dataclass(frozen=True)
class Condition:
    """How the terminal stands: `host_online` None means not asked yet; `queue` None: there is none, or it is silent."""

    devices: Mapping[str, DeviceStatus]
    host_online: bool | None
    journal_ok: bool
    queue: QueueNow | None = None

    @property
    def media(self) -> Media:
        """What lies on the reader."""
        status = self.devices.get("top_up_module")
        return status.media if status is not None and status.media is not None else Media.NOT_PRESENT

    def unavailable(self, kind: str) -> Words | None:
        """Why a service of this kind cannot be had now; None: it can."""
        is_recorded = kind in RECORDED_JOURNEYS
        if is_recorded and not self.journal_ok:
            return Words("unavailable.journal")
        if kind == _QUEUE:  # neither a device nor the bank is needed for a number
            return None if self.queue is not None else Words("unavailable.queue")
        device = _DEVICES_OF_KINDS[kind]
        if not self.in_service(device):
            return Words(f"unavailable.{device}")
        return None if self.host_online or not is_recorded else Words("unavailable.bank_host")

    @property
    def notice(self) -> Words | None:
        """What the customer should know first."""
        if self.media is Media.PRESENT:
            return Words("home.take_card")
        if self._holds_bank_card:
            return Words("home.take_bank_card")
        return None if self.in_service("receipt_printer") else Words("home.no_receipt")

    def can_take(self, kind: FundingKind) -> bool:
        """Whether the devices that a way to pay needs are in service."""
        return all(map(self.in_service, _DEVICES_OF_FUNDING[kind]))

    @property
    def _holds_bank_card(self) -> bool:
        """Whether somebody's bank card is in the reader, or sticks out of it."""
        reader = self.devices.get("card_reader")
        return reader is not None and reader.media in {Media.PRESENT, Media.LATCHED, Media.ENTERING}

    def in_service(self, name: str) -> bool:
        """Whether the device of this name is there and works."""
        status = self.devices.get(name)
        return status is not None and status.in_service


def home_page(services: Sequence[Service], condition: Condition, language: Language) -> MenuPage:
    """Return the page with a tile a service."""
    items = tuple(
        MenuItem(
            service_id=service.id,
            title=service.title,
            subtitle=service.subtitle,
            icon=service.icon,
            unavailable=condition.unavailable(service.kind),
        )
        for service in services
    )
    idle_s = LANGUAGE_SECONDS if language != DEFAULT_LANGUAGE else None
    return MenuPage(items=items, notice=condition.notice, queue=_strip(services, condition.queue), idle_s=idle_s)


def _strip(services: Sequence[Service], queue: QueueNow | None) -> QueueStrip | None:
    """Return the queue as it is shown; only a terminal that gives out tickets shows it."""
    ticketing = next((each for each in services if isinstance(each, QueueTicketing)), None)
    if queue is None or ticketing is None:
        return None
    return QueueStrip(
        calls=tuple(StripCall(ticket=call.ticket, window=call.window) for call in queue.calls[:_STRIP_CALLS]),
        services=tuple(_strip_service(each, ticketing.ordinary_class) for each in queue.services),
    )


def _strip_service(service: QueueService, customer_class: str) -> StripService:
    minutes = service.newcomer.get(customer_class, Wait()).minutes
    return StripService(
        title=service.title, waiting=service.waiting, up_to_min=minutes[1] if minutes is not None else None
    )
