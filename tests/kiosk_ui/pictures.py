"""`python -m tests.kiosk_ui.pictures`: draws the pictures of the kiosk's tickets in docs/screens/ from sample data."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image, ImageOps
from PyQt6.QtGui import QGuiApplication, QImage

from device_sim.receipt_printer import SimulatedReceiptPrinter
from drivers.receipt_layout import PRINTERS, compose
from kiosk_core.branch_queue import QueueNow, QueueService, QueueTicket, TicketWish, Wait
from kiosk_core.journeys.queue_ticket import Ticketing
from kiosk_core.journeys.queue_ticket.receipt import receipt
from kiosk_core.texts import Language, LocalText
from openteller.service_files import load_service
from tests.kiosk_core.journey import TERMINAL
from tests.kiosk_ui.rigs import open_screen
from tests.kiosk_ui.sample_pages import PAGES, QR_OF_TICKET

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "docs" / "screens"
TAKEN = ("home_4_queue", "queue_services", "queue_ways", "queue_ticket")
OTHERWISE = ("queue_id_card", "queue_code", "queue_ticket_unprinted", "queue_silent")
GAP = 12
PAPER_EDGE = 32  # dots: paper of 80 mm is printed on for 72
GROUND = "#8A979D"
COLOURS = 64


def side_by_side(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Return pictures of one size in rows of so many."""
    width, height = (max(sizes) for sizes in zip(*(each.size for each in pictures), strict=True))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), GROUND)
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (place % columns * (width + GAP), place // columns * (height + GAP)))
    return sheet


def pages(names: tuple[str, ...], orientation: str, language: Language, width: int) -> list[Image.Image]:
    drawn = []
    with open_screen(orientation) as (rig, screen):
        for name in names:
            rig.show(PAGES[name], language)
            shot = screen.grab().convertToFormat(QImage.Format.Format_RGB888)
            data = shot.constBits()
            assert data is not None
            full = Image.frombuffer(
                "RGB",
                (shot.width(), shot.height()),
                data.asstring(shot.sizeInBytes()),
                "raw",
                "RGB",
                shot.bytesPerLine(),
            )
            drawn.append(full.resize((width, full.height * width // full.width), Image.Resampling.LANCZOS))
    return drawn


def paper(language: Language, customer_class: str) -> Image.Image:
    service = load_service(ROOT / "services" / "queue_ticket.toml")
    taken_at = datetime(2026, 11, 22, 9, 41, tzinfo=timezone(timedelta(hours=8)))
    journey = Ticketing(
        service,  # type: ignore[arg-type]
        TERMINAL,
        "",
        "",
        language,
        queue=QueueNow((QueueService("simple", LocalText("简单业务", "Simple services"), 12),)),
        chosen="simple",
        wish=TicketWish("simple", customer_class, language),
    )
    printer = SimulatedReceiptPrinter()
    ticket = QueueTicket("A013", 12, Wait(830, 1240), taken_at, QR_OF_TICKET)
    printer.receive(b"".join(compose(receipt(journey, ticket), PRINTERS["escpos-80mm"])))
    return ImageOps.expand(printer.take_receipt().picture.convert("L"), PAPER_EDGE, 255)


def save(picture: Image.Image, name: str) -> None:
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(SCREENS / f"kiosk-ticket-{name}.png", optimize=True)


def main() -> None:
    app = QGuiApplication([])
    save(side_by_side(pages(TAKEN, "portrait", "zh", 400), 4), "portrait")
    save(side_by_side(pages(TAKEN, "landscape", "en", 760), 2), "landscape")
    save(side_by_side(pages(OTHERWISE, "portrait", "en", 400), 4), "otherwise")
    save(side_by_side([paper("zh", "green"), paper("en", "ordinary")], 2), "paper")
    app.quit()


if __name__ == "__main__":
    main()
