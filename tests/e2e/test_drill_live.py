"""A drill beside real warnings on a running node: own topics and numbers, a kill, a real rise, real help."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage

from tests.conftest import Mosquitto
from tests.e2e.test_chain_live import FAR, NEAR, Notice, Town

pytestmark = [pytest.mark.server, pytest.mark.slow]

HAZARD = "flash_flood"


class DrillTown(Town):
    """A town whose people also listen to drills; what came on which topic is kept apart."""

    def __init__(self, directory: Path, port: int) -> None:
        super().__init__(directory, port)
        real = directory / "warnstream.yaml"
        real.write_text(real.read_text("utf-8").replace("status: Exercise", "status: Actual"), "utf-8")
        people = (directory / "operators.csv").read_text("utf-8").splitlines()[1:]
        self.county = next(row.split(",")[3] for row in people if row.startswith("officer-1,"))
        self.topics: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.drilled: defaultdict[str, list[Notice]] = defaultdict(list)
        for topic in ("ws/drill/#", "ws/warn/#", "ws/bulletin/#"):
            self._client.subscribe(topic, qos=1)

    def drill(self, act: str, *arguments: str) -> str:
        said = ["--author", "officer-1", "--reason", "yearly exercise"] if act in ("start", "stop") else []
        return self.tell("drill", act, str(self.directory), *arguments, *said)

    def _show(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        if message.topic.endswith("/cap"):
            return
        content = json.loads(message.payload)
        self.topics[message.topic].append(content)
        if message.topic.startswith("ws/drill/device/"):
            shown = self.drilled[content["recipient"]]
            if content["key"] not in {message["key"] for message in shown}:
                shown.append(content)
        elif message.topic.startswith("ws/device/"):
            super()._show(client, userdata, message)

    def answer_drill(self, recipient: str, word: str = "acknowledged") -> None:
        newest = self.drilled[recipient][-1]
        self._publish(newest["answer_topic"], {"message": newest["message"], "answer": word})

    def until(self, recipient: str, words: str) -> Notice:
        """The newest that a drill has told somebody, once it has these words; time goes on meanwhile."""
        for _ in range(40):
            if (found := self.drilled[recipient]) and words in found[-1]["text_zh"]:
                return found[-1]
            self.minutes(1)
        raise AssertionError(
            f"{[message['text_zh'] for message in self.drilled[recipient]]}\n{self.node.log()}"
        )

    def everything(self) -> list[Notice]:
        return [message for shown in self.drilled.values() for message in shown]


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[DrillTown]:
    opened = DrillTown(tmp_path, mosquitto.port)
    try:
        yield opened
    finally:
        opened.close()


def test_a_drill_is_told_marked_under_names_and_topics_of_its_own_and_scored(town: DrillTown) -> None:
    town.node.start()
    town.minutes(2)
    assert "taken" in town.drill("start", *NEAR, "--hazard", HAZARD, "--level", "red", "--for", "20min")
    post = next(iter(_posts_of(town, NEAR[0])))
    town.until(post, "山洪红")
    door = _door_of(town, NEAR[0])
    town.until(door, "马上走")
    town.answer_drill(post)
    town.answer_drill(door, "moving")
    town.minutes(3)
    for message in town.everything():
        assert message["text_zh"].startswith("【演练】")
        assert message["status"] == "Exercise"
        assert message["message"].startswith("ws@drill-")
    assert not town.seen, "nobody hears anything on the real topics"
    assert not [topic for topic in town.topics if topic.startswith(("ws/warn/", "ws/bulletin/"))]
    assert f"ws/drill/bulletin/{NEAR[0]}" in town.topics
    assert not [message for message in town.everything() if message["village"] == FAR]
    scores = json.loads(town.drill("score", "--json"))
    near = next(village for village in scores["villages"] if village["village"] == NEAR[0])
    assert near["doors_answered"] == 1
    assert next(row for row in near["posts"] if row["post"] == post)["answered_after_s"] is not None
    town.until(door, "演练到此结束")
    assert town.node.get("/api/v1/state")["warnings_open"] == 0
    assert "over (lapsed)" in town.drill("show")


def test_a_drill_goes_on_after_a_kill_under_the_same_names(town: DrillTown) -> None:
    town.node.start()
    town.minutes(2)
    town.drill("start", NEAR[0], "--hazard", HAZARD, "--level", "orange", "--for", "60min")
    other = town.drill("start", NEAR[1], "--hazard", HAZARD, "--level", "red", "--for", "60min").split()[1]
    door, post = _door_of(town, NEAR[0]), next(iter(_posts_of(town, NEAR[0])))
    far = _door_of(town, NEAR[1])
    town.until(door, "演练")
    town.until(post, "山洪橙")
    town.until(far, "马上走")
    before = {message["key"]: message["text_zh"] for message in town.everything()}
    town.node.kill()
    town.node.start()
    town.minutes(3)
    after = {message["key"]: message["text_zh"] for message in town.everything()}
    assert {key: after[key] for key in before} == before
    again = [message for message in town.everything() if message["recipient"] == door]
    assert len(again) == len({message["message"] for message in again})
    assert "drills are on: 2, in 2 villages" in str(town.node.get("/readyz")["reasons"])
    refused = town.refused("drill", "stop", str(town.directory), "--author", "officer-1", "--reason", "x")
    assert "several are on, name one of" in refused
    town.drill("stop", "--drill", other)
    town.until(far, "演练到此结束")
    assert "演练到此结束" not in town.drilled[door][-1]["text_zh"], "the other drill goes on"
    town.drill("stop")
    town.until(door, "演练到此结束")


def test_something_real_ends_the_drill_in_its_village_and_says_so(town: DrillTown) -> None:
    town.node.start()
    town.minutes(2)
    town.drill("start", *NEAR, "--hazard", HAZARD, "--level", "yellow", "--for", "120min")
    door = _door_of(town, NEAR[0])
    post = next(iter(_posts_of(town, NEAR[0])))
    town.until(post, "山洪黄")
    town.rain()
    town.wait_for(post, "这是真警报")
    first = next(message for message in town.seen[door])
    assert "演练停止，这是真警报" in first["text_zh"]
    assert first["status"] == "Actual"
    assert "【演练】" not in first["text_zh"]
    shown = town.drill("show")
    assert shown.count("over (real)") == len(NEAR), shown
    count = len(town.drilled[door])
    town.minutes(5)
    assert len(town.drilled[door]) == count, "nothing of the drill follows what is real"


def test_help_in_a_drill_rings_a_real_post_and_an_answer_settles_no_real_debt(town: DrillTown) -> None:
    town.node.start()
    town.minutes(2)
    town.drill("start", NEAR[0], "--hazard", HAZARD, "--level", "red", "--for", "120min")
    door = _door_of(town, NEAR[0])
    town.until(door, "马上走")
    town.answer_drill(door, "need_help")
    for _ in range(10):
        town.minutes(1)
        if any("求助" in message["text_zh"] for shown in town.seen.values() for message in shown):
            break
    rung = [message for shown in town.seen.values() for message in shown if "求助" in message["text_zh"]]
    assert rung, "a human of the real chain is rung"
    assert all(message["status"] == "Actual" for message in rung)


def _posts_of(town: DrillTown, village: str) -> list[str]:
    from warnstream.config.load import load_configuration

    network = load_configuration(town.directory).network
    return [post.post for post in network.posts_of_village(network.villages.index_of_code()[village])]


def _door_of(town: DrillTown, village: str) -> str:
    from warnstream.config.load import load_configuration

    network = load_configuration(town.directory).network
    households = network.households
    return households.code[households.of_village(network.villages.index_of_code()[village])[0]]
