"""configs/county-cn loads, has nothing to look at but what its county has to sign, and relays signals."""

from pathlib import Path

from warnstream.config.load import load_configuration
from warnstream.config.look_at.registry import look_at
from warnstream.config.settings import Configuration

COUNTY = Path(__file__).resolve().parents[3] / "configs" / "county-cn"


def test_it_loads_and_all_there_is_to_look_at_is_what_nobody_has_signed() -> None:
    said = look_at(load_configuration(COUNTY))
    assert said, "values of judgement are told"
    assert [sentence for sentence in said if "[M]" not in sentence] == []


def test_every_line_with_a_mark_is_told_by_its_number() -> None:
    text = (COUNTY / "warnstream.yaml").read_text("utf-8").splitlines()
    marked = [number for number, line in enumerate(text, 1) if "[M]" in line and not line.startswith("#")]
    (said,) = [
        sentence
        for sentence in look_at(load_configuration(COUNTY))
        if sentence.startswith("warnstream.yaml:")
    ]
    assert said.rpartition("on ")[2] == ", ".join(map(str, marked))


def test_signals_are_relayed_and_own_sums_of_rain_are_for_posts_alone() -> None:
    rules = {rule.name: rule for rule in load_configuration(COUNTY).rules}
    relayed = {name for name, rule in rules.items() if rule.evaluator == "relayed"}
    assert relayed == {"rainstorm", "strong_wind"}
    assert {name for name, rule in rules.items() if not rule.calls_households} == {"rain_watch"}


def test_every_person_and_helper_is_there_for_every_village() -> None:
    configuration: Configuration = load_configuration(COUNTY)
    network = configuration.network
    for village in range(len(network.villages)):
        assert {post.rank for post in network.posts_of_village(village)} == {1, 2, 3, 4}
        assert {post.team.echelon_h for post in network.teams_of_village(village) if post.team} == {
            0,
            2,
            4,
            12,
        }
