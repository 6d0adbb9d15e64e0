"""What is described only where it changed must equal what would be described anew."""

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from prometheus_client import generate_latest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.observations.signs import SignReport
from warnstream.runners.build import build_engine
from warnstream.runners.live.views.county_state import CountyState

T0 = 1_781_740_800
COUNTERS = ("readings", "reading_lag")
"""Metrics that add up over steps; a board of one step cannot know them."""


def gauges(metrics: Metrics) -> list[str]:
    """What a scrape shows, without what adds up."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    added = tuple(f"warnstream_{name}" for name in COUNTERS)
    return [line for line in lines if not line.startswith(("#", *added)) and "_created" not in line]


def test_a_board_that_follows_a_storm_shows_what_a_new_one_would(tmp_path: Path) -> None:
    build_county(1, CountyPlan(n_stations=12, n_villages=20, n_gauges=2)).write(tmp_path)
    write_demo_config(tmp_path, embedded_broker=True)
    configuration = load_configuration(tmp_path)
    engine, random = build_engine(configuration), np.random.default_rng(5)
    followed = CountyState(configuration, Metrics())
    metrics = followed._metrics
    shown = set()
    now_s = T0
    kind = configuration.signs.kinds[0].kind if configuration.signs.kinds else ""
    for step in range(60):
        now_s += int(random.choice([0, 1, 60, 60, 300, 1200]))
        n = int(random.integers(0, 12))
        station = random.integers(0, len(configuration.network.stations), n)
        variable = random.choice([Variable.RAIN, Variable.RAIN, Variable.STAGE], n)
        readings = batch_of(station, variable, np.full(n, now_s), random.choice([0.0, 0.2, 25.0], n))
        village = configuration.network.villages.code[step % 20]
        said = [SignReport(village, kind, "post", "")] if kind and step % 40 == 7 else []
        found = engine.step(readings, said, now_s).assessment
        followed.take(readings, found, engine.assessment, now_s)
        anew = CountyState(configuration, Metrics())
        anew.take(readings, found, engine.assessment, now_s)
        assert followed.state is not None
        assert anew.state is not None
        if found.forecast is None:
            anew.state = replace(anew.state, forecast=followed.state.forecast)
        assert followed.state == anew.state
        assert followed.signs_for("post") == anew.signs_for("post")
        # A ratio that is not known any more stays where it was.
        assert set(gauges(anew._metrics)) <= set(gauges(metrics))
        shown.add(str(followed.state.villages))
    assert len(shown) > 5, "the storm moved nothing: the comparison says little"
