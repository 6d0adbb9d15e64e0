"""Late readings that prove a past level reach the duty officer: an alarm that leaves the node ready."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.e2e.in_process import (
    STEP_S,
    T0,
    Storm,
    get,
    running,
    sent_alarms,
    state_of,
    wait_until,
    write_small_county,
)
from tests.e2e.live import takes_readings
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return write_small_county(tmp_path)


def send_late(node: Node, intervals: Iterable[int], rain_mm: float) -> None:
    """What every station kept back during an outage."""
    node.keep_messages(
        [
            RawMessage(
                f"ws/c/rain/{code}/obs",
                json.dumps(
                    {"station": code, "time": iso_utc(T0 + STEP_S * number), "rain": rain_mm}
                ).encode(),
            )
            for number in intervals
            for code in node.configuration.network.stations.code
        ]
    ).result(60)


def past_alarms(node: Node) -> list[dict[str, object]]:
    alarms = state_of(node)["alarms"]
    assert isinstance(alarms, list)
    return [alarm for alarm in alarms if alarm["alarm"].startswith("past:")]


def test_an_outage_in_a_storm_is_told_when_its_readings_come_and_after_a_kill(county: Path) -> None:
    with running(load_configuration(county)) as node:
        storm = Storm(node)
        storm.goes_on(0.0, 6)
        storm.nobody_reports(intervals=84)  # seven hours
        send_late(node, range(30, 54), rain_mm=9.0)  # two hours of 108 mm, long over
        storm.goes_on(0.0, 1)
        assert past_alarms(node) == [], "what is proven within a minute is told together"
        storm.goes_on(0.0, 1)
        (alarm,) = past_alarms(node)
        text = str(alarm["text"])
        assert text.startswith("late readings prove ")
        assert "RED" in text.partition(";")[0]
        first = node.configuration.network.villages
        assert any(f"{name} ({code})" in text for name, code in zip(first.name, first.code, strict=True))
        assert not alarm["blocking"]
        assert str(alarm["since"]) == state_of(node)["now"], "the time that is judged by, not the wall's"
        ready = get(node, "/readyz")
        assert text in ready.json()["reasons"]
        assert takes_readings(ready.json())
        assert 'warnstream_alarms{kind="past"} 1.0' in get(node, "/metrics").text
        wait_until(lambda: len(sent_alarms(county, "past")) == 1)

    with running(load_configuration(county)) as node:
        assert [alarm["text"] for alarm in past_alarms(node)] == [text], "it outlives the process"
        storm = Storm(node)
        storm.goes_on(0.0, 1, first=93)
        assert len(past_alarms(node)) == 1
        storm.nobody_reports(intervals=72)
        assert past_alarms(node) == [], "and ends by itself"
    assert list(sent_alarms(county, "past").values()) == [2]
