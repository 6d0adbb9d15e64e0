"""What has arrived from stations and waits for a step: messages, fresh readings, readings of long ago."""

from collections.abc import Iterable

import numpy as np

from warnstream.ingest.flat_json.decoder import Decoded, RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.arrays import Arrays
from warnstream.model.messages import MessageColumns
from warnstream.model.observations.readings import ReadingBatch, batch_of, concatenate
from warnstream.runners.intake.backlog import Backlog
from warnstream.runners.intake.entries import DECODED_AT, decode_messages, encode_messages
from warnstream.runners.intake.outcome import Outcome

SAMPLE = 1_000
"""So many readings say what time it is."""


class WaitingReadings:
    """Takes messages, decodes them many at a time, and gives a step what it is to judge.

    Parameters
    ----------
    decoder : DecoderSelection
    """

    def __init__(self, decoder: DecoderSelection) -> None:
        self._decoder = decoder
        self._undecoded: list[RawMessage] = []
        self._fresh: list[ReadingBatch] = []
        self._backlog = Backlog()

    @property
    def n_fresh(self) -> int:
        """Fresh readings, and messages that may hold some, that the next step will judge."""
        return len(self._undecoded) + sum(len(batch) for batch in self._fresh)

    @property
    def n_backlog(self) -> int:
        """Readings of long ago that later steps will take, a slice each."""
        return len(self._backlog)

    @property
    def backlog_taken(self) -> int:
        """Readings of long ago that the last step took."""
        return self._backlog.taken

    @property
    def is_to_be_decoded(self) -> bool:
        """So many messages wait that memory is better spent on readings."""
        return len(self._undecoded) >= DECODED_AT

    def add(self, messages: Iterable[RawMessage]) -> None:
        """Messages of stations, in the order of their arrival."""
        self._undecoded += messages

    def add_columns(self, messages: MessageColumns, now_s: int, outcome: Outcome) -> None:
        """Many messages of stations, read at once, behind those that wait."""
        self.decode(now_s, outcome)
        self._take(self._decoder.decode_columns(messages, now_s), now_s, outcome)

    def decode(self, now_s: int, outcome: Outcome) -> None:
        """Read the messages that wait; what is refused of them is told with `outcome`."""
        self._take(self._decoder.decode(self._undecoded, now_s), now_s, outcome)
        self._undecoded.clear()

    def _take(self, decoded: Decoded, now_s: int, outcome: Outcome) -> None:
        """Fresh readings wait for the next step, those of long ago for a slice of their own."""
        outcome.refusals += decoded.refusals
        outcome.n_without += decoded.n_without
        fresh = self._backlog.split(decoded.readings, now_s)
        if len(fresh):
            self._fresh.append(fresh)

    def next_batch(self, now_s: int, outcome: Outcome) -> ReadingBatch:
        """What a step is to judge: everything fresh and a slice of the backlog; it waits no longer."""
        self.decode(now_s, outcome)
        readings = concatenate([*self._fresh, *self._backlog.next_slice()])
        self._fresh = []
        return readings

    def put_back(self, readings: ReadingBatch) -> None:
        """What a step could not judge waits for the next one."""
        self._fresh = [readings]

    def whole(self, now_s: int) -> ReadingBatch:
        """All that waits, the backlog last; messages are decoded for it."""
        self.decode(now_s, Outcome())
        return concatenate([*self._fresh, self._backlog.whole()])

    def newest_by_station(self, now_s: int, outcome: Outcome) -> dict[int, int]:
        """Newest time observed by each station among the last `SAMPLE` fresh readings."""
        self.decode(now_s, outcome)
        newest: dict[int, int] = {}
        n = 0
        for batch in reversed(self._fresh):
            last = batch.select(slice(max(len(batch) - (SAMPLE - n), 0), None))
            n += len(last)
            for station, observed_s in zip(last.station.tolist(), last.observed_at_s.tolist(), strict=True):
                newest[station] = max(observed_s, newest.get(station, observed_s))
            if n >= SAMPLE:
                break
        return newest

    def snapshot(self) -> Arrays:
        """Named arrays: messages as bytes, readings column by column."""
        parts = {"waiting": concatenate(self._fresh), "backlog": self._backlog.whole()}
        columns = {
            f"{part}/{name}": getattr(batch, name)
            for part, batch in parts.items()
            for name in ReadingBatch.__slots__
        }
        return {"undecoded": np.frombuffer(encode_messages(self._undecoded), dtype=np.uint8), **columns}

    def restore(self, undecoded: bytes, waiting: Arrays, backlog: Arrays) -> None:
        """Take up a snapshot. ValueError or TypeError if it is of another version."""
        self._undecoded = [RawMessage(topic, content) for topic, content in decode_messages(undecoded)]
        fresh = batch_of(**waiting)
        self._fresh = [fresh] if len(fresh) else []
        self._backlog.restore(batch_of(**backlog))
