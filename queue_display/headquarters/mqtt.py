"""A line to an MQTT broker, by paho-mqtt in a thread of its own: QoS 1, connected again whenever it is lost."""

import logging
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_log = logging.getLogger(__name__)

_KEEPALIVE_S = 30
_CONNECT_S = 3.0
_LONGEST_PAUSE_S = 30  # between two tries to connect


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and by what it knows us. `trust`: speak TLS, with whom it trusts; None: plainly."""

    host: str
    port: int
    trust: ssl.SSLContext | None = None
    user: str = ""
    password: str = field(default="", repr=False)


class MqttLine:
    """A line that hears `topic`.

    `heard` gets topic and payload of each message, `changed` why the line is down, "" when it is up; both are called in
    the line's thread and must not raise. `session`: the broker keeps for this name what comes while nobody listens.
    """

    def __init__(
        self,
        broker: Broker,
        topic: str,
        heard: Callable[[str, bytes], None],
        changed: Callable[[str], None],
        session: str = "",
    ) -> None:
        self._topic = topic
        self._heard = heard
        self._changed = changed
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=session, clean_session=not session)
        if broker.trust is not None:
            self._client.tls_set_context(broker.trust)
        if broker.user:
            self._client.username_pw_set(broker.user, broker.password)
        self._client.connect_timeout = _CONNECT_S
        self._client.reconnect_delay_set(1, _LONGEST_PAUSE_S)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.connect_async(broker.host, broker.port, _KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, once: bool = False, retain: bool = False) -> None:
        """Send; see line.Line."""
        if self._client.is_connected():  # what is said to nobody would only gather in memory
            self._client.publish(topic, payload, qos=0 if once else 1, retain=retain)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: Client, _: object, __: ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self._changed(f"the broker refuses: {reason}")
            return
        client.subscribe(self._topic, qos=1)
        self._changed("")

    def _on_connect_fail(self, _: Client, __: object) -> None:
        # paho calls this while it handles the error, and tells of it in no other way.
        self._changed(f"the broker cannot be reached: {sys.exception() or 'no reason is known'}")

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        if reason.is_failure:
            self._changed(f"the line to the broker was lost: {reason}")

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        try:
            self._heard(message.topic, bytes(message.payload))
        except Exception:  # noqa: BLE001  (whatever it is would end the line's thread for good)
            _log.exception("a mistake of the program: a message is lost, and will be asked for again")
