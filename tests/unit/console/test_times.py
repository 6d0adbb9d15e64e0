"""One time for the whole screen: pictures of the last hours, and rain that is expected."""

from typing import Any

import numpy as np
import pytest

from tests.unit.console.county import NOW_S, frame
from tests.unit.console.reading.test_past import VERSION
from tests.unit.console.test_app import Console, console  # noqa: F401
from warnstream.adapters.console.frame import UNKNOWN, Frame, part_of
from warnstream.adapters.console.past import BulletinFacts, PastFacts, encode_past
from warnstream.console.times.pictures import KEPT_S, Pictures

MINUTE = 60


def pictures_of(*frames: Frame) -> Pictures:
    found = Pictures()
    for shown in frames:
        found.take(shown.head, {name: part.array() for name, part in shown.parts.items()})
    return found


def test_a_picture_is_kept_each_minute_for_six_hours() -> None:
    pictures = pictures_of(*(frame(now_s=NOW_S + 20 * number) for number in range(10)))
    assert pictures.times_s == [NOW_S, NOW_S + 60, NOW_S + 120, NOW_S + 180]
    pictures = pictures_of(*(frame(now_s=NOW_S + MINUTE * number) for number in range(400)))
    assert pictures.times_s[-1] - pictures.begin_s == KEPT_S
    assert len(pictures) == KEPT_S // MINUTE + 1
    assert pictures.size_bytes < 500 * len(pictures)


def test_the_newest_picture_of_a_time_is_taken() -> None:
    levels = [((number, 0, 0, 0), (0, 0, 0, 0)) for number in range(5)]
    pictures = pictures_of(*(frame(level, now_s=NOW_S + MINUTE * at) for at, level in enumerate(levels)))
    assert pictures.at(NOW_S - 1) is None
    for at_s, level in ((NOW_S, 0), (NOW_S + 179, 2), (NOW_S + 180, 3), (NOW_S + 9_999, 4)):
        found = pictures.at(at_s)
        assert found is not None
        assert found.parts["level"].array()[0, 0] == level


def test_a_clock_that_is_set_back_or_unknown_begins_anew() -> None:
    assert pictures_of(frame(now_s=-1)).begin_s == 0
    assert pictures_of(frame(now_s=NOW_S), frame(now_s=NOW_S - 3600)).times_s == [NOW_S - 3600]


def told(console: Console) -> None:  # noqa: F811
    """Red an hour ago in V0 and V3, orange now in V0 alone."""
    ahead = part_of(np.array([[0, 5, 120, UNKNOWN], [300, 5, 20, UNKNOWN]]), "u2")
    for at_s, level in ((NOW_S - 3600, (4, 0, 0, 4)), (NOW_S, (3, 0, 0, 0))):
        one = frame(
            (level, (0, 0, 0, 0)),
            now_s=at_s,
            helps=((0, at_s, 0),),
            waits=((0, 3, at_s, at_s + 60, 0),),
            leads_s=(3600, 7200),
        )
        console.hub._take(Frame(one.version, 1, one.head, {**one.parts, "ahead": ahead}))
    bulletins = [
        BulletinFacts("old", NOW_S - 4000, "leave", 4, "旧", "old"),
        BulletinFacts("new", NOW_S - 60, "leave", 4, "新", "new"),
    ]
    console.told["past"] = encode_past(PastFacts("V0", [VERSION], bulletins, [], []))


def state(console: Console, person: str, at_s: int) -> Any:  # noqa: F811
    return console.client(person).get(f"/api/v1/state?at={at_s}").json()


def test_set_back_the_whole_screen_has_one_time_and_no_hands(console: Console) -> None:  # noqa: F811
    told(console)
    then = state(console, "chief", NOW_S - 3500)
    assert (then["head"]["mode"], then["clock"]["now_s"]) == ("replay", NOW_S - 3600)
    assert then["levels"] == "4004"
    assert [row["level"] for row in then["queue"]] == [4, 4]
    assert not any(then["head"]["needs"].values())
    assert then["id"] == ""
    assert state(console, "village", NOW_S - 3500)["levels"] == "4"
    assert state(console, "chief", NOW_S)["levels"] == "3000"


def test_a_village_set_back_has_its_level_and_words_of_then(console: Console) -> None:  # noqa: F811
    told(console)
    client = console.client("chief")
    then = client.get(f"/api/v1/villages/V0?at={NOW_S - 3600}").json()
    assert (then["level"], then["words"]["en"]) == (4, "old")
    assert "seen" not in then
    assert "why" not in then["hazards"][0], "its message was sent later"
    now = client.get(f"/api/v1/villages/V0?at={NOW_S}").json()
    assert (now["level"], now["words"]["en"]) == (3, "new")
    assert now["hazards"][0]["why"]["over_en"] == "Threshold 50 mm · beyond by 2 mm"
    assert console.client("village").get(f"/api/v1/villages/V0?at={NOW_S}").status_code == 404


def test_ahead_there_is_rain_and_no_level(console: Console) -> None:  # noqa: F811
    told(console)
    ahead = state(console, "chief", NOW_S + 7200)
    assert ahead["head"]["mode"] == "expected"
    assert ahead["clock"]["now_s"] == NOW_S + 7200
    assert (ahead["levels"], ahead["head"]["levels"]) == ("0000", [0, 0, 0, 0])
    assert ahead["ahead"] == [[0, 300], [2, 20]], "most first; drizzle and what nobody knows are left out"
    assert ahead["queue"] == []
    assert state(console, "town", NOW_S + 7200)["ahead"] == [[0, 20]]


@pytest.mark.parametrize(
    ("at", "status"), [(NOW_S - 9_000, 404), (NOW_S + 1_234, 404), ("-5", 400), ("x", 400), ("9" * 30, 400)]
)
def test_there_is_no_picture_of_every_time(console: Console, at: object, status: int) -> None:  # noqa: F811
    told(console)
    client = console.client("chief")
    assert client.get(f"/api/v1/state?at={at}").status_code == status
    if at != NOW_S + 1_234:
        assert client.get(f"/api/v1/villages/V0?at={at}").status_code == status


def test_another_configuration_begins_anew(console: Console) -> None:  # noqa: F811
    told(console)
    assert len(console.hub.pictures) == 2
    console.hub._adopt(console.hub.configuration, ())
    assert len(console.hub.pictures) == 0
