"""From a gateway's bytes to millimetres in the window: what comes twice counts once, tests count never."""

import json
from itertools import pairwise

import numpy as np
import pytest

from station_sim.stations.rtu import Rtu
from tests.networks import QUALITY, WINDOWS, nearest_weights, network_of, rain_rule
from tests.unit.ingest.sl651.test_decoder import HOUR_34, PERIOD_38, TEST_30, TIMED_32
from warnstream.assessment import Assessment, Weights
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.sl651.frame import ETX, Frame, build
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import Flag, Variable, batch_of
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.rules.policies import CounterPolicy
from warnstream.model.times import parse_iso

AT_10, AT_11 = (parse_iso(f"2017-07-18T{hour}:00:00+08:00") for hour in (10, 11))
RULES = [
    DecoderRule("rtu/#", "sl651", {}, {"0011223344": "S0", "0012345678": "S0"}),
    DecoderRule("json/#", "flat_json", {}, {}),
]


class County:
    """Decoders and the first machine, fed with what gateways send."""

    def __init__(self, counters: CounterPolicy | None = None, interval_s: int = 3600) -> None:
        network, weights = network_of(2, 2, interval_s), nearest_weights(2, 2)
        self.decoder = DecoderSelection(network.stations, RULES)
        self.assessment = Assessment(
            network,
            (rain_rule(2, (15, 25, 40, 80)),),
            weights=Weights(weights, weights),
            windows=WINDOWS,
            quality=QUALITY,
            nowcast=None,
            counters=counters,
        )
        self.refused: list[RefusalReason] = []

    def take(self, now_s: int, *messages: RawMessage) -> list[Flag]:
        """Flags of the readings, without the lateness that an old archive has."""
        decoded = self.decoder.decode(messages, now_s)
        self.refused += [refusal.reason for refusal in decoded.refusals]
        step = self.assessment.step(decoded.readings, now_s)
        return [Flag(int(flag)) & ~Flag.LATE for flag in step.flags]

    def rain_mm(self, minutes: int = 60, *, ago_min: int = 0) -> float:
        """Rain at the first station in so many minutes, which ended `ago_min` minutes ago."""
        longer, shorter = (
            float(self.assessment.accumulate(np.array([span * 60], dtype=np.int32)).rain_mm[0, 0])
            if span
            else 0.0
            for span in (minutes + ago_min, ago_min)
        )
        return round(longer - shorter, 6)


def rtu(*frames: str | bytes) -> list[RawMessage]:
    return [
        RawMessage("rtu/1", frame if isinstance(frame, bytes) else bytes.fromhex(frame)) for frame in frames
    ]


def observation(**content: object) -> RawMessage:
    return RawMessage("json/1", json.dumps({"station": "S0", **content}).encode())


def total_at_10() -> RawMessage:
    return observation(time=AT_10, rain_total=0.0)


def test_the_published_hour_report_is_reconciled_with_its_counter() -> None:
    """Its cells say 2.5 mm and five of them are invalid; PT says 4.0: the gap is in the invalid minutes."""
    county = County()
    county.take(AT_10, total_at_10())
    flags = county.take(AT_11, *rtu(HOUR_34))
    assert set(flags) == {Flag.NONE}
    assert county.rain_mm() == 4.0
    assert county.rain_mm(25, ago_min=35) == 2.5  # 10:00 to 10:25: cells as they were told
    assert county.rain_mm(25, ago_min=10) == 1.5  # 10:25 to 10:50: the invalid ones
    assert county.rain_mm(10) == 0.0


def test_cells_alone_are_spread_over_their_own_five_minutes() -> None:
    county = County()
    cells = bytes.fromhex("0033170718110014F1F1001122334448F0F01707181005F460 05000000140000000000 0000")
    frame = build(Frame("0011223344", 5, 0x34, ETX, b"\x03\xe8", True, 0, 0, cells, False))
    county.take(AT_11, *rtu(frame))
    assert county.rain_mm() == 2.5
    assert [county.rain_mm(5, ago_min=ago) for ago in (55, 50, 35, 0)] == [0.5, 0.0, 2.0, 0.0]
    assert county.rain_mm(1, ago_min=36) == 0.4  # a fifth of 2.0 mm in each of its minutes


def test_a_resent_report_counts_once() -> None:
    county = County()
    county.take(AT_10, total_at_10())
    county.take(AT_11, *rtu(HOUR_34, HOUR_34))
    county.take(AT_11 + 60, *rtu(HOUR_34))
    assert county.rain_mm(61) == 4.0


def test_a_query_of_the_same_cells_has_another_serial_and_counts_once() -> None:
    """38H with serial 0035 repeats the cells of 34H with serial 0033."""
    county = County()
    county.take(AT_11, *rtu(PERIOD_38))
    before = county.rain_mm()
    flags = county.take(AT_11 + 60, *rtu(PERIOD_38))
    assert set(flags) == {Flag.DUPLICATE}
    assert before == county.rain_mm(61) == 2.5


@pytest.mark.parametrize("sequences", [(7, 7), (7, 8), (None, 7)])
def test_an_amount_of_one_end_counts_once_whatever_number_its_message_has(
    sequences: tuple[int | None, int | None],
) -> None:
    county = County(interval_s=300)
    flags = [
        county.take(AT_11 + 60 * n, observation(time=AT_11, rain=1.2, sequence=sequence))[0]
        for n, sequence in enumerate(sequences)
    ]
    assert flags == [Flag.NONE, Flag.DUPLICATE]
    assert county.rain_mm(61) == 1.2


def test_amounts_of_two_stations_at_one_time_are_two() -> None:
    county = County(interval_s=300)
    other = RawMessage("json/1", json.dumps({"station": "S1", "time": AT_11, "rain": 2}).encode())
    assert county.take(AT_11, observation(time=AT_11, rain=1.2), other) == [Flag.NONE, Flag.NONE]


def test_test_reports_and_exercises_never_become_rain_and_are_never_silent() -> None:
    county = County()
    county.take(AT_10, total_at_10())
    exercise = observation(time=AT_11, rain_total=99.0, rain=99.0, exercise=True)
    assert county.take(AT_11, *rtu(TEST_30), exercise) == []
    assert county.refused == [RefusalReason.TEST_REPORT, RefusalReason.EXERCISE]
    assert county.rain_mm() == 0.0


def test_a_counter_goes_on_across_reset_wrap_and_restart() -> None:
    """99,998.6 + 3.4 wraps at 100,000 mm to 2.0; then the station is replaced and begins at 0.4."""
    station = Rtu("0012345678")
    county = County(CounterPolicy(wrap_mm=100_000))
    totals = [99_996.0, 99_998.6, 2.0, 3.5, 0.4, 1.0]
    risen = [2.6, 3.4, 1.5, 0.4, 0.6]
    for number, total in enumerate(totals):
        at_s = AT_10 + 600 * number
        if number == 4:  # the node is started again
            twin = County(CounterPolicy(wrap_mm=100_000))
            twin.assessment.restore(county.assessment.snapshot())
            county = twin
        county.take(at_s, *rtu(station.report(at_s, total)))
        county.take(at_s + 1, *rtu(station.report(at_s, total)))
    assert county.rain_mm(50) == pytest.approx(sum(risen))
    in_ten_minutes = [county.rain_mm(10, ago_min=ago) for ago in (40, 30, 20, 10, 0)]
    assert in_ten_minutes == pytest.approx(risen)


def test_the_year_s_counter_begins_anew_at_the_day_start_of_new_year() -> None:
    """PT counts from 1 January 08:00; its first value after that is what fell since."""
    begin = parse_iso("2026-01-01T07:30:00+08:00")
    station, county = Rtu("0012345678"), County()
    for after_min, total in ((0, 1834.5), (30, 1836.0), (60, 0.5), (90, 2.5)):
        county.take(begin + 60 * after_min, *rtu(station.report(begin + 60 * after_min, total)))
    assert county.rain_mm(90) == pytest.approx(1.5 + 0.5 + 2.0)


def test_the_day_s_counter_falls_to_zero_at_eight_and_no_rain_is_lost() -> None:
    """The reading of 08:00 itself belongs to the day that ends; PJ is the counter of a station without PT."""
    begin = parse_iso("2026-06-18T07:45:00+08:00")
    rows = [(0, 46.0), (15, 48.5), (30, 1.0), (45, 2.5)]
    county = County(interval_s=900)
    for after_min, value in rows:
        county.take(begin + 60 * after_min, observation(time=begin + 60 * after_min, rain_day=value))
    assert county.rain_mm(45) == pytest.approx(2.5 + 1.0 + 1.5)


def test_a_station_that_sends_every_kind_of_amount_counts_its_rain_once() -> None:
    """PJ, PT, cells and a sliding amount in reports of one hour: PT rules."""
    county = County()
    county.take(AT_10, total_at_10())
    for frame in (HOUR_34, TIMED_32):
        county.take(AT_11, *rtu(frame))
    assert county.rain_mm() == 4.0


def test_every_way_of_cutting_an_hour_of_reports_gives_the_same_rain() -> None:
    station = Rtu("0012345678")
    frames = [station.report(AT_10 + 300 * n, 10.0 + 0.2 * n * n) for n in range(13)]
    found = set()
    for cuts in ((0, 13), (0, 1, 13), (0, 4, 5, 9, 13), tuple(range(14))):
        county = County(interval_s=300)
        for begin, end in pairwise(cuts):
            county.take(AT_10 + 300 * (end - 1), *rtu(*frames[begin:end]))
        found.add(county.rain_mm())
    assert found == {28.8}


def test_a_number_that_is_no_number_never_reaches_a_window() -> None:
    """Whatever a decoder gave: quality control takes no NaN and no infinity for a value."""
    county = County(interval_s=300)
    bad = [np.nan, np.inf, -np.inf]
    variables = [Variable.RAIN, Variable.RAIN_TOTAL, Variable.STAGE]
    rows = [(variable, value) for variable in variables for value in bad]
    batch = batch_of([0] * len(rows), [v for v, _ in rows], [AT_11] * len(rows), [x for _, x in rows])
    flags = county.assessment.step(batch, AT_11).flags
    assert all(flag & Flag.OUT_OF_RANGE for flag in flags)
    assert county.rain_mm() == 0.0


def test_two_tips_within_one_second_are_two_by_their_numbers_and_each_counts_once() -> None:
    county = County()
    one, other = (observation(time=AT_10 + 60, rain_tip=0.2, sequence=number) for number in (41, 42))
    assert county.take(AT_10 + 61, one) == [Flag.NONE]
    assert county.take(AT_10 + 62, other, one) == [Flag.BOUNCE, Flag.DUPLICATE]  # doubted, and counts
    assert county.rain_mm() == 0.4
    assert county.take(AT_10 + 3600, other, other) == [Flag.DUPLICATE] * 2  # sent again after an outage


def test_tips_without_numbers_are_one_a_second() -> None:
    county = County()
    tip = observation(time=AT_10 + 60, rain_tip=0.2)
    assert county.take(AT_10 + 62, tip, tip) == [Flag.NONE, Flag.DUPLICATE]


def test_an_amount_that_is_asked_for_again_under_another_number_counts_once() -> None:
    """Why the number is part of the identity of tips alone: a centre's query numbers anew."""
    county = County()
    one, again = (observation(time=AT_11, rain=7.5, sequence=number) for number in (41, 0))
    assert county.take(AT_11, one) == [Flag.NONE]
    assert county.take(AT_11 + 60, again) == [Flag.DUPLICATE]
    assert county.rain_mm() == 7.5
