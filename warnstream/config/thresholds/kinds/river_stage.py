"""River stage in thresholds.yaml: stages of gauges by the villages that they warn."""

import math
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.intervals import check_intervals
from warnstream.config.thresholds.rivers import read_river, with_reaches
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.thresholds.sensor_rows import check_has_rows, count_sensors, sensor_rows
from warnstream.config.thresholds.units import TableUnit
from warnstream.config.wording import count_of, name_some
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import CriticalStage, Thresholds


class RiverStageSection(HazardSection):
    """River stage at gauges that warn villages."""

    evaluator: Literal["river_stage"] = Field(description="Module of warnstream.hazards that judges it.")
    table: Annotated[str, value_types.text()] = Field(
        description="CSV file with stages by village and gauge."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "7d")] = default(
        "30min", alias="stale_after", description="A stage observed longer ago says nothing."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )
    rise_window_s: Annotated[int, value_types.duration("10min", "1h", whole_minutes=True)] = default(
        "30min",
        alias="rise_window",
        description="Over which the rise of the stage is taken, for `forecast_level_max`.",
    )
    horizon_s: Annotated[int, value_types.duration("5min", "6h", whole_minutes=True)] = default(
        "2h", alias="horizon", description="How far ahead the rise is extended."
    )
    gauges: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with datum, low water and highest stage of gauges."
    )
    travel: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with travel times from gauges to villages below them."
    )

    table_units = MappingProxyType({"m": TableUnit(Indicator.STAGE, (Variable.STAGE,), -math.inf, math.inf)})

    def read(self, context: HazardContext) -> Build:
        """Check gauges and reaches; thresholds with what is known of them."""
        check_has_rows(self.table, context)
        ahead_s = {"horizon": self.horizon_s} if self.forecast_level_max > Level.NONE else {}
        check_intervals({"stale_after": self.stale_after_s, **ahead_s}, context)
        river = read_river(self.table, self.gauges, self.travel, context)

        def build(rows: Sequence[Threshold], places: Villages, stations: Stations) -> CriticalStage:
            return with_reaches(self._table(rows, places, stations), river, places, stations)

        return build

    def hold_s(self, thresholds: Thresholds) -> int:
        """A flood that has passed the gauge is still on its way."""
        assert isinstance(thresholds, CriticalStage)
        reaches = thresholds.reaches
        return max(self.lowering.hold_s, reaches.travel_s_max if reaches else 0)

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Gauges and villages of the table."""
        del n_villages
        assert isinstance(thresholds, CriticalStage)
        return f"stage of {count_sensors(thresholds.station, thresholds.village)}"

    @staticmethod
    def lints(thresholds: Thresholds, stations: Stations) -> Iterator[str]:
        """Gauges that warn, and nobody said over which datum and within which range."""
        assert isinstance(thresholds, CriticalStage)
        reaches = thresholds.reaches
        known = set() if reaches is None else set(reaches.gauge.tolist())
        bare = [stations.code[station] for station in sorted(set(thresholds.station.tolist()) - known)]
        if bare:
            n = count_of(len(bare), "gauge", "gauges")
            expected = "not in a table of gauges (gauges:), so a stage over another datum is not seen"
            yield f"{n} {expected}: {name_some(bare)}"

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> CriticalStage:
        gauges = sensor_rows(rows, places, stations)
        return CriticalStage(
            village=gauges.village,
            station=gauges.station,
            critical_m=gauges.critical,
            stale_after_s=self.stale_after_s,
            rise_window_s=self.rise_window_s,
            horizon_s=self.horizon_s,
        )
