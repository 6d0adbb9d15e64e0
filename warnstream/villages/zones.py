"""A village is as bad off as its worst zone, and says which one that is."""

from dataclasses import fields
from functools import lru_cache

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array
from warnstream.model.rules.indicators import HazardLevels
from warnstream.model.rules.outlook import outlook_of_places


def worst_place(found: HazardLevels, first_of_village: Int32Array) -> Int64Array:
    """The place that speaks for each village, shape (n_villages,).

    The one with the highest level; of several the one farthest above its
    threshold, then the first.

    Parameters
    ----------
    found : HazardLevels
        Over places, sorted by village.
    first_of_village : Int32Array, shape (n_villages + 1,)
        Every village has at least one place.
    """
    if len(found.level) == len(first_of_village) - 1:  # nobody is divided
        return _every(len(found.level))
    counts = np.diff(first_of_village)
    village = np.repeat(np.arange(len(counts)), counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(found.value / found.threshold, nan=0.0, posinf=np.inf)
    order = np.lexsort((-ratio, -found.level.astype(np.int16), village))
    chosen: Int64Array = order[first_of_village[:-1]]
    return chosen


def any_of_places(is_so: BoolArray, first_of_village: Int32Array) -> BoolArray:
    """Where it is so at one of a village's places at least, shape (n_villages,)."""
    if len(is_so) == len(first_of_village) - 1:  # nobody is divided
        return is_so
    so: BoolArray = np.logical_or.reduceat(is_so, first_of_village[:-1])
    return so


def worst_of_zones(found: HazardLevels, place: Int64Array, first_of_village: Int32Array) -> HazardLevels:
    """Levels of villages from the levels of their places.

    A village holds what any of its places holds, may fall only where all of
    them may, and is blind as soon as one of them is: the unseen zone may be
    the bad one.

    Parameters
    ----------
    found : HazardLevels
        Over places, sorted by village.
    place : Int64Array, shape (n_villages,)
        From `worst_place`: whose value and reason the village takes over.
    first_of_village : Int32Array, shape (n_villages + 1,)
    """
    begins = first_of_village[:-1]
    if len(found.level) == len(place):
        return found
    arrays = (field.name for field in fields(found) if field.name != "outlook")
    chosen = {name: getattr(found, name)[place] for name in arrays}
    return HazardLevels(
        **chosen
        | {
            "holding": np.maximum.reduceat(found.holding, begins),
            "can_fall": np.logical_and.reduceat(found.can_fall, begins),
            "is_blind": any_of_places(found.is_blind, first_of_village),
        },
        outlook=outlook_of_places(found.outlook, place),
    )


@lru_cache(maxsize=2)
def _every(n: int) -> Int64Array:
    """All places in order: one array for all hazards, and nobody can write into it."""
    every: Int64Array = np.arange(n)
    every.setflags(write=False)
    return every
