"""The keys of warnstream.yaml under ``quality:``: limits of single values, and how gauges are compared."""

import itertools
from typing import Annotated, Any

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.level import Level
from warnstream.model.observations.error_values import ERROR_VALUES
from warnstream.model.observations.quality_limits import VALUE_LIMITS, ValueLimits
from warnstream.model.observations.rain_limits import RAIN_RECORDS
from warnstream.model.observations.readings import VARIABLE_OF_WORD, Variable
from warnstream.model.rules.policies import NeighbourPolicy, QualityPolicy

_OWN_STEP = {
    Variable.TILT_X: "quality.tilt_step_deg_max",
    Variable.TILT_Y: "quality.tilt_step_deg_max",
    Variable.DISPLACEMENT: "quality.movement_step_mm_max",
    Variable.CRACK: "quality.movement_step_mm_max",
}
"""Variables whose step is judged however far readings are apart, by a key of its own."""


def _steps() -> value_types.Form:
    """Greatest changes by time between readings, such as ``{1min: 3, 1h: 4}``; parsed to ascending pairs."""
    between = value_types.duration("1s", "30d")
    change = value_types.decimal(0, 1e9, above=True)

    def parse(value: object) -> tuple[tuple[int, float], ...]:
        if not isinstance(value, dict):
            raise ValueError(  # noqa: TRY004
                f"expected changes by time such as {{1min: 3, 1h: 4}}, got {value_types.shown(value)}"
            )
        pairs = sorted((between.parse(time), change.parse(most)) for time, most in value.items())
        for (_, before), (_, most) in itertools.pairwise(pairs):
            if most < before:
                raise ValueError(f"expected changes that grow with time, got {most:g} after {before:g}")
        return tuple(pairs)

    return value_types.Form(
        parse, {"type": "object", "additionalProperties": dict(change.schema)}, "{duration: change}"
    )


def _rain_records() -> value_types.Form:
    """Greatest rain by duration, at least one."""
    steps = _steps()

    def parse(value: object) -> tuple[tuple[int, float], ...]:
        found: tuple[tuple[int, float], ...] = steps.parse(value)
        if not found:
            raise ValueError("expected rain by duration such as {1min: 38, 1h: 401}, got none")
        return found

    return value_types.Form(parse, {**steps.schema, "minProperties": 1}, "{duration: mm}")


class ValueLimitsSection(Section):
    """Limits of one variable; what is left out keeps its default."""

    range: Annotated[tuple[float, float] | None, value_types.decimal_range(-1e9, 1e9)] = default(
        None, description="Beyond it a value is impossible and counts as missing."
    )
    step: Annotated[tuple[tuple[int, float], ...] | None, _steps()] = default(
        None,
        description="Greatest change by time between two readings; of several that fit the shortest counts, "
        "beyond the last none; `{}` switches it off.",
    )
    still_s: Annotated[int | None, value_types.duration("0s", "30d")] = default(
        None, alias="still_for", description="A value that stands still for so long is doubtful; 0s: never."
    )
    still_change: Annotated[float | None, value_types.decimal(0, 1e9)] = default(
        None, description="Change within that time below which a value stands still."
    )
    still_from: Annotated[float | None, value_types.decimal(-1e9, 1e9)] = default(
        None, description="Lower values may stand still."
    )
    still_to: Annotated[float | None, value_types.decimal(-1e9, 1e9)] = default(
        None, description="Higher values may stand still."
    )
    source: Annotated[str | None, value_types.text()] = default(
        None, description="Where the limits come from."
    )


class NeighboursSection(Section):
    """How rain gauges are compared with each other."""

    step_s: Annotated[int, value_types.duration("1min", "1h", whole_minutes=True)] = default(
        "5min", alias="step", description="Interval of rain that is compared."
    )
    wait_s: Annotated[int, value_types.duration("0s", "6h")] = default(
        "5min",
        alias="wait",
        description="How late readings may be, after the longest interval of the gauges, and still be "
        "compared.",
    )
    radius_km: Annotated[float, value_types.decimal(0, 500, above=True)] = default(
        10, description="Reach within which gauges are neighbours, kilometres."
    )
    neighbours: Annotated[int, value_types.whole(0, 500)] = default(
        20, description="Most neighbours of a gauge, the nearest ones; 0: gauges are not compared."
    )
    neighbours_min: Annotated[int, value_types.whole(2, 500)] = default(
        5, description="Fewest reporting neighbours with which a gauge is compared."
    )
    zero_intervals: Annotated[int, value_types.whole(1, 10_000)] = default(
        6, description="Faulty zero: dry for more than so many intervals in which the neighbours are wet."
    )
    zero_mm_min: Annotated[float, value_types.decimal(0, 1000)] = default(
        2,
        description="Faulty zero: rain of the neighbours' median that the gauge must have missed, mm; `0` is "
        "the published filter.",
    )
    spare_intervals: Annotated[int, value_types.whole(1, 10_000)] = default(
        2,
        description="Contradicted: dry for more than so many intervals in which the gauge's own spare "
        "(`spare_of`) is wet and brings `zero_mm_min`; our judgement, no source gives a figure.",
    )
    influx_low_mm: Annotated[float, value_types.decimal(0, 1000, above=True)] = default(
        0.4, description="High influx: below that median of the neighbours the fixed limit counts, mm."
    )
    influx_high_mm: Annotated[float, value_types.decimal(0, 1000, above=True)] = default(
        10, description="High influx: the fixed limit of an interval, mm; above the median in proportion."
    )
    outlier_memory: Annotated[int, value_types.whole(10, 1_000_000)] = default(
        300, description="Outlier: intervals with rain over which the correlation fades."
    )
    outlier_wet_min: Annotated[int, value_types.whole(1, 1_000_000)] = default(
        20, description="Outlier: wet intervals (faded) from which on a neighbour counts."
    )
    outlier_correlation_min: Annotated[float, value_types.decimal(-1, 1)] = default(
        0.15, description="Outlier: median correlation with the neighbours below which a gauge is one."
    )
    lonely_mm_min: Annotated[float, value_types.decimal(0, 1000, above=True)] = default(
        10, description="Rain of an hour from which on a gauge is looked at for being lonely, mm."
    )
    lonely_threshold: Annotated[float, value_types.decimal(0, 100, above=True)] = default(
        4, description="Standard deviations above the mean of the neighbours that are too many."
    )
    lonely_sd_mm_min: Annotated[float, value_types.decimal(0, 1000, above=True)] = default(
        2, description="Least standard deviation that is used, mm."
    )
    lone_dry_mm: Annotated[float, value_types.decimal(0, 1000, above=True)] = default(
        1, description="Lone gauge: rain of each neighbour over the same window below which it is dry, mm."
    )
    lone_level_max: Annotated[Level, value_types.level()] = default(
        "yellow",
        description="Lone gauge: highest level that it raises against whole, dry neighbours; red: any.",
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """High influx is more than low, and a comparison needs the neighbours it asks for."""
        faults = []
        if self.influx_high_mm <= self.influx_low_mm:
            faults.append(("influx_high_mm", f"expected more than influx_low_mm ({self.influx_low_mm:g})"))
        if 0 < self.neighbours < self.neighbours_min:
            faults.append(("neighbours", f"expected 0 or at least neighbours_min ({self.neighbours_min})"))
        return faults


class QualitySection(Section):
    """Limits of quality control; nothing is deleted, only flagged."""

    rain_mm_per_min_max: Annotated[float, value_types.decimal(0, 100, above=True)] = default(
        20, description="Rain, mm per minute, beyond which a reading is impossible."
    )
    rain_records: Annotated[tuple[tuple[int, float], ...] | None, _rain_records()] = default(
        None,
        description="Greatest rain known by duration, ascending: `{1min: 38, 1h: 401}`; without it the "
        "world's records. An amount, a counter's increment or a sum beyond it is doubtful, an "
        "amount or increment a quarter beyond it impossible (quality.md).",
    )
    stage_m_range: Annotated[tuple[float, float], value_types.decimal_range(-1000, 10_000)] = default(
        [-500, 9000],
        description="Lowest and highest possible stage, metres over datum; stage thresholds must lie inside. "
        "Each gauge has a range of its own within.",
    )
    stage_step_m_max: Annotated[float, value_types.decimal(0, 100, above=True)] = default(
        3, description="Change between consecutive stages beyond which a reading is doubtful, metres."
    )
    stuck_readings: Annotated[int, value_types.whole(2, 10_000)] = default(
        6, description="Equal non-zero rain readings in a row that are doubtful."
    )
    movement_step_mm_max: Annotated[float, value_types.decimal(0, 100_000, above=True)] = default(
        600, description="Change of displacement or crack between readings beyond which one is doubtful, mm."
    )
    tilt_step_deg_max: Annotated[float, value_types.decimal(0, 90, above=True)] = default(
        5, description="Change of tilt between readings beyond which one is doubtful, degrees."
    )
    movement_fall_mm_max: Annotated[float, value_types.decimal(0, 100_000, above=True)] = default(
        100,
        description="Fall of displacement or crack between readings beyond which one is doubtful, mm: slopes "
        "do not creep back.",
    )
    variables: dict[
        Annotated[str, value_types.one_of(*(variable.word for variable in VALUE_LIMITS))], ValueLimitsSection
    ] = part(dict, "Limits of other variables that differ from the defaults.")
    melt_below_c: Annotated[float, value_types.decimal(-90, 10)] = default(
        0,
        description="Rain is doubted where its station's own air is colder: snow that the gauge's heater "
        "melts.",
    )
    error_values: dict[
        Annotated[str, value_types.one_of(*(variable.word for variable in Variable))],
        Annotated[tuple[float, ...], value_types.decimals(-1e9, 1e9)],
    ] = part(
        dict,
        "Numbers by which sensors say that they have no value; replaces the defaults of that "
        "variable, `[]` for none.",
    )
    neighbours: NeighboursSection = part(NeighboursSection, "How rain gauges are compared with each other.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Some steps have keys of their own."""
        return [
            ("variables", f"{word}: its step is {_OWN_STEP[VARIABLE_OF_WORD[word]]}, remove step here")
            for word, section in self.variables.items()
            if section.step is not None and VARIABLE_OF_WORD[word] in _OWN_STEP
        ]


def quality_policy(section: QualitySection) -> QualityPolicy:
    """What the stages obey: defaults, with what the section says of single variables put over them."""
    written = section.model_dump(exclude={"variables", "error_values", "neighbours"})
    written["rain_records"] = section.rain_records or RAIN_RECORDS
    near = section.neighbours.model_dump()
    near["radius_m"] = near.pop("radius_km") * 1000
    variables = dict(VALUE_LIMITS)
    for word, factors in section.variables.items():
        variable = VARIABLE_OF_WORD[word]
        variables[variable] = _over(variables[variable], factors)
    own = {VARIABLE_OF_WORD[word]: values for word, values in section.error_values.items()}
    return QualityPolicy(
        **written,
        variables=variables,
        error_values={**ERROR_VALUES, **own},
        neighbours=NeighbourPolicy(**near),
    )


def _over(limits: ValueLimits, section: ValueLimitsSection) -> ValueLimits:
    given: dict[str, Any] = {
        name: value for name in ValueLimits.__slots__ if (value := getattr(section, name)) is not None
    }
    return ValueLimits(**({name: getattr(limits, name) for name in ValueLimits.__slots__} | given))
