"""The settlement file: typed by hand, there and back, and everything that can be wrong with it."""

import contextlib
import hashlib
import re
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.settlement import BookingKind, SettledState, Settlement, SettlementEntry, decode, encode

DAY = date(2026, 11, 22)
BODY = (
    "H|OPENTELLER-SETTLEMENT|1|20261122|156\n"
    "D|T0000001-000042|T0000001|000042|000000000123|20261122|214830|payment|000000005000|loaded|N|310487*********7890\n"
    "D|T0000001-000042|T0000001|000044|000000000125|20261122|214841|load|000000005000|loaded|Y|310487*********7890\n"
    "D|T0000001-000043|T0000001|000051|000000000131|20261122|235959|reversal|000000000001|reversed|N|\n"
)
# `sha256sum` of the four lines above
DIGEST = "371a5404c08aa681308f733076cd3e85c5947e8d85e419c86b8ab902af0b5f8b"
FILE = f"{BODY}T|3|000000010001|{DIGEST}\n".encode()

PAYMENT = SettlementEntry(
    order="T0000001-000042",
    terminal="T0000001",
    stan=42,
    rrn="000000000123",
    date=DAY,
    time=time(21, 48, 30),
    kind=BookingKind.PAYMENT,
    amount_fen=5000,
    state=SettledState.LOADED,
    tac_proven=False,
    card="310487*********7890",
)
LOAD = replace(PAYMENT, stan=44, rrn="000000000125", time=time(21, 48, 41), kind=BookingKind.LOAD, tac_proven=True)
REVERSAL = SettlementEntry(
    order="T0000001-000043",
    terminal="T0000001",
    stan=51,
    rrn="000000000131",
    date=DAY,
    time=time(23, 59, 59),
    kind=BookingKind.REVERSAL,
    amount_fen=1,
    state=SettledState.REVERSED,
    tac_proven=False,
    card="",
)
SETTLEMENT = Settlement(DAY, (PAYMENT, LOAD, REVERSAL))


def test_a_file_is_read() -> None:
    assert decode(FILE) == SETTLEMENT


def test_a_file_is_written() -> None:
    assert encode(SETTLEMENT) == FILE


def test_a_day_without_bookings_has_a_file_too() -> None:
    empty = encode(Settlement(DAY, ()))
    assert empty.startswith(b"H|OPENTELLER-SETTLEMENT|1|20261122|156\nT|0|000000000000|")
    assert decode(empty) == Settlement(DAY, ())


def test_the_sum_is_of_all_amounts() -> None:
    assert SETTLEMENT.sum_fen == 10_001


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("H|OPENTELLER", "X|OPENTELLER", "line 1, mark: is not H"),
        ("SETTLEMENT|1|", "SETTLEMENTS|1|", "line 1, name: is not OPENTELLER-SETTLEMENT"),
        ("SETTLEMENT|1|", "SETTLEMENT|2|", "line 1, version: is not 1"),
        ("20261122|156", "20261131|156", "line 1, date: is no day"),
        ("20261122|156", "20261122|840", "line 1, currency: is not 156"),
        ("20261122|156", "20261122|156|", "line 1, line: has 6 fields and not 5"),
        ("D|T0000001-000042|T0000001|000044", "E|T0000001-000042|T0000001|000044", "line 3, mark: is not D"),
        ("D|T0000001-000043", "D|", "line 4, order: is not 1 to 20 printable ASCII characters"),
        ("|T0000001|000051", "|T00000012|000051", "line 4, terminal: is not 1 to 8 printable ASCII characters"),
        ("|T0000001|000051", "|T000001 |000051", "line 4, terminal: is not 1 to 8 printable ASCII characters"),
        ("|000051|", "|51|", "line 4, STAN: is not 6 decimal digits"),
        ("|000051|", "|00005１|", "line 4, STAN: is not 6 decimal digits"),
        ("|000000000131|", "|131|", "line 4, RRN: is not 12 printable ASCII characters"),
        ("20261122|235959", "20261121|235959", "line 4, date: is not the day of the header"),
        ("20261122|235959", "2026-11-22|235959", "line 4, date: is not 8 decimal digits"),
        ("|235959|", "|240000|", "line 4, time: is no time of day"),
        ("|reversal|", "|chargeback|", "line 4, kind: is none of payment, load, reversal, refund, suspense"),
        ("|000000000001|", "|-00000000001|", "line 4, amount: is not 12 decimal digits"),
        ("|reversed|", "|lost|", "line 4, state: is none of open, suspense, deposited, loaded, reversed, disputed"),
        ("|reversed|N|", "|reversed|n|", "line 4, TAC: is neither Y nor N"),
        ("|reversed|N|", "|reversed|Y|", "line 4, TAC: is verified of a reversal"),
        ("|N|\n", "|N|3104870001234567890\n", "line 4, card: is not a masked card number"),
        ("|N|\n", "|N\n", "line 4, line: has 11 fields and not 12"),
        ("|load|000000005000|loaded|Y", "|payment|000000005000|loaded|N", "line 3, kind: is the second payment of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_field(old: str, new: str, problem: str) -> None:
    body = BODY.replace(old, new, 1)
    assert body != BODY
    digest = hashlib.sha256(body.encode()).hexdigest()
    with pytest.raises(WireError, match=re.escape(problem)):
        decode(f"{body}T|3|000000010001|{digest}\n".encode())


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (b"", "line 1, line: is missing: the file is empty"),
        (b"\n", "line 1, line: is not the trailer"),
        (FILE[:-1], "line 5, line: is not the trailer"),
        (BODY.encode(), "line 4, line: is not the trailer"),
        (FILE.replace(b"T|3|", b"T|2|"), "line 5, count: is not the 3 of the lines above"),
        (FILE.replace(b"T|3|", b"T|03|"), "line 5, count: is not the 3 of the lines above"),
        (FILE.replace(b"|000000010001|", b"|000000010002|"), "line 5, sum: is not the 000000010001 of the lines above"),
        (FILE.replace(DIGEST.encode(), DIGEST.upper().encode()), "line 5, SHA-256: is not that of the lines above"),
        (FILE.replace(b"214830", b"214831"), "line 5, SHA-256: is not that of the lines above"),
        (FILE.replace(b"T|3|", b"T|3|3|"), "line 5, line: has 5 fields and not 4"),
        (FILE.replace(b"D|T0000001-000043", b"D|\xff0000001-000043"), "line 4, line: is not UTF-8"),
        (FILE + FILE, "line 5, mark: is not D"),
        (FILE.replace(b"\n", b"\r\n"), "line 1, currency: is not 156"),
    ],
)
def test_a_file_that_was_changed_is_refused(file: bytes, problem: str) -> None:
    with pytest.raises(WireError, match=re.escape(problem)):
        decode(file)


def test_two_lines_that_changed_places_are_noticed() -> None:
    header, first, second, third, trailer = FILE.splitlines(keepends=True)
    with pytest.raises(WireError, match="line 5, SHA-256"):
        decode(header + second + first + third + trailer)


@pytest.mark.parametrize(
    "entry",
    [
        replace(PAYMENT, order="a|b"),
        replace(PAYMENT, order="a\nb"),
        replace(PAYMENT, order=""),
        replace(PAYMENT, stan=1_000_000),
        replace(PAYMENT, amount_fen=-1),
        replace(PAYMENT, amount_fen=10**12),
        replace(PAYMENT, tac_proven=True),
        replace(PAYMENT, time=time(21, 48, 30, 1)),
        replace(PAYMENT, card="3104870001234567890"),
        replace(PAYMENT, date=date(2026, 11, 21)),
    ],
)
def test_what_does_not_fit_the_file_is_not_written(entry: SettlementEntry) -> None:
    with pytest.raises(WireError):
        encode(Settlement(DAY, (entry,)))


def test_no_error_tells_what_the_file_says() -> None:
    with pytest.raises(WireError) as caught:
        decode(FILE.replace(b"310487*********7890", b"3104870001234567890"))
    assert "310487" not in str(caught.value)


# -- any file --------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="|"), min_size=1)
ENTRIES = st.builds(
    SettlementEntry,
    order=TEXT.map(lambda text: text[:20]),
    terminal=TEXT.map(lambda text: text[:8]),
    stan=st.integers(0, 999_999),
    rrn=st.integers(0, 10**12 - 1).map("{:012}".format),
    date=st.just(DAY),
    time=st.times().map(lambda at: at.replace(microsecond=0)),
    kind=st.sampled_from(BookingKind),
    amount_fen=st.integers(0, 10**12 - 1),
    state=st.sampled_from(SettledState),
    tac_proven=st.just(False),
    card=st.sampled_from(["", "310487*********7890", "622848**4321"]),
)
SETTLEMENTS = st.lists(ENTRIES, max_size=5, unique_by=lambda entry: (entry.order, entry.kind)).map(
    lambda entries: Settlement(DAY, tuple(entries))
)


@given(SETTLEMENTS)
def test_every_settlement_comes_back(settlement: Settlement) -> None:
    assert decode(encode(settlement)) == settlement


@given(SETTLEMENTS, st.data())
def test_no_cut_and_no_changed_byte_goes_unnoticed(settlement: Settlement, data: st.DataObject) -> None:
    file = encode(settlement)
    with pytest.raises(WireError):
        decode(file[: data.draw(st.integers(0, len(file) - 1))])
    place = data.draw(st.integers(0, len(file) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != file[place]))
    with pytest.raises(WireError):
        decode(file[:place] + bytes((other,)) + file[place + 1 :])


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: BODY.encode() + rest))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(WireError):
        assert encode(decode(data)) == data
