"""Gateways that behave badly around a running node: who waits, who expires, and that the node can still end.

The node runs in this process with journal, outbox, HTTP and real sockets; readings are put into its
journal as those of a listener are.
"""

import logging
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import STEP_S, T0, Storm, get, running, wait_until
from tests.e2e.live import LiveNode, command
from tests.integration.test_delivery_webhook import gateway
from tests.integration.test_hostile_gateways import RawGateway, drip, serving
from warnstream.adapters.sending import sender
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.model.bulletins import VALID_S
from warnstream.model.times import iso_utc
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow


def written_county(directory: Path, sms_url: str, timeout: str = "1min") -> Path:
    """A county where everybody is called over one SMS gateway, valid for an hour."""
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
    write_demo_config(directory, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    channels = {
        "sms": {"kind": "webhook", "url": sms_url, "timeout": timeout, "retry": {"attempts_max": 2}},
        "device": {"kind": "terminal"},
        "terminal": {"kind": "terminal"},
    }
    (directory / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
    settings = directory / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8").replace("validity: 6h", "validity: 1h")
    settings.write_text(text.replace("renew_before: 30min", "renew_before: 10min"), encoding="utf-8")
    return directory


def sms_count(node: Node, state: State) -> int:
    return node.outbox.counts().get(("sms", state), 0)


def channel_reasons(node: Node) -> list[str]:
    return [reason for reason in get(node, "/readyz").json()["reasons"] if reason.startswith("channel ")]


def test_a_gateway_that_turns_everybody_away_is_told_with_begin_and_end_and_nobody_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "REPORT_AFTER_S", 0.0)
    caplog.set_level(logging.INFO)
    is_well = threading.Event()
    with (
        gateway(lambda _body: (200 if is_well.is_set() else 404, {})) as seen,
        running(load_configuration(written_county(tmp_path, seen.url))) as node,
    ):
        storm = Storm(node)
        storm.goes_on(15.0, 4)
        wait_until(lambda: bool(channel_reasons(node)))
        ready = get(node, "/readyz")
        assert ready.status_code == 503
        (reason,) = channel_reasons(node)
        assert reason.startswith("channel sms is held, its messages wait: the gateway answered 404; stopped")
        assert 'warnstream_channel_held{channel="sms"} 1.0' in get(node, "/metrics").text
        storm.goes_on(15.0, 1)
        wait_until(lambda: "channel:sms" in node.alarms.standing())
        waiting = node.outbox.open_count("sms")
        assert waiting > 0
        assert node.outbox.counts()["device", State.SENT] > 0, "another channel goes on meanwhile"

        is_well.set()
        wait_until(lambda: node.outbox.open_count("sms") == 0)
        wait_until(lambda: not channel_reasons(node))
        storm.goes_on(0.0, 1)
        assert node.alarms.standing("channel") == []
        assert 'warnstream_channel_held{channel="sms"} 0.0' in get(node, "/metrics").text
        assert sms_count(node, State.FAILED) == 0
        by_newer = sms_count(node, State.SUPERSEDED)  # what the last step says may replace what waited
        assert sms_count(node, State.SENT) + by_newer >= waiting
        assert sms_count(node, State.EXPIRED) == 0
    told = [record.getMessage() for record in caplog.records if "channel" in record.getMessage()]
    assert [line.split(":")[0] for line in told if line.startswith(("channel held", "channel released"))][
        :2
    ] == [
        "channel held",
        "channel released",
    ]


def test_a_payload_tells_a_gateway_all_that_the_page_of_messages_says(tmp_path: Path) -> None:
    with (
        gateway(lambda _body: (200, {})) as seen,
        running(load_configuration(written_county(tmp_path, seen.url))) as node,
    ):
        Storm(node).goes_on(15.0, 2)
        doors = node.configuration.network.households.code
        wait_until(lambda: any(body["recipient"] in doors for body, *_ in seen.requests))
        body = next(body for body, *_ in seen.requests if body["recipient"] in doors)  # posts go first
        page = httpx.get(body["answer_url"], timeout=5, trust_env=False).text
    assert [body[field] for field in ("version", "status", "late_s")] == [2, "Exercise", 0]
    assert body["sent"] == iso_utc(T0 + 2 * STEP_S)
    assert body["expires"] == iso_utc(T0 + 2 * STEP_S + VALID_S)
    assert body["village"] in load_configuration(tmp_path).network.villages.code
    assert "演练" in page


def test_what_was_over_before_the_gateway_came_back_is_not_sent_and_a_restart_changes_that_not(
    tmp_path: Path,
) -> None:
    with gateway(lambda _body: (200, {})) as seen:
        directory = written_county(tmp_path, seen.url)
        with running(load_configuration(directory)) as node:
            storm = Storm(node)
            storm.goes_on(15.0, 4)
            wait_until(lambda: sms_count(node, State.SENT) > 0 and node.outbox.open_count("sms") == 0)
    sent = len({body["key"] for body, _ in seen.requests})
    with running(load_configuration(directory)) as node:  # and nobody listens at the gateway's port
        storm = Storm(node)
        storm.goes_on(0.0, 110, first=5)  # nine dry hours: warnings have ended, their end is told to nobody
        storm.goes_on(0.0, 2, first=5 + 110 + VALID_S // STEP_S)  # and is over by now
        waiting = node.outbox.open_count("sms")
        assert waiting + sms_count(node, State.EXPIRED) > 0
    with running(load_configuration(directory)) as node:
        wait_until(lambda: node.outbox.open_count("sms") == 0)
        assert sms_count(node, State.EXPIRED) > 0
        assert (sms_count(node, State.SENT), sms_count(node, State.FAILED)) == (sent, 0)


@pytest.fixture
def dripping() -> Iterator[RawGateway]:
    with serving(RawGateway(drip)) as seen:
        yield seen


def test_a_node_ends_at_sigterm_although_its_gateway_drips(tmp_path: Path, dripping: RawGateway) -> None:
    directory = written_county(tmp_path, f"http://127.0.0.1:{dripping.port}/sms", "500ms")
    configuration = load_configuration(directory)
    assert configuration.listener is not None
    node = LiveNode(directory, configuration.http.port)
    try:
        node.start()
        storm = ["--config", str(directory), "--hours", "1", "--speed", "3600", "--seed", "1"]
        subprocess.run(
            [command("station-sim"), "run", *storm, "--port", str(configuration.listener.port)],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )
        wait_until(lambda: dripping.posted.total() > 0)
        assert node.stop() == 0, node.log()
    finally:
        node.end()
