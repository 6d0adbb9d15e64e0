"""A running node: texts go out, who does not answer is called; a dead gateway says who waits and how long."""

import json
from pathlib import Path

import pytest
import yaml

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import Storm, get, running, wait_until
from tests.integration.test_delivery_webhook import gateway
from warnstream.commands import who
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.model.effects import Answer

pytestmark = pytest.mark.slow


def written_county(directory: Path, sms_url: str, voice_url: str) -> Path:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
    write_demo_config(directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    after = {"channel": "voice", "after": "10min", "source": "a plan"}
    channels = {
        "sms": {"kind": "webhook", "url": sms_url, "timeout": "5s", "next": after, "rate_per_s": 50},
        "voice": {"kind": "webhook", "url": voice_url, "timeout": "5s"},
        "device": {"kind": "terminal"},
        "terminal": {"kind": "terminal"},
    }
    (directory / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
    households = directory / "households.csv"
    rows = households.read_text(encoding="utf-8").replace(",device,", ",sms,").replace(",terminal,", ",sms,")
    households.write_text(rows, encoding="utf-8")
    return directory


def test_doors_that_do_not_answer_the_text_are_called_after_ten_minutes(tmp_path: Path) -> None:
    with (
        gateway(lambda _body: (200, {})) as sms,
        gateway(lambda _body: (200, {})) as voice,
        running(load_configuration(written_county(tmp_path, sms.url, voice.url))) as node,
    ):
        doors = set(node.configuration.network.households.code)
        storm = Storm(node)
        storm.goes_on(30.0, 2)
        storm.goes_on(0.1, 1)

        def newest() -> dict[str, dict[str, str]]:
            told = [body for body, *_ in sms.requests if body["recipient"] in doors]
            return {body["recipient"]: body for body in told}

        wait_until(lambda: len(newest()) == len(doors) and not node.outbox.open_count("sms"))
        asked = [door for door, body in newest().items() if body["action"] in ("prepare", "leave")]
        assert len(asked) == len(doors)
        assert not voice.requests
        answered = set(asked[::2])
        for door in answered:
            node.status.submit_answer(newest()[door]["message"], door, Answer.ACKNOWLEDGED)
        storm.goes_on(0.1, 3)
        wait_until(lambda: not node.outbox.open_count("voice") and bool(voice.requests))
        called = {body["recipient"] for body, *_ in voice.requests}
        assert called == doors - answered
        assert node.outbox.counts()["voice", State.SENT] == len(called)


def test_a_stopped_channel_says_since_when_who_waits_and_what_they_need(tmp_path: Path) -> None:
    with (
        gateway(lambda _body: (404, {})) as sms,
        gateway(lambda _body: (200, {})) as voice,
        running(load_configuration(written_county(tmp_path, sms.url, voice.url))) as node,
    ):
        Storm(node).goes_on(30.0, 2)
        n_doors = len(node.configuration.network.households)

        def reasons() -> list[str]:
            found: list[str] = get(node, "/readyz").json()["reasons"]
            return [line for line in found if line.startswith("channel sms is held") and " leave" in line]

        wait_until(lambda: bool(reasons()))
        assert "; stopped since " in reasons()[0]
        assert "once open" in reasons()[0]
        page = get(node, "/metrics").text
        assert 'warnstream_channel_waiting{action="leave",channel="sms"}' in page
        assert "warnstream_channel_stopped_timestamp_seconds" in page
        (record,) = [
            channel
            for channel in get(node, "/api/v1/state").json()["channels"]
            if channel["channel"] == "sms"
        ]
        assert record["stopped"] is not None
        assert record["waiting"]["leave"] >= n_doors
        assert record["needs_s"]["leave"] == pytest.approx(sum(record["waiting"].values()) / 50, rel=0.2)
        wait_until(lambda: "channel:sms" in node.alarms.standing())
        storm = Storm(node)
        storm.goes_on(0.1, 1, first=3)
        found = who.who(node.configuration, None)
        lines = list(who.lines(found, node.configuration.message.time_zone))
    (line,) = [line for line in lines if line.startswith("STOPPED")]
    assert "channel sms is held" in line
    assert "leave" in line
    assert json.dumps(found)
