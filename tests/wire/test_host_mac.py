"""The MAC field against bytes typed by hand from docs/host-messages.md and ISO 8583:1987's two bitmaps."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.host_mac import Sealed, covered, unseal

MAC = bytes.fromhex("0102030405060708")

# docs/host-messages.md: StatusRequest has one bitmap, ReversalRequest two.
ONE = (
    bytes.fromhex("0100 2020000000810000 920000 000009"),
    bytes.fromhex("0100 2020000000810001 920000 000009"),
)
TWO = (
    bytes.fromhex("0400 B038000002C18000 0000004000000000 910000"),
    bytes.fromhex("0400 B038000002C18000 0000004000000001 910000"),
)


@pytest.mark.parametrize(("payload", "expected"), [ONE, TWO], ids=["DE 64", "DE 128"])
def test_the_last_bit_of_the_bitmap_announces_the_mac(payload: bytes, expected: bytes) -> None:
    assert covered(payload) == expected
    assert unseal(expected + MAC) == Sealed(payload=payload, covered=expected, mac=MAC)


@pytest.mark.parametrize("payload", [ONE[0], TWO[0]])
def test_a_message_without_a_mac_is_taken_as_it_is(payload: bytes) -> None:
    assert unseal(payload) == Sealed(payload, payload, None)


@pytest.mark.parametrize("announced", [ONE[1], TWO[1]])
def test_a_second_mac_is_not_put_on(announced: bytes) -> None:
    with pytest.raises(WireError, match="already"):
        covered(announced)


@pytest.mark.parametrize("whole", [ONE[1][:10] + MAC, TWO[1][:18] + MAC])
def test_a_message_that_is_cut_short_is_refused_wherever_it_ends(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(WireError):
            unseal(whole[:length])


@given(st.binary(max_size=60))
def test_any_bytes_come_apart_and_fit_together_or_are_a_wire_error(data: bytes) -> None:
    try:
        sealed = unseal(data)
    except WireError:
        return
    assert sealed.covered + (sealed.mac or b"") == data
    if sealed.mac is not None:
        assert covered(sealed.payload) == sealed.covered


def test_the_page_s_example_is_sealed_as_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "host-messages.md").read_text(encoding="utf-8")
    section = page.split("\n## Message authentication", 1)[1].split("\n## ", 1)[0]
    (block,) = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    sealed = unseal(bytes.fromhex("".join(line.split("#")[0] for line in block.splitlines())))
    (example,) = re.findall(r"\n### StatusRequest\n\n```\n(.*?)```", page, re.DOTALL)
    assert sealed.payload == bytes.fromhex("".join(line.split("#")[0] for line in example.splitlines()))
    assert sealed.mac == bytes.fromhex("30A07D90806D1DB0")
