"""Pictures of the last hours, one a minute of engine time, for a screen that is set back.

They are frames, packed and compressed, in this process alone: one that has just been started has none, and
says from when on it has. Another configuration may number villages anew, so it begins anew with it.
"""

import zlib
from bisect import bisect_right
from collections.abc import Mapping

import msgspec
import numpy as np

from warnstream.adapters.console.frame import VERSION, Frame, Head, part_of
from warnstream.model.times import HOUR_S, MINUTE_S

KEPT_S = 6 * HOUR_S
EVERY_S = MINUTE_S
LEFT_OUT = frozenset({"alarms", "ratio", "ahead"})
"""Of a picture: alarms are of now, and what was expected then is not asked for."""


class Pictures:
    """What the situation was, minute by minute.

    Attributes
    ----------
    times_s : list of int
        Engine time of each picture, ascending.
    """

    def __init__(self) -> None:
        self.times_s: list[int] = []
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def begin_s(self) -> int:
        """Time of the oldest picture; 0 where there is none."""
        return self.times_s[0] if self.times_s else 0

    def clear(self) -> None:
        """Begin anew."""
        self.times_s.clear()
        self._packed.clear()

    def take(self, head: Head, parts: Mapping[str, np.ndarray]) -> None:
        """Keep what the situation is, where a minute has passed; a clock that was set back begins anew."""
        now_s = head.now_s
        if now_s < 0:
            return
        if self.times_s and now_s < self.times_s[-1]:
            self.clear()
        if self.times_s and now_s - self.times_s[-1] < EVERY_S:
            return
        kept = {
            name: part_of(array, f"{array.dtype.kind}{array.dtype.itemsize}")
            for name, array in parts.items()
            if name not in LEFT_OUT
        }
        plain = msgspec.structs.replace(head, proposals=(), shifts=(), reasons=(), is_flood=False)
        self.times_s.append(now_s)
        self._packed.append(zlib.compress(_encode(Frame(VERSION, 0, plain, kept)), 1))
        while self.times_s[0] < now_s - KEPT_S:
            del self.times_s[0], self._packed[0]

    def at(self, time_s: int) -> Frame | None:
        """The picture that was the newest at a time; None where there is none so old."""
        number = bisect_right(self.times_s, time_s) - 1
        return None if number < 0 else _decode(zlib.decompress(self._packed[number]))

    @property
    def size_bytes(self) -> int:
        """What they take."""
        return sum(map(len, self._packed))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode
