"""A running node whose SMS gateway is away in a storm: who can be called is called, and not texted later."""

import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.conftest import free_port
from tests.e2e.in_process import Storm, get, running, wait_until
from tests.e2e.test_ways_live import written_county
from tests.integration.test_delivery_webhook import gateway
from warnstream.config.load import load_configuration

pytestmark = pytest.mark.slow

AFTER_S = 2
SLACK_S = 15.0
"""Of a machine with little to give: a second for the look, the rest for its threads."""


def written(directory: Path, sms_port: int, voice_url: str) -> Path:
    """The county with calls behind texts, in which a held channel hands doors on after two seconds."""
    written_county(directory, f"http://127.0.0.1:{sms_port}/sms", voice_url)
    path = directory / "channels.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["channels"]["sms"]["if_held"] = {"after": f"{AFTER_S}s", "source": "the county's plan"}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return directory


def test_who_has_a_second_way_hears_it_in_time_and_nobody_twice_once_the_gateway_is_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    with gateway(lambda _body: (200, {})) as voice:
        configuration = load_configuration(written(tmp_path, port, voice.url))
        households = configuration.network.households
        codes = set(households.code)
        with_call = {code for door, code in enumerate(households.code) if len(households.ways(door)) > 1}
        assert 30 < len(with_call) < len(codes)
        with running(configuration) as node:
            storm = Storm(node)
            storm.goes_on(30.0, 3)
            begun_s = time.monotonic()

            def called() -> set[str]:
                return {body["recipient"] for body, *_ in voice.requests} & codes

            wait_until(lambda: called() >= with_call)
            took_s = time.monotonic() - begun_s
            assert took_s < AFTER_S + SLACK_S
            assert called() == with_call, "whoever has a text alone waits for it"
            assert node.outbox.open_count("sms") > 0
            assert "warnstream_doors_handed_on_total" in get(node, "/metrics").text
            with gateway(lambda _body: (200, {}), port=port) as sms:
                wait_until(lambda: not node.outbox.open_count("sms"))
                wait_until(lambda: not node.outbox.open_count("voice"))
                told = Counter(
                    (body["recipient"], body["message"])
                    for seen in (sms, voice)
                    for body, *_ in seen.requests
                    if body["recipient"] in codes
                )
                assert {door for door, _ in told} == codes
                assert set(told.values()) == {1}, "nobody is told the same bulletin twice"
