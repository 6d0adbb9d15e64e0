"""The published table of daily values: April 13 to May 31, from FFMC 85, DMC 6, DC 15.

Van Wagner & Pickett (1985), Forestry Technical Report 33, as transcribed in
the tests of xclim (github.com/Ouranosinc/xclim, tests/test_cffwis.py, variable
CFS_data, Apache-2.0); printed with one decimal. Numbers of a table are facts.
The copy of the inputs in the R package cffdrs has 11 instead of 11.5 degrees
on May 10 and ends on May 30; its outputs differ in the first decimal because
it works with 147.27723 where the report has 147.2 in the FFMC scale.
"""

from pathlib import Path

import numpy as np
import pytest

from warnstream.windows.fire_weather import (
    NoonWeather,
    buildup,
    fire_weather_index,
    initial_spread,
    next_dc,
    next_dmc,
    next_ffmc,
)

TABLE = (Path(__file__).parent / "fwi_1985.txt").read_text(encoding="utf-8").splitlines()
CODES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi")


def published() -> list[tuple[int, NoonWeather, dict[str, float]]]:
    days = []
    for line in TABLE[1:]:
        month, _, *numbers = line.split()
        weather = NoonWeather(*(np.array([float(number)]) for number in numbers[:4]))
        days.append((int(month), weather, dict(zip(CODES, map(float, numbers[4:]), strict=True))))
    return days


def test_all_49_days_of_the_published_table() -> None:
    ffmc, dmc, dc = (np.array([value]) for value in (85.0, 6.0, 15.0))
    days = published()
    assert len(days) == 49
    for number, (month, noon, expected) in enumerate(days):
        ffmc, dmc, dc = next_ffmc(ffmc, noon), next_dmc(dmc, noon, month), next_dc(dc, noon, month)
        isi, bui = initial_spread(ffmc, noon.wind_kmh), buildup(dmc, dc)
        codes = (ffmc, dmc, dc, isi, bui, fire_weather_index(isi, bui))
        found = dict(zip(CODES, (float(code[0]) for code in codes), strict=True))
        assert found == pytest.approx(expected, abs=0.0501), number
