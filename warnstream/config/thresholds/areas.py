"""Territories: villages by the names of areas that a section of thresholds.yaml lists."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from warnstream.config.faults import unknown
from warnstream.config.thresholds.context import ValidationContext
from warnstream.model.arrays import Int32Array
from warnstream.model.network import Villages

EVERYWHERE = "*"


class Territory(Protocol):
    """A section that says which areas it is for."""

    @property
    def areas(self) -> list[str]:
        """Codes of zones, villages, townships, counties, or ``*``."""
        ...


def find_unknown_areas(
    territories: Sequence[Territory], around: ValidationContext
) -> Iterator[tuple[int, int, str]]:
    """Areas that are no zone, village, township or county: (territory, area, what was expected)."""
    villages = around.villages
    if villages is None:
        return
    codes = (*villages.code, *(zone.code for zone in around.zones))
    known = dict.fromkeys((EVERYWHERE, *villages.county, *villages.township, *codes))
    for number, territory in enumerate(territories):
        for index, area in enumerate(territory.areas):
            if area not in known:
                yield number, index, unknown("village, township or county", area, known)


def territory_of_villages(territories: Sequence[Territory], villages: Villages) -> Int32Array:
    """Territory of each village or place, shape (n_villages,); -1: none.

    The most exact name counts: a zone's code before its village's, its township, its county and ``*``.
    """
    number_of_area = {
        area: number for number, territory in enumerate(territories) for area in territory.areas
    }
    parent = villages.parent or villages.code
    names = zip(villages.code, parent, villages.township, villages.county, strict=True)
    return np.array(
        [
            next((number_of_area[area] for area in (*name, EVERYWHERE) if area in number_of_area), -1)
            for name in names
        ],
        dtype=np.int32,
    )
