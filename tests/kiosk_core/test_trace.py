"""Traces as lines: what is written is read again, and what is none is named by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.trace import (
    BadTrace,
    Header,
    Octets,
    Record,
    Trace,
    What,
    header_line,
    parse_record,
    parse_trace,
    record_line,
)

HEADER = Header(
    device="card_reader",
    family="crt591",
    model="crt-591",
    port="/dev/ttyUSB0",
    began="2026-11-22T10:15:30.000+08:00",
)


def test_a_record_is_one_readable_line() -> None:
    octets = Octets(bytes.fromhex("f2000003433130"), ((5, 7),))
    line = record_line(Record(7, 3.1044567, "card_reader", What.OUT, octets))
    assert line == (
        '{"n": 7, "t": 3.104457, "device": "card_reader", "what": "out", "hex": "f2000003433130", "hidden": [[5, 7]]}'
    )


def test_a_trace_of_a_header_and_records_is_read() -> None:
    record = Record(1, 0.5, "card_reader", What.ERROR, note="unplugged")
    lines = [header_line(HEADER), "", record_line(record)]
    assert parse_trace(lines) == Trace(HEADER, (record,))


@given(
    st.builds(
        Record,
        st.integers(0, 10**9),
        st.integers(0, 10**12).map(lambda micros: micros / 1e6),
        st.text(max_size=9),
        st.sampled_from([what for what in What if what is not What.CONTROL]),
        st.builds(Octets, st.binary(min_size=4, max_size=40), st.sampled_from([(), ((0, 4),), ((0, 1), (2, 3))])),
        st.text(max_size=9),
    )
)
def test_what_is_written_is_read_again(record: Record) -> None:
    assert parse_record(record_line(record)) == record


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "is empty"),
        (["{"], "line 1 is no JSON"),
        (["[1]"], "line 1 is no JSON object"),
        (['{"openteller_trace": 2}'], "line 1 is no trace of version 1"),
        (['{"openteller_trace": 1, "device": "x"}'], "line 1 is no header of a trace"),
        ([header_line(HEADER), '{"n": 1}'], "line 2 is no record of a trace"),
        ([header_line(HEADER), '{"n":1,"t":0,"device":"x","what":"sideways"}'], "line 2 is no record of a trace"),
        ([header_line(HEADER), '{"n":1,"t":0,"device":"x","what":"in","hex":"0"}'], "line 2 is no record of a trace"),
        (
            [header_line(HEADER), '{"n":1,"t":0,"device":"x","what":"in","hex":"00","hidden":[[0,2]]}'],
            "line 2 is no record of a trace",
        ),
        (
            [header_line(HEADER), '{"n":1,"t":0,"device":"x","what":"control","note":"a1"}'],
            "line 2 is no record of a trace",
        ),
        ([header_line(HEADER), '{"n":1,"t":0,"device":"x","what":"in","more":1}'], "line 2 is no record of a trace"),
    ],
)
def test_what_is_no_trace_is_named_by_its_line(lines: list[str], problem: str) -> None:
    with pytest.raises(BadTrace, match=f"^{problem}$"):
        parse_trace(lines)


@given(st.text())
def test_no_text_whatever_raises_anything_but_bad_trace(text: str) -> None:
    for line in (text, f'{{"n":{text}}}'):
        with pytest.raises(BadTrace):
            parse_record(line)


def test_hidden_bytes_match_any_and_the_first_other_difference_is_found() -> None:
    octets = Octets(b"\x01\x30\x30\x04", ((1, 3),))
    assert octets.difference(b"\x01\xaa\xbb\x04") is None
    assert octets.difference(b"\x01\xaa\xbb\x05") == 3
    assert octets.difference(b"\x02\xaa\xbb\x04") == 0
    assert octets.difference(b"\x01\xaa") == 2
    assert octets.difference(b"\x01\xaa\xbb\x04\x05") == 4
    assert (octets + octets).hidden == ((1, 3), (5, 7))
