"""A transfer on a running node: ordered, marked, killed, over, assessed, returned; by command and HTTP."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Mosquitto
from tests.e2e.live import command
from tests.e2e.test_chain_live import FAR, NEAR, Town
from tests.e2e.test_orders_live import Officer, doors_of
from warnstream.model.times import HOUR_S, iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

OBJECTS = "object,village,kind,persons,helpless,helper\n"


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Town]:
    opened = Town(tmp_path, mosquitto.port)
    rows = f"hut-1,{NEAR[0]},hut,6,1,G{NEAR[0]}\nboat-1,{NEAR[0]},boat,2,,\n"
    (opened.directory / "objects.csv").write_text(OBJECTS + rows, "utf-8")
    try:
        yield opened
    finally:
        opened.close()


class Mover(Officer):
    """An officer who moves people."""

    def lists(self, name: str = "") -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.town.node.http_port}/api/v1/transfers{'/' if name else ''}{name}"
        with httpx.Client(trust_env=False, timeout=20) as client:
            got = client.get(url, auth=(self.officer, self.token(self.officer)))
        assert got.status_code == 200, got.text
        found: dict[str, Any] = got.json()
        return found

    def mark(self, word: str, *rows: str, **said: str) -> httpx.Response:
        url = f"http://127.0.0.1:{self.town.node.http_port}/api/v1/transfers/marks"
        body = {"rows": rows, "word": word, "person": self.second, "token": self.token(self.second), **said}
        with httpx.Client(trust_env=False, timeout=20) as client:
            return client.post(url, json=body)

    def refused(self, kind: str, *arguments: str) -> str:
        said = ["--author", self.officer, "--reason", "why"]
        done = subprocess.run(
            [command("warnstream"), kind, str(self.town.directory), *arguments, *said],
            check=False,
            capture_output=True,
            timeout=120,
            text=True,
        )
        assert done.returncode == 1, done.stdout
        return done.stderr


def only(record: dict[str, Any]) -> dict[str, Any]:
    (one,) = record["lists"]
    assert isinstance(one, dict)
    return one


def test_a_village_is_moved_out_and_brought_back_through_two_kills(town: Town) -> None:
    officer, village = Mover(town), NEAR[0]
    town.node.start()
    town.minutes(5)
    by = iso_utc(town.now_s + HOUR_S)
    officer.tell("transfer", village, "--by", by, "--id", "evening")
    town.node.kill()
    town.node.start()
    town.minutes(1)
    assert [message["action"] for message in doors_of(town, village, "leave")] == ["leave"]
    assert "转移令" in town.wait_for(f"G{village}", "转移令")["text_zh"]
    one = only(officer.lists())
    assert (one["transfer"], one["state"], one["figures"]["rows"]) == ("evening", "moving", 6)

    # Numbers first, names later; a mark is refused by name.
    town.report(f"G{village}", to_move=20, moved=20)
    assert officer.mark("safe", "hut-9").json()["problems"] == ["rows: 'hut-9' is on no open transfer list"]
    assert officer.mark("safe", "hut-1", "boat-1").status_code == 202
    town.minutes(1)
    figures = only(officer.lists())["figures"]
    assert (figures["open"], figures["confirmed"], figures["heads"]["moved"]) == (4, 8, 20)
    assert any("nobody is left, 4 rows are open by name" in said for said in figures["contradictions"])
    town.minutes(60)
    assert "transfer evening was to be over by" in town.notices()
    assert town.node.metric('warnstream_transfers{state="overdue"}') == 1
    assert [shown["action"] for shown in doors_of(town, village)] == ["leave", "leave"]

    # By name to zero open.
    rows = [row["code"] for row in only(officer.lists("evening"))["rows"] if row["state"] != "safe"]
    town.tell(
        "mark", str(town.directory), "safe", *rows, "--author", officer.second, "--note", "at the school"
    )
    town.minutes(1)
    assert only(officer.lists())["state"] == "out"
    assert "was to be over by" not in town.notices()

    # Over is not back; a return needs more, and survives a kill before its text.
    officer.tell("transfer-over", village)
    town.minutes(12)
    assert "请留在" in doors_of(town, village, "clear")[-1]["text_zh"]
    assert "was not assessed" in officer.refused("return", village, "--second", officer.second)
    assert "two persons" in officer.refused("return", village)
    officer.tell("assess", "safe", village)
    town.minutes(1)
    officer.tell("return", village, "--second", officer.second)
    town.node.kill()
    town.node.start()
    town.minutes(1)
    back = doors_of(town, village, "return")[-1]
    assert "可以回家" in back["text_zh"]
    assert [shown["action"] for shown in doors_of(town, village)] == ["leave", "leave", "clear", "return"]
    assert only(officer.lists())["state"] == "closed"
    told = town.tell("transfers", str(town.directory), "evening")
    assert "transfer evening closed" in told
    assert not [name for name in town.seen if name.startswith(f"H{FAR}")], "nobody else was told"
    assert town.node.stop() == 0


def test_what_cannot_be_is_refused_and_a_lost_row_is_said(town: Town) -> None:
    officer, village = Mover(town), NEAR[0]
    town.node.start()
    town.minutes(5)
    said = officer.refused("transfer", "nowhere", "--class", "E", "--by", "noon")
    assert "no village 'nowhere'" in said
    gone = officer.post({"kind": "transfer", "villages": [village], "by": "noon", "grades": ["E"]})
    assert gone.status_code == 400
    assert len(gone.json()["problems"]) == 2
    stale = officer.post({"kind": "transfer", "villages": [village]}, If_Match="ws.x.1")
    assert stale.status_code == 412
    body = {"kind": "transfer", "villages": [village], "author": "nobody", "token": "x"}
    assert officer.post(body).status_code == 403
    assert officer.post({"kind": "transfer", "villages": [village]}).status_code == 202
    town.minutes(1)
    assert doors_of(town, village, "leave")
    assert town.node.stop() == 0

    (town.directory / "objects.csv").write_text(OBJECTS, "utf-8")
    town.node.start()
    town.minutes(1)
    assert {row["code"] for row in officer.lists()["lost"]} == {"hut-1", "boat-1"}
    assert "lost rows" in town.notices()
    record = json.loads(town.tell("transfers", str(town.directory), "--json"))
    assert only(record)["figures"]["open"] == 6
    assert [shown["action"] for shown in doors_of(town, village)] == ["leave"]
    assert town.node.stop() == 0
