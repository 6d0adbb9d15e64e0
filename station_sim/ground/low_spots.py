"""Low spots: where water stands when more runs together than the drains take.

Each low spot gathers the runoff of a small catchment and has the shape of a
shallow bowl, whose depth grows with the root of its volume. Drains take water
up to their capacity; what overtops the bowl's rim runs on.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Float64Array

PONDING_M = 0.15
"""Water this deep stops people and cars: the depth from which it counts as waterlogging."""


@dataclass(frozen=True, slots=True)
class LowSpots:
    """Properties of low spots, one entry each.

    Attributes
    ----------
    runoff_share : Float64Array
        Share of the rain that runs off; the rest soaks in.
    drain_mm_per_h : Float64Array
        What the drains take, as depth of water over the catchment.
    bowl_mm : Float64Array
        Volume up to the rim, as depth of water over the catchment.
    rim_m : Float64Array
        Depth of the bowl.
    """

    runoff_share: Float64Array
    drain_mm_per_h: Float64Array
    bowl_mm: Float64Array
    rim_m: Float64Array

    def __len__(self) -> int:
        return len(self.rim_m)


@dataclass(frozen=True, slots=True)
class Ponding:
    """Water at low spots, shape (n_minutes, n_spots) each.

    Attributes
    ----------
    depth_m : Float64Array
        At the end of each minute.
    stored_mm : Float64Array
        At the end of each minute, as depth over the catchment.
    drained_mm, overflow_mm, soaked_mm : Float64Array
        In each minute.
    """

    depth_m: Float64Array
    stored_mm: Float64Array
    drained_mm: Float64Array
    overflow_mm: Float64Array
    soaked_mm: Float64Array


def pond(spots: LowSpots, rain_mm: Float64Array) -> Ponding:
    """Fill and drain low spots under rain, shape (n_minutes, n_spots), mm in each minute.

    Rain = soaked + drained + overflow + change of what is stored, in every minute.
    """
    stored = np.zeros(len(spots))
    columns = [np.empty_like(rain_mm) for _ in range(4)]
    for minute, rain in enumerate(rain_mm):
        runoff = spots.runoff_share * rain
        water = stored + runoff
        drained = np.minimum(water, spots.drain_mm_per_h / 60.0)
        overflow = np.maximum(water - drained - spots.bowl_mm, 0.0)
        stored = water - drained - overflow
        for column, values in zip(columns, (stored, drained, overflow, rain - runoff), strict=True):
            column[minute] = values
    # A bowl (paraboloid) of a volume V: depth goes with its root.
    return Ponding(spots.rim_m * np.sqrt(columns[0] / spots.bowl_mm), *columns)


def drawn_low_spots(generator: np.random.Generator, n: int) -> LowSpots:
    """Low spots of a county; drains are sized for 22 to 45 mm/h, roughly one to three years' hour."""
    return LowSpots(
        generator.uniform(0.55, 0.9, n),
        generator.uniform(22.0, 45.0, n),
        generator.uniform(25.0, 60.0, n),
        generator.uniform(0.3, 0.8, n),
    )
