"""Find the numbers of the climate again: a seeded search against the calibration targets.

    python -m station_sim.weather.climate_fit --years 8 --rounds 40 --out climate.yaml

An evolution strategy with covariance adaptation (Hansen 2016, "The CMA
Evolution Strategy: A Tutorial", arXiv:1604.00772, its default constants) over
the logarithms of all parameters. Every candidate is judged by the same simulated
years, so candidates differ by their numbers and not by luck; `calibrate`
then judges the winner by other years. A candidate costs a few seconds.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from station_sim.seeds import stream
from station_sim.weather.calibration import Targets, compare, layout_of, read_targets, simulate
from station_sim.weather.climate import PARAMETERS_FILE, climate_of
from warnstream.model.arrays import Float64Array

FIT_SEED = 1001
"""Seed of the years that candidates are judged by; `calibrate` uses others."""

_ONE_TIP_SHARE = 0.45
_SHARES = frozenset({"season", "afternoon"})
_START_STEP = 0.05
_POPULATION = 12


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """Positive numbers of a climate's nested keys by dotted name, in order; `source` is left out."""
    found: dict[str, float] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        elif key != "source" and value > 0:
            found[prefix + key] = float(value)
    return found


def nested(tree: dict[str, Any], values: dict[str, float]) -> dict[str, Any]:
    """A copy of nested keys with the values of `flat` put in."""

    def filled(part: dict[str, Any], prefix: str) -> dict[str, Any]:
        return {
            key: filled(value, f"{prefix}{key}.")
            if isinstance(value, dict)
            else values.get(prefix + key, value)
            for key, value in part.items()
        }

    return filled(tree, "")


def misfit(tree: dict[str, Any], targets: Targets, n_years: int, xy_m: Float64Array) -> float:
    """Mean square of deviations in units of tolerance; what lies beyond half of it weighs more."""
    try:
        statistics = simulate(climate_of(tree, "candidate"), targets, FIT_SEED, n_years, xy_m)
    except MemoryError:
        return math.inf
    values = statistics.values()
    away = [(item.simulated - item.target.value) / item.target.tolerance for item in compare(targets, values)]
    # The median moves in whole tips; the share of single tips beside it is smooth.
    away.append((statistics.small_tip_share() - _ONE_TIP_SHARE) / 0.04)
    size = np.abs(np.nan_to_num(np.array(away), nan=10.0))
    return float(np.mean(size**2) + np.mean(np.clip(size - 0.5, 0.0, None) ** 2) * 10)


def search(
    judge: Callable[[Float64Array], float],
    start: Float64Array,
    rounds: int,
    seed: int,
    tell: Callable[[int, float, Float64Array], None],
) -> Float64Array:
    """Minimise by (mu/mu_w, lambda)-CMA-ES; returns the best point seen.

    Parameters
    ----------
    judge : callable
        Point, shape (n,), to misfit.
    start : Float64Array, shape (n,)
    rounds : int
        Generations.
    seed : int
    tell : callable
        Called after each round with its number, the best misfit so far and the best point.
    """
    generator, n = stream(seed, "climate search"), len(start)
    mu = _POPULATION // 2
    weight = np.log(mu + 0.5) - np.log(np.arange(1, mu + 1))
    weight /= weight.sum()
    mu_eff = 1.0 / float((weight**2).sum())
    c_sigma, c_c = (mu_eff + 2) / (n + mu_eff + 5), (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)
    c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)
    c_mu = min(1 - c_1, 2 * (mu_eff - 2 + 1 / mu_eff) / ((n + 2) ** 2 + mu_eff))
    damping = 1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma
    expected = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))
    mean, sigma, covariance = start.copy(), _START_STEP, np.eye(n)
    path_sigma, path_c = np.zeros(n), np.zeros(n)
    best, best_misfit = start.copy(), judge(start)
    for number in range(1, rounds + 1):
        eigen, basis = np.linalg.eigh(covariance)
        scale = np.sqrt(np.maximum(eigen, 1e-12))
        steps = (generator.normal(size=(_POPULATION, n)) * scale) @ basis.T
        misfits = np.array([judge(mean + sigma * step) for step in steps])
        order = np.argsort(misfits, kind="stable")
        if misfits[order[0]] < best_misfit:
            best, best_misfit = mean + sigma * steps[order[0]], float(misfits[order[0]])
        chosen = steps[order[:mu]]
        step = weight @ chosen
        mean = mean + sigma * step
        path_sigma = (1 - c_sigma) * path_sigma
        path_sigma += math.sqrt(c_sigma * (2 - c_sigma) * mu_eff) * (basis @ ((basis.T @ step) / scale))
        path_c = (1 - c_c) * path_c + math.sqrt(c_c * (2 - c_c) * mu_eff) * step
        covariance = (1 - c_1 - c_mu) * covariance + c_1 * np.outer(path_c, path_c)
        covariance += c_mu * (chosen.T * weight) @ chosen
        sigma *= math.exp(c_sigma / damping * (float(np.linalg.norm(path_sigma)) / expected - 1))
        tell(number, best_misfit, best)
    return best


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the search and write the best climate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--start", type=Path, default=PARAMETERS_FILE, help="climate to start from")
    parser.add_argument("--out", type=Path, required=True, help="YAML file to write after each round")
    parser.add_argument("--years", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    tree = yaml.safe_load(options.start.read_text(encoding="utf-8"))
    targets = read_targets()
    xy_m = layout_of(targets)
    names = list(flat(tree))

    def tree_of(point: Float64Array) -> dict[str, Any]:
        values = {
            name: round(min(math.exp(value), 0.95), 4)
            if name.rsplit(".", 1)[-1] in _SHARES
            else float(f"{math.exp(value):.4g}")
            for name, value in zip(names, point, strict=True)
        }
        return nested(tree, values)

    def tell(number: int, best_misfit: float, best: Float64Array) -> None:
        sys.stderr.write(f"round {number}: misfit {best_misfit:.3f}\n")
        options.out.write_text(yaml.safe_dump(tree_of(best), sort_keys=False, width=110), encoding="utf-8")

    start = np.log(np.array(list(flat(tree).values())))
    search(
        lambda point: misfit(tree_of(point), targets, options.years, xy_m),
        start,
        options.rounds,
        options.seed,
        tell,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
