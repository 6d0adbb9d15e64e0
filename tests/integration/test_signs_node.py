"""A sign over HTTP into a running node and out as a warning; a node that starts again knows it still."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.live.node import Node

Json = list[dict[str, str]]


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    build_county(5, CountyPlan(n_stations=4, n_villages=6)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), sms_port=free_port())
    node = tmp_path / "warnstream.yaml"
    text = (
        node.read_text(encoding="utf-8")
        .replace("clock: simulated", "clock: system")
        .replace("tick: 5s", "tick: 1s")
    )
    node.write_text(text, encoding="utf-8")
    return load_configuration(tmp_path)


@contextmanager
def running(configuration: Configuration) -> Iterator[httpx.Client]:
    node = Node(configuration)
    node.start()
    loop = Thread(target=node.run)
    loop.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{node.http.port}") as client:
            yield client
    finally:
        node.ask_to_stop()
        loop.join(30)


def until(read: Callable[[], Json], is_there: Callable[[Json], bool]) -> Json:
    for _ in range(1_200):
        found = read()
        if is_there(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited a minute, last seen: {read()}")


def test_a_sign_becomes_a_warning_is_explained_and_survives_a_restart(
    configuration: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    village = configuration.network.villages.code[0]
    grid, leader = (post.post for post in configuration.network.posts_of_village(0)[:2])
    configuration.storage.directory.mkdir(parents=True)
    tokens = Tokens(load_or_create_secret(configuration.storage.directory))
    said = {"village": village, "kind": "crack", "note": "wall", "post": grid, "token": tokens.for_post(grid)}
    with running(configuration) as client:
        assert client.post("/api/v1/signs", json=said).status_code == 202
        (sign,) = until(lambda: client.get("/api/v1/signs").json(), bool)
        verdict = {"sign": sign["sign"], "verdict": "validated", "note": "seen", "post": leader}
        verdict["token"] = tokens.for_post(leader)
        assert client.post("/api/v1/signs/verdicts", json=verdict).status_code == 202
        (warning,) = until(
            lambda: client.get("/api/v1/warnings").json(),
            lambda found: bool(found) and found[0]["level"] == "orange",
        )
        assert (warning["village"], warning["hazard"]) == (village, "landslide")
        assert 'warnstream_signs{kind="crack",state="validated"} 1.0' in client.get("/metrics").text
        live = client.get(f"/api/v1/villages/{village}/explanation").json()
        told = next(hazard for hazard in live["hazards"] if hazard["hazard"] == "landslide")
        assert (told["level"], told["reason"]["indicator"]) == ("orange", "sign")
        assert told["warning"]["warning"] == warning["warning"]
        assert told["warning"]["posts_called"] >= 2
        assert grid not in json.dumps(live)  # posts are counted, not named
        assert "warnstream_explanation_seconds_count 1.0" in client.get("/metrics").text
        # The command beside the running node, by its journal and the system's clock.
        capsys.readouterr()
        assert main(["explain", str(configuration.directory), village, "--json"]) == 0
        beside = json.loads(capsys.readouterr().out)
        assert beside["caveats"] == []
        assert [message["msg_type"] for message in beside["messages"]] == ["Alert", "Update"]
        assert {notification["kind"] for notification in beside["messages"][1]["told"]} == {
            "village"
        }  # posts have digests
        (seen,) = beside["signs"]
        assert (seen["reporter"], seen["validator"]) == (grid, leader)
    with running(configuration) as client:
        judge = (leader, tokens.for_post(leader))
        (again,) = until(lambda: client.get("/api/v1/signs", auth=judge).json(), bool)
        assert (again["sign"], again["state"], again["validator"]) == (sign["sign"], "validated", leader)
        assert not {"reporter", "validator", "note"} & client.get("/api/v1/signs").json()[0].keys()
        assert [warning["warning"] for warning in client.get("/api/v1/warnings").json()] == [
            warning["warning"]
        ]
