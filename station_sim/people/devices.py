"""Households and posts with a device on the broker: they see notifications and answer.

A device shows each notification key once; what comes again is counted, not
shown. Shown keys are remembered for the life of the process, about 150 bytes
each. The session is persistent: notifications sent while the connection is
down are received afterwards.
"""

import json
import threading
from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from station_sim.message import DEFAULT_PREFIX
from station_sim.mqtt_client import WINDOW, BrokerAddress, close_client, make_client, open_client
from station_sim.people.answers import AnswerHabits, AnswerTimer
from station_sim.topics import answer_topic, device_filter, report_topic

_CLIENT_ID = "station-sim-people"


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """What happened so far.

    `shown` keys were new, `repeats` had been shown before; of the shown ones
    `answered` have been answered and `silent` never will be, `absent` of these at posts where nobody
    is. `wrong_numbers` went to a device that is not the post's: nobody saw them. `unreadable`
    notifications were not what a device expects. `reported` is what posts told beside their answers.
    """

    shown: int = 0
    repeats: int = 0
    answered: int = 0
    silent: int = 0
    unreadable: int = 0
    absent: int = 0
    wrong_numbers: int = 0
    reported: int = 0


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """An answer that will be sent after a delay; what a post reports beside it, empty for doors."""

    delay_s: float
    topic: str
    payload: bytes
    report_topic: str = ""
    report: bytes = b""


class Devices:
    """What all devices have shown; knows no connection.

    Parameters
    ----------
    habits : AnswerHabits
    prefix : str
        First part of the topics, for answers to notifications that name no answer topic.
    """

    def __init__(self, habits: AnswerHabits, prefix: str = DEFAULT_PREFIX) -> None:
        self._habits, self._prefix = habits, prefix
        self._shown: set[str] = set()
        self._repeats = self._answered = self._silent = self._unreadable = 0
        self._absent = self._wrong_numbers = self._reported = 0
        self._lock = threading.Lock()

    def receive(self, payload: bytes) -> PlannedAnswer | None:
        """Show a notification if it is new; the answer that will follow, if any."""
        try:
            content = json.loads(payload)
            key, message, recipient = content["key"], content["message"], content["recipient"]
        except (ValueError, KeyError, TypeError):
            with self._lock:
                self._unreadable += 1
            return None
        with self._lock:
            if self._habits.has_wrong_number(recipient):
                self._wrong_numbers += 1
                return None
            if key in self._shown:
                self._repeats += 1
                return None
            self._shown.add(key)
            text_en = str(content.get("text_en", ""))
            answer = self._habits.answer(recipient, message, content.get("type", ""), text_en)
            if answer is None:
                self._silent += 1
                self._absent += self._habits.is_absent(recipient)
                return None
        topic = content.get("answer_topic") or answer_topic(self._prefix, recipient)
        word, delay_s = answer
        payload = json.dumps({"message": message, "answer": word}).encode()
        if content.get("action") != "digest" or not self._habits.is_post(recipient):
            return PlannedAnswer(delay_s, topic, payload)
        report = json.dumps(self._habits.report(recipient, message, str(content.get("text_zh")))).encode()
        return PlannedAnswer(delay_s, topic, payload, report_topic(self._prefix, recipient), report)

    def answered(self, *, has_report: bool = False) -> None:
        """An answer was sent, and perhaps a report beside it."""
        with self._lock:
            self._answered += 1
            self._reported += has_report

    def counts(self) -> PeopleCounts:
        """What happened so far."""
        with self._lock:
            return PeopleCounts(
                len(self._shown),
                self._repeats,
                self._answered,
                self._silent,
                self._unreadable,
                self._absent,
                self._wrong_numbers,
                self._reported,
            )


class DeviceConnection(Protocol):
    """What `People` needs of a connection: tests put a fake in its place."""

    def open(self, receive: "Devices", answer: AnswerTimer) -> None:
        """Connect and pass every notification on."""

    def close(self) -> None:
        """Disconnect."""


class BrokerDevices:
    """All devices over one persistent MQTT session."""

    def __init__(
        self, address: BrokerAddress, prefix: str = DEFAULT_PREFIX, client_id: str = _CLIENT_ID
    ) -> None:
        self._address, self._filter = address, device_filter(prefix)
        self._client = make_client(address, client_id, clean_session=False)
        # One session stands for the devices of a county. With paho's 20 in flight all of them together would
        # answer 20 times a turn of the node, and thousands of answers wait here in a storm.
        self._client.max_inflight_messages_set(WINDOW)

    def open(self, receive: Devices, answer: AnswerTimer) -> None:
        """Connect and subscribe.

        Raises
        ------
        BrokerError
            If the broker cannot be reached or refuses us.
        """
        subscribed = threading.Event()

        def on_connect(
            client: Client,
            userdata: object,
            flags: ConnectFlags,
            reason: ReasonCode,
            properties: Properties | None,
        ) -> None:
            del userdata, flags, properties
            if not reason.is_failure:
                client.subscribe(self._filter, qos=1)

        def on_subscribe(
            client: Client,
            userdata: object,
            mid: int,
            reasons: list[ReasonCode],
            properties: Properties | None,
        ) -> None:
            del client, userdata, mid, reasons, properties
            subscribed.set()

        def on_message(client: Client, userdata: object, message: MQTTMessage) -> None:
            del userdata
            planned = receive.receive(bytes(message.payload))
            if planned is not None:
                answer.after(planned.delay_s, lambda: _send(client, planned, receive))

        self._client.on_connect = on_connect
        self._client.on_subscribe = on_subscribe
        self._client.on_message = on_message
        open_client(self._client, self._address)
        subscribed.wait(10)

    def close(self) -> None:
        """Disconnect; the session stays at the broker."""
        close_client(self._client)


def _send(client: Client, planned: PlannedAnswer, devices: Devices) -> None:
    client.publish(planned.topic, planned.payload, qos=1)
    if planned.report:
        client.publish(planned.report_topic, planned.report, qos=1)
    devices.answered(has_report=bool(planned.report))


class People:
    """Everybody with a device: start, stop, counts.

    Parameters
    ----------
    connection : DeviceConnection
        `BrokerDevices` for a real broker.
    habits : AnswerHabits
    prefix : str
    """

    def __init__(
        self, connection: DeviceConnection, habits: AnswerHabits, prefix: str = DEFAULT_PREFIX
    ) -> None:
        self._connection = connection
        self._devices = Devices(habits, prefix)
        self._timer = AnswerTimer()

    def start(self) -> None:
        """Connect; notifications are received from now on.

        Raises
        ------
        BrokerError
            If the broker cannot be reached or refuses us.
        """
        self._connection.open(self._devices, self._timer)
        self._timer.start()

    def stop(self) -> None:
        """Stop answering and disconnect."""
        self._timer.stop()
        self._connection.close()

    def counts(self) -> PeopleCounts:
        """What happened so far."""
        return self._devices.counts()
