"""Small networks, rules and policies for tests of the core."""

from collections.abc import Sequence

import numpy as np

from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Households, Network, Stations, StationWeights, Villages
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.rules.policies import QualityPolicy, WindowPolicy
from warnstream.model.rules.rules import CriticalRain, CriticalStage, DowngradePolicy, HazardRule

HOUR = 3600
T0 = 1_781_740_800  # 2026-06-18T00:00:00Z, a whole hour
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)
WINDOWS = WindowPolicy(
    longest_s=24 * HOUR, lateness_s_max=6 * HOUR, grace_s=120, silent_after_s=900, future_s_max=120
)
QUALITY = QualityPolicy(
    rain_mm_per_min_max=20, stage_m_range=(-500, 9000), stage_step_m_max=3, stuck_readings=6
)


def network_of(n_stations: int, n_villages: int, interval_s: int = 300) -> Network:
    """Stations and villages on a west-east line, 5 km apart, station i beside village i."""
    step = 5.0 / 111.195  # degrees of longitude on the equator
    stations = Stations(
        tuple(f"S{i}" for i in range(n_stations)),
        np.zeros(n_stations),
        np.arange(n_stations, dtype=np.float64) * step,
        np.full(n_stations, interval_s, dtype=np.int32),
        np.ones(n_stations, dtype=np.bool_),
        np.ones(n_stations, dtype=np.bool_),
    )
    names = tuple(f"V{i}" for i in range(n_villages))
    villages = Villages(
        names,
        names,
        ("T",) * n_villages,
        ("C",) * n_villages,
        np.full(n_villages, 0.001),
        np.arange(n_villages, dtype=np.float64) * step,
        (None,) * n_villages,
    )
    households = Households((), (), (), np.zeros(n_villages + 1, dtype=np.int32))
    return Network(stations, villages, households, ())


def nearest_weights(n_stations: int, n_villages: int) -> StationWeights:
    """Village i hears station i alone."""
    station = np.minimum(np.arange(n_villages), n_stations - 1).astype(np.int32)[:, None]
    return StationWeights(station, np.ones((n_villages, 1)), np.zeros((n_villages, 1)))


def rain_rule(
    n_villages: int, levels_mm: Sequence[float], *, duration_s: int = HOUR, name: str = "flash_flood"
) -> HazardRule:
    """Critical rainfall over one duration, equal in every village."""
    critical = np.broadcast_to(np.array(levels_mm, dtype=np.float64), (n_villages, 1, len(LEVELS)))
    return HazardRule(
        name,
        "critical_rainfall",
        "山洪",
        "Flash flood",
        CriticalRain(np.array([duration_s], dtype=np.int32), critical),
        0.0,
        Level.NONE,
        LOWERING,
        "test table",
    )


def stage_rule(village: int, station: int, levels_m: Sequence[float]) -> HazardRule:
    """Stage thresholds of one gauge for one village."""
    table = CriticalStage(
        np.array([village], dtype=np.int32), np.array([station], dtype=np.int32), np.array([levels_m]), 1800
    )
    return HazardRule(
        "river_flood", "river_stage", "洪水", "River flood", table, 0.0, Level.NONE, LOWERING, "test gauge"
    )


def rain(*rows: tuple[int, int, float]) -> ReadingBatch:
    """Rain readings from (station, seconds after T0, millimetres)."""
    return _batch(Variable.RAIN, rows)


def stage(*rows: tuple[int, int, float]) -> ReadingBatch:
    """Stage readings from (station, seconds after T0, metres)."""
    return _batch(Variable.STAGE, rows)


def _batch(variable: Variable, rows: Sequence[tuple[int, int, float]]) -> ReadingBatch:
    station, after_s, value = zip(*rows, strict=True)
    return batch_of(station, [variable] * len(rows), [T0 + after for after in after_s], value)
