"""teams.csv: rescue teams are recipients as posts are, and answer for no village on the ladder."""

from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError
from warnstream.model.transfers.duties import NO_AREA

HEADER = "team,name,base,area,echelon,heads,kit,channel,address\n"


def write(config_dir: Path, *rows: str) -> None:
    (config_dir / "teams.csv").write_text(HEADER + "\n".join(rows) + "\n", "utf-8")


def test_a_team_has_a_way_and_an_area_and_no_rank_on_the_ladder(config_dir: Path) -> None:
    before = load_configuration(config_dir).network
    write(config_dir, "r1,Boats,West,West,2,20,boat,sms,+8612", "r2,,,County,0,12,,device,r2")
    network = load_configuration(config_dir).network
    boats, first = (post for post in network.chain if post.team is not None)
    assert (boats.post, boats.area, boats.channel) == ("r1", NO_AREA, "sms")
    assert boats.team is not None
    assert (boats.team.name, boats.team.area, boats.team.echelon_h, boats.team.heads) == (
        "Boats",
        "West",
        2,
        20,
    )
    assert first.team is not None
    assert first.team.name == "r2", "a team without a name goes by its code"
    for village in range(len(network.villages)):
        assert network.posts_of_village(village) == before.posts_of_village(village)
    west = network.villages.township.index("West")
    assert [post.post for post in network.teams_of_village(west)] == ["r2", "r1"], "the first echelon first"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("r1,,,West,3,20,,device,r1", "echelon: expected 0, 2, 4, 12 (hours), got 3"),
        ("r1,,,West,2,0,,device,r1", "heads: expected"),
        ("r1,,,Wset,2,20,,device,r1", "area: unknown area 'Wset': did you mean 'West'?"),
        ("p1,,,West,2,20,,device,p1", "team: 'p1' is a post or team already"),
        ("h1,,,West,2,20,,device,h1", "team: 'h1' is a household already"),
        ("r1,,,West,2,20,,mail,r1", "channel: unknown channel 'mail'"),
    ],
)
def test_a_wrong_team_is_named(config_dir: Path, row: str, expected: str) -> None:
    write(config_dir, row)
    with pytest.raises(ConfigError) as error:
        load_configuration(config_dir)
    (fault,) = error.value.faults
    assert str(fault).startswith(f"teams.csv:2: {expected}")
