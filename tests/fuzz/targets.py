"""The fuzz targets: each takes any bytes, and an exception means that an invariant does not hold.

A target is a plain function; `TARGETS` says to which family it belongs and how long its inputs may be. The corpus of a
target is tests/fuzz/corpus/NAME: its files are bytes as they come on the line.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import messages, pictures, simulated_bank, streams


@dataclass(frozen=True)
class Target:
    """`run` is called with up to `longest` bytes; the targets of a `family` share its minute."""

    family: str
    run: Callable[[bytes], None]
    longest: int


TARGETS = {
    "crt310_frames": Target("crt-310", streams.crt310_frames, 1200),
    "crt310_commands": Target("crt-310", messages.crt310_command, 300),
    "crt310_answers": Target("crt-310", messages.crt310_answer, 300),
    "crt591_frames": Target("crt-591", streams.crt591_frames, 3000),
    "crt591_commands": Target("crt-591", messages.crt591_command, 600),
    "crt591_replies": Target("crt-591", messages.crt591_reply, 600),
    "crt288k_reports": Target("crt-288k", streams.crt288k_reports, 1400),
    "crt288k_texts": Target("crt-288k", messages.crt288k_text, 400),
    "sdt_frames": Target("sdt", streams.sdt_frames, 3000),
    "sdt_contents": Target("sdt", messages.sdt_contents, 2400),
    "id_card_text": Target("sdt", messages.id_card_text_, 300),
    "pp791_frames": Target("pp791", streams.pp791_frames, 1000),
    "key_block": Target("pp791", messages.key_block, 400),
    "scanner_codes": Target("scanner", streams.scanner_codes, 300),
    "mjpeg_parts": Target("camera", streams.mjpeg_parts, 5000),
    "jpeg_size": Target("camera", messages.jpeg_size, 600),
    "ccid_messages": Target("ccid", messages.ccid_message, 600),
    "ccid_interrupts": Target("ccid", messages.ccid_interrupt, 80),
    "ccid_descriptor": Target("ccid", messages.ccid_class_descriptor, 60),
    "t1_blocks": Target("cards", messages.t1_block, 300),
    "atr": Target("cards", messages.answer_to_reset, 40),
    "apdu": Target("cards", messages.apdus, 300),
    "purse": Target("cards", messages.purse_messages, 300),
    "social_security": Target("cards", messages.social_security_records, 60),
    "emv": Target("cards", messages.emv_answers, 300),
    "transit_card": Target("cards", messages.transit_card, 600),
    "escpos_commands": Target("escpos", streams.escpos_commands, 1000),
    "escpos_answers": Target("escpos", streams.escpos_answers, 400),
    "usb_printer": Target("escpos", messages.usb_printer_answers, 300),
    "receipt_printer": Target("receipt printer, simulated", streams.receipt_printer, 500),
    "host_frames": Target("host", streams.host_frames, 2500),
    "host_messages": Target("host", messages.host_message, 600),
    "bank_desk": Target("host", simulated_bank.bank_desk, 1500),
    "settlement_file": Target("host", simulated_bank.settlement_file, 1500),
    "picture_file": Target("pictures", pictures.picture_file, 2500),
    "reading_answer": Target("pictures", pictures.reading_answer, 3000),
    "reading_question": Target("pictures", pictures.reading_question, 200),
}

FAMILIES = {
    family: [name for name, target in TARGETS.items() if target.family == family]
    for family in dict.fromkeys(target.family for target in TARGETS.values())
}
