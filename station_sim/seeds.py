"""Independent random streams of one seed, one per purpose.

Adding a draw for one purpose never moves another: a stream is made from the
seed and the purpose's name, so a new fault leaves the storm where it was.
"""

import hashlib

import numpy as np

_SHARE_BITS = 53


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Random generator of one purpose.

    Parameters
    ----------
    seed : int
        Of the whole simulation.
    purpose : str
        For example ``"storm cells"``.
    """
    digest = hashlib.sha256(purpose.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def share_of(seed: int, *words: str) -> float:
    """A number in [0, 1) that depends on the seed and the words only, not on any order of calls.

    Used where events arrive in an order that threads decide.

    Examples
    --------
    >>> share_of(1, "H1", "answer") == share_of(1, "H1", "answer")
    True
    """
    digest = hashlib.sha256("\x1f".join([str(seed), *words]).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - _SHARE_BITS)) / (1 << _SHARE_BITS)
