"""A village's warnings over time: cut to the area, in the words of their day, and why not higher."""

from pathlib import Path

import pytest

from tests.unit.console.county import CODES, NOW_S
from tests.unit.console.test_app import REASON, Console, console  # noqa: F401
from warnstream.adapters.console.past import (
    BulletinFacts,
    DigestFacts,
    LineFacts,
    PastFacts,
    RecordFacts,
    VersionFacts,
    encode_past,
    encode_record,
)
from warnstream.adapters.http.models.explanation import ComparisonRecord
from warnstream.console.reading.past import _higher

VERSION = VersionFacts(
    "ws.V0.1", "ws.V0", 1, "flash_flood", 3, 0, "Alert", "Actual", "first", NOW_S, NOW_S, NOW_S + 60,
    False, True, REASON, "警\u202e", "Warned", "<alert/>",
)  # fmt: skip
ORDER = LineFacts(
    7,
    "2027-01-15T08:00:00Z",
    "order",
    {"kind": "end", "author": "chief", "reason": "Mr Li says so", "villages": ["V0", "V3"], "hazard": "x"},
)
SHIFT = LineFacts(8, "2027-01-15T08:01:00Z", "duty", {"kind": "take_shift", "person": "chief"})
READ = LineFacts(
    9, "2027-01-15T08:02:00Z", "duty", {"kind": "read", "person": "chief", "note": "doors of V1 from 0"}
)


def told(console: Console) -> None:  # noqa: F811
    bulletin = BulletinFacts("b", NOW_S, "leave", 4, "走", "GO", 5, 4, 3, 2, 1)
    digest = DigestFacts("grid-1", "sms", NOW_S, 4, "请应答", "answer", 1.4, -1.0, -1.0)
    console.told["past"] = encode_past(PastFacts("V0", [VERSION], [bulletin], [digest], [ORDER]))
    console.told["record"] = encode_record(RecordFacts([READ, SHIFT, ORDER], is_whole=False))
    console.told["why"] = b"{}"  # nothing that can be read: the page goes without


def test_versions_texts_doors_and_posts_are_told_as_they_were(console: Console) -> None:  # noqa: F811
    told(console)
    past = console.client("chief").get("/api/v1/villages/V0/past").json()
    version = past["versions"][0]
    assert (version["zh"], version["en"], version["cap"]) == ("警", "Warned", "<alert/>")
    assert version["why"]["over_en"] == "Threshold 50 mm · beyond by 2 mm"
    assert past["bulletins"][0]["doors"] == {"addressed": 5, "reached": 4, "answered": 2, "failed": 1}
    assert past["called"][0]["sent_s"] == 1
    assert "answered_s" not in past["called"][0]
    assert past["acts"][0]["subject"] == "Alder、Drum"
    assert past["is_whole"] is True
    assert "judged" not in past


def test_what_people_wrote_is_not_told_to_readers(console: Console) -> None:  # noqa: F811
    told(console)
    for person, reason in (("chief", "Mr Li says so"), ("north", None)):
        act = console.client(person).get("/api/v1/villages/V0/past").json()["acts"][0]
        assert act.get("reason") == reason
        assert act["who"] == "chief"


@pytest.mark.parametrize(
    ("person", "seen"), [("chief", [9, 8, 7]), ("north", [9, 7]), ("town", [7]), ("village", [7])]
)
def test_acts_are_those_of_the_area(console: Console, person: str, seen: list[int]) -> None:  # noqa: F811
    told(console)
    found = console.client(person).get("/api/v1/acts").json()
    assert [act["seq"] for act in found["acts"]] == seen
    outside = {"V0": "Alder", "V3": "Drum"}
    if person == "village":
        assert found["acts"][0]["subject"] == outside["V3"]


@pytest.mark.parametrize("path", ["/api/v1/villages/V0/past", "/api/v1/acts"])
def test_nobody_reads_without_a_session_or_outside_the_area(console: Console, path: str) -> None:  # noqa: F811
    told(console)
    assert console.client().get(path).status_code == 401
    if "{" not in path and "V0" in path:
        assert console.client("village").get(path).status_code == 404
    assert console.client("chief").get(f"{path}?since=-1").status_code == (400 if "acts" in path else 200)


def compared(value: float | None, lead_s: int = 0, indicator: str = "rain") -> ComparisonRecord:
    thresholds = dict(zip(("blue", "yellow", "orange", "red"), (10.0, 20.0, 40.0, None), strict=True))
    return ComparisonRecord(
        indicator, "mm", value, 3600, lead_s, None, "S0", 1.0, "blue", thresholds, {}, None, ""
    )


def test_the_next_level_is_the_first_above_the_one_that_stands() -> None:
    found = _higher(compared(15.0), 1, 2)
    assert found is not None
    assert (found.level, found.threshold, found.percent) == (2, 20.0, 75)
    assert (found.zh, found.en) == ("1小时雨量 15 毫米", "15 mm of rain in 1 h")
    higher = _higher(compared(30.0), 2, 2)
    assert higher is not None
    assert higher.level == 3


@pytest.mark.parametrize(
    ("value", "level", "lead_s"),
    [(None, 1, 0), (0.0, 1, 0), (15.0, 3, 0), (15.0, 2, 3600), (25.0, 1, 0)],
)
def test_what_is_unknown_dry_or_cannot_raise_is_left_out(
    value: float | None, level: int, lead_s: int
) -> None:
    """Nothing above orange is known; a forecast raises yellow at most; what is reached lacks nothing."""
    assert _higher(compared(value, lead_s), level, 2) is None


def test_every_village_of_the_county_has_a_past(console: Console, tmp_path: Path) -> None:  # noqa: F811
    told(console)
    client = console.client("chief")
    assert [client.get(f"/api/v1/villages/{code}/past").status_code for code in CODES] == [200] * 4
    assert client.get("/api/v1/villages/nowhere/past").status_code == 404
