"""What levels of places rest on where their thresholds have not been reached, as arrays beside the levels."""

from dataclasses import dataclass, fields

import numpy as np

from warnstream.model.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, LevelArray
from warnstream.model.forecast import Expected
from warnstream.model.level import Level


@dataclass(frozen=True, slots=True)
class Outlook:
    """Why levels are expected; all arrays have shape (n_places,).

    Attributes
    ----------
    level : LevelArray
        Whose threshold is expected to be reached; 0 where the level that stands has been observed.
    share : Float64Array
        Share of the threshold that is enough; 0: not by a share.
    probability : Float32Array
        That it is reached within `within_s`; 0: not by a probability.
    within_s, onset_early_s, onset_s : Int32Array
        As in `warnstream.model.forecast.Expected`.
    """

    level: LevelArray
    share: Float64Array
    probability: Float32Array
    within_s: Int32Array
    onset_early_s: Int32Array
    onset_s: Int32Array

    @classmethod
    def nowhere(cls, n_places: int) -> "Outlook":
        """Nothing is expected: for evaluators to fill in place."""
        return cls(
            np.zeros(n_places, dtype=np.uint8),
            np.zeros(n_places),
            np.zeros(n_places, dtype=np.float32),
            np.zeros(n_places, dtype=np.int32),
            np.full(n_places, -1, dtype=np.int32),
            np.full(n_places, -1, dtype=np.int32),
        )

    def at(self, place: int) -> Expected | None:
        """Why the level of one place is expected; None where it has been observed."""
        if not self.level[place]:
            return None
        return Expected(
            Level(int(self.level[place])),
            share=float(self.share[place]),
            probability=round(float(self.probability[place]), 3),
            within_s=int(self.within_s[place]),
            onset_early_s=int(self.onset_early_s[place]),
            onset_s=int(self.onset_s[place]),
        )

    def of_places(self, places: Int64Array) -> "Outlook":
        """That of some places."""
        return Outlook(*(getattr(self, field.name)[places] for field in fields(self)))


def outlook_of_places(outlook: Outlook | None, places: Int64Array) -> Outlook | None:
    """That of some places; None where nothing is expected anywhere."""
    return None if outlook is None else outlook.of_places(places)


def outlook_with(
    outlook: Outlook | None, places: Int64Array, anew: Outlook | None, n_places: int
) -> Outlook | None:
    """What was expected of all places, with what is of some; both stay as they are."""
    if outlook is None and anew is None:
        return None
    before = outlook or Outlook.nowhere(n_places)
    now = anew or Outlook.nowhere(len(places))
    arrays = []
    for field in fields(Outlook):
        array = getattr(before, field.name).copy()
        array[places] = getattr(now, field.name)
        arrays.append(array)
    return Outlook(*arrays)


def outlook_where(is_first: BoolArray, first: Outlook | None, second: Outlook | None) -> Outlook | None:
    """Of two outlooks over the same places the first where it is so, else the second."""
    if first is None and second is None:
        return None
    one, other = first or Outlook.nowhere(len(is_first)), second or Outlook.nowhere(len(is_first))
    names = [field.name for field in fields(Outlook)]
    return Outlook(*(np.where(is_first, getattr(one, name), getattr(other, name)) for name in names))
