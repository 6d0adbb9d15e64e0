"""Every route by every role in every area: who may read what, and that nothing answers a stranger."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.console.reading.test_sheets import furnished
from tests.unit.console.test_app import HERE, Console, console_in
from warnstream.console.openapi import ANSWERS

PEOPLE = {
    "chief": ("officer", "*"),
    "town": ("second", "Lower"),
    "north": ("reader", "North"),
    "village": ("reader", "V3"),
}
INSIDE = {"chief": "V0 V1 V2 V3", "town": "V2 V3", "north": "V0 V1", "village": "V3"}
OPEN = {("get", "/api/v1/openapi.json"), ("get", "/healthz"), ("post", "/api/v1/session")}
"""Routes that ask for no session."""

ACTS = {("post", "/api/v1/acts"), ("get", "/api/v1/doors")}
"""The node decides about these, and leaves a line: `test_officer_acts` has every kind by every role."""

OF_OFFICERS = {"transfers", "transfers/{list}"}
SHEETS = {
    "situation": {"officer", "second", "reader"},
    "stations": {"officer", "second", "reader"},
    "thresholds": {"officer", "second", "reader"},
    "acts": {"officer", "second", "reader"},
    "assessment": {"officer", "second", "reader"},
    "control": {"officer", "second", "reader"},
    "transfers": {"officer", "second"},
    "admin": {"officer"},
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One for all: what is asked here changes nothing but the asker's own session."""
    with console_in(tmp_path_factory.mktemp("console")) as console, pytest.MonkeyPatch.context() as patch:
        yield furnished(console, patch)


def path_of(template: str, village: str = "V3", page: str = "situation") -> str:
    return template.format(code=village, list="t1", page=page, file=f"{page}.csv")


READ = sorted(route for route in ANSWERS if route[0] == "get" and route not in OPEN | ACTS)


@pytest.mark.parametrize("template", [path for _, path in READ])
def test_a_stranger_reads_nothing(office: Console, template: str) -> None:
    assert office.client().get(path_of(template)).status_code == 401
    ended = office.client("chief")
    assert ended.delete("/api/v1/session", headers=HERE).status_code == 204
    assert ended.get(path_of(template)).status_code == 401


@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_acts_from_another_page(office: Console, person: str) -> None:
    evil = {"Origin": "https://evil", "Sec-Fetch-Site": "cross-site"}
    for method, path in sorted(OPEN | ACTS):
        if method == "post":
            answer = office.client(person).post(path, json={"kind": "end"}, headers=evil)
            assert answer.status_code == 403, path
    assert office.client(person).delete("/api/v1/session", headers=evil).status_code == 403


@pytest.mark.parametrize(("person", "village"), list(itertools.product(PEOPLE, ("V0", "V1", "V2", "V3"))))
def test_a_village_is_read_in_its_area_alone(office: Console, person: str, village: str) -> None:
    is_inside = village in INSIDE[person].split()
    for template in ("/api/v1/villages/{code}", "/api/v1/villages/{code}/past"):
        status = office.client(person).get(path_of(template, village)).status_code
        assert status == (200 if is_inside else 404), template


@pytest.mark.parametrize(("person", "page"), list(itertools.product(PEOPLE, SHEETS)))
def test_sheets_and_files_are_for_the_same_people(office: Console, person: str, page: str) -> None:
    role, area = PEOPLE[person]
    may = role in SHEETS[page] and (page != "admin" or area == "*")
    client = office.client(person)
    for path in (f"/api/v1/sheets/{page}", f"/api/v1/export/{page}.csv", f"/api/v1/export/{page}.xlsx"):
        assert client.get(path).status_code == (200 if may else 403), path
    outside = {"V0": "Alder", "V3": "Drum"}
    if may:
        text = client.get(f"/api/v1/export/{page}.csv").text
        hidden = [
            name for code, name in outside.items() if code not in INSIDE[person].split() and name in text
        ]
        assert hidden == []


@pytest.mark.parametrize("person", PEOPLE)
def test_every_other_route_is_for_everybody_in_their_area(office: Console, person: str) -> None:
    role, _ = PEOPLE[person]
    client = office.client(person)
    for _, template in READ:
        name = template.removeprefix("/api/v1/")
        if "{code}" in template or "{page}" in template or "{file}" in template:
            continue
        answer: Any = client.get(path_of(template))
        status = 403 if name in OF_OFFICERS and role == "reader" else 200
        assert answer.status_code == status, template
        hidden = [code for code in ("V0", "V1", "V2", "V3") if code not in INSIDE[person].split()]
        assert not [code for code in hidden if f'"{code}"' in answer.text], template
