"""Officers at a console act on a running node: released, ended by two, never from an older picture."""

import json
import os
import signal
import uuid
from typing import Any

import httpx
import pytest

from tests.e2e.consoles import Watched, state_of
from tests.e2e.test_chain_live import FAR, NEAR, Town
from tests.e2e.test_orders_live import HAZARD, RULES, doors_of, warning_of, warnings_of

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def watched(office: Watched) -> Watched:
    return office


def hold_everything(town: Town) -> None:
    """Doors wait twenty minutes for an officer."""
    file = town.directory / "warnstream.yaml"
    text, levels = file.read_text("utf-8"), "{blue: 20min, yellow: 20min, orange: 20min, red: 20min}"
    assert RULES in text
    file.write_text(text.replace(RULES, f"  rise: {levels}\n  doubtful: {levels}"), "utf-8")


def act(client: httpx.Client, kind: str, village: str = "", key: str = "", **said: Any) -> httpx.Response:
    """What a person does; of a village in the version that they would look at now."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    body: dict[str, Any] = {"kind": kind, "reason": "seen on the screen", **said}
    if village:
        headers["If-Match"] = said.pop("seen", None) or seen(client, village)
        body = {"kind": kind, "reason": "seen on the screen", "villages": [village], **said}
    return client.post("/api/v1/acts", json=body, headers=headers)


def seen(client: httpx.Client, village: str) -> str:
    return str(client.get(f"/api/v1/villages/{village}").json()["seen"])


def flooded(town: Town) -> set[str]:
    return {warning["village"] for warning in warnings_of(town) if warning["hazard"] == HAZARD}


def test_what_waits_is_read_and_released_word_for_word(town: Town, watched: Watched) -> None:
    hold_everything(town)
    town.node.start()
    officer, other = watched.signed_in("chief"), watched.signed_in("deputy")
    town.rain()
    town.node.wait_for(lambda: state_of(officer)["head"]["needs"]["release"].get("villages") == 3)
    assert not [name for name in town.seen if name.startswith("H")], "doors wait"
    town.minutes(5)  # until nothing more rises

    rehearsed = act(officer, "release", NEAR[0], hazard=HAZARD, rehearse=True)
    assert rehearsed.status_code == 200, rehearsed.text
    shown = rehearsed.json()["rehearsal"]
    assert (shown["villages"], sum(shown["doors"].values()), shown["is_for_two"]) == (1, 4, False)
    assert shown["is_exercise"] is True
    assert not [name for name in town.seen if name.startswith("H")], "a rehearsal tells nobody"

    version, key = seen(officer, NEAR[0]), uuid.uuid4().hex
    taken = act(officer, "release", NEAR[0], key, hazard=HAZARD, seen=version)
    assert taken.status_code == 200, taken.text
    assert taken.json()["sequence"] > 0
    late = act(other, "release", NEAR[0], hazard=HAZARD, seen=version)
    assert late.status_code == 409, "two officers, one version"
    assert "chief orders release there right now" in late.json()["problems"][0]
    again = act(officer, "release", NEAR[0], key, hazard=HAZARD, seen=version)
    assert again.json() == taken.json(), "the same key is the same act"
    town.minutes(1)
    assert doors_of(town, NEAR[0], "leave")[-1]["text_zh"] == shown["words"][0]["zh"], "as it was read"
    late = act(other, "release", NEAR[0], hazard=HAZARD, seen=version)
    assert late.status_code == 409
    assert town.node.stop() == 0


def test_red_is_ended_by_two_or_by_one_who_says_so(town: Town, watched: Watched) -> None:
    town.node.start()
    officer, second, reader = (watched.signed_in(word) for word in ("chief", "agrees", "looks"))
    town.rain()
    town.node.wait_for(lambda: state_of(officer)["head"]["levels"][3] == 3)
    assert act(reader, "end", FAR, hazard=HAZARD).status_code == 403
    assert act(second, "end", FAR, hazard=HAZARD).status_code == 403

    proposed = act(officer, "end", FAR, hazard=HAZARD)
    assert (proposed.status_code, proposed.json()["status"]) == (200, "waits")
    town.minutes(1)
    assert warning_of(town, FAR)["level"] == "red", "one person alone has not ended it"
    town.node.wait_for(lambda: state_of(second)["head"].get("proposals"))
    (waiting,) = state_of(second)["head"]["proposals"]
    assert (waiting["kind"], waiting["author"], waiting["villages"]) == ("end", "chief", 1)
    own = act(officer, "release", order=waiting["order"])
    assert own.status_code in (400, 403)
    assert "another person" in own.json()["problems"][0]
    assert act(second, "release", order=waiting["order"], rehearse=True).json()["status"] == "rehearsed"
    assert act(second, "release", order=waiting["order"]).status_code == 200
    town.minutes(1)
    assert flooded(town) == set(NEAR)

    alone = act(officer, "correct", NEAR[0], hazard=HAZARD, alone=True)
    assert alone.json()["status"] == "taken"
    town.minutes(1)
    assert flooded(town) == {NEAR[1]}
    assert town.node.stop() == 0
    lines = [json.loads(line) for line in audit_of(town)]
    said = [line.get("content", line) for line in lines]
    assert any(act.get("is_alone") and act["author"] == "chief" for act in said)
    assert any(act.get("order") == waiting["order"] and act["author"] == "agrees" for act in said)


def test_a_call_for_help_is_given_to_a_person_who_is_named_to_the_door(town: Town, watched: Watched) -> None:
    town.node.start()
    officer, other = watched.signed_in("chief"), watched.signed_in("deputy")
    town.rain()
    door = doors_of(town, FAR)[-1]["recipient"]
    town.answer(door, "need_help")
    town.minutes(1)
    town.node.wait_for(lambda: officer.get(f"/api/v1/villages/{FAR}").json().get("helps"))
    (call,) = officer.get(f"/api/v1/villages/{FAR}").json()["helps"]
    assert call["caller"] == door
    listed = officer.get("/api/v1/doors", params={"village": FAR}).json()
    assert (listed["doors_of"], listed["doors"][0]["door"], listed["doors"][0]["said"]) == (4, door, "help")
    assert all(door["address"] for door in listed["doors"])
    reader = watched.signed_in("looks")
    assert reader.get("/api/v1/doors", params={"village": FAR}).status_code == 403
    assert "helps" not in reader.get(f"/api/v1/villages/{FAR}").json()
    said = [json.loads(line)["content"] for line in audit_of(town)]
    assert any(act.get("note") == f"doors of {FAR} from 0" and act["person"] == "chief" for act in said)
    taken = act(officer, "assign", help=call["help"], person="王五")
    assert taken.status_code == 200, taken.text
    town.minutes(1)
    stale = act(other, "assign", help=call["help"], person="赵六")
    assert (stale.status_code, "王五 has the call" in stale.text) == (409, True)
    assert act(officer, "close", help=call["help"], person="王五").status_code == 400, (
        "another person closes it"
    )
    assert act(officer, "close", help=call["help"], person="陈七").status_code == 200
    town.minutes(1)
    assert town.chain()["help_open"] == 0
    assert town.node.stop() == 0


def test_a_console_that_hangs_takes_no_act_and_the_node_none_twice(town: Town, watched: Watched) -> None:
    town.node.start()
    officer = watched.signed_in("chief")
    town.rain()
    town.node.wait_for(lambda: state_of(officer)["head"]["levels"][3] == 3)
    assert town.node.process is not None
    key, version = uuid.uuid4().hex, seen(officer, FAR)
    os.kill(town.node.process.pid, signal.SIGSTOP)
    try:
        late = act(officer, "lower", FAR, key, hazard=HAZARD, level="blue", alone=True, seen=version)
        assert late.status_code == 503
        assert "does not answer" in late.text
    finally:
        os.kill(town.node.process.pid, signal.SIGCONT)
    town.node.wait_for(watched.is_fed)
    again = act(officer, "lower", FAR, key, hazard=HAZARD, level="blue", alone=True, seen=version)
    assert again.status_code == 200, again.text
    town.minutes(1)
    assert warning_of(town, FAR)["level"] == "blue"
    assert town.node.stop() == 0


def audit_of(town: Town) -> list[str]:
    files = sorted((town.directory / "data" / "audit").glob("*.jsonl"))
    return [line for file in files for line in file.read_text("utf-8").splitlines()]
