"""Slopes above villages: rain wets the soil, the factor of safety falls, some slip.

Soil water is a bucket on a slope: rain soaks in as fast as the soil takes it,
the rest runs off, and the bucket drains slowly. How full it is, is the share m
of the soil's thickness that is saturated, with seepage parallel to the slope.
The factor of safety is that of the infinite slope (Skempton and DeLory 1957).

Below a factor of 1.05 the slope creeps ever faster, as Fukuzono (1985) saw in
rain experiments: the inverse of its velocity falls in a straight line to the
time of failure. Where rain ends early, it comes to rest again: a step of
movement without failure, which is what alarms of sensors must not mistake.
"""

from dataclasses import dataclass, fields

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array

WATER_KN_PER_M3 = 9.81
CREEP_SAFETY = 1.05
"""Below this factor of safety a slope creeps."""
FAILURE_MM_PER_H = 1_000.0
"""Above this velocity the slope has failed."""

_REST_MM_PER_H = 0.005
_ONSET_MM_PER_H = 2.0
_REST_H = 3.0


@dataclass(frozen=True, slots=True)
class Slopes:
    """Properties of slopes, one entry each.

    Attributes
    ----------
    angle : Float64Array
        Radians.
    depth_m : Float64Array
        Thickness of soil above the slip surface, measured vertically.
    cohesion_kpa : Float64Array
    friction : Float64Array
        Angle of internal friction, radians.
    soil_kn_per_m3 : Float64Array
        Unit weight of the moist soil.
    storage_mm : Float64Array
        Water that saturates the soil.
    initial : Float64Array
        Share of the storage that is full at the start.
    intake_mm_per_h : Float64Array
        Rain that soaks in at most.
    drain_h : Float64Array
        Time in which the storage drains to 1/e.
    hurry : Float64Array
        Slope of inverse velocity against time at a factor of 1, (h/mm)/h: 0.1 to 0.6 fail after 1 to 5 h.
    """

    angle: Float64Array
    depth_m: Float64Array
    cohesion_kpa: Float64Array
    friction: Float64Array
    soil_kn_per_m3: Float64Array
    storage_mm: Float64Array
    initial: Float64Array
    intake_mm_per_h: Float64Array
    drain_h: Float64Array
    hurry: Float64Array

    def __len__(self) -> int:
        return len(self.angle)

    def take(self, which: Int64Array) -> "Slopes":
        """The slopes of these numbers."""
        return Slopes(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class SoilWater:
    """Water in and through the soil, shape (n_minutes, n_slopes) each, mm.

    Attributes
    ----------
    stored_mm : Float64Array
        At the end of each minute.
    drained_mm, runoff_mm : Float64Array
        In each minute.
    """

    stored_mm: Float64Array
    drained_mm: Float64Array
    runoff_mm: Float64Array


@dataclass(frozen=True, slots=True)
class SlopeMovement:
    """What sensors on the slopes could see.

    Attributes
    ----------
    safety : Float64Array, shape (n_minutes, n_slopes)
        Factor of safety.
    velocity_mm_per_h : Float64Array, shape (n_minutes, n_slopes)
        0 after failure: nothing is left to move.
    displacement_mm : Float64Array, shape (n_minutes, n_slopes)
        Since the start.
    tilt_degrees : Float64Array, shape (n_minutes, n_slopes)
        Of a rod as long as the soil is thick, moved at its top.
    pore_pressure_kpa : Float64Array, shape (n_minutes, n_slopes)
        At the slip surface, of seepage along the slope.
    failure_minute : Int64Array, shape (n_slopes,)
        Minute of failure, -1 for slopes that hold.
    """

    safety: Float64Array
    velocity_mm_per_h: Float64Array
    displacement_mm: Float64Array
    tilt_degrees: Float64Array
    pore_pressure_kpa: Float64Array
    failure_minute: Int64Array


def factor_of_safety(slopes: Slopes, saturated: Float64Array) -> Float64Array:
    """Resistance over driving force of infinite slopes.

    (c + (gamma - m gamma_w) z cos^2(beta) tan(phi)) / (gamma z sin(beta) cos(beta))

    Parameters
    ----------
    slopes : Slopes
    saturated : Float64Array, shape (..., n_slopes)
        Share m of the thickness that is saturated, 0 to 1.
    """
    cosine = np.cos(slopes.angle)
    normal = (slopes.soil_kn_per_m3 - saturated * WATER_KN_PER_M3) * slopes.depth_m * cosine**2
    driving = slopes.soil_kn_per_m3 * slopes.depth_m * np.sin(slopes.angle) * cosine
    safety: Float64Array = (slopes.cohesion_kpa + normal * np.tan(slopes.friction)) / driving
    return safety


def soil_water(slopes: Slopes, rain_mm: Float64Array) -> SoilWater:
    """Water balance of the soil under rain, shape (n_minutes, n_slopes), mm in each minute.

    Rain = drained + runoff + change of what is stored, in every minute.
    """
    stored = slopes.initial * slopes.storage_mm
    kept = np.exp(-1.0 / (60.0 * slopes.drain_h))
    result = SoilWater(*(np.empty_like(rain_mm) for _ in range(3)))
    for minute, rain in enumerate(rain_mm):
        after = stored * kept
        result.drained_mm[minute] = stored - after
        soaked = np.minimum(np.minimum(rain, slopes.intake_mm_per_h / 60.0), slopes.storage_mm - after)
        stored = after + soaked
        result.runoff_mm[minute] = rain - soaked
        result.stored_mm[minute] = stored
    return result


def movement(slopes: Slopes, rain_mm: Float64Array) -> SlopeMovement:
    """Movement of slopes under rain, shape (n_minutes, n_slopes), mm in each minute.

    More rain never makes a slope safer and never lets it fail later.
    """
    wet = soil_water(slopes, rain_mm).stored_mm / slopes.storage_mm
    safety = factor_of_safety(slopes, wet)
    # How much faster than at a factor of 1 the slope hurries: 1 at 1.00, 0 from 1.05 on, at most 3.
    drive = np.clip((CREEP_SAFETY - safety) / (CREEP_SAFETY - 1.0), 0.0, 3.0)
    rest, onset, failed_below = 1.0 / _REST_MM_PER_H, 1.0 / _ONSET_MM_PER_H, 1.0 / FAILURE_MM_PER_H
    recovery = np.exp(1.0 / (60.0 * _REST_H))
    inverse = np.full(len(slopes), rest)
    is_failed: BoolArray = np.zeros(len(slopes), dtype=bool)
    failure = np.full(len(slopes), -1, dtype=np.int64)
    velocity = np.zeros_like(rain_mm)
    for minute, push in enumerate(drive):
        creeping = np.minimum(inverse, onset) - slopes.hurry * push / 60.0
        inverse = np.where(push > 0, creeping, np.minimum(inverse * recovery, rest))
        fails = ~is_failed & (inverse <= failed_below)
        failure[fails] = minute
        is_failed |= fails
        inverse = np.maximum(inverse, failed_below)
        velocity[minute] = np.where(is_failed, 0.0, 1.0 / inverse)
    displacement = np.cumsum(velocity / 60.0, axis=0)
    tilt = np.degrees(np.arctan(displacement / 1e3 / slopes.depth_m))
    pressure = wet * slopes.depth_m * WATER_KN_PER_M3 * np.cos(slopes.angle) ** 2
    return SlopeMovement(safety, velocity, displacement, tilt, pressure, failure)


def drawn_slopes(generator: np.random.Generator, n: int) -> Slopes:
    """Slopes of a county: thin residual soil on steep ground that stands when dry.

    Ranges are those of shallow landslides in weathered granite and tuff, an
    assumption of this simulator: 27 to 37 degrees, 1.2 to 2.4 m of soil, 4 to 13 kPa, 30 to 37 degrees.
    A slope that would be below 1.1 at the start gets the cohesion that holds it there.
    """
    angle = np.radians(generator.uniform(27.0, 37.0, n))
    depth = generator.uniform(1.2, 2.4, n)
    cohesion = generator.uniform(4.0, 13.0, n)
    friction = np.radians(generator.uniform(30.0, 37.0, n))
    slopes = Slopes(
        angle,
        depth,
        cohesion,
        friction,
        generator.uniform(17.0, 19.5, n),
        depth * 1e3 * generator.uniform(0.08, 0.13, n),
        generator.uniform(0.25, 0.5, n),
        generator.uniform(25.0, 80.0, n),
        generator.uniform(24.0, 72.0, n),
        generator.uniform(0.1, 0.6, n),
    )
    lacking = 1.1 - factor_of_safety(slopes, slopes.initial)
    driving = slopes.soil_kn_per_m3 * depth * np.sin(angle) * np.cos(angle)
    held = cohesion + np.maximum(lacking, 0.0) * driving
    values = {field.name: getattr(slopes, field.name) for field in fields(Slopes)}
    return Slopes(**(values | {"cohesion_kpa": held}))
