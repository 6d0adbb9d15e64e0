"""A console beside a running node: it shows what the node says, and nothing it does reaches a warning."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from tests.conftest import Mosquitto, free_port
from tests.e2e.consoles import Watched, state_of
from tests.e2e.live import LiveNode, command
from tests.e2e.test_chain_live import FAR, NEAR, Town
from tests.e2e.test_live_node import HOURS, SEED, assert_same_as_uninterrupted, run_storm
from warnstream.model.times import MINUTE_S, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def consoles() -> Iterator[list[Watched]]:
    opened: list[Watched] = []
    yield opened
    for connection in opened:
        connection.close()


LEVELS = ("none", "blue", "yellow", "orange", "red")


def levels_of_node(node: LiveNode) -> dict[str, int]:
    """The worst level of each village, of the warnings that the node lists."""
    worst: dict[str, int] = {}
    for warning in node.get("/api/v1/warnings"):
        worst[warning["village"]] = max(worst.get(warning["village"], 0), LEVELS.index(warning["level"]))
    return worst


def levels_of_console(client: httpx.Client) -> dict[str, int]:
    codes = [place["code"] for place in client.get("/api/v1/geo").json()["villages"]]
    digits = map(int, state_of(client)["levels"])
    return {code: level for code, level in zip(codes, digits, strict=True) if level}


def status_of(directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command("warnstream"), "status", str(directory), *more],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_console_shows_what_the_node_warns_of_and_why(town: Town, consoles: list[Watched]) -> None:
    watched = Watched(town.directory, town.node)
    consoles.append(watched)
    watched.allow("officer-2")
    town.node.start()
    client, other = watched.signed_in(), watched.signed_in("officer-2")
    assert levels_of_console(client) == {}
    town.rain()
    assert levels_of_node(town.node)[FAR] == 4
    town.node.wait_for(lambda: levels_of_console(client) == levels_of_node(town.node))
    state = state_of(client)
    assert state["head"]["mode"] == "drill"
    assert sum(state["head"]["levels"]) == 3
    known = town.node.get("/api/v1/state")["stations"]
    assert (state["head"]["stations"], state["head"]["reporting"]) == (known["total"], known["reporting"])
    assert {row["level"] for row in state["queue"]} == {4}

    # The terminal says the same, of the same socket.
    told = json.loads(status_of(town.directory, "--json").stdout)
    assert told["levels"] == state["levels"]
    assert told["head"]["needs"]["silent"] == state["head"]["needs"]["silent"]
    text = status_of(town.directory)
    assert text.returncode == (0 if told["head"]["is_ready"] else 1)
    assert "EXERCISE" in text.stdout
    assert "villages  3 red" in text.stdout

    # One village in words: those of the message and of the bulletin that its door got.
    village = client.get(f"/api/v1/villages/{FAR}").json()
    assert village["level"] == 4
    assert village["hazards"][0]["level"] == 4
    assert "reached the threshold" in village["hazards"][0]["why"]["en"]
    door = next(seen for name, seen in sorted(town.seen.items()) if name.startswith(f"H{FAR}"))
    assert village["words"]["zh"] == door[-1]["text_zh"]
    assert village["doors"]["addressed"] == 4
    assert {post["state"] for post in village["posts"]} <= {"asked", "waiting", "overdue"}

    # What doors answer is there with the next frames; a call for help is the first of the needs.
    doors = [name for name in sorted(town.seen) if name.startswith(f"H{FAR}")]
    town.answer(doors[0], "safe")
    town.answer(doors[1], "need_help")
    town.minutes(1)
    town.node.wait_for(lambda: state_of(client)["head"]["needs"]["help"].get("unassigned") == 1)
    doors_now = client.get(f"/api/v1/villages/{FAR}").json()["doors"]
    assert (doors_now["safe"], doors_now["help"], doors_now["answered"]) == (1, 1, 2)
    assert state_of(client)["queue"][0]["help_unassigned"] == 1

    # A person of another county sees that county alone.
    assert set(levels_of_console(other)) in ({FAR}, set(NEAR))
    hidden = NEAR[0] if set(levels_of_console(other)) == {FAR} else FAR
    assert other.get(f"/api/v1/villages/{hidden}").status_code == 404
    assert town.node.metric("warnstream_consoles") == 1
    assert town.node.stop() == 0
    gone = status_of(town.directory)
    assert gone.returncode != 0
    assert "no node of" in gone.stderr
    assert gone.stdout == ""


def test_a_change_is_on_the_stream_and_a_beat_comes_without_one(town: Town, consoles: list[Watched]) -> None:
    watched = Watched(town.directory, town.node)
    consoles.append(watched)
    town.node.start()
    client = watched.signed_in()
    town.minutes(5)
    since = state_of(client)["id"]
    heard: list[tuple[str, dict[str, Any]]] = []
    came = threading.Condition()

    def listen() -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            client.stream("GET", f"/api/v1/stream?since={since}", timeout=60) as stream,
        ):
            name = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    with came:
                        heard.append((name, json.loads(line.removeprefix("data: "))))
                        came.notify_all()
                    if name == "over":
                        return

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    with came:
        assert came.wait_for(lambda: sum(name == "beat" for name, _ in heard) >= 3, timeout=20)
        assert all(0 <= clock["age_s"] < 10 for name, clock in heard if name == "beat")
    town.rain()
    with came:
        rose = came.wait_for(
            lambda: any(delta.get("villages") for name, delta in heard if name == "delta"), timeout=20
        )
    assert rose
    assert town.node.stop() == 0


def test_a_console_that_is_stopped_or_killed_changes_no_warning(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, consoles: list[Watched]
) -> None:
    county = build_county(SEED, CountyPlan(n_stations=60, n_villages=200))
    county.write(tmp_path)
    http_port = free_port()
    write_demo_config(
        tmp_path, broker_port=mosquitto.port, http_port=http_port, sms_port=free_port(), embedded_broker=False
    )
    node, scenario = LiveNode(tmp_path, http_port), Scenario(SEED, county, HOURS)
    watched = Watched(tmp_path, node)
    consoles.append(watched)
    done: list[str] = []

    def disturb() -> None:
        """Stop the console for half an hour of the storm, then kill it twice."""
        client = watched.signed_in()
        node.wait_until(iso_utc(DEFAULT_START_S + 40 * MINUTE_S), timeout_s=120)
        os.kill(watched.pid(), signal.SIGSTOP)
        node.wait_until(iso_utc(DEFAULT_START_S + 90 * MINUTE_S), timeout_s=120)
        os.kill(watched.pid(), signal.SIGCONT)
        node.wait_for(lambda: state_of(client)["clock"]["age_s"] < 3)
        done.append("is level again")
        for _ in range(2):
            before = watched.pid()
            os.kill(before, signal.SIGKILL)
            node.wait_for(lambda before=before: watched.pid() != before)  # type: ignore[misc]
        done.append("was killed")

    disturbing = threading.Thread(target=disturb, daemon=True)
    start = node.start

    def start_both(_self: LiveNode) -> None:
        start()
        disturbing.start()

    monkeypatch.setattr(LiveNode, "start", start_both)
    run_storm(tmp_path, node, scenario, mosquitto.port, [])
    disturbing.join(120)
    assert done == ["is level again", "was killed"]
    assert_same_as_uninterrupted(tmp_path, scenario)


def test_the_demo_prints_where_its_console_is_and_who_may_sign_in() -> None:
    size = ["--stations", "40", "--villages", "60", "--hours", "1", "--speed", "60"]
    arguments = [command("warnstream"), "demo", "--console", *size]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            told = next(line for line in demo.stdout if line.startswith("That signs in "))
            url, person, password = re.search(
                r"in other browsers: (\S+?)/?, person (\S+), password (\S+)\n", told
            ).groups()  # type: ignore[union-attr]
            with httpx.Client(base_url=url, timeout=20, trust_env=False, headers={"Origin": url}) as client:
                until = time.monotonic() + 120
                answer = None
                while answer is None or answer.status_code != 200:
                    assert time.monotonic() < until
                    assert demo.poll() is None
                    with contextlib.suppress(httpx.TransportError):
                        client.post("/api/v1/session", json={"person": person, "password": password})
                        answer = client.get("/api/v1/state")
                    time.sleep(0.2)
                assert answer.json()["head"]["mode"] == "drill"
                assert len(answer.json()["levels"]) == 60
                assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
        finally:
            demo.terminate()
