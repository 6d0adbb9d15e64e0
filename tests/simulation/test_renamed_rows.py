"""A village, post or gauge with another code (`was`) goes on: told is what stands, nobody hears it anew."""

from collections.abc import Callable

import pytest

from tests.simulation.changed_county import MOMENTS, County
from tests.simulation.test_carry_live import rain_by_gauge
from warnstream.commands.renamed import renamed_looks
from warnstream.config.load import load_configuration
from warnstream.model.effects import Answer

pytestmark = pytest.mark.slow


def rename(county: County) -> None:
    """V1 becomes V9, its grid member G1 becomes P1, its gauge S1 becomes R1."""
    for name, key in (("stations.csv", "S1"), ("villages.csv", "V1"), ("chain.csv", "G1")):
        now = {"S1": "R1", "V1": "V9", "G1": "P1"}[key]
        head, *rows = county.text(name).splitlines()
        rows = [
            f"{row.replace(key + ',', now + ',', 1)},{key}" if row.startswith(f"{key},") else f"{row},"
            for row in rows
        ]
        county.put(name, "\n".join([f"{head},was", *rows]) + "\n")
    county.put("households.csv", county.text("households.csv").replace(",V1,", ",V9,"))
    county.put("chain.csv", county.text("chain.csv").replace(",V1,", ",V9,"))


def files(county: County) -> dict[str, str]:
    return {
        name: county.text(name) for name in ("stations.csv", "villages.csv", "households.csv", "chain.csv")
    }


def put_back(county: County, before: dict[str, str]) -> None:
    for name, text in before.items():
        county.put(name, text)


def by_reload(county: County) -> None:
    is_live, said = county.reload()
    assert is_live, said


def by_restart(county: County) -> None:
    county.stop()
    county.start()


def by_kill(county: County) -> None:
    county.kill()
    county.start()


def warnings(county: County) -> dict[str, tuple[str, str]]:
    """Open warnings by name: village and level."""
    assert county.node is not None
    codes = county.node._keeper.people.network.villages.code
    return {
        warning.warning: (codes[warning.village], warning.level.word) for warning in county.open_warnings()
    }


def owed(county: County) -> dict[str, dict[str, int]]:
    """What posts owe: by post and village the digest that asked."""
    assert county.node is not None
    codes = county.node._keeper.people.network.villages.code
    return {
        post: {codes[village]: claim.first_n for village, claim in debt.owed.items()}
        for chain in county.node.engine.desk.chains.of.values()
        for post, debt in chain.debts.items()
    }


def called(found: object, now: dict[str, str]) -> object:
    text = repr(found)
    for before, code in now.items():
        text = text.replace(f"'{before}'", f"'{code}'")
    return text


NOW = {"V1": "V9", "G1": "P1"}


@pytest.mark.parametrize("how", [by_reload, by_restart, by_kill])
def test_a_renamed_row_keeps_its_rain_warnings_doors_and_debts_there_and_back(
    county: County, how: Callable[[County], None]
) -> None:
    county.rain(12)
    county.settle()
    before, rain, stood, debts = files(county), rain_by_gauge(county), warnings(county), owed(county)
    assert any(village == "V1" for village, _ in stood.values())
    assert debts["G1"].get("V1")
    n_shown = len(county.gateway.warnings())
    rename(county)
    how(county)
    county.settle()
    assert called(warnings(county), {}) == called(stood, NOW)
    assert owed(county)["P1"].keys() == {"V9"}
    assert rain_by_gauge(county)["R1"] == rain["S1"]
    again = {shown.message for shown in county.gateway.warnings()[n_shown:]}
    if how is by_reload:  # a restart asks posts anew whatever was changed
        assert owed(county)["P1"] == {"V9": debts["G1"]["V1"]}
        assert not again, "nobody is told anything because a row has another code"
    assert not {message for message in again if "@post" not in message}
    county.rain(2)
    assert county.find_faults() == []
    stood = warnings(county)
    put_back(county, before)
    how(county)
    county.settle()
    assert called(warnings(county), {}) == called(stood, {"V9": "V1"})
    assert "G1" in owed(county)
    assert "P1" not in owed(county)
    county.dries_out()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_of_a_renaming_loses_nothing_and_tells_nothing_twice(
    county: County, moment: str
) -> None:
    county.rain(12)
    rename(county)
    county.reload_killed(moment)
    county.rain(2)
    assert county.find_faults() == []
    assert len(warnings(county)) == len(county.open_warnings())
    assert {village for village, _ in warnings(county).values()} <= {"V9", "V2", "V3"}
    county.rain(60, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []


def test_a_post_answers_what_it_was_asked_under_its_earlier_code(county: County) -> None:
    county.rain(12)
    county.settle()
    asked = next(shown for shown in reversed(county.gateway.warnings()) if shown.recipient == "G1")
    rename(county)
    by_reload(county)
    assert county.node is not None
    county.node.status.submit_answer(asked.message, "G1", Answer.ACKNOWLEDGED)
    county.step(0.0)
    assert owed(county)["P1"] == {}


def test_a_check_names_earlier_codes_that_nothing_had(county: County) -> None:
    rename(county)
    assert list(renamed_looks(load_configuration(county.directory))) == []
    county.replace("villages.csv", ",V1\n", ",V7\n")
    assert list(renamed_looks(load_configuration(county.directory))) == [
        "villages.csv: was: V7: no row of what runs (bundle 1) has or had that code, so nothing is kept of it"
    ]
