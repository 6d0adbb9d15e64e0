"""The keys of warnstream.yaml under ``grids:``: rain from radar and other grids."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from warnstream.config.settings import GridSettings
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default
from warnstream.config.yaml.value_types import choice_of
from warnstream.forecast.radar.source import INTERVAL_S_MAX
from warnstream.model.grids import BiasPolicy, GridPolicy

INTERVAL_S = 300
"""Usual time between frames where it is not told: windows begin to move on after `max_age` in any case."""

UNITS = ("mm", "m", "cm", "kg m-2", "mm h-1", "kg m-2 h-1", "mm s-1", "kg m-2 s-1", "m s-1")


class BiasSection(Section):
    """One factor for all cells of a grid, from the gauges that report."""

    window_s: Annotated[int, value_types.duration("30min", "24h", whole_minutes=True)] = default(
        "3h", alias="window", description="Rain of that time is compared."
    )
    pairs_min: Annotated[int, value_types.whole(1, 10_000)] = default(
        10, description="So many gauges with rain make a factor; of fewer none is made."
    )
    pair_mm_min: Annotated[float, value_types.decimal(0, 100, above=True)] = default(
        1, description="Rain that gauge and grid must both have to be compared."
    )
    factor_max: Annotated[float, value_types.decimal(1, 10)] = default(
        2, description="The factor stays between 1 / factor_max and factor_max."
    )


class MaskSection(Section):
    """Cells that never count: blocked beams, clutter."""

    file: Annotated[str, value_types.text()] = Field(
        description="NetCDF 4 file with a variable on the grid's rows and columns."
    )
    variable: Annotated[str, value_types.text()] = default(
        "mask", description="Its variable: 0 is a good cell, all else is not seen."
    )


class GridSection(Section):
    """One grid: its files, and what it is used for."""

    files: Annotated[str, value_types.text()] = Field(
        description="Pattern of its files; wildcards in the name only, the folder is relative to the "
        "configuration folder."
    )
    variable: Annotated[str, value_types.text()] = default(
        "precipitation_amount",
        description="Variable of the files that holds the rain; group/variable in a group.",
    )
    unit: Annotated[str | None, value_types.one_of(*UNITS)] = default(
        None, description="Unit of the variable, where the files do not say it or say it wrongly."
    )
    interval_s: Annotated[int | None, value_types.duration("1min", "24h", whole_minutes=True)] = default(
        None, alias="interval", description="Length of the frames, in files without bounds of time."
    )
    time_at: Annotated[str, value_types.one_of("end", "begin")] = default(
        "end", description="Which end of the interval a time is, in files without bounds of time."
    )
    accumulated: Annotated[str | None, value_types.one_of("never", "since_start", "resets")] = default(
        None,
        description="Running totals: since_start never falls, resets begins anew now and then; never: "
        "amounts of intervals or rates. Without it frames that look like one total are refused.",
    )
    mask: MaskSection | None = default(None, description="Cells that never count: blocked beams, clutter.")
    age_s_max: Annotated[int, value_types.duration("1min", "24h")] = default(
        "15min",
        alias="max_age",
        description="A grid whose newest frame ended longer ago says nothing; at least `interval`.",
    )
    gauges_below: Annotated[float, value_types.decimal(0, 1)] = default(
        0.5, description="Share of a window below which gauges have not observed enough of it to cover it."
    )
    seen_min: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.5, description="Share of an outline that a frame must have seen to speak for it."
    )
    certainty: Annotated[str, value_types.one_of("likely", "possible")] = default(
        "possible", description="CAP certainty of warnings that rest on the grid, at most."
    )
    bias: BiasSection | None = default(
        None, description="Adjustment to the gauges; without it amounts count as they are."
    )
    look_every_s: Annotated[float, value_types.fine_duration("100ms", "10min")] = default(
        "2s", alias="look_every", description="How often the folder is looked into."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A pattern names files of one folder; a grid must live longer than its interval."""
        faults = []
        folder, name = PurePosixPath(self.files).parent, PurePosixPath(self.files).name
        if any(sign in str(folder) for sign in "*?[") or not name:
            faults.append(("files", f"expected wildcards in the name of the file only, got {self.files!r}"))
        if self.age_s_max < (self.interval_s or 0):
            shortest = format_duration(self.interval_s or 0)
            faults.append(("max_age", f"expected at least interval ({shortest})"))
        return faults


def radar_fault(radar: str | None, grids: Mapping[str, GridSection]) -> str:
    """What is wrong with a grid that rain to come is worked out from; empty: nothing."""
    if radar is None:
        return ""
    if radar not in grids:
        return f"grid {radar!r} is not in grids: expected {choice_of(sorted(grids)) or 'one'}"
    if (grids[radar].interval_s or 0) > INTERVAL_S_MAX:
        longest = format_duration(INTERVAL_S_MAX)
        return f"grid {radar!r} has an interval of more than {longest}: of longer means no motion can be seen"
    return ""


def all_grid_settings(
    grids: Mapping[str, GridSection], radar: str | None, directory: Path
) -> tuple[GridSettings, ...]:
    """All grids; `radar` is the one whose fields tell of rain to come."""
    return tuple(
        grid_settings(name, section, directory, gives_fields=name == radar) for name, section in grids.items()
    )


def grid_settings(
    name: str, section: GridSection, directory: Path, *, gives_fields: bool = False
) -> GridSettings:
    """A grid as the shell and the engine use it; `directory` is the configuration folder."""
    pattern = directory / section.files
    bias = section.bias
    return GridSettings(
        policy=GridPolicy(
            name=name,
            interval_s=section.interval_s or INTERVAL_S,
            age_s_max=section.age_s_max,
            gauges_below=section.gauges_below,
            certainty=section.certainty.capitalize(),
            bias=None if bias is None else BiasPolicy(**bias.model_dump()),
        ),
        folder=pattern.parent,
        pattern=pattern.name,
        variable=section.variable,
        unit=section.unit,
        interval_s=section.interval_s,
        time_is_end=section.time_at == "end",
        seen_min=section.seen_min,
        look_s=section.look_every_s,
        accumulated=section.accumulated,
        mask=None if section.mask is None else directory / section.mask.file,
        mask_variable="mask" if section.mask is None else section.mask.variable,
        gives_fields=gives_fields,
    )
