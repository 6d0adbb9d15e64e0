import numpy as np
import pytest

from tests.unit.hazards.rain import LOWERING
from warnstream.forecast.nowcast import LEADS_S
from warnstream.hazards import landslide_rain
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.rules.indicators import HazardLevels, Indicator, VillageAntecedent, VillageRain
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.rules import HazardRule

HOUR = 3600
NONE = np.full(4, np.nan)
EMPTY: tuple[np.ndarray, ...] = (np.array([]),) * 4


def territory(**criteria: object) -> LandslideTerritory:
    values: dict[str, object] = {
        "line_rain_mm": EMPTY,
        "line_soil_water_mm": EMPTY,
        "intensity_a": NONE,
        "intensity_b": NONE,
        "intensity_h_range": (0.167, 500.0),
        "effective_mm": NONE,
        "antecedent_mm": NONE,
        "weighted_mm": NONE,
    }
    return LandslideTerritory(**(values | criteria))  # type: ignore[arg-type]


def line(level: Level, *points: tuple[float, float]) -> LandslideTerritory:
    """A critical line of one level through (rain of 60 min, soil water)."""
    rain, water = list(EMPTY), list(EMPTY)
    rain[level - 1] = np.array([point[0] for point in points], dtype=np.float64)
    water[level - 1] = np.array([point[1] for point in points], dtype=np.float64)
    return territory(line_rain_mm=tuple(rain), line_soil_water_mm=tuple(water))


def curve(a: float, b: float) -> LandslideTerritory:
    return territory(
        intensity_a=np.array([np.nan, a, np.nan, np.nan]), intensity_b=np.array([np.nan, b, np.nan, np.nan])
    )


def evaluate(
    where: LandslideTerritory,
    *,
    soil_water_mm: float = 0.0,
    last_hour_mm: float = 0.0,
    event: tuple[float, float] = (0.0, 0.0),
    effective_mm: float = 0.0,
    ahead: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None,
    forecast_level_max: Level = Level.NONE,
    territory_number: int = 0,
) -> HazardLevels:
    """One village. `event` is (mm, hours), `ahead` (rain, soil water) of 1, 2 and 3 hours."""
    table = LandslideRain(np.array([territory_number], dtype=np.int32), (where,), 12 * HOUR, 24 * HOUR, 0.84)
    rule = HazardRule(
        "t", "landslide_rain", "滑坡", "Landslide", table, 0.0, forecast_level_max, LOWERING, "x"
    )
    one_hour = np.array([[last_hour_mm]])
    unknown = (np.nan,) * 3
    rain_ahead, water_ahead = ahead or (unknown, unknown)
    rain = VillageRain(
        duration_s=np.array([HOUR], dtype=np.int32),
        rain_mm=one_hour,
        coverage=np.ones((1, 1)),
        is_blind=np.array([False]),
        ahead_mm=np.array([rain_ahead]),
        station_rain_mm=one_hour,
        weights=StationWeights(np.zeros((1, 1), dtype=np.int32), np.ones((1, 1)), np.zeros((1, 1))),
        leads_s=LEADS_S,
    )
    antecedent = VillageAntecedent(
        soil_water_mm=np.array([soil_water_mm]),
        soil_water_ahead_mm=np.array([water_ahead]),
        coverage=np.ones(1),
        effective_mm={24 * HOUR: np.array([effective_mm])},
        antecedent_mm={0.84: np.zeros(1)},
        weighted_mm=np.zeros(1),
        event_mm={12 * HOUR: np.array([event[0]])},
        event_s={12 * HOUR: np.array([event[1] * HOUR])},
    )
    return landslide_rain.evaluate(rule, rain, antecedent)


LINE = line(Level.ORANGE, (0, 200), (20, 150), (60, 100))


@pytest.mark.parametrize(
    ("soil_water_mm", "last_hour_mm", "level"),
    [
        (199, 0, Level.NONE),
        (200, 0, Level.ORANGE),
        (150, 19, Level.NONE),
        (150, 20, Level.ORANGE),
        (125, 40, Level.ORANGE),
        (124, 40, Level.NONE),
        (99, 200, Level.NONE),
    ],
)
def test_the_wetter_the_ground_the_less_rain_is_critical(
    soil_water_mm: float, last_hour_mm: float, level: Level
) -> None:
    assert evaluate(LINE, soil_water_mm=soil_water_mm, last_hour_mm=last_hour_mm).level[0] == level


def test_a_line_that_begins_above_no_rain_asks_for_rain() -> None:
    assert evaluate(line(Level.RED, (10, 100)), soil_water_mm=300, last_hour_mm=9).level[0] == Level.NONE


def test_the_soil_water_and_what_is_critical_with_the_last_hour_are_named() -> None:
    found = evaluate(LINE, soil_water_mm=130, last_hour_mm=40)
    assert (found.value[0], found.threshold[0], found.indicator[0]) == (130, 125, Indicator.SOIL_WATER)


@pytest.mark.parametrize(
    ("a", "b", "intensity"),
    [
        (14.82, 0.39, {1: 14.82, 3: 9.66, 6: 7.37, 12: 5.62, 24: 4.29}),
        (2.20, 0.44, {1: 2.200, 3: 1.357, 6: 1.000, 12: 0.737, 24: 0.543}),
    ],
    ids=["Caine 1980", "Guzzetti 2008"],
)
def test_published_curves_are_reached_at_their_intensities(
    a: float, b: float, intensity: dict[int, float]
) -> None:
    for hours, critical in intensity.items():
        found = evaluate(curve(a, b), event=(critical * hours * 1.01, hours))
        assert found.threshold[0] == pytest.approx(critical, abs=0.006)
        assert evaluate(curve(a, b), event=(critical * hours * 0.99, hours)).level[0] == Level.NONE


@pytest.mark.parametrize("hours", [1, 3, 6, 12, 24])
def test_the_italian_curve_at_the_five_durations(hours: int) -> None:
    """E = 7.7 D^0.39 mm of rain in the event, at the five durations of the other curves."""
    event_mm = 7.7 * hours**0.39
    found = evaluate(curve(7.7, 0.61), event=(event_mm * 1.001, hours))
    assert found.level[0] == Level.YELLOW
    assert found.threshold[0] * hours == pytest.approx(event_mm)
    assert evaluate(curve(7.7, 0.61), event=(event_mm * 0.999, hours)).level[0] == Level.NONE


def test_the_italian_curve_of_event_rain_is_a_curve_of_intensity() -> None:
    """E = 7.7 D^0.39 mm is I = 7.7 D^-0.61 mm/h: 15.4 mm in 6 h."""
    assert evaluate(curve(7.7, 0.61), event=(15.6, 6)).level[0] == Level.YELLOW
    assert evaluate(curve(7.7, 0.61), event=(15.3, 6)).level[0] == Level.NONE


def test_a_curve_is_silent_beyond_its_durations() -> None:
    assert evaluate(curve(14.82, 0.39), event=(10_000, 501)).level[0] == Level.NONE


def test_between_events_there_is_no_intensity() -> None:
    assert evaluate(curve(14.82, 0.39)).level[0] == Level.NONE


def test_the_criterion_farthest_above_its_threshold_is_named() -> None:
    both = territory(
        effective_mm=np.array([np.nan, 100, np.nan, np.nan]),
        line_rain_mm=(EMPTY[0], np.array([0.0]), EMPTY[0], EMPTY[0]),
        line_soil_water_mm=(EMPTY[0], np.array([100.0]), EMPTY[0], EMPTY[0]),
    )
    assert evaluate(both, soil_water_mm=110, effective_mm=120).indicator[0] == Indicator.EFFECTIVE_RAIN


def test_rain_ahead_on_wet_ground_raises_up_to_the_level_of_the_forecast() -> None:
    ahead = ((30.0, 60.0, 60.0), (130.0, 155.0, 140.0))
    found = evaluate(LINE, soil_water_mm=110, ahead=ahead, forecast_level_max=Level.YELLOW)
    assert (found.level[0], found.lead_s[0], found.value[0]) == (Level.YELLOW, 2 * HOUR, 155)
    assert found.forecast_value[0] == 45
    assert evaluate(LINE, soil_water_mm=110, ahead=ahead).level[0] == Level.NONE


def test_a_village_of_no_territory_is_never_warned() -> None:
    assert evaluate(LINE, soil_water_mm=500, last_hour_mm=100, territory_number=-1).level[0] == Level.NONE


WHERE = (
    line(Level.YELLOW, (5, 90), (40, 60)),
    curve(30.0, 0.6),
    territory(effective_mm=np.array([np.nan, 50.0, 80.0, np.nan])),
)


@pytest.mark.parametrize("where", WHERE)
def test_villages_left_out_of_the_comparison_have_no_level_and_hold_none(
    where: LandslideTerritory, monkeypatch: pytest.MonkeyPatch
) -> None:
    amounts = (0.0, 40.0, 47.9, 48.0, 50.0, 59.99, 60.0, 75.0, 90.0)
    cases = [
        {"soil_water_mm": mm, "effective_mm": mm, "event": (mm, hours), "last_hour_mm": mm / 2}
        for mm in amounts
        for hours in (0.0, 0.1, 1.0, 30.0)
    ]
    quick = [evaluate(where, **case) for case in cases]  # type: ignore[arg-type]
    monkeypatch.setattr(landslide_rain, "_may_reach", lambda *_: True)
    slow = [evaluate(where, **case) for case in cases]  # type: ignore[arg-type]
    assert [verdict.level[0] for verdict in quick] == [verdict.level[0] for verdict in slow]
    assert [verdict.holding[0] for verdict in quick] == [verdict.holding[0] for verdict in slow]
    assert {int(verdict.level[0]) for verdict in quick} > {0}
