"""A configuration is changed under open warnings, the node restarted or killed: nobody is told the past.

After each change the node, its outbox and the phones are compared: no difference
stays untold, nothing is told twice, and nothing that was issued is issued again.
"""

from collections.abc import Callable

import pytest

from tests.simulation.changed_county import County

pytestmark = pytest.mark.slow


def add_station(county: County) -> None:
    """S5 beside V1, which was refused as unknown until now, has far more rain."""
    county.rows("stations.csv", lambda _: True, ("S5,28.0,119.80,10,rain,300,County",))


def remove_station(county: County) -> None:
    county.rows("stations.csv", lambda row: row["station"] != "S2")


def reorder_stations(county: County) -> None:
    lines = county.text("stations.csv").splitlines()
    county.put("stations.csv", "\n".join([lines[0], *reversed(lines[1:])]) + "\n")


def move_village(county: County) -> None:
    """V4 beside the gauge of V1."""
    county.replace("villages.csv", "V4,village 4,28.01,119.80", "V4,village 4,28.01,119.20")


def lower_thresholds(county: County) -> None:
    for level, mm in (("yellow", 20), ("orange", 40), ("red", 60)):
        county.replace(
            "thresholds.yaml",
            f"{level}, duration: 1h, rain_mm: {mm}",
            f"{level}, duration: 1h, rain_mm: {mm // 2}",
        )


def raise_thresholds(county: County) -> None:
    for level, mm in (("red", 60), ("orange", 40), ("yellow", 20)):
        county.replace(
            "thresholds.yaml",
            f"{level}, duration: 1h, rain_mm: {mm}",
            f"{level}, duration: 1h, rain_mm: {mm * 4}",
        )


def thresholds_and_station(county: County) -> None:
    raise_thresholds(county)
    add_station(county)


def remove_village(county: County) -> None:
    county.rows("villages.csv", lambda row: row["village"] != "V1")
    county.rows("households.csv", lambda row: row["village"] != "V1")
    county.rows("chain.csv", lambda row: row["area"] != "V1")


def rename_village(county: County) -> None:
    for name in ("villages.csv", "households.csv", "chain.csv"):
        county.replace(name, "V1,", "W1,")


def rename_in_words(county: County) -> None:
    county.replace("villages.csv", "village 1", "Shangcun")


def add_village(county: County) -> None:
    county.rows("villages.csv", lambda _: True, ("V0,village 0,28.02,119.20,Town,County",))
    county.rows("households.csv", lambda _: True, ("H0a,V0,sms,+860",))


def remove_hazard(county: County) -> None:
    text = county.text("thresholds.yaml")
    county.put("thresholds.yaml", text[: text.index("  storm:")])


def add_hazard(county: County) -> None:
    text = county.text("thresholds.yaml")
    more = text[text.index("  storm:") :].replace("storm:", "torrent:", 1)
    county.put("thresholds.yaml", text + more)


def households_change(county: County) -> None:
    """One comes, one goes, one moves to another village, one gets another number."""
    county.rows(
        "households.csv",
        lambda row: row["household"] not in {"H1a", "H2a", "H2b"},
        ("H2a,V1,sms,+862a", "H2b,V2,sms,+8629999", "H1c,V1,sms,+861c"),
    )


def posts_change(county: County) -> None:
    county.rows("chain.csv", lambda row: row["post"] != "G1", ("G1b,grid member,1,V1,sms,+8619",))


def policies_change(county: County) -> None:
    county.put(
        "warnstream.yaml",
        county.text("warnstream.yaml")
        + "routing: {household_level_min: orange, answer_within: {red: 2min}}\n",
    )


def everything(county: County) -> None:
    for change in (lower_thresholds, add_station, reorder_stations, remove_hazard, households_change):
        change(county)


CHANGES = [
    add_station,
    remove_station,
    reorder_stations,
    move_village,
    lower_thresholds,
    raise_thresholds,
    thresholds_and_station,
    remove_village,
    rename_village,
    rename_in_words,
    add_village,
    remove_hazard,
    add_hazard,
    households_change,
    posts_change,
    policies_change,
    everything,
]


def restart(county: County) -> None:
    county.stop()


def killed_before_a_snapshot(county: County) -> None:
    county.kill()


def killed_after_a_snapshot(county: County) -> None:
    county.write_snapshot()
    county.rain(1)
    county.kill()


ENDS = [restart, killed_before_a_snapshot, killed_after_a_snapshot]


WITH_ALL_ENDS = {add_station, remove_village, thresholds_and_station, everything}

CASES = [
    pytest.param(change, end, id=f"{change.__name__}-{end.__name__}")
    for number, change in enumerate(CHANGES)
    for end in (ENDS if change in WITH_ALL_ENDS else [ENDS[number % len(ENDS)]])
]
"""Every change with one end of the node in turn, the gravest with all three."""


@pytest.mark.parametrize(("change", "end"), CASES)
def test_a_change_of_configuration_leaves_nothing_untold_and_tells_nothing_twice(
    county: County, change: Callable[[County], None], end: Callable[[County], None]
) -> None:
    county.rain(12)
    assert county.find_faults() == []
    assert len(county.open_warnings()) == 5
    end(county)
    before, newest = county.issued()
    n_shown = len(county.gateway.warnings())
    change(county)
    county.start()
    county.rain(2)
    assert county.find_faults() == []
    county.rain(6, times=0.5)
    assert county.find_faults() == []
    again = {shown.message for shown in county.gateway.warnings()[n_shown:]} & before
    assert again <= newest, "what stands may be told to newcomers, nothing that is over is told again"
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert all(county.is_kept(warning) for warning in county.open_warnings()), "the others have ended"
