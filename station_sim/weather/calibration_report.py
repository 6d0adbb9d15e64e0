"""The calibration report: a table of targets beside simulated values, as Markdown and JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from station_sim.errors import SimulatorError
from station_sim.weather.calibration import Comparison, Targets, names_not_met


def write_report(
    directory: Path, targets: Targets, comparisons: Sequence[Comparison], n_years: int, seed: int
) -> tuple[Path, Path]:
    """Write ``calibration.md`` and ``calibration.json``; returns their paths.

    Raises
    ------
    SimulatorError
        If they cannot be written.
    """
    markdown, data = directory / "calibration.md", directory / "calibration.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        markdown.write_text(_markdown(targets, comparisons, n_years, seed), encoding="utf-8")
        data.write_text(
            json.dumps(_data(targets, comparisons, n_years, seed), indent=2) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise SimulatorError(f"{directory}: cannot be written: {error}") from error
    return markdown, data


def _data(targets: Targets, comparisons: Sequence[Comparison], n_years: int, seed: int) -> dict[str, object]:
    return {
        "source": targets.source,
        "years": n_years,
        "seed": seed,
        "gauges": targets.n_gauges,
        "not_met": names_not_met(comparisons),
        "targets": [
            {
                "name": row.target.name,
                "unit": row.target.unit,
                "target": row.target.value,
                "simulated": round(row.simulated, 4),
                "deviation": round(row.deviation, 4),
                "tolerance": round(row.target.tolerance, 4),
                "standard_error_of_target": row.target.standard_error,
                "met": row.is_met,
            }
            for row in comparisons
        ],
    }


def _markdown(targets: Targets, comparisons: Sequence[Comparison], n_years: int, seed: int) -> str:
    missed = names_not_met(comparisons)
    met = len(comparisons) - len(missed)
    heading = (
        f"{n_years} years, {targets.n_gauges} gauges of {targets.tip_mm:g} mm, seed {seed}: "
        f"{met} of {len(comparisons)} targets are met."
    )
    lines = [
        "# Calibration of the simulated climate",
        "",
        heading,
        "",
        f"Source of the targets: {targets.source}",
        "",
        "| target | unit | measured | its standard error | simulated | deviation | allowed | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in comparisons:
        target = row.target
        lines.append(
            f"| {target.name} | {target.unit} | {target.value:g} | {target.standard_error:g} "
            f"| {row.simulated:.3g} | {row.deviation:+.0%} | ±{target.tolerance:.2g} "
            f"| {'yes' if row.is_met else '**no**'} |"
        )
    notes = [f"- {row.target.name}: {row.target.note}." for row in comparisons if row.target.note]
    if notes:
        lines += ["", "Tolerances of their own:", "", *notes]
    if missed:
        lines += ["", "Not met: " + ", ".join(missed) + "."]
    return "\n".join(lines) + "\n"
