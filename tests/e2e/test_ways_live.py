"""A running node whose doors have several ways: a dead number, silent doors, and who has answered."""

from pathlib import Path

import pytest
import yaml

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import Storm, running, wait_until
from tests.integration.test_delivery_webhook import gateway
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.model.effects import Answer

pytestmark = pytest.mark.slow


def written_county(directory: Path, sms_url: str, voice_url: str) -> Path:
    """The simulated county with `ways`: what has a device is on the text here, with a call behind it."""
    plan = CountyPlan(n_stations=9, n_villages=10, n_gauges=1, ways=True)
    build_county(1, plan).write(directory)
    write_demo_config(directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    retry = {"attempts_max": 2, "first_wait": "10ms", "wait_max": "20ms"}
    channels = {
        "sms": {"kind": "webhook", "url": sms_url, "timeout": "5s", "rate_per_s": 50, "retry": retry},
        "voice": {
            "kind": "webhook", "url": voice_url, "timeout": "5s",
            "for_silent": {"after": "10min", "source": "a plan"},
        },
        "device": {"kind": "terminal"},
        "terminal": {"kind": "terminal"},
    }  # fmt: skip
    (directory / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
    households = directory / "households.csv"
    rows = households.read_text(encoding="utf-8").replace("; sms:", "; voice:").replace(",device:", ",sms:")
    households.write_text(rows, encoding="utf-8")
    return directory


def test_a_dead_number_is_called_at_once_and_the_silent_after_ten_minutes(tmp_path: Path) -> None:
    dead: set[str] = set()
    with (
        gateway(lambda body: (404 if body["recipient"] in dead else 200, {})) as sms,
        gateway(lambda _body: (200, {})) as voice,
    ):
        configuration = load_configuration(written_county(tmp_path, sms.url, voice.url))
        households = configuration.network.households
        with_call = {code for door, code in enumerate(households.code) if len(households.ways(door)) > 1}
        assert 30 < len(with_call) < len(households)
        dead.add(min(with_call))
        with running(configuration) as node:
            storm = Storm(node)
            storm.goes_on(30.0, 2)
            storm.goes_on(0.1, 1)

            def newest() -> dict[str, dict[str, str]]:
                told = [body for body, *_ in sms.requests if body["recipient"] in households.code]
                return {body["recipient"]: body for body in told}

            wait_until(lambda: bool(voice.requests) and not node.outbox.open_count("sms"))
            assert {body["recipient"] for body, *_ in voice.requests} == dead
            assert all(body["address"].startswith("+") for body, *_ in voice.requests)
            called_before = len(voice.requests)
            answered = set(sorted(with_call - dead)[::2])
            for door in answered:
                node.status.submit_answer(newest()[door]["message"], door, Answer.ACKNOWLEDGED)
            storm.goes_on(0.1, 3)
            wait_until(lambda: len(voice.requests) > called_before and not node.outbox.open_count("voice"))
            called = {body["recipient"] for body, *_ in voice.requests}
            assert called == with_call - answered
            counts = node.outbox.counts()
            assert counts["voice", State.SENT] >= len(called) - len(dead)
