"""Suggestions for Rio's gauges: pooled values lie close together, single villages' are mostly noise."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.rio_alarms import read_record
from benchmarks.rio_price_of_yellow import beginnings, sums
from warnstream.adapters.geometry import own_weights
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.times import HOUR_S
from warnstream.review.suggest.counts import alarms
from warnstream.review.suggest.suggestion import Ask, Place, suggest
from warnstream.review.suggest.sums import gauges_of, village_rain

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[2]
SIREN_MM = 40.0


@pytest.fixture(scope="module")
def configuration(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    folder = tmp_path_factory.mktemp("rio") / "rio"
    program = REPOSITORY / "configs" / "rio" / "prepare.py"
    subprocess.run([sys.executable, program, shared_data / "rio_alerta_gauges", folder], check=True)
    return load_configuration(folder)


@pytest.fixture(scope="module")
def reported(shared_data: Path) -> tuple[list[str], pd.DataFrame]:
    record = read_record(shared_data / "rio_alerta_gauges")
    return record.codes, record.reported


def places_of(configuration: Configuration, codes: list[str], reported: pd.DataFrame) -> list[Place]:
    """Every neighbourhood with the rain of its gauge."""
    network = configuration.network
    number = {code: station for station, code in enumerate(network.stations.code)}
    ours = np.array([number[code] for code in codes])
    batch: ReadingBatch = batch_of(
        ours[reported["number"]],
        np.full(len(reported), int(Variable.RAIN)),
        reported["at_s"],
        reported["tenths"] / 10,
    )
    gauges = gauges_of([batch], network.stations.interval_s.astype(np.int64))
    weights, zone = own_weights(network, configuration.village), configuration.message.time_zone
    return [
        Place(code, code, village_rain(gauges, weights, place, HOUR_S, zone), SIREN_MM)
        for place, code in enumerate(network.places.site.code)
    ]


def test_twenty_years_of_rio_fitted_on_half_and_judged_on_the_other(
    configuration: Configuration, reported: tuple[list[str], pd.DataFrame]
) -> None:
    places = places_of(configuration, *reported)
    (rule,) = configuration.rules
    # The alarms of another program over pandas' rolling sums, whose falls look at readings alone: a sum that
    # stands until the next one holds an alarm a quarter of an hour longer here, which joins a few.
    codes, rows = reported
    both = [0, 0, 0]
    for place in places[:4]:
        own = rows[rows["number"] == codes.index(place.code)]
        at_s, _, hour_mm = sums(own)
        theirs = beginnings(at_s, hour_mm >= SIREN_MM, hour_mm >= 0.8 * SIREN_MM)
        ours = alarms(place.rain, SIREN_MM, rule.lowering)
        assert set(ours) <= set(theirs), place.code
        both = [both[0] + len(ours), both[1] + len(theirs), both[2] + len(set(ours) & set(theirs))]
    assert both[2] == both[0] >= 0.95 * both[1] > 80
    found = suggest("Rio", places, Ask(1.0, rule.lowering, configuration.message.time_zone))
    assert not found.too_few
    assert found.pooled_mm == pytest.approx(41, abs=1)
    values = [village.value_mm for village in found.villages if village.value_mm is not None]
    alone = [
        village.own_mm for village in found.villages if village.own_mm is not None and village.years > 15
    ]
    assert max(alone) - min(alone) > 10, "what each village would say by itself"
    assert np.percentile(values, 90) - np.percentile(values, 10) < 5
    score = found.score
    assert score is not None
    assert (score.fitted, score.unseen) == ((1997, 2007), (2008, 2017))
    assert score.covered >= 0.85
    assert score.covered_least >= 0.85
    assert score.pooled_per_year == pytest.approx(1.03, abs=0.1)
    # One value for all and each village by itself; over so many years none may beat the pool by much.
    assert score.pooled_off <= min(score.own_off, score.one_off) + 0.05
    print(score)


def test_three_years_of_five_gauges_are_too_few(
    configuration: Configuration, reported: tuple[list[str], pd.DataFrame]
) -> None:
    codes, rows = reported
    begin_s, end_s = (int(pd.Timestamp(year, 1, 1).timestamp()) for year in (2011, 2014))
    some = rows[rows["at_s"].between(begin_s, end_s) & (rows["number"] < 5)]
    places = [place for place in places_of(configuration, codes, some) if place.rain.years]
    assert len(places) == 5
    (rule,) = configuration.rules
    found = suggest("Rio", places, Ask(1.0, rule.lowering, configuration.message.time_zone))
    assert found.too_few.startswith("too few to say: ")
    assert found.villages == ()
