"""Readings as columns: one row is one value of one variable at one station.

Never a Python object per reading on the hot path: everything that arrived
since the last step is one `ReadingBatch`.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import ArrayLike

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array, UInt16Array


class Variable(IntEnum):
    """What a reading measures; the number is the code in `ReadingBatch.variable`."""

    RAIN = 0
    STAGE = 1
    TEMPERATURE = 2
    HUMIDITY = 3
    PRESSURE = 4
    WIND_SPEED = 5
    WIND_DIRECTION = 6
    SOIL_MOISTURE = 7
    TILT_X = 8
    TILT_Y = 9
    DISPLACEMENT = 10
    CRACK = 11
    PORE_PRESSURE = 12
    WATER_DEPTH = 13
    RAIN_TOTAL = 14
    RAIN_DAY = 15
    RAIN_TIP = 16
    WIND_GUST = 17

    @property
    def word(self) -> str:
        """Name in messages, archives and configuration."""
        return self.name.lower()


UNIT_OF_VARIABLE: dict[Variable, str] = {
    Variable.RAIN: "mm",
    Variable.STAGE: "m",
    Variable.TEMPERATURE: "degC",
    Variable.HUMIDITY: "%",
    Variable.PRESSURE: "hPa",
    Variable.WIND_SPEED: "m/s",
    Variable.WIND_DIRECTION: "deg",
    Variable.SOIL_MOISTURE: "%",
    Variable.TILT_X: "deg",
    Variable.TILT_Y: "deg",
    Variable.DISPLACEMENT: "mm",
    Variable.CRACK: "mm",
    Variable.PORE_PRESSURE: "kPa",
    Variable.WATER_DEPTH: "cm",
    Variable.RAIN_TOTAL: "mm",
    Variable.RAIN_DAY: "mm",
    Variable.RAIN_TIP: "mm",
    Variable.WIND_GUST: "m/s",
}
"""The one unit in which each variable is accepted.

Rain is the amount of the interval ending at its time; `RAIN_TOTAL` is a counter that only rises until it is
reset or wraps, `RAIN_DAY` one that begins anew every day at the start of the rain day (08:00 in China),
`RAIN_TIP` the amount of a tip at its time. A gust is the highest wind of the interval ending at its time.
Displacement and crack are measured from the sensor's own beginning; water depth is above the ground.
"""

UM_PER_MM = 1000
"""Rain is kept in micrometres: 0.1 mm, 0.2 mm and 0.254 mm (0.01 inch) tips are all whole numbers."""

RAIN, RAIN_TIP, STAGE = int(Variable.RAIN), int(Variable.RAIN_TIP), int(Variable.STAGE)
"""Codes as plain numbers: to compare a small column with a member of an enumeration is five times as dear."""

COUNTERS: tuple[Variable, ...] = (Variable.RAIN_TOTAL, Variable.RAIN_DAY)
"""Variables whose differences are rain; the first is preferred where a station has both."""

VARIABLE_OF_WORD: dict[str, Variable] = {variable.word: variable for variable in Variable}


class Flag(IntFlag):
    """What quality control says of a reading; flags never delete it."""

    # All 16 bits of `UInt16Array` are taken; a test says so before a 17th could be lost without a word. Flags
    # of readings live for a step and are in no snapshot, entry or archive: one more makes them uint32 in
    # `quality/checks.py`, `assessment/stations.py`, `assessment/station_rain.py`, `windows/counters.py`.
    NONE = 0
    OUT_OF_RANGE = 1
    STEP = 2
    STUCK = 4
    DUPLICATE = 8
    FUTURE = 16
    LATE = 32
    TOO_LATE = 64
    SUPERSEDED = 128
    TIP = 256
    COUNTER_FELL = 512
    COUNTER_RETURNED = 1024
    COUNTER_BEGAN = 2048
    RECORD = 4096
    BOUNCE = 8192
    ERROR_VALUE = 16384
    MELT = 32768


COUNTER_FLAGS = int(Flag.COUNTER_FELL | Flag.COUNTER_RETURNED | Flag.COUNTER_BEGAN)
"""A total fell, came back to one that it had before, or began anew: what lies between is not known."""

DOUBTFUL = int(Flag.STEP | Flag.STUCK | Flag.TIP | COUNTER_FLAGS | Flag.RECORD | Flag.BOUNCE | Flag.MELT)
"""Readings with one of these flags count, and what rests on them is not confirmed."""

UNUSABLE = int(
    Flag.OUT_OF_RANGE | Flag.DUPLICATE | Flag.FUTURE | Flag.TOO_LATE | Flag.SUPERSEDED | Flag.ERROR_VALUE
)
"""Readings with one of these flags stay in the journal and are counted, but change no accumulation."""


@dataclass(frozen=True, slots=True)
class ReadingBatch:
    """Readings in order of arrival, all columns of one length n.

    Attributes
    ----------
    station : Int32Array, shape (n,)
        Index into `Stations`.
    variable : UInt8Array, shape (n,)
        Code of `Variable`.
    observed_at_s : Int64Array, shape (n,)
        When it was observed; for rain the end of the interval.
    value : Float64Array, shape (n,)
        In the variable's unit (`UNIT_OF_VARIABLE`). Never NaN: decoders refuse it.
    interval_s : Int32Array, shape (n,)
        For rain, how long before its time the amount began to fall; 0 is the station's own interval.
    sequence : Int32Array, shape (n,)
        For a tip, what its sender numbered it by, so that two of one second are two; 0: it did not. For a
        counter, by which mapping its sender's number became millimetres (`DecoderRule.counter_source`).
    """

    station: Int32Array
    variable: UInt8Array
    observed_at_s: Int64Array
    value: Float64Array
    interval_s: Int32Array
    sequence: Int32Array

    def __len__(self) -> int:
        return len(self.station)

    def select(self, rows: BoolArray | Int64Array | slice) -> "ReadingBatch":
        """The rows named by a mask, an index array or a slice."""
        return ReadingBatch(
            self.station[rows],
            self.variable[rows],
            self.observed_at_s[rows],
            self.value[rows],
            self.interval_s[rows],
            self.sequence[rows],
        )


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """A batch and the flags that quality control gave it (`Flag` bits, shape (n,))."""

    readings: ReadingBatch
    flags: UInt16Array

    @property
    def usable(self) -> "ReadingBatch":
        """The readings that may change accumulations and levels."""
        return self.readings.select((self.flags & UNUSABLE) == 0)


def empty_batch() -> ReadingBatch:
    """A batch without readings: time alone moves on."""
    return batch_of([], [], [], [])


def batch_of(
    station: ArrayLike,
    variable: ArrayLike,
    observed_at_s: ArrayLike,
    value: ArrayLike,
    interval_s: ArrayLike | None = None,
    sequence: ArrayLike | None = None,
) -> ReadingBatch:
    """A batch from sequences or arrays, converted to the column types.

    Without `interval_s` every reading covers its station's own interval, without `sequence` none is numbered.

    Raises
    ------
    ValueError
        If the columns differ in length.
    """
    stations = np.asarray(station, dtype=np.int32)
    batch = ReadingBatch(
        stations,
        np.asarray(variable, dtype=np.uint8),
        np.asarray(observed_at_s, dtype=np.int64),
        np.asarray(value, dtype=np.float64),
        np.zeros(len(stations), dtype=np.int32)
        if interval_s is None
        else np.asarray(interval_s, dtype=np.int32),
        np.zeros(len(stations), dtype=np.int32) if sequence is None else np.asarray(sequence, dtype=np.int32),
    )
    lengths = {len(getattr(batch, name)) for name in ReadingBatch.__slots__}
    if len(lengths) != 1:
        raise ValueError(f"columns of a batch must have one length, got {sorted(lengths)}")
    return batch


def concatenate(batches: list[ReadingBatch]) -> ReadingBatch:
    """One batch of several, rows in the order given."""
    if not batches:
        return empty_batch()
    return ReadingBatch(
        np.concatenate([batch.station for batch in batches]),
        np.concatenate([batch.variable for batch in batches]),
        np.concatenate([batch.observed_at_s for batch in batches]),
        np.concatenate([batch.value for batch in batches]),
        np.concatenate([batch.interval_s for batch in batches]),
        np.concatenate([batch.sequence for batch in batches]),
    )
