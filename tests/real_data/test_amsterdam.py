"""Our neighbour checks against the published flags of 134 personal weather stations, 14 months.

Bounds are those reached; docs/quality.md says why the rest differs.
"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.qc_amsterdam import Found, Record, agreement, heavy_hours, read_record, run, share_flagged
from warnstream.model.rules.policies import NeighbourPolicy

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

ALL_OTHERS = 133
"""The published filter takes every gauge within 10 km; ours the 20 nearest unless told otherwise."""


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "pws_amsterdam_qc"


@pytest.fixture(scope="module")
def record(folder: Path) -> Record:
    return read_record(folder)


@pytest.fixture(scope="module")
def found(record: Record) -> Found:
    return run(record, NeighbourPolicy())


def test_with_the_published_neighbours_faulty_zeros_and_high_influx_are_the_published_ones(
    record: Record,
) -> None:
    same = run(record, NeighbourPolicy(neighbours=ALL_OTHERS, zero_mm_min=0))
    zeros, influx = agreement(record, same, "FZ"), agreement(record, same, "HI")
    assert zeros.missed <= 5
    assert zeros.false <= 700  # most of them at gaps, which ours passes over
    assert (influx.false, influx.missed) == (0, 0)


def test_our_faulty_zeros_are_published_ones_less_those_of_drizzle(record: Record, found: Found) -> None:
    zeros, influx = agreement(record, found, "FZ"), agreement(record, found, "HI")
    assert zeros.precision > 0.995
    assert zeros.recall > 0.82
    assert zeros.kappa > 0.89
    assert influx.kappa == 1.0


def test_outliers_of_a_fading_memory_are_mostly_those_of_the_published_window(
    record: Record, found: Found
) -> None:
    outliers = agreement(record, found, "SO")
    assert outliers.kappa > 0.68
    assert outliers.precision > 0.85
    assert outliers.recall > 0.6


def test_the_known_bad_stations_are_found(record: Record, found: Found) -> None:
    number = record.stations.index_of_code()
    zero, outlier = share_flagged(record, found.flags["FZ"]), share_flagged(record, found.flags["SO"])
    assert zero[number["ams11"]] > 0.99
    assert zero[number["ams83"]] > 0.5
    assert outlier[number["ams83"]] > 0.7
    assert outlier[number["ams73"]] > 0.9
    assert outlier[number["ams80"]] > 0.7


def test_the_station_of_a_hundred_metres_of_rain_is_doubted_in_every_way(
    record: Record, found: Found
) -> None:
    """In 14 months ams105 sums 110,170 mm: impossible readings, high influx, outlier."""
    worst = int(np.nansum(record.rain_mm, axis=0).argmax())
    assert record.stations.code[worst] == "ams105"
    assert found.is_impossible[:, worst].sum() == 268
    assert share_flagged(record, found.flags["HI"])[worst] > 0.02
    rain = np.nan_to_num(record.rain_mm[:, worst])
    seen = (
        found.is_impossible[:, worst]
        | (found.flags["HI"][:, worst] == 1)
        | (found.flags["SO"][:, worst] == 1)
    )
    assert rain[seen].sum() > 0.9 * rain.sum()


def test_heavy_rain_that_the_radar_confirms_is_not_lost(folder: Path, record: Record, found: Found) -> None:
    heavy, heaviest = (heavy_hours(folder, record, found, least_mm) for least_mm in (5.0, 10.0))
    assert heavy.n >= 200
    assert heavy.stations_set_aside == ("ams105",)
    assert heavy.set_aside == 1
    assert heavy.zeroed <= 1
    assert heavy.unconfirmed <= 0.05 * heavy.n
    assert heaviest.n > 10
    assert (heaviest.set_aside, heaviest.zeroed) == (0, 0)
