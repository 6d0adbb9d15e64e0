"""Whether arrays still hold what they held when somebody last looked."""

import numpy as np


class Unchanged:
    """Remembers the content of some arrays; comparing it is far cheaper than describing it anew."""

    def __init__(self) -> None:
        self._content: tuple[bytes, ...] | None = None

    def is_so(self, *arrays: np.ndarray) -> bool:
        """Whether these arrays hold what those of the last call held; False at the first.

        Examples
        --------
        >>> levels = Unchanged()
        >>> levels.is_so(np.array([0, 1])), levels.is_so(np.array([0, 1])), levels.is_so(np.array([0, 2]))
        (False, True, False)
        """
        content = tuple(array.tobytes() for array in arrays)
        if content == self._content:
            return True
        self._content = content
        return False
