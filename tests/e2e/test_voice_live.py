"""A running node calls people, and the keys that they press are answers."""

from pathlib import Path

import httpx
import pytest
import yaml
from lxml import etree

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.in_process import Storm, get, running, wait_until
from tests.e2e.test_smpp_live import metric
from tests.integration.test_delivery_voice import ACCOUNT, TOKEN, Lines, gateway
from warnstream.adapters.channels import voice
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State

pytestmark = pytest.mark.slow


def test_a_key_pressed_during_a_call_is_the_answer_of_who_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice, "POLL_S", 0.05)
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    with gateway(Lines()) as lines:
        calls = {
            "kind": "voice", "url": lines.url, "account": ACCOUNT, "token_file": "token",
            "caller": "+8657812345678",
        }  # fmt: skip
        channels = {"sms": calls, "device": {"kind": "terminal"}, "terminal": {"kind": "terminal"}}
        (tmp_path / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
        with running(load_configuration(tmp_path)) as node:
            Storm(node).goes_on(15.0, 4)
            wait_until(lambda: node.outbox.counts().get(("sms", State.SENT), 0) > 0)
            spoken = etree.fromstring(lines.forms[0]["Twiml"])
            assert "演练" in "".join(spoken.itertext())
            action = spoken.find("Gather").attrib["action"]
            path = "/a/" + action.split("/a/", 1)[1]
            answer = httpx.post(
                f"http://127.0.0.1:{node.http.port}{path}", data={"Digits": "2"}, timeout=10, trust_env=False
            )
            assert "已收到" in answer.text
            wait_until(lambda: metric(node, 'warnstream_answers_total{answer="need_help"}') == 1)
            assert get(node, "/openapi.json").json()["paths"]["/a/{token}/keys"]
