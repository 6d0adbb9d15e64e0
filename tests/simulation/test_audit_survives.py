"""The audit of a running node through storms, orders and kills: what was issued is there, once, in order."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.in_process import get
from tests.simulation.changed_county import TABLES, County, phones
from warnstream.adapters.audit.files import FOLDER, year_files
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.cli import main
from warnstream.model.hands.requests import OrderRequest
from warnstream.runners.audit.facts import AUDITED, facts_of

pytestmark = pytest.mark.slow

PEOPLE = "person,name,role,area,phone\nzhang,Zhang,officer,*,13900000001\nli,Li,second,*,13900000002\n"


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        opened = County(tmp_path / "county", gateway)
        opened.write()
        opened.put("operators.csv", PEOPLE)
        yield opened
        if opened.node is not None:
            opened.stop()


def lower(county: County) -> None:
    assert county.node is not None
    request = OrderRequest(
        kind="lower", author="zhang", reason="seen", hazard="flash_flood", villages=["V1"], level="yellow"
    )
    county.node.status.give_order(request)


def files(county: County) -> list[Path]:
    return year_files(county.directory / "data" / FOLDER)


def said(county: County) -> list[dict[str, object]]:
    return [json.loads(line) for path in files(county) for line in path.read_bytes().splitlines()]


def expected(county: County) -> list[tuple[int, int, str]]:
    """What the journal says should be there: entry, part, kind."""
    extent = find_extent(county.directory / "data" / "journal")
    found = []
    for entry, kind, payload in read_entries(extent, 1):
        facts = facts_of(kind, payload) if kind in AUDITED else []
        found += [(entry, part, fact.kind) for part, fact in enumerate(facts)]
    return found


def written(county: County) -> list[tuple[int, int, str]]:
    lines = [line for line in said(county) if not str(line["kind"]).startswith("audit_")]
    return [(line["entry"], line["part"], line["kind"]) for line in lines]  # type: ignore[misc]


def test_everything_issued_is_there_once_after_kills_at_any_moment(county: County) -> None:
    county.start()
    county.rain(12)
    lower(county)
    county.rain(1)
    for cut in (0, 1, 40, 3_000):
        county.kill()
        if newest := files(county):
            newest[-1].write_bytes(newest[-1].read_bytes()[: newest[-1].stat().st_size - cut])
        county.start()
        county.rain(3)
    county.stop()
    assert written(county) == expected(county)
    kinds = {kind for _, _, kind in written(county)}
    assert {"configuration", "warning", "bulletin", "digest", "order"} <= kinds
    assert main(["audit", "verify", str(county.directory)]) == 0


def test_it_names_no_household_and_no_phone(county: County) -> None:
    county.start()
    county.rain(12)
    lower(county)
    county.rain(6)
    county.stop()
    text = "".join(path.read_text(encoding="utf-8") for path in files(county))
    assert '"kind":"bulletin"' in text
    addresses = [
        row.rsplit(",", 1)[1] for name in ("households.csv", "chain.csv") for row in TABLES[name][1:]
    ]
    forbidden = [*addresses, "Zhang", "13900000001"]
    assert [word for word in forbidden if word in text] == []
    assert '"author":"zhang"' in text
    assert '"post":"G1"' in text


def test_the_newest_hash_is_shown_and_a_changed_line_is_named(
    county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    county.start()
    county.rain(12)
    assert county.node is not None
    assert county.node._audit.wait_until_written(30)
    state = get(county.node, "/api/v1/state").json()["audit"]
    assert main(["audit", "verify", str(county.directory), "--noted", state["head"]]) == 0
    assert "whole:" in capsys.readouterr().out
    assert main(["audit", "show", str(county.directory), "--village", "V1"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"warning", "bulletin", "digest"} <= {line["kind"] for line in shown}
    assert all("V1" in json.dumps(line) for line in shown)
    county.stop()
    (path,) = files(county)
    path.write_bytes(path.read_bytes().replace(b'"action":"leave"', b'"action":"watch"'))
    assert main(["audit", "verify", str(county.directory)]) == 1
    assert f"{path.name}:" in capsys.readouterr().out
    county.start()
    assert county.node is not None
    county.rain(1)
    ready = get(county.node, "/readyz")
    assert ready.status_code == 200
    assert any("the audit is not what was written" in reason for reason in ready.json()["reasons"])
