"""Targets that decode whole messages: the codecs of wire/, key blocks of the simulated PIN pad, a simulated card."""

import contextlib
from collections.abc import Callable
from functools import partial

from device_sim import key_block as blocks
from device_sim.transit_card import CardIdentity, TransitCard
from kiosk_core.card_number import CardNumber
from tests.fuzz.invariants import comes_back, decoded, means_the_same
from wire import (
    apdu,
    atr,
    ccid,
    ccid_descriptor,
    ccid_parameters,
    crt288k,
    crt310,
    crt591,
    crt591_chips,
    crt591_storage,
    emv,
    host_decoder,
    host_encoder,
    id_card_text,
    mjpeg,
    purse,
    sdt,
    social_security,
    t1,
    usb_printer,
)
from wire.crt310_frames import MAX_PACKAGE, Package
from wire.errors import WireError


def _decode_crt310(data: bytes) -> crt310.Command:
    if not 2 <= len(data) <= MAX_PACKAGE:  # the deframer gives no other
        raise WireError("no package")
    return crt310.decode_command(Package(data))


def crt310_command(data: bytes) -> None:
    """A package is a command in one form only, or is refused."""
    comes_back(_decode_crt310, lambda command: crt310.encode(command)[3:-2], data)


def crt310_answer(data: bytes) -> None:
    """Any package as the answer to any command: first a byte with the command's length, the command, then the answer.

    What is taken has one form, but that three tracks may be listed where fewer were asked for.
    """
    size = data[0] if data else 0
    asked, answer = data[1 : 1 + size], data[1 + size :]
    command = decoded(_decode_crt310, asked)
    if command is None or not 2 <= len(answer) <= MAX_PACKAGE:
        return
    decoded(lambda octets: crt310.decode_answer(command, Package(octets), as_drawn=True), answer)
    means_the_same(
        lambda octets: crt310.decode_answer(command, Package(octets)),
        lambda message: crt310.encode(message)[3:-2],
        answer,
    )


def crt591_command(data: bytes) -> None:
    """A text is a command, and what it is encoded to is the same command."""
    means_the_same(crt591.decode_command, crt591.encode_command, data)


_CRT591_DATA: tuple[Callable[[bytes], object], ...] = (
    crt591.decode_sensors,
    crt591.decode_card_type,
    crt591.decode_serial_number,
    crt591.decode_text,
    crt591.decode_count,
    crt591_chips.decode_chip,
    crt591_chips.decode_power,
    crt591_chips.decode_sam_power,
    crt591_chips.decode_rf_card,
    crt591_chips.decode_rf_state,
    crt591_storage.decode_sle_atr,
    crt591_storage.decode_sle_state,
    crt591_storage.decode_i2c_state,
    crt591_storage.decode_answer,
)


def crt591_reply(data: bytes) -> None:
    """A text is a reply, and what it is encoded to is the same reply; its data pass every decoder or are refused."""
    reply = means_the_same(crt591.decode_reply, crt591.encode_reply, data)
    for decode in _CRT591_DATA:
        decoded(decode, data if reply is None else reply.data)


def crt288k_text(data: bytes) -> None:
    """A text is a command in one form only, and a reply in one form; its data pass every decoder or are refused."""
    frame = crt288k.Frame(data)
    comes_back(lambda _: crt288k.decode_command(frame), lambda command: crt288k.encode_command(command).text, data)
    reply = comes_back(lambda _: crt288k.decode_reply(frame), lambda found: crt288k.encode_reply(found).text, data)
    if isinstance(reply, crt288k.Done):
        decoded(lambda _: crt288k.decode_status(reply), b"")
    answer = data if reply is None else reply.data
    for kind in crt288k.Kind:
        decoded(lambda octets, kind=kind: crt288k.decode_card_type(kind, octets), answer)
    decoded(crt288k.decode_chip, answer)
    decoded(crt288k.decode_tracks, answer)
    decoded(crt288k.decode_response, answer)


def sdt_contents(data: bytes) -> None:
    """The data of a reply cut into text, photo and fingerprints, appended addresses, and the reader's number."""
    comes_back(sdt.decode_contents, sdt.encode_contents, data)
    comes_back(lambda octets: sdt.decode_contents(octets, fingerprints=True), sdt.encode_contents, data)
    comes_back(sdt.decode_sam_id, sdt.encode_sam_id, data)
    decoded(sdt.decode_addresses, data)


def id_card_text_(data: bytes) -> None:
    """The text on an ID card, of any layout, means the same when it is written again."""
    means_the_same(id_card_text.decode_text, id_card_text.encode_text, data)


def key_block(data: bytes) -> None:
    """A key block that comes from nowhere is refused in one way only."""
    with contextlib.suppress(blocks.KeyBlockError):
        blocks.unwrap(bytes(range(16)), data.decode("latin-1"))


def jpeg_size(data: bytes) -> None:
    """Any bytes have a size as a picture, or are refused; so has a Content-Type a boundary."""
    size = decoded(mjpeg.jpeg_size, data)
    assert size is None or all(0 < side <= 0xFFFF for side in size)
    boundary = decoded(lambda octets: mjpeg.boundary_of(octets.decode("latin-1")), data)
    if boundary is not None:
        whole = mjpeg.encode_part(boundary, b"\xff\xd8\xff\xd9")
        assert mjpeg.Deframer(boundary, 8).feed(whole) == [mjpeg.Part(bytearray(b"\xff\xd8\xff\xd9"))]


def ccid_message(data: bytes) -> None:
    """A bulk transfer means the same when it is sent again; parameters of a card have one form."""
    message = means_the_same(ccid.decode, ccid.encode, data)
    if isinstance(message, ccid.Parameters | ccid.SetParameters):
        protocol = message.protocol
        comes_back(
            lambda octets: ccid_parameters.decode_parameters(protocol, octets),
            lambda parameters: ccid_parameters.encode_parameters(parameters)[1],
            message.data,
        )


def ccid_interrupt(data: bytes) -> None:
    """A transfer of the interrupt pipe has one form, and every slot in it is present or not."""
    message = comes_back(ccid.decode_interrupt, ccid.encode, data)
    if isinstance(message, ccid.NotifySlotChange):
        for slot in range(256):
            message.present(slot)
            message.changed(slot)


def ccid_class_descriptor(data: bytes) -> None:
    """A class descriptor has one form."""
    descriptor = comes_back(ccid_descriptor.decode_descriptor, ccid_descriptor.encode_descriptor, data)
    assert descriptor is None or descriptor.exchange_level in {None, *ccid_descriptor.ExchangeLevel}


def t1_block(data: bytes) -> None:
    """A block of T=1 has one form with either check."""
    for edc in t1.Edc:
        comes_back(lambda octets, edc=edc: t1.decode(octets, edc), lambda block, edc=edc: t1.encode(block, edc), data)


def answer_to_reset(data: bytes) -> None:
    """All that an ATR says can be asked for and is in its range; a PPS has one form."""
    found = decoded(atr.decode_atr, data)
    if found is not None:
        assert found.protocols
        assert all(0 <= protocol <= 14 for protocol in found.protocols)
        assert 1 <= found.ifsc <= 254
        assert 0 <= found.guard_time <= 255
        assert 0 <= found.waiting_integer <= 255
        assert 0 <= found.waiting_integers <= 255
        assert found.crc in {False, True}
        decoded(lambda _: atr.factors(found.fi_di), b"")
        assert found.specific_mode is None or 0 <= found.specific_mode <= 255
    comes_back(atr.decode_pps, lambda parts: atr.encode_pps(*parts), data)


def apdus(data: bytes) -> None:
    """A command and an answer of a card have one form each."""
    comes_back(apdu.decode_command, apdu.encode_command, data)
    answer = comes_back(apdu.decode_response, apdu.encode_response, data)
    if answer is not None:
        assert answer.waiting is None or 1 <= answer.waiting <= 256
        assert answer.exact_length is None or 1 <= answer.exact_length <= 256


def emv_answers(data: bytes) -> None:
    """Any bytes are an answer of a payment application or are refused; its objects mean the same when written again."""
    means_the_same(emv.decode_objects, _emv_bytes, data)
    for decode in (emv.decode_list, emv.decode_directory, emv.decode_record):
        decoded(decode, data)
    selected = decoded(emv.decode_selected, data)
    if selected is not None:
        assert len(emv.fill_list(selected.asks, {})) == sum(entry.length for entry in selected.asks)
    options = decoded(emv.decode_processing_options, data)
    assert options is None or all(1 <= each.first <= each.last for each in options.records)
    cryptogram = decoded(emv.decode_cryptogram, data)
    assert cryptogram is None or (0 <= cryptogram.counter <= 0xFFFF and len(cryptogram.mac) == 8)


def _emv_bytes(objects: tuple[emv.DataObject, ...]) -> bytes:
    return emv.encode_objects((each.tag, each.value) for each in objects)


_PURSE_ANSWERS: tuple[Callable[[bytes], purse.Answer], ...] = (
    purse.decode_balance,
    purse.decode_load_initialized,
    purse.decode_tac,
    purse.decode_proof,
    purse.decode_log_record,
    purse.decode_trip,
)


def purse_messages(data: bytes) -> None:
    """A command of the purse means the same when it is sent again; an answer has one form."""
    means_the_same(
        lambda octets: purse.decode_command(apdu.decode_command(octets)),
        lambda command: apdu.encode_command(purse.encode_command(command)),
        data,
    )
    for decode in _PURSE_ANSWERS:
        comes_back(decode, purse.encode_answer, data)
    means_the_same(purse.decode_card_info, purse.encode_answer, data)


def social_security_records(data: bytes) -> None:
    """Any bytes are a read or a record of a social-security card in one form, or are refused; so is their text."""
    means_the_same(
        lambda octets: social_security.decode_command(apdu.decode_command(octets)),
        lambda command: apdu.encode_command(social_security.encode_command(command)),
        data,
    )
    for record in social_security.Record:
        comes_back(partial(social_security.decode_record, record), partial(social_security.encode_record, record), data)
    decoded(social_security.text, data)
    decoded(social_security.generation, data)


def transit_card(data: bytes) -> None:
    """A simulated card answers every command with a status word, whatever came before; a first byte gives each length.

    What it holds grows by a load alone.
    """
    identity = CardIdentity(CardNumber("3104760000000123456"), bytes(range(16)), bytes(range(16, 32)))
    card = TransitCard(identity, balance_fen=1230, counter=7, draw=bytes)
    card.power_on()
    at = 0
    while at < len(data):
        size = data[at]
        answer = card.transmit(data[at + 1 : at + 1 + size])
        assert answer is not None
        assert len(apdu.decode_response(answer).data) <= apdu.MAX_ANSWER
        at += 1 + size
    loads = card.memory.counter - 7
    assert loads >= 0
    assert loads or card.memory.balance_fen == 1230


def usb_printer_answers(data: bytes) -> None:
    """A device id means the same when it is written again; a port status has one form."""
    means_the_same(usb_printer.decode_device_id, usb_printer.encode_device_id, data)
    comes_back(usb_printer.decode_port_status, usb_printer.encode_port_status, data)


def host_message(data: bytes) -> None:
    """A message of the host means the same when it is sent again."""
    means_the_same(host_decoder.decode, host_encoder.encode, data)
