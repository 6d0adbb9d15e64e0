"""Gateways that gather: the reports of one minute, county and kind travel as JSON arrays.

Real gateways serve tens of stations and send one message for all of them. The
reports and their order stay the same; broken payloads travel alone, as they came.
Frames of stations that dial in pass by.
"""

from collections.abc import Iterable, Iterator

from station_sim.message import Message
from station_sim.topics import DIALLED_TOPIC, is_clock

GATEWAY_STATIONS = 50
"""Reports in one message at the most."""


def gather(messages: Iterable[Message], reports_max: int = GATEWAY_STATIONS) -> Iterator[Message]:
    """The stream with neighbouring reports of one county and kind put together.

    Nothing is gathered across a clock beacon: what stood before it still does.
    """
    waiting: dict[str, list[Message]] = {}
    for message in messages:
        if is_clock(message.topic):
            yield from _send_all(waiting)
            yield message
        elif _travels_alone(message):
            yield message
        else:
            group = waiting.setdefault(_gateway_topic(message.topic), [])
            group.append(message)
            if len(group) == reports_max:
                yield _together(_gateway_topic(message.topic), group)
                group.clear()
    yield from _send_all(waiting)


def _travels_alone(message: Message) -> bool:
    return message.n_readings == 0 or message.topic.startswith(DIALLED_TOPIC)


def _send_all(waiting: dict[str, list[Message]]) -> Iterator[Message]:
    for topic, group in waiting.items():
        if group:
            yield _together(topic, group)
    waiting.clear()


def _gateway_topic(topic: str) -> str:
    """``ws/liandu/rain/R0001/obs`` -> ``ws/liandu/rain/gateway/obs``."""
    head, _station, tail = topic.rsplit("/", 2)
    return f"{head}/gateway/{tail}"


def _together(topic: str, group: list[Message]) -> Message:
    # A backlog is an array already; within another array nobody would read it.
    rows = (message.payload.removeprefix(b"[").removesuffix(b"]") for message in group)
    payload = b"[" + b",".join(rows) + b"]"
    return Message(group[-1].time_s, topic, payload, sum(message.n_readings for message in group))
