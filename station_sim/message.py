"""A message of a station or the clock, as it is published."""

from typing import NamedTuple

from station_sim.topics import clock_topic
from warnstream.model.times import iso_utc

DEFAULT_PREFIX = "ws"


class Message(NamedTuple):
    """One MQTT message: when it is sent (simulated time), topic, payload, and how many reports it holds.

    A clock beacon holds 0, so do broken payloads.
    """

    time_s: int
    topic: str
    payload: bytes
    n_readings: int


def beacon(prefix: str, time_s: int) -> Message:
    """Clock beacon: every reading sent until `time_s` stands before it."""
    return Message(time_s, clock_topic(prefix), f'{{"time":"{iso_utc(time_s)}"}}'.encode(), 0)
