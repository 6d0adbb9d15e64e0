"""A copy of a ledger that nobody changes: taken in a moment, made into what files have in any thread."""

from dataclasses import dataclass

import numpy as np

from warnstream.adapters.ledger.kept import VERSION, KeptArray, KeptLedger
from warnstream.adapters.ledger.register import Register
from warnstream.model.arrays import Arrays


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """A ledger as it was.

    Attributes
    ----------
    register : Register
        That its numbers are of; it never changes.
    arrays : Arrays
        As `delivery.ledger.parts.pack` makes them.
    voices, statuses : list of str
        Of the villages that had a bulletin: identity of the voice, status of the newest bulletin.
    replaced : dict of str to list of int
        `Past.replaced` by name of channel.
    fingerprint : str
        Of the configuration that the register is of.
    """

    register: Register
    arrays: Arrays
    voices: list[str]
    statuses: list[str]
    replaced: dict[str, list[int]]
    fingerprint: str = ""

    def kept(self) -> KeptLedger:
        """As files have it: by codes."""
        villages = self.arrays["village"].tolist()
        place = {village: at for at, village in enumerate(villages)}
        arrays = dict(self.arrays)
        arrays["village"] = np.arange(len(villages), dtype=np.int64)
        for name in ("tally", "past"):
            arrays[name] = arrays[name].copy()
            arrays[name][:, 0] = [place[village] for village in arrays[name][:, 0].tolist()]
        return KeptLedger(
            version=VERSION,
            villages=[self.register.villages[village] for village in villages],
            voices=self.voices,
            statuses=self.statuses,
            doors=[self.register.doors(village) for village in villages],
            former=list(self.register.former),
            arrays={
                name: KeptArray(array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes())
                for name, array in arrays.items()
            },
            replaced=self.replaced,
            ways=list(self.register.ways),
            fingerprint=self.fingerprint,
        )
