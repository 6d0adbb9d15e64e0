"""roster.csv: shifts of posts, and everything that is wrong with them at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at import roster as look
from warnstream.model.times import iso_utc

HEADER = "post,from,to,person,phone,channel\n"


def write(config_dir: Path, *rows: str) -> None:
    (config_dir / "roster.csv").write_text(HEADER + "\n".join(rows) + "\n", "utf-8")


def test_times_are_the_county_s_unless_they_name_an_offset(config_dir: Path) -> None:
    write(
        config_dir,
        "p1,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,",
        "p1,2026-06-18T12:00:00Z,2026-06-19 08:00,Wu,+86132,",
        "p3,2026-06-18 08:00,2026-06-18 24:00,Ma,+86133,sms",
    )
    network = load_configuration(config_dir).network
    told = [
        (shift.post, iso_utc(shift.begin_s), iso_utc(shift.end_s), shift.channel, shift.phone)
        for shift in network.roster
    ]
    assert told == [
        ("p1", "2026-06-18T00:00:00Z", "2026-06-18T12:00:00Z", "sms", "+86131"),
        ("p1", "2026-06-18T12:00:00Z", "2026-06-19T00:00:00Z", "sms", "+86132"),
        ("p3", "2026-06-18T00:00:00Z", "2026-06-18T16:00:00Z", "sms", "+86133"),
    ]
    assert {"+86131", "+86132", "+86133"} <= network.private_addresses(), "no log shows them"
    assert network.roster.told_s == 3 * 86_400


def test_every_fault_is_told_at_once_and_no_number_with_it(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write(
        config_dir,
        "p9,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,",
        "p1,2026-06-18 08:00,2026-06-18 07:00,Li,+86131,",
        "p1,tomorrow,2026-06-18 20:00,,+86131,",
        "p1,2026-06-18 08:00,2026-06-18 20:00,Li,,",
        "p3,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,",
        "p2,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,sns",
        "p2,2026-06-19 08:00,2026-06-19 20:00,Li,+86131,",
        "p2,2026-06-19 19:00,2026-06-20 20:00,Wu,+86132,",
    )
    assert faults() == [
        "roster.csv:2: post: unknown post 'p9'. Known here: p1, p2, p3",
        "roster.csv:3: to: expected a time after `from`",
        "roster.csv:4: from: expected a time such as 2026-06-18 08:00, or one with an offset, got 'tomorrow'",
        "roster.csv:4: person: expected text, got an empty cell",
        "roster.csv:5: phone: expected text, got an empty cell",
        "roster.csv:6: channel: expected a channel of phones: the post's own, 'device', has devices",
        "roster.csv:7: channel: unknown channel 'sns': did you mean 'sms'? Known here: device, sms",
        "roster.csv:9: from: p2 is held until 2026-06-19 20:00 already (line 8): one person at a time",
    ]


def test_a_rescue_team_has_no_shifts(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    (config_dir / "teams.csv").write_text(
        "team,area,echelon,heads,channel,address\nr1,County,2,20,sms,+8612\n", "utf-8"
    )
    write(config_dir, "r1,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,")
    assert faults() == ["roster.csv:2: post: 'r1' is a rescue team: expected a post of chain.csv"]


def test_an_hour_that_the_clock_leaves_out_wants_an_offset(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    node = config_dir / "warnstream.yaml"
    node.write_text(
        node.read_text("utf-8").replace("name: county", "name: c\n  time_zone: Europe/Berlin"), "utf-8"
    )
    if any("time_zone" in fault for fault in faults()):
        node.write_text(node.read_text("utf-8").replace("time_zone:", "utc_offset:"), "utf-8")
    write(config_dir, "p1,2026-03-29 02:30,2026-03-29 08:00,Li,+86131,")
    (fault,) = faults()
    assert fault.startswith(
        "roster.csv:2: from: '2026-03-29 02:30' is an hour that the county's clock leaves out"
    )


def test_gaps_and_one_phone_in_two_ranks_are_looked_at(config_dir: Path) -> None:
    write(
        config_dir,
        "p1,2026-06-18 08:00,2026-06-18 20:00,Li,+86131,",
        "p1,2026-06-18 22:00,2026-06-19 08:00,Li,+86131,",
        "p2,2026-06-18 19:00,2026-06-18 21:00,Li,+86131,",
        "p3,2026-06-18 19:00,2026-06-18 21:00,Ma,+8620,sms",
    )
    configuration = load_configuration(config_dir)
    assert list(look.gaps(configuration)) == [
        "roster.csv:3: from: nobody holds p1 from 2026-06-18 20:00 to 2026-06-18 22:00: its own way rings"
    ]
    assert list(look.one_phone_in_several_ranks(configuration)) == [
        "roster.csv:4: phone: one phone rings for p1 (rank 1) and p2 (rank 2) at the same hour",
        "roster.csv:5: phone: one phone rings for p1 (rank 1) and p3 (rank 3) at the same hour",
    ], "p1 is rung at its own number +8620 from 20 to 22"


@pytest.mark.parametrize(
    ("until", "is_told"), [("2031-01-04", False), ("2031-01-03", True), ("2030-12-01", True)]
)
def test_a_roster_that_ends_soon_is_looked_at(
    config_dir: Path, monkeypatch: pytest.MonkeyPatch, until: str, is_told: bool
) -> None:
    write(config_dir, f"p1,2026-06-18 08:00,{until} 08:00,Li,+86131,")
    monkeypatch.setattr(
        "warnstream.config.look_at.roster.time.time", lambda: 1_924_988_400
    )  # 2031-01-01 07:00
    said = list(look.runs_out(load_configuration(config_dir)))
    assert bool(said) is is_told
    if said:
        assert said[0].startswith(
            f"roster.csv: the shifts of 1 post are over soon, the first at {until} 08:00"
        )
        assert said[0].endswith("p1")
