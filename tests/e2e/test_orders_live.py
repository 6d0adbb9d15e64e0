"""Hands on a running node, by command and over HTTP: red by hand, an error, a ceiling, releases, a kill."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.test_chain_live import FAR, NEAR, NEAR_TOWN, Notice, Town
from warnstream.runners.live.orders import FOLDER

pytestmark = [pytest.mark.server, pytest.mark.slow]

HAZARD = "flash_flood"
RULES = "  rise: {orange: automatic, red: automatic}\n  doubtful: {orange: automatic}"


class Officer:
    """People of the county's operators.csv at work on one node."""

    def __init__(self, town: Town) -> None:
        self.town = town
        rows = (town.directory / "operators.csv").read_text("utf-8").splitlines()[1:]
        people = [row.split(",") for row in rows]
        county = next(area for person, _, _, area, *_ in people if person == "officer-1")
        self.officer, self.second = "officer-1", "leader-1"
        self.county = county

    def tell(self, *arguments: str, reason: str = "seen from the bridge") -> str:
        kind, *rest = arguments
        said = ["--author", self.officer, "--reason", reason]
        return self.town.tell(kind, str(self.town.directory), *rest, *said)

    def token(self, person: str) -> str:
        return self.town.tell("operator-token", str(self.town.directory), person).split()[-1]

    def post(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        url = f"http://127.0.0.1:{self.town.node.http_port}/api/v1/orders"
        said = {"author": self.officer, "token": self.token(self.officer), "reason": "by phone", **body}
        with httpx.Client(trust_env=False, timeout=20) as client:
            return client.post(url, json=said, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def orders(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.town.node.http_port}/api/v1/orders"
        with httpx.Client(trust_env=False, timeout=20) as client:
            found: dict[str, Any] = client.get(url, auth=(self.officer, self.token(self.officer))).json()
        return found


def doors_of(town: Town, village: str, newest: str = "") -> list[Notice]:
    """What one door of a village was shown, oldest first, once its newest has the action `newest`."""

    def found() -> list[Notice]:
        names = [recipient for recipient in sorted(town.seen) if recipient.startswith(f"H{village}")]
        return town.seen[names[0]] if names else []

    town.node.wait_for(lambda: found() and newest in ("", found()[-1]["action"]))
    return found()


def warnings_of(town: Town) -> list[dict[str, Any]]:
    return list(town.node.get("/api/v1/warnings"))


def warning_of(town: Town, village: str) -> dict[str, Any]:
    found = [
        warning
        for warning in warnings_of(town)
        if (warning["village"], warning["hazard"]) == (village, HAZARD)
    ]
    return found[0]


def test_red_by_hand_needs_two_and_an_error_is_corrected(town: Town) -> None:
    officer = Officer(town)
    town.node.start()
    town.minutes(5)

    told = officer.tell("issue", HAZARD, "red", *NEAR, "--dry-run")
    assert "2 villages, 8 doors" in told
    officer.tell("issue", HAZARD, "red", *NEAR, "--id", "night-1")
    town.minutes(1)
    assert warnings_of(town) == []
    assert "waits for a second person" in town.notices()
    (waiting,) = officer.orders()["waiting_second"]
    alone = officer.post({"kind": "release", "order": waiting["order"]})
    assert "another person" in alone.json()["problems"][0]
    body = {"kind": "release", "author": officer.second, "token": officer.token(officer.second)}
    assert officer.post({**body, "order": "night-1"}).status_code == 202
    town.minutes(1)
    assert {warning["level"] for warning in warnings_of(town)} == {"red"}
    for village in NEAR:
        assert town.wait_for(f"G{village}", "红")
        assert doors_of(town, village, "leave")
    assert town.node.metric('warnstream_hands{kind="floor"}') == 2

    # What is seen of another message is stale; the right one is an error and is corrected in its own words.
    latest = warning_of(town, NEAR[0])
    stale = officer.post(
        {"kind": "correct", "hazard": HAZARD, "villages": [NEAR[0]]}, If_Match=latest["message"] + "0"
    )
    assert stale.status_code == 412
    ended = officer.post(
        {"kind": "correct", "hazard": HAZARD, "villages": [NEAR[0]]},
        If_Match=latest["message"],
        Idempotency_Key="k1",
    )
    assert ended.status_code == 202
    again = officer.post({"kind": "correct", "hazard": HAZARD, "villages": [NEAR[0]]}, Idempotency_Key="k1")
    assert again.status_code == 202, "the same order again changes nothing"
    town.minutes(1)
    assert doors_of(town, NEAR[0], "correct")
    assert doors_of(town, NEAR[1], "leave")

    refused = officer.post(
        {
            "kind": "issue",
            "hazard": "snow",
            "level": "pink",
            "villages": ["nowhere"],
            "author": officer.officer,
        }
    )
    assert len(refused.json()["problems"]) == 3
    assert officer.post({"kind": "end", "token": "x"}).status_code == 403
    assert town.node.stop() == 0


def test_a_ceiling_dies_at_the_next_rise_and_is_seen_until_then(town: Town) -> None:
    officer = Officer(town)
    town.node.start()
    town.rain()
    assert warning_of(town, FAR)["level"] == "red"
    officer_of_far = officer.officer = "officer-2"
    assert "taken" in officer.tell("lower", HAZARD, "yellow", FAR)
    town.minutes(1)
    lowered = warning_of(town, FAR)
    assert (lowered["level"], lowered["found"], lowered["bound"]) == ("yellow", "red", "ceiling")
    assert "red held at yellow" in town.notices()
    told = town.tell("who", str(town.directory))
    assert f"{FAR} {HAZARD} ceiling yellow, found red, in force yellow; {officer_of_far}" in told
    town.minutes(31)
    back = warning_of(town, FAR)
    assert (back["level"], back["bound"]) == ("red", None), "half an hour is all that red may be hidden"
    assert "held at yellow" not in town.notices()
    assert town.node.stop() == 0


def test_a_release_that_an_officer_gives_and_one_that_goes_by_itself(town: Town) -> None:
    file = town.directory / "warnstream.yaml"
    text, levels = file.read_text("utf-8"), "{blue: 20min, yellow: 20min, orange: 20min, red: 20min}"
    assert RULES in text
    file.write_text(text.replace(RULES, f"  rise: {levels}\n  doubtful: {levels}"), "utf-8")
    officer = Officer(town)
    town.node.start()
    town.rain()
    assert town.wait_for(f"G{NEAR[0]}", "红"), "posts know at once"
    assert not [name for name in town.seen if name.startswith("H")], "doors wait"
    assert NEAR_TOWN in town.notices()
    assert town.node.metric('warnstream_hands{kind="release"}') == 3
    officer.tell("release", NEAR[0])
    town.minutes(1)
    assert doors_of(town, NEAR[0], "leave")
    assert not [name for name in town.seen if name.startswith(f"H{NEAR[1]}")]

    # Killed: what waits goes on waiting, and goes by itself in its own time.
    town.node.kill()
    town.node.start()
    town.minutes(20)
    assert doors_of(town, NEAR[1], "leave")
    assert town.node.metric('warnstream_hands{kind="release"}') == 0
    assert town.node.stop() == 0


def test_an_order_survives_a_kill_before_its_bulletin(town: Town) -> None:
    officer = Officer(town)
    town.node.start()
    town.minutes(5)
    officer.tell("issue", HAZARD, "orange", NEAR[0], "--for", "1h")
    town.node.kill()
    town.node.start()
    town.minutes(1)
    assert warning_of(town, NEAR[0])["level"] == "orange"
    first = doors_of(town, NEAR[0])
    assert [message["action"] for message in first] == ["leave"]
    town.node.kill()
    town.node.start()
    town.minutes(1)
    assert [message["action"] for message in doors_of(town, NEAR[0])] == ["leave"], "told once"
    bound = officer.orders()["bounds"]
    assert [(order["village"], order["bound"]) for order in bound] == [(NEAR[0], "orange")]
    town.minutes(60)
    assert warnings_of(town) == []
    assert town.node.stop() == 0


def test_an_order_is_given_while_no_node_runs_and_refused_by_name(town: Town) -> None:
    officer = Officer(town)
    town.node.start()
    town.minutes(5)
    assert town.node.stop() == 0
    assert "no node runs" in officer.tell("issue", HAZARD, "orange", NEAR[0])
    town.node.start()
    town.minutes(1)
    assert warning_of(town, NEAR[0])["level"] == "orange"
    folder = town.directory / "data" / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "bad.json").write_text(json.dumps({"order": {}}), "utf-8")
    town.minutes(2)
    town.node.wait_for((folder / "bad.refused").exists)
    assert town.node.stop() == 0
