"""Probabilities under another configuration: a village keeps its own, a new one has none yet."""

from pathlib import Path

import numpy as np
import pytest

from tests.forecasts import steep_table
from tests.unit.runners.carry.county import carried, differing, fed, feed, write
from warnstream.config.tables.chances import table_text
from warnstream.runners.intake.intake import Intake

pytestmark = pytest.mark.slow

MORE = {"forecast.csv": table_text(steep_table((27.0, 118.0, 29.0, 120.0)))}
TABLE = ("warnstream.yaml", "{method: advection}", "{method: advection, table: forecast.csv}")
RED = "      - {level: red, duration: 3h, rain_mm: 90}\n"
NEAR_RED = "    expected: [{of: red, within: 1h, probability: 20%, level_max: yellow}]\n"
ASKS = ("thresholds.yaml", RED, RED + NEAR_RED)
NEW_VILLAGE = ("villages.csv", "V3,", "V0,village 0,28.0,119.2,Town,County\nV3,")


def test_a_village_keeps_its_probability_beside_a_new_one(tmp_path: Path) -> None:
    before = fed(write(tmp_path / "before", TABLE, ASKS, more=MORE), range(1, 60))
    configuration = write(tmp_path / "after", TABLE, ASKS, NEW_VILLAGE, more=MORE)
    after, _ = carried(before.snapshot(), configuration)
    (old,), (new,) = (
        [
            array
            for name, array in each.engine.assessment.snapshot()["chances"].items()
            if name.startswith("probability.")
        ]
        for each in (before, after)
    )
    n_new = len(new) - len(old)
    assert n_new == 1
    assert np.isnan(new).sum() == n_new + np.isnan(old).sum()
    assert sorted(new[~np.isnan(new)]) == sorted(old[~np.isnan(old)])


def probabilities(intake: Intake) -> np.ndarray:
    (found,) = (
        array
        for name, array in intake.engine.assessment.snapshot()["chances"].items()
        if name.startswith("probability.")
    )
    return found


def test_under_another_threshold_a_probability_is_that_of_the_new_one_at_the_first_step(
    tmp_path: Path,
) -> None:
    """What was worked out for the threshold of before raises and holds nothing any more."""
    seldom = (*TABLE[:2], "{method: advection, table: forecast.csv, every: 15min}")
    before = fed(write(tmp_path / "before", seldom, ASKS, more=MORE), range(1, 60))
    lower = (*ASKS[:1], RED, RED.replace("90", "30") + NEAR_RED)
    configuration = write(tmp_path / "after", seldom, lower, more=MORE)
    after, _ = carried(before.snapshot(), configuration)
    feed(after, range(60, 61))
    feed(before, range(60, 61))
    now, then = probabilities(after), probabilities(before)
    assert (now >= then).all()
    assert (now > then).any()


def test_the_same_configuration_goes_on_to_the_bit(tmp_path: Path) -> None:
    configuration = write(tmp_path / "county", TABLE, ASKS, more=MORE)
    through = fed(configuration, range(1, 70))
    restarted, _ = carried(fed(configuration, range(1, 60)).snapshot(), configuration)
    feed(restarted, range(60, 70))
    assert differing(through, restarted) == []
    known = through.engine.assessment._judgement.ahead.book.known
    assert len(known) == 1
