"""A configuration is changed and the node restarted or killed: rain, levels and warnings go on as before."""

import logging
from collections.abc import Callable

import numpy as np
import pytest

from tests.simulation.changed_county import STEP_S, T0, County
from tests.simulation.test_changed_configuration import (
    add_hazard,
    add_village,
    remove_station,
    reorder_stations,
)

pytestmark = pytest.mark.slow

HOURS_S = np.array([3600, 3 * 3600], dtype=np.int32)


def add_far_station(county: County) -> None:
    """A gauge that no village hears, in front of all others."""
    lines = county.text("stations.csv").splitlines()
    far = "S0,27.0,118.0,10,rain,300,County"
    county.put("stations.csv", "\n".join([lines[0], far, *lines[1:]]) + "\n")


def longer_windows(county: County) -> None:
    county.replace("warnstream.yaml", "longest: 6h", "longest: 12h")


def rain_by_gauge(county: County) -> dict[str, list[float]]:
    assert county.node is not None
    stations = county.node.configuration.network.stations
    rain = county.node.engine.assessment._stations.rain
    found = rain.accumulate(HOURS_S, T0 + STEP_S * county.interval)
    rows = np.hstack([found.rain_mm, found.coverage]).tolist()
    return dict(zip(stations.code, rows, strict=True))


def standing(county: County) -> dict[str, tuple[int, int]]:
    return {warning.warning: (warning.version, int(warning.level)) for warning in county.open_warnings()}


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
@pytest.mark.parametrize(
    "change",
    [
        add_far_station,
        remove_station,
        reorder_stations,
        longer_windows,
        add_village,
        add_hazard,
    ],
)
def test_rain_and_warnings_are_those_of_before_the_restart(
    county: County,
    change: Callable[[County], None],
    is_killed: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    county.rain(12)
    if is_killed:
        county.write_snapshot()
    county.settle()
    rain, warnings, n_shown = rain_by_gauge(county), standing(county), len(county.gateway.warnings())
    county.kill() if is_killed else county.stop()
    change(county)
    with caplog.at_level(logging.INFO):
        county.start()
    (recovered,) = [record for record in caplog.records if record.message == "recovered"]
    assert recovered.__dict__["after"] > 0, "the snapshot was taken, nothing was replayed"
    county.settle()
    now = rain_by_gauge(county)
    for gauge in rain.keys() & now.keys():
        assert now[gauge] == rain[gauge], gauge
    kept = standing(county)
    assert {name: kept[name] for name in warnings} == warnings
    told = {shown.message for shown in county.gateway.warnings()[n_shown:] if shown.recipient[0] == "H"}
    assert not {message for message in told if ".V0." not in message}, (
        "nobody is told anything by the restart"
    )
    county.rain(2)
    assert county.find_faults() == []
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert all(county.is_kept(warning) for warning in county.open_warnings())


def test_what_begins_anew_is_in_the_log(county: County, caplog: pytest.LogCaptureFixture) -> None:
    county.rain(2)
    county.stop()
    add_far_station(county)
    with caplog.at_level(logging.WARNING):
        county.start()
    notes = [
        record.__dict__["note"] for record in caplog.records if record.message.startswith("state carried")
    ]
    assert notes == ["stations that are new and begin without a past: S0"]
