"""Published vectors: the first days of the test table of Van Wagner & Pickett (1985), Report 33.

Start: FFMC 85, DMC 6, DC 15, April. Printed with one decimal. Only days known
with certainty stand here; the later ones of the 48 are not.
"""

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

DAYS = [
    # temperature, humidity, wind, rain -> FFMC, DMC, DC, ISI, BUI, FWI
    ((17.0, 42.0, 25.0, 0.0), (87.7, 8.5, 19.0, 10.9, 8.5, 10.1)),
    ((20.0, 21.0, 25.0, 2.4), (86.2, 10.4, 23.6, 8.8, 10.4, 9.3)),
    ((8.5, 40.0, 17.0, 0.0), (87.0, 11.8, 26.1, 6.5, 11.7, 7.6)),
    ((6.5, 25.0, 6.0, 0.0), (88.8, 13.2, 28.2, 4.9, 13.1, 6.2)),
    ((13.0, 34.0, 24.0, 0.0), (89.1, 15.4, 31.5, 12.6, 15.3, 14.8)),
]


def test_the_first_days_of_the_published_table() -> None:
    ffmc, dmc, dc = (np.array([value]) for value in (85.0, 6.0, 15.0))
    for weather, expected in DAYS:
        noon = NoonWeather(*(np.array([value]) for value in weather))
        ffmc, dmc, dc = next_ffmc(ffmc, noon), next_dmc(dmc, noon, 4), next_dc(dc, noon, 4)
        isi, bui = initial_spread(ffmc, noon.wind_kmh), buildup(dmc, dc)
        found = [float(code[0]) for code in (ffmc, dmc, dc, isi, bui, fire_weather_index(isi, bui))]
        assert found == pytest.approx(expected, abs=0.0501), weather
