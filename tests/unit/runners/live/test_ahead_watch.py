"""A radar that is out is told once, with what takes its place, and ends when a field comes."""

from dataclasses import replace

import numpy as np

from tests.networks import T0
from warnstream.adapters.metrics import Metrics
from warnstream.assessment.ahead.members import AheadState
from warnstream.model.forecast import ScoreState
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import FieldFrame, FieldRefusal
from warnstream.model.runs.model_run import ModelRun, RunRefusal, RunState
from warnstream.model.times import UTC
from warnstream.runners.live.watches.ahead_watch import AheadWatch


class Said:
    """Every call, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert not is_blocking
        self.calls.append((key, text, zh))

    def end_alarm(self, key: str) -> None:
        self.calls.append((key,))


GOOD = AheadState("radar", "county_radar", T0, is_out=False, n_fields=1)
OUT = replace(GOOD, source="gauges", is_out=True, n_fields=0, stands_in=True)


def test_it_is_told_once_and_ends_once() -> None:
    said, metrics = Said(), Metrics()
    watch = AheadWatch(said, metrics, UTC)
    for state in (GOOD, OUT, OUT, OUT, GOOD, GOOD):
        watch.take(state)
    (key, text, zh), (ended,) = said.calls
    assert key == ended == "ahead:county_radar"
    assert text.startswith("radar county_radar is out: no field of it since ")
    assert text.endswith("rest on gauges alone")
    assert "county_radar中断" in zh
    assert metrics.ahead_fields.labels("county_radar")._value.get() == 3
    assert metrics.ahead_out.labels("county_radar")._value.get() == 0
    assert metrics.ahead_source.labels("radar")._value.get() == 1


def test_without_gauges_that_know_it_says_so_and_what_was_refused_is_counted() -> None:
    said, metrics = Said(), Metrics()
    frame = FieldFrame("county_radar", b"", T0, 300, np.zeros((1, 1), np.int16))
    refused = (FieldRefusal(RefusalReason.OVERLAP, "", frame),)
    AheadWatch(said, metrics, UTC).take(
        replace(OUT, newest_s=-1, source="", stands_in=False, refused=refused)
    )
    assert said.calls[0][1].endswith(
        "since the node began that is young enough; probabilities of rain ahead are not known"
    )
    assert metrics.ahead_fields_refused.labels("county_radar", "overlap")._value.get() == 1


def test_a_node_without_a_radar_says_nothing() -> None:
    said = Said()
    AheadWatch(said, Metrics(), UTC).take(AheadState())
    assert said.calls == []


def test_probabilities_that_were_off_are_told_with_what_was_said_and_what_came() -> None:
    said, metrics = Said(), Metrics()
    cases, sums, came = [0] * 10, [0.0] * 10, [0] * 10
    cases[2], sums[2], came[2] = 800, 192.0, 80
    score = ScoreState("gauges", (3600,), 3600, tuple(cases), tuple(sums), tuple(came), (2,))
    watch = AheadWatch(said, metrics, UTC)
    for _ in range(3):
        watch.take(AheadState("gauges", scores=(score,)))
    ((key, text, zh),) = said.calls
    assert key == "ahead:gauges 1h 1h"
    assert "24% was said, 10% came (800 cases)" in text
    assert "800例" in zh
    assert metrics.ahead_cases.labels("gauges", "1h", "1h", "2")._value.get() == 800
    assert metrics.ahead_came.labels("gauges", "1h", "1h", "2")._value.get() == 80
    assert metrics.ahead_off.labels("gauges", "1h", "1h")._value.get() == 1


def test_a_model_that_is_out_is_told_once_with_what_is_known_without_it() -> None:
    said, metrics = Said(), Metrics()
    watch = AheadWatch(said, metrics, UTC)
    good = AheadState(runs=(RunState("ens", T0, 3600, is_out=False, is_used=True, n_runs=1),))
    out = AheadState(runs=(RunState("ens", T0, 7 * 3600, is_out=True),))
    for state in (good, out, out, good):
        watch.take(state)
    (key, text, zh), (ended,) = said.calls
    assert key == ended == "ahead:forecast ens"
    assert text.startswith("forecast ens is out: its newest run is of ")
    assert text.endswith("rain ahead is known for 3 h at most, no deadline of a transfer can be kept")
    assert "降雨预报最多3小时，无法保证转移时限" in zh
    assert metrics.forecast_runs.labels("ens")._value.get() == 2
    assert metrics.forecast_out.labels("ens")._value.get() == 0
    assert metrics.forecast_age.labels("ens")._value.get() == 3600


def test_the_model_that_takes_its_place_is_named_and_refused_runs_are_counted() -> None:
    said, metrics = Said(), Metrics()
    run = ModelRun("ens", b"", T0, T0, np.zeros(1, np.int32), np.zeros((1, 1, 1, 1), np.int16))
    refused = (RunRefusal(RefusalReason.FUTURE, "", run),)
    runs = RunState("ens", is_out=True, refused=refused), RunState("icon", T0, 3600, is_used=True)
    AheadWatch(said, metrics, UTC).take(AheadState(runs=runs))
    assert said.calls[0][1] == (
        "forecast ens is out: no run has come since the node began; icon takes its place"
    )
    assert metrics.forecast_runs_refused.labels("ens", "future")._value.get() == 1
