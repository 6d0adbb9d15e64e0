"""What each source of rain ahead is worth in the simulator: gauges, radar and a model, each switched off.

    python -m benchmarks.bench_sources [--seeds 1 2 3]

One convective storm of eight hours a seed over the full county. Gauges are without error and stand at every
point (8 km apart); radar and model have the simulator's errors, the model those that are called ``large``.
The rain, its errors and its motion are the simulator's: no figure holds for a county. A lead that is measured
here is no lead.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.bench_chances import episodes_of, onsets_of
from station_sim.county.county import build_county
from station_sim.ground.rivers import storm_over
from station_sim.weather.nwp import ERRORS, forecast_of
from station_sim.weather.products import amounts_of, block_means
from station_sim.weather.radar import radar_estimate
from station_sim.weather.terrain import terrain_grid
from warnstream.forecast.radar.adjustment import Adjustment
from warnstream.forecast.radar.members import N_STEPS, STEP_S
from warnstream.forecast.radar.source import RadarMembers
from warnstream.forecast.runs.blend import blended
from warnstream.forecast.runs.members import ModelMembers, ModelPolicy
from warnstream.hazards.expected.crossing import crossing
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.radar.fields import FieldFrame, FieldGeometry, packed_mm
from warnstream.model.runs.model_run import UNITS_PER_MM, ModelRun

HOURS, STEP_MIN, CYCLE_MIN, WITHIN_MIN = 8, 5, 10, 180
CELL_KM, MODEL_KM, POINT_KM, N_MEMBERS = 2, 8, 8, 20
RULES = ((1, 30.0), (3, 50.0))
"""Window in hours, and threshold in millimetres."""
PROBABILITIES = (0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FAR_MAX = 0.5
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm: rain of every point in steps of five minutes, fields of the radar, the run of the model."""

    seed: int
    point_mm: Float64Array
    radar: RadarMembers
    fields: list[FieldFrame]
    model: ModelMembers
    run: ModelRun
    hourly_truth: Float64Array
    hourly_model: Float64Array


def storm_of(seed: int) -> Storm:
    """A storm of the simulator."""
    weather = storm_over(build_county(seed), seed, 60 * HOURS, "convective")
    grid, amount_mm = weather.grid, amounts_of(weather, STEP_MIN)
    estimate = block_means(radar_estimate(grid, terrain_grid(grid), amount_mm, STEP_MIN, seed), CELL_KM)
    row, column = (
        axis.ravel()
        for axis in np.meshgrid(
            np.arange(POINT_KM, grid.n_rows - POINT_KM, POINT_KM),
            np.arange(POINT_KM, grid.n_columns - POINT_KM, POINT_KM),
            indexing="ij",
        )
    )
    of_radar = _geometry(estimate.shape[1:], CELL_KM)
    at = (row + 0.5) / CELL_KM - 0.5, (column + 0.5) / CELL_KM - 0.5
    far = np.full((len(row), 2), 1e9)
    fields = [
        FieldFrame("radar", of_radar.digest, 60 * STEP_MIN * (step + 1), 60 * STEP_MIN, packed_mm(field))
        for step, field in enumerate(estimate)
    ]
    per_hour = 60 // STEP_MIN
    hourly = amount_mm.reshape(HOURS, per_hour, *amount_mm.shape[1:]).sum(axis=1)
    _, forecast = forecast_of(grid, hourly, seed, HOURS, MODEL_KM, N_MEMBERS, ERRORS["large"])
    of_model = _geometry(forecast.shape[2:], MODEL_KM)
    total = np.rint(np.cumsum(forecast.astype(np.float64), axis=1) * UNITS_PER_MM).astype(np.int16)
    leads = (3600 * np.arange(1, HOURS + 1)).astype(np.int32)
    place_at = (row + 0.5) / MODEL_KM - 0.5, (column + 0.5) / MODEL_KM - 0.5
    return Storm(
        seed,
        amount_mm[:, row, column].astype(np.float64),
        RadarMembers("radar", of_radar, at, Adjustment(far[:0], far), 300),
        fields,
        ModelMembers([ModelPolicy("model", 86_400)], of_model, place_at, 300),
        ModelRun("model", of_model.digest, 0, 0, leads, total),
        block_means(hourly, MODEL_KM),
        forecast.astype(np.float64),
    )


def _geometry(shape: tuple[int, ...], cell_km: int) -> FieldGeometry:
    return FieldGeometry(0.0, 0.0, 0, 0, cell_km * 1000, shape[0], shape[1])


def csi_at(storms: list[Storm], lead_h: int, limit_mm: float) -> float:
    """Critical success index of hours with `limit_mm` and more on the model's cells, member by member."""
    hits = wrong = 0
    for storm in storms:
        said = storm.hourly_model[:, lead_h - 1] >= limit_mm
        came = storm.hourly_truth[lead_h - 1] >= limit_mm
        hits += int((said & came).sum())
        wrong += int((said != came).sum())
    return hits / max(hits + wrong, 1)


Members = Callable[[Storm, int], RainMembers | None]
"""Of a storm at a minute."""


def by_radar(storm: Storm, minute: int) -> RainMembers | None:
    """Radar alone; points that it does not see have none."""
    known = storm.fields[: minute // STEP_MIN]
    return storm.radar.members(known[-6:], None, 60 * minute) if known else None


def by_model(storm: Storm, minute: int) -> RainMembers | None:
    """The model alone."""
    return storm.model.members(storm.run, 60 * minute, STEP_S, N_STEPS)


def by_both(storm: Storm, minute: int) -> RainMembers | None:
    """Radar, then the model."""
    near, model = by_radar(storm, minute), by_model(storm, minute)
    return near if near is None or model is None else blended(near, model)


def past_of(storm: Storm, minute: int) -> Callable[[int], Float64Array]:
    """Rain of the last seconds at every point."""
    total = np.concatenate([np.zeros((1, storm.point_mm.shape[1])), np.cumsum(storm.point_mm, axis=0)])
    step = minute // STEP_MIN

    def past(duration_s: int) -> Float64Array:
        return np.asarray(total[step] - total[max(step - duration_s // (60 * STEP_MIN), 0)])

    return past


def probabilities(
    storm: Storm, make: Members, hours: int, threshold_mm: float
) -> tuple[Float64Array, BoolArray]:
    """Probability within three hours and whether it has been reached, shape (n_cycles, n_points)."""
    said, reached = [], []
    for minute in range(30, 60 * HOURS, CYCLE_MIN):
        past = past_of(storm, minute)
        has, members = past(3600 * hours) >= threshold_mm, make(storm, minute)
        probability = has.astype(np.float64)
        if members is not None:
            critical = np.full((1, len(has)), threshold_mm)
            found = crossing(members, past, (3600 * hours,), critical, 60 * WITHIN_MIN)
            probability = np.fmax(np.nan_to_num(found.probability.astype(np.float64)), probability)
        said.append(probability)
        reached.append(has)
    return np.stack(said), np.stack(reached)


def shares(storm: Storm, hours: int, threshold_mm: float) -> tuple[Float64Array, BoolArray]:
    """Share of the threshold that has fallen, in the place of a probability."""
    fallen = np.stack([past_of(storm, minute)(3600 * hours) for minute in range(30, 60 * HOURS, CYCLE_MIN)])
    return fallen / threshold_mm, fallen >= threshold_mm


def line_of(name: str, series: list[tuple[Float64Array, BoolArray]], limits: tuple[float, ...]) -> str:
    """The lowest limit at which at most every second episode is false, and its leads."""
    found = [(limit, *_leads(series, limit)) for limit in limits]
    limit, false, leads = next(
        (entry for entry in found if entry[1] and np.mean(entry[1]) <= FAR_MAX), found[-1]
    )
    lead = np.array(leads)
    cells = [f"{(lead >= least).mean():.2f}" for least in (15, 30, 60, 90)]
    far = f"{np.mean(false):.2f}" if false else "-"
    return f"| {name}, from {limit:g} on | {far} | {' | '.join(cells)} | {max(np.median(lead), 0):.0f} |"


def _leads(series: list[tuple[Float64Array, BoolArray]], limit: float) -> tuple[list[bool], list[float]]:
    within = WITHIN_MIN // CYCLE_MIN
    false: list[bool] = []
    leads: list[float] = []
    for value, has in series:
        for point in range(value.shape[1]):
            onset = onsets_of(has[:, point], within)
            own = [begin for begin, _ in episodes_of(value[:, point], limit, limit / 2)]
            for begin in own:
                crosses = bool(((onset >= begin) & (onset <= begin + within)).any())
                if crosses or (begin + within < len(value) and not has[begin, point]):
                    false.append(not crosses)
            for at in onset.tolist():
                before = [at - begin for begin in own if 0 <= at - begin <= within]
                leads.append(CYCLE_MIN * float(max(before, default=-1)))
    return false, leads


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    storms = [storm_of(seed) for seed in parser.parse_args().seeds]
    print("Simulator; its rain, its errors: no figure holds for a county.\n")
    csi = ", ".join(f"{hour} h {csi_at(storms, hour, 10.0):.2f}" for hour in (1, 3, 5))
    print(f"Model, hours of 10 mm and more on {MODEL_KM} km, critical success index at {csi}\n")
    print("| threshold | sources | FAR | >=15 | >=30 | >=60 | >=90 | median min |")
    print("|---|---|---|---|---|---|---|---|")
    sources: dict[str, Members] = {
        "radar, then model": by_both,
        "without model: radar": by_radar,
        "without radar: model": by_model,
    }
    for hours, threshold_mm in RULES:
        of_gauges = [shares(storm, hours, threshold_mm) for storm in storms]
        n_onsets = sum(
            len(onsets_of(has[:, point], WITHIN_MIN // CYCLE_MIN))
            for _, has in of_gauges
            for point in range(has.shape[1])
        )
        what = f"{threshold_mm:g} mm/{hours} h ({n_onsets} onsets)"
        for name, make in sources.items():
            series = [probabilities(storm, make, hours, threshold_mm) for storm in storms]
            print(f"| {what} {line_of(f'| {name}', series, PROBABILITIES)[1:]}", flush=True)
        print(f"| {what} {line_of('| without both: share observed', of_gauges, SHARES)[1:]}", flush=True)


if __name__ == "__main__":
    main()
