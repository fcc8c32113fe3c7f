"""What a webhook says, how it is signed, and where it may go."""

import base64
import json
from dataclasses import fields
from typing import get_args

import pytest

from queue_display.events import Event, Issued, TellerSignedIn
from queue_display.telling import without_persons
from queue_display.webhooks.addresses import AddressRefused, checked_url, origin_named, origin_of
from queue_display.webhooks.messages import EVENTS, event_name, message
from queue_display.webhooks.signing import new_secret, signed
from tests.queue_display.test_views import a_day

HARMLESS = {
    "DayOpened": {"day", "midnight"},
    "Issued": {
        "ticket",
        "services",
        "customer_class",
        "language",
        "channel",
        "since",
        "slot",
        "said_about_s",
        "said_up_to_s",
    },
    "Called": {"ticket", "window", "reason"},
    "Recalled": {"ticket"},
    "Arrived": {"ticket"},
    "Started": {"ticket"},
    "Transferred": {"ticket", "service", "window"},
    "Parked": {"ticket", "by", "back_at"},
    "NoShow": {"ticket"},
    "ReEntered": {"ticket", "since", "by"},
    "Finished": {"ticket"},
    "Cancelled": {"ticket", "by"},
    "TellerSignedIn": {"window"},
    "TellerSignedOut": {"window"},
    "BreakBegan": {"window", "reason"},
    "BreakEnded": {"window"},
}
"""What may leave the branch. Whoever adds a field to an event decides here whether it is anybody's business."""


def test_the_signature_is_that_of_the_convention() -> None:
    """standard-webhooks/standard-webhooks, libraries/python/tests/test_webhooks.py: test_sign_function."""
    headers = signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_is_new_and_long_enough() -> None:
    """The convention: 24 to 64 random bytes, base64 behind whsec_."""
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert 24 <= len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) <= 64


def test_a_message_says_what_happened_and_nothing_of_persons() -> None:
    for entry in a_day().entries:
        said = json.loads(message(entry))
        kind = type(entry.event).__name__
        assert EVENTS[event_name(entry)] == kind
        assert said["type"] == f"queue.{event_name(entry)}"
        assert said["timestamp"].startswith("2026-11-2")
        assert said["data"].pop("number") == entry.number
        assert said["data"].pop("at") == entry.at
        assert said["data"].keys() == HARMLESS[kind]


def test_every_field_of_every_event_is_harmless_or_left_out() -> None:
    for kind in get_args(Event):
        left_out = {"Issued": {"notes"}, "TellerSignedIn": {"teller", "skills"}}.get(kind.__name__, set())
        assert {field.name for field in fields(kind)} == HARMLESS[kind.__name__] | left_out


def test_without_persons_an_event_is_an_event_still() -> None:
    for entry in a_day().entries:
        event = without_persons(entry.event)
        assert type(event) is type(entry.event)
        match event:
            case Issued(notes=notes):
                assert notes == ""
            case TellerSignedIn(teller=teller, skills=skills):
                assert (teller, skills) == ("", ())
            case _:
                assert event == entry.event


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://crm.bank.example/queue?branch=12", "https://crm.bank.example:443"),
        ("https://CRM.bank.example:8443", "https://crm.bank.example:8443"),
        ("http://10.1.2.3/x", "http://10.1.2.3:80"),
        ("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444"),
        ("https://银行.example/", "https://xn--jn2a72x.example:443"),
    ],
)
def test_an_address_has_one_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(checked_url(url)) == origin


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must begin with https://"),
        ("crm.bank.example", "must begin with https://"),
        ("ftp://crm.bank.example", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://crm.bank.example:99999", "must begin with https://"),
        ("https://a\nb", "must begin with https://"),
        ("https://" + "a" * 2000, "must begin with https://"),
        ("https://crm.bank.example@evil.example/", "must not hold a user"),
        ("https://crm.bank.example/#x", "must not hold a #fragment"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why) as caught:
        checked_url(text)
    assert caught.value.sentence.zh


def test_a_technician_names_a_host_with_or_without_port_and_scheme() -> None:
    assert origin_named("crm.bank.example") == "https://crm.bank.example:443"
    assert origin_named("crm.bank.example:8443") == "https://crm.bank.example:8443"
    assert origin_named("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    with pytest.raises(AddressRefused, match="without a path"):
        origin_named("crm.bank.example/queue")
