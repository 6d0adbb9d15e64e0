"""What the engine refused, as refusals with their reasons."""

import math

import msgspec
import numpy as np

from warnstream.assessment import AssessmentStep
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.arrays import UInt16Array
from warnstream.model.grids import GridRefusal
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.radar.fields import FieldRefusal
from warnstream.model.times import iso_utc
from warnstream.runners.intake.entries import sign_entry
from warnstream.runners.intake.topics import Topics

_REASON_OF_FLAG = {
    Flag.OUT_OF_RANGE: RefusalReason.OUT_OF_RANGE,
    Flag.ERROR_VALUE: RefusalReason.ERROR_VALUE,
    Flag.FUTURE: RefusalReason.FUTURE,
    Flag.TOO_LATE: RefusalReason.TOO_LATE,
}
"""Flags that keep a reading out of every window: it is set aside like a refused message."""


_REFUSED_FLAGS = sum(int(flag) for flag in _REASON_OF_FLAG)

_REASONS_OF_FLAGS = {
    flags: tuple(reason for flag, reason in _REASON_OF_FLAG.items() if flags & flag)
    for flags in range(_REFUSED_FLAGS + 1)
    if flags & _REFUSED_FLAGS == flags
}
"""Reasons of every combination of those flags; a reading with two is set aside under both."""

_WORD_OF_VARIABLE = {int(variable): variable.word for variable in Variable}


def refused_readings(readings: ReadingBatch, flags: UInt16Array, stations: Stations) -> list[Refusal]:
    """Readings that quality control kept out of every window, as refusals with their content."""
    rows = np.flatnonzero(flags & _REFUSED_FLAGS)
    if not len(rows):
        return []
    # After an outage hundreds of thousands come at once: all columns are made into text together.
    observed_at = np.datetime_as_string(readings.observed_at_s[rows].astype("datetime64[s]")).tolist()
    columns = zip(
        readings.station[rows].tolist(),
        readings.variable[rows].tolist(),
        readings.value[rows].tolist(),
        observed_at,
        flags[rows].tolist(),
        strict=True,
    )
    return [
        _refused_reading(reason, stations.code[station], _WORD_OF_VARIABLE[variable], f"{time}Z", value)
        for station, variable, value, time, flag in columns
        for reason in _REASONS_OF_FLAGS[flag & _REFUSED_FLAGS]
    ]


def _refused_reading(reason: RefusalReason, code: str, word: str, time: str, value: float) -> Refusal:
    # A code and a word have no character that JSON escapes; a value that is no number is null.
    number = repr(value) if math.isfinite(value) else "null"
    content = f'{{"station":"{code}","time":"{time}","{word}":{number}}}'
    return Refusal(reason, f"{word} of {code} observed at {time}", "", content.encode())


def refused_frame(refused: GridRefusal | FieldRefusal) -> Refusal:
    """A frame of a grid that the engine did not take, as a refusal that names its interval."""
    frame = refused.frame
    content = {"grid": frame.grid, "end": iso_utc(frame.end_s), "interval_s": frame.interval_s}
    return Refusal(refused.reason, refused.detail, "", msgspec.json.encode(content))


def refused_frames(step: AssessmentStep) -> list[Refusal]:
    """Frames and fields of grids that a step did not take."""
    refused: list[GridRefusal | FieldRefusal] = [*step.grids.refused, *step.ahead.refused]
    return [refused_frame(frame) for frame in refused]


def refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    """A whole message, refused."""
    return Refusal(reason, detail, message.topic, message.payload)


def refuse_sign(said: SignReport | SignVerdict, fault: str, topics: Topics) -> Refusal:
    """What a post said and cannot be, as the message by which it can be said again, whatever way it came."""
    content = sign_entry(said)
    return Refusal(RefusalReason.BAD_SIGN, fault, topics.sign_of(content.post), msgspec.json.encode(content))
