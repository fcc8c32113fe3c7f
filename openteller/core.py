"""The core process: devices, journal, host link and conductor, behind the core's socket."""

import contextlib
import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from drivers.bank_card import EmvBankCard
from drivers.device_thread import DeviceThread
from drivers.registry import Role
from drivers.social_security_card import ChipSocialSecurityReader
from host_link.link import HostLink
from host_link.mac_keys import MacKeys
from host_link.pin_key import PinKeyExchange
from host_link.servers import Server, ServerList
from host_link.software_keys import MacAlgorithm, SoftwareMacKeys
from host_link.tls import TlsConnector, TlsSettings
from journal.archive import Retention
from journal.hashes import HashFunction
from journal.store import SqliteJournal
from kiosk_core.bank_card import BankCard, BankCardProblem, BankPayment
from kiosk_core.camera import Camera
from kiosk_core.card_reader import CardReader
from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError
from kiosk_core.funding import FundingKind, FundingSource
from kiosk_core.pages import MenuPage, MessagePage, Preview
from kiosk_core.pin_pad import PinPad
from kiosk_core.ports import BankHost
from kiosk_core.receipt import Bitmap
from kiosk_core.screen_messages import Answer, AskFrame, Hello, Question, Refused, ShowPage
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem
from kiosk_core.staff_questions import AskConfirmClock, AskConfirmDisk, AskRetire, AskSettle
from kiosk_core.status import DeviceStatus
from kiosk_core.technician_questions import AskHost, AskPreview, Previewed
from kiosk_core.terminal import Terminal
from kiosk_core.texts import LANGUAGES
from ocr.worker import ReadingProcess
from openteller.bank_card_funding import AtOnce, BankCardDevices, BankCardFunding, PayerRules
from openteller.conductor import Conductor
from openteller.config import TerminalConfig, load_terminal, unreadable_files
from openteller.core_server import CoreServer
from openteller.devices import giving_cards_back, opener, watch, with_logo
from openteller.host_report import host_report
from openteller.id_capture import IdCapture
from openteller.inbox import awaited
from openteller.pin_pad_keys import PinKeyInPad, PinPadKeys, with_key_of_bank
from openteller.preview import CameraPreview
from openteller.questions import SlotReading, Worker
from openteller.queue_link import QueueLink
from openteller.risk_check import RiskCheck
from openteller.sections import HostSection
from openteller.service_files import RISK_NAME, load_risk, load_services
from openteller.staff_acts import StaffActs
from openteller.technician import BUSY, Attended, Technician
from openteller.toml_file import together
from openteller.worker_thread import WorkerThread

_log = logging.getLogger(__name__)

# How often a device is asked for its status: a card must be noticed while the customer still holds it.
_POLL_S = {
    Role.TOP_UP_MODULE: 0.1,
    Role.RECEIPT_PRINTER: 2.0,
    Role.CARD_READER: 0.5,
    Role.ID_CARD_READER: 2.0,
}
_POLL_OTHER_S = 2.0


class Core:
    """A terminal's core. `run` blocks until `stop`; a context manager that lets go of everything.

    Raises (in the constructor):
        ConfigError: the configuration or a service file is wrong.
        JournalUnavailable: the journal cannot be written: a terminal without journal does not start.
    """

    def __init__(self, config_file: Path, clock: Clock) -> None:
        config = load_terminal(config_file)
        services = load_services(config.services.folder)
        risk = load_risk(config.services.folder / RISK_NAME)
        self._config = config
        self._clock = clock
        self._logo = _bitmap(config)
        with contextlib.ExitStack() as undo:
            keys = _mac_keys(config.host, self._pin_pad)
            pin_key = _pin_key(config, clock, self._pin_pad)
            self._link = _host_link(str(config_file), config, clock, keys, pin_key)
            host = WorkerThread(self._link, "bank-host")
            undo.callback(host.stop)
            journal = _open_journal(config, clock)
            undo.callback(journal.close)
            self._threads: dict[Role, DeviceThread[Any]] = {}
            attended: dict[str, Attended] = {}
            for role in Role:
                section = config.devices.of(role)
                if section is not None:
                    recorder = watch(config, role, section, clock)
                    open_device = opener(config, role, section, clock, recorder)
                    if role is Role.RECEIPT_PRINTER and config.receipt is not None and config.receipt.logo_in_printer:
                        open_device = with_logo(open_device, self._logo)
                    if role is Role.CARD_READER:
                        open_device = giving_cards_back(open_device)
                    if role is Role.PIN_PAD and pin_key is not None:
                        open_device = with_key_of_bank(
                            open_device, pin_key, lambda: host.call(lambda each: each.online())
                        )
                    poll_s = _POLL_S.get(role, _POLL_OTHER_S)
                    thread: DeviceThread[Any] = DeviceThread(role.value, open_device, clock, self._changed, poll_s)
                    self._threads[role] = thread
                    attended[role.value] = Attended(thread, recorder, section.model, section.port)
            rules = RiskCheck(risk, journal, clock)
            self._bank_card = self._bank_card_funding(host, journal, rules)
            funding: dict[FundingKind, Worker[FundingSource]] = {}
            if self._bank_card is not None:
                funding[FundingKind.BANK_CARD] = AtOnce(self._bank_card)
            self._queue: QueueLink | None = None
            if config.queue is not None:
                self._queue = QueueLink(str(config_file), config.queue, clock)
                undo.callback(self._queue.stop)
            self._conductor = Conductor(
                services=services,
                terminal=self._terminal,
                journal=journal,
                risk=rules,
                top_up_module=self._threads[Role.TOP_UP_MODULE],
                printer=self._threads[Role.RECEIPT_PRINTER],
                host=host,
                id_card_reader=self._threads.get(Role.ID_CARD_READER),
                slot=self._slot(),
                documents=self._id_capture(undo),
                funding=funding,
                queue=self._queue.asking if self._queue is not None else None,
                appointments=self._queue.appointments if self._queue is not None else None,
                clock=clock,
                screen=self._show,
            )
            self._staff = StaffActs(self._conductor, journal, clock)
            self._technician = Technician(attended, clock, self._is_serving)
            self._preview = CameraPreview(self._threads.get(Role.CAMERA), lambda: self._conductor.shown)
            self._server = CoreServer(
                config.core.socket,
                self._hello(),
                lambda: self._conductor.shown,
                self._conductor.touch,
                self._answer,
            )
            undo.callback(self._server.stop)
            self._undo = undo.pop_all()

    def run(self) -> None:
        """Serve customers until `stop`."""
        for thread in self._threads.values():
            thread.start()
            self._undo.callback(thread.stop)
        if self._bank_card is not None:
            self._undo.callback(self._bank_card.close)
        self._undo.callback(self._technician.stop)
        if self._queue is not None:
            self._queue.follow(self._conductor.queue_changed)
        self._server.start()
        self._conductor.run()

    def stop(self) -> None:
        """End `run`; may be called from a signal handler."""
        self._conductor.stop()

    def __enter__(self) -> "Core":
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _pin_pad(self) -> DeviceThread[PinPad]:
        return self._threads[Role.PIN_PAD]

    def _slot(self) -> SlotReading | None:
        """Return where cards are read that come out again; a terminal without a card reader has no such place."""
        reader, section = self._threads.get(Role.CARD_READER), self._config.bank_card
        if reader is None:
            return None
        if section is None:
            return SlotReading(reader, _read_social_security_card)
        chip_terminal = section.chip_terminal(self._config.terminal.number)

        def read_bank_card(opened: CardReader) -> BankCard | BankCardProblem:
            """Read whose account it is; the chip hears of a payment of one fen, of which nothing follows."""
            asked = BankPayment(1, self._clock.wall(), 1, secrets.token_bytes(4))
            return EmvBankCard(opened, chip_terminal).begin(asked)

        return SlotReading(reader, _read_social_security_card, read_bank_card)

    def _id_capture(self, undo: contextlib.ExitStack) -> IdCapture | None:
        """Return what captures ID cards under the camera; None: there is no camera."""
        camera: DeviceThread[Camera] | None = self._threads.get(Role.CAMERA)
        if camera is None:
            return None
        capture = IdCapture(camera, ReadingProcess(), self._clock)
        undo.callback(capture.close)
        return capture

    def _bank_card_funding(
        self, host: Worker[BankHost], journal: SqliteJournal, risk: RiskCheck
    ) -> BankCardFunding | None:
        """Return the way to pay by bank card, None where the configuration does not offer it."""
        section = self._config.bank_card
        if section is None:
            return None
        chip_terminal = section.chip_terminal(self._config.terminal.number)
        devices = BankCardDevices(
            self._threads[Role.CARD_READER],
            self._threads[Role.PIN_PAD],
            host,
            lambda reader: EmvBankCard(reader, chip_terminal),
            section.formats,
        )
        return BankCardFunding(devices, PayerRules(journal.token, risk.may_pay), self._clock)

    def _changed(self, status: DeviceStatus) -> None:
        faults = ", ".join(sorted(fault.value for fault in status.faults))
        _log.info("%s: %s %s %s", status.name, status.state.value, faults, status.detail)
        self._conductor.device_changed(status)

    def _show(self, page: ShowPage) -> None:
        self._server.show(page)

    def _hello(self) -> Hello:
        terminal = self._config.terminal
        return Hello(
            terminal_no=terminal.number,
            bank=terminal.bank,
            simulated=terminal.simulated,
            languages=LANGUAGES,
            width_mm=self._config.screen.width_mm,
        )

    def _terminal(self) -> Terminal:
        terminal = self._config.terminal
        return Terminal(
            number=terminal.number,
            purse_terminal_no=terminal.purse_terminal_bytes,
            bank=terminal.bank,
            branch=terminal.branch,
            today=self._clock.wall().date(),
            logo=self._logo,
        )

    def _is_serving(self) -> bool:
        idle = isinstance(self._conductor.shown.page, MenuPage | MessagePage) or self._conductor.shows_camera
        return not idle

    def _answer(self, question: Question) -> Answer:
        match question:
            case AskFrame():
                return self._preview.frame(question)
            case AskPreview():
                return self._show_camera(question)
            case AskHost():
                conductor = self._conductor
                return host_report(self._link, conductor.unacknowledged, conductor.head_problem, self._clock.now())
            case AskSettle() | AskConfirmClock() | AskConfirmDisk() | AskRetire():
                return self._staff.answer(question)
            case _:
                return self._technician.answer(question)

    def _show_camera(self, question: AskPreview) -> Previewed | Refused:
        if Role.CAMERA not in self._threads:
            return Refused(reason="this terminal has no camera")
        asked = self._conductor.show_camera(question.seconds, Preview(mirrored=question.mirrored))
        if not awaited(asked):
            return Refused(reason=BUSY)
        return Previewed(seconds=question.seconds)


def _read_social_security_card(reader: CardReader) -> SocialSecurityCard | SocialSecurityProblem:
    return ChipSocialSecurityReader(reader).read_card()


def _open_journal(config: TerminalConfig, clock: Clock) -> SqliteJournal:
    """Open the terminal's journal for writing; raises JournalUnavailable."""
    section = config.journal
    return SqliteJournal(
        section.folder,
        config.terminal.number,
        clock,
        retention=Retention(timedelta(days=section.keep_days), section.max_mb * 2**20),
        function=HashFunction(section.hash),
        clock_tolerance=timedelta(seconds=section.clock_back_s),
    )


def _host_link(
    file: str, config: TerminalConfig, clock: Clock, keys: MacKeys | None, pin_key: PinKeyExchange | None
) -> HostLink:
    host: HostSection = config.host
    if unreadable := unreadable_files(host, config.queue):
        raise together([ConfigError(file, None, key, problem) for key, problem in unreadable])
    servers = []
    try:
        for each in host.servers:
            settings = TlsSettings(
                each.host, each.port, host.ca_file, host.certificate_file, host.key_file, each.certified_name
            )
            servers.append(Server(f"{each.host}:{each.port}", TlsConnector(settings, clock)))
    except OSError as error:
        raise ConfigError(
            file, None, "host", f"{host.ca_file}, {host.certificate_file} and {host.key_file}: {error}"
        ) from None
    in_order = ServerList(servers, clock, return_after_s=host.return_after_s)
    number = config.terminal.number
    return HostLink(in_order, number, clock, timeout_s=host.timeout_s, keys=keys, pin_key=pin_key)


def _mac_keys(host: HostSection, pin_pad: Callable[[], Worker[PinPad]]) -> MacKeys | None:
    """Return who holds the MAC key, None where none is agreed."""
    if host.mac is None:
        return None
    if host.key_exchange_key is None:
        return PinPadKeys(pin_pad)
    return SoftwareMacKeys(MacAlgorithm(host.mac), bytes.fromhex(host.key_exchange_key))


def _pin_key(
    config: TerminalConfig, clock: Clock, pin_pad: Callable[[], DeviceThread[PinPad]]
) -> PinKeyExchange | None:
    """Return what fetches the PIN key, None where none comes over the line."""
    section = config.bank_card
    if section is None or section.pin_key == "injected":
        return None
    return PinKeyExchange(
        PinKeyInPad(pin_pad),
        config.terminal.number,
        clock,
        renew_after=section.pins_per_key,
        changed=lambda: pin_pad().poll_soon(),
    )


def _bitmap(config: TerminalConfig) -> Bitmap | None:
    """Return the logo as dots; black is printed."""
    if config.receipt is None:
        return None
    try:
        with Image.open(config.receipt.logo) as picture:
            dots = ImageOps.invert(picture.convert("L")).convert("1")
    except OSError as error:
        raise ConfigError(str(config.receipt.logo), None, "", f"is no picture: {error}") from None
    return Bitmap(dots.width, dots.tobytes())
