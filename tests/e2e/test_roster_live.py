"""Shifts of a post on a running node: who is rung, a change while red stands, a kill, another roster."""

import json
from pathlib import Path
from typing import Any

import pytest

from station_sim.sending.scenario import DEFAULT_START_S
from tests.e2e.test_chain_live import NEAR, Town
from tests.simulation.changed_county import Phones
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.model.times import MINUTE_S, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

POST = "C0001"
CHANGE_S = DEFAULT_START_S + 30 * MINUTE_S
CHIEF, RELIEF, OTHER = "+0900000001", "+0900000002", "+0900000003"


class Office:
    """The phones of the post, each with the texts that it has shown."""

    def __init__(self, town: Town, gateway: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
        self.town, self.rung = town, list[tuple[str, dict[str, Any]]]()
        channels = town.directory / "channels.yaml"
        text = channels.read_text("utf-8")
        url = text.partition("url: ")[2].partition("\n")[0]
        channels.write_text(text.replace(url, f"http://127.0.0.1:{gateway.port}/sms"), "utf-8")
        show = Phones.receive

        def receive(phones: Phones, content: dict[str, Any]) -> None:
            if content["recipient"] == POST:
                self.rung.append((content["address"], content))
            show(phones, content)

        monkeypatch.setattr(Phones, "receive", receive)

    def digests(self, phone: str) -> list[dict[str, Any]]:
        return [content for rung, content in self.rung if rung == phone and content["action"] == "digest"]

    def texts(self, phone: str) -> list[str]:
        return [content["text_zh"] for content in self.digests(phone)]

    def wait_for(self, phone: str, words: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            shown = (content for rung, content in self.rung if rung == phone and words in content["text_zh"])
            return next(shown, None)

        self.town.node.wait_for(found)
        content = found()
        assert content is not None
        return content


def write_roster(directory: Path, *shifts: tuple[int, int, str]) -> None:
    rows = [
        f"{POST},{iso_utc(begin_s)},{iso_utc(end_s)},{phone[-1]},{phone},sms"
        for begin_s, end_s, phone in shifts
    ]
    (directory / "roster.csv").write_text(
        "\n".join(["post,from,to,person,phone,channel", *rows]) + "\n", "utf-8"
    )


def test_the_phone_of_the_shift_rings_and_the_next_one_hears_what_is_open(
    town: Town, gateway: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, end_s = Office(town, gateway, monkeypatch), CHANGE_S + 30 * 86_400
    write_roster(town.directory, (DEFAULT_START_S - 3600, CHANGE_S, CHIEF), (CHANGE_S, end_s, RELIEF))
    town.prompt = {f"{kind}{village}" for village in NEAR for kind in "GV"} | {"T0001"}
    town.node.start()
    town.rain()
    office.wait_for(CHIEF, "红")
    assert not town.digests(POST), "its own device is silent"
    assert office.texts(RELIEF) == []
    while town.now_s < CHANGE_S:
        town.minutes(1)
    taken_over = office.wait_for(RELIEF, "接班")
    assert "前应答" in taken_over["text_zh"]
    before = len(office.texts(CHIEF))

    town.node.kill()
    town.node.start()
    town.minutes(4)
    assert len(office.texts(CHIEF)) == before, "who went home is told nothing more"
    assert sum("接班" in text for text in office.texts(RELIEF)) == 1

    # The answer of who went home is the post's, for what that phone was rung for.
    town.answer(POST, to={"message": office.digests(CHIEF)[-1]["message"]})
    town.minutes(1)
    told = town.tell("who", str(town.directory), NEAR[0])
    assert f"rank 4 {POST} ({RELIEF[-1]} until 2026-07-18 14:30): answered" in told

    # Another roster, while it runs: somebody else holds the post, and the end of it is near.
    write_roster(town.directory, (DEFAULT_START_S, town.now_s + 86_400, OTHER))
    assert "live" in town.tell("reload", str(town.directory))
    town.minutes(2)
    assert (
        "无需应答" in office.wait_for(OTHER, "接班")["text_zh"]
        or "红" in office.wait_for(OTHER, "接班")["text_zh"]
    )
    assert (
        f"roster.csv ends, the first time at {iso_utc(town.now_s - 2 * MINUTE_S + 86_400)}" in town.notices()
    )
    assert town.node.metric("warnstream_roster_ending") == 1
    logged = town.node.log()
    assert not any(phone in logged for phone in (CHIEF, RELIEF, OTHER)), "no number is in the log"
    assert town.node.stop() == 0

    outbox = Outbox(town.directory / "data")
    written = [json.loads(record) for record in outbox.digests()]
    outbox.close()
    own = [digest for digest in written if digest["post"] == POST]
    assert own[0]["shift"] == iso_utc(DEFAULT_START_S - 3600)
    assert [digest["shift"] for digest in own if digest["hands_over"]] == [
        iso_utc(CHANGE_S),
        iso_utc(DEFAULT_START_S),
    ]
