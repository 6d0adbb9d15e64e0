"""What devices show: every notification that comes to them through a broker, by its key."""

import json
import threading
import time
from dataclasses import dataclass, field

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion


@dataclass(slots=True)
class Shown:
    """All devices of a county at once; a device shows a key once, whatever comes again under it.

    Attributes
    ----------
    n_keys : int
        Notifications that were shown.
    n_again : int
        Those that came again under a key that was shown, with the same content: nobody saw them.
    twice : list of str
        What somebody saw twice: another content under a known key, or the same message of the same recipient
        under another one.
    """

    port: int
    n_again: int = 0
    twice: list[str] = field(default_factory=list)
    _content: dict[str, bytes] = field(default_factory=dict)
    _key_of: dict[tuple[str, str], str] = field(default_factory=dict)
    _client: Client | None = None
    _heard_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_keys(self) -> int:
        return len(self._content)

    def start(self) -> None:
        """Listen; the session stays, so that nothing is missed."""
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="all-devices", clean_session=False)
        self._client.on_connect = lambda client, *_: client.subscribe("ws/device/#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._take(message)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()

    def stop(self) -> None:
        """Hear no more."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def wait_until_quiet(self, quiet_s: float, wait_s_max: float) -> None:
        """Until nothing has come for so long."""
        deadline = time.monotonic() + wait_s_max
        while time.monotonic() < deadline and time.monotonic() - self._heard_s < quiet_s:
            time.sleep(0.2)

    def _take(self, message: MQTTMessage) -> None:
        content = json.loads(message.payload)
        key, pair = content["key"], (content["message"], content["recipient"])
        said = json.dumps([content.get("text_zh"), content.get("text_en")]).encode()
        with self._lock:
            self._heard_s = time.monotonic()
            known = self._content.setdefault(key, said)
            if self._key_of.setdefault(pair, key) != key:
                self.twice.append(f"{pair} under {key} and {self._key_of[pair]}")
            elif known is not said:
                self.n_again += 1
                if known != said:
                    self.twice.append(f"{key} with two contents")
