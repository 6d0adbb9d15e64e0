"""Acts over HTTP: from our own page alone, with a key and what was looked at; answers by their status."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.console.county import frame
from tests.unit.console.test_app import HERE, Client, Console
from warnstream.adapters.console.acts import Done, DoorRow, Said, decode_said, encode_done
from warnstream.adapters.console.frame import ProposalFacts, ShiftFacts
from warnstream.console.acting.acts import STATUS
from warnstream.model.errors import StoreError

KEYED = {**HERE, "Idempotency-Key": "0123456789", "If-Match": '"seen-1"'}
END: dict[str, Any] = {"kind": "end", "reason": "safe", "villages": ["V0"], "hazard": "flash_flood"}


class Acting(Console):
    """A console whose node says what it was asked to do, and answers as the test wants."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.acts: list[tuple[str, str, str, Said]] = []
        self.done = Done("taken", 7)
        self.is_silent = False
        self.hub.peer.act = self.act  # type: ignore[method-assign]

    async def act(self, person: str, key: str, seen: str, content: bytes) -> bytes:
        self.acts.append((person, key, seen, decode_said(content)))
        if self.is_silent:
            raise StoreError("the node does not answer", retryable=True)
        return encode_done(self.done)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Acting]:
    opened = Acting(tmp_path)
    opened.hub._take(frame(level=((4, 3, 2, 1), (0, 0, 0, 0))))
    yield opened
    opened.accounts.close()


def post(client: Client, body: dict[str, Any] = END, headers: dict[str, str] = HERE) -> Any:
    return client.post("/api/v1/acts", json=body, headers=KEYED | headers)


def test_an_act_goes_to_the_node_in_the_name_of_who_has_signed_in(console: Acting) -> None:
    answer = post(console.client("chief"))
    assert (answer.status_code, answer.json()["sequence"]) == (200, 7)
    ((person, key, seen, said),) = console.acts
    assert (person, key, seen, said.kind, said.villages) == ("chief", "0123456789", "seen-1", "end", ["V0"])


def test_without_a_session_nothing_is_done(console: Acting) -> None:
    assert post(console.client()).status_code == 401
    assert console.acts == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_sites_page_does_nothing(console: Acting, headers: dict[str, str]) -> None:
    assert post(console.client("chief"), headers=headers).status_code == 403
    assert console.acts == []


def test_a_form_of_another_site_is_no_json(console: Acting) -> None:
    client = console.client("chief")
    headers = {**KEYED, "Content-Type": "text/plain"}
    assert client.post("/api/v1/acts", content=b'{"kind":"end"}', headers=headers).status_code == 415
    assert console.acts == []


@pytest.mark.parametrize("key", ["", "short", "x" * 61, "with\ttab-and-more"])
def test_every_act_has_a_key_of_its_own(console: Acting, key: str) -> None:
    answer = post(console.client("chief"), headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["problems"][0]
    assert console.acts == []


def test_who_has_not_looked_changes_nothing(console: Acting) -> None:
    answer = post(console.client("chief"), headers={"If-Match": ""})
    assert answer.status_code == 428
    assert console.acts == []
    assert (
        post(console.client("chief"), END | {"rehearse": True}, headers={"If-Match": ""}).status_code == 200
    )


@pytest.mark.parametrize("status", list(STATUS))
def test_what_came_of_it_has_its_own_status(console: Acting, status: Any) -> None:
    console.done = Done(status, problems=["version: flash_flood is red now"])
    answer = post(console.client("chief"))
    assert answer.status_code == STATUS[status]
    assert answer.json()["problems"] == ["version: flash_flood is red now"]


def test_a_node_that_does_not_answer_is_a_503_and_the_same_key_is_safe(console: Acting) -> None:
    console.is_silent = True
    assert post(console.client("chief")).status_code == 503
    console.is_silent = False
    assert post(console.client("chief")).status_code == 200
    assert console.acts[0] == console.acts[1]


@pytest.mark.parametrize(
    "body", [{}, {"kind": 1}, {"kind": "end", "who": "me"}, {"kind": "end", "villages": "V0"}]
)
def test_a_wrong_body_is_refused_by_its_fields(console: Acting, body: dict[str, Any]) -> None:
    answer = post(console.client("chief"), body)
    assert answer.status_code == 400
    assert answer.json()["problems"]
    assert console.acts == []


def test_a_body_that_is_too_long_is_refused(console: Acting) -> None:
    body = END | {"villages": ["V" * 12] * 5_000}
    assert post(console.client("chief"), body).status_code == 413
    assert console.acts == []


def test_reasons_and_names_lose_what_turns_the_direction_of_reading(console: Acting) -> None:
    said = END | {"reason": "\u202egnorw\u0007 <b>safe</b>", "person": "\u2066王五\u2069"}
    assert post(console.client("chief"), said).status_code == 200
    (_, _, _, heard), *_ = console.acts
    assert heard.reason == "gnorw <b>safe</b>", "markup is text: the page never reads any"
    assert heard.person == "王五"


def test_a_proposal_is_shown_to_those_whose_area_holds_all_of_it(console: Acting) -> None:
    waiting = ProposalFacts("chief/1", "end", "chief", "\u202eafe", "flash_flood", 0, (0, 2), 1, 2)
    console.hub._take(frame(level=((4, 3, 2, 1), (0, 0, 0, 0)), proposals=(waiting,)))
    (shown,) = console.client("chief").get("/api/v1/state").json()["head"]["proposals"]
    assert (shown["villages"], shown["towns"], shown["reason"]) == (2, [0, 1], "afe")
    assert "proposals" not in console.client("town").get("/api/v1/state").json()["head"]


def test_alarms_are_cut_to_the_area_and_those_of_the_node_are_everybodys(console: Acting) -> None:
    rows = (
        (0, 1, 0b101, 4, 10, 20, 2, -1),
        (3, 2, 0b1000, 3, 10, 20, 1, 99),
        (-1, 2, 0b10000, 0, 5, 5, 1, -1),
    )
    shift = ShiftFacts("chief", "*", 5, "", "\u202enote")
    console.hub._take(frame(level=((4, 3, 2, 1), (0, 0, 0, 0)), alarms=rows, shifts=(shift,)))
    head = console.client("chief").get("/api/v1/state").json()["head"]
    assert [(alarm["town"], alarm["urgency"], alarm["troubles"]) for alarm in head["alarms"]] == [
        (0, "A", ["help", "dry"]),
        (1, "B", ["rise"]),
        (-1, "B", ["channel"]),
    ]
    assert [shift["name"] for shift in head["shifts"]] == ["Chief"]
    north = console.client("north").get("/api/v1/state").json()["head"]
    assert [alarm["town"] for alarm in north["alarms"]] == [0, -1]


def test_officers_are_told_who_may_relieve_them_and_readers_are_not(console: Acting) -> None:
    assert ["chief", "Chief"] in console.client("chief").get("/api/v1/session").json()["officers"]
    assert "officers" not in console.client("north").get("/api/v1/session").json()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_link_of_another_site_reads_no_door(console: Acting, site: str) -> None:
    client = console.client("chief")
    answer = client.get("/api/v1/doors?village=V0", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert console.acts == []


def test_doors_are_read_by_village_and_page(console: Acting) -> None:
    console.done = Done("taken", 7, doors=[DoorRow("H1", "sent", "help", address="+1")], doors_of=201)
    client = console.client("chief")
    answer = client.get("/api/v1/doors?village=V0&cursor=200")
    assert answer.json()["doors_of"] == 201
    assert answer.headers["cache-control"] == "no-store"
    ((person, _, _, said),) = console.acts
    assert (person, said.kind, said.villages, said.cursor) == ("chief", "read", ["V0"], 200)
    assert client.get("/api/v1/doors?village=V0&cursor=-1").status_code == 400
    assert console.client().get("/api/v1/doors?village=V0").status_code == 401
