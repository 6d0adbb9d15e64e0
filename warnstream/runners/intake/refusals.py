"""What the engine refused, as refusals with their reasons."""

import msgspec
import numpy as np

from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.arrays import UInt16Array
from warnstream.model.grids import GridRefusal
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.observations.signs import SignReport, SignVerdict
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


_REFUSED_FLAGS = np.uint16(sum(_REASON_OF_FLAG))


def refused_readings(readings: ReadingBatch, flags: UInt16Array, stations: Stations) -> list[Refusal]:
    """Readings that quality control kept out of every window, as refusals with their content."""
    refusals: list[Refusal] = []
    if not (flags & _REFUSED_FLAGS).any():
        return refusals
    for flag, reason in _REASON_OF_FLAG.items():
        for row in np.flatnonzero(flags & flag):
            code = stations.code[readings.station[row]]
            variable = Variable(int(readings.variable[row])).word
            observed_at = iso_utc(int(readings.observed_at_s[row]))
            content = {"station": code, "time": observed_at, variable: float(readings.value[row])}
            detail = f"{variable} of {code} observed at {observed_at}"
            refusals.append(Refusal(reason, detail, "", msgspec.json.encode(content)))
    return refusals


def refused_frame(refused: GridRefusal) -> Refusal:
    """A frame of a grid that the engine did not take, as a refusal that names its interval."""
    frame = refused.frame
    content = {"grid": frame.grid, "end": iso_utc(frame.end_s), "interval_s": frame.interval_s}
    return Refusal(refused.reason, refused.detail, "", msgspec.json.encode(content))


def refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    """A whole message, refused."""
    return Refusal(reason, detail, message.topic, message.payload)


def refuse_sign(said: SignReport | SignVerdict, fault: str, topics: Topics) -> Refusal:
    """What a post said and cannot be, as the message by which it can be said again, whatever way it came."""
    content = sign_entry(said)
    return Refusal(RefusalReason.BAD_SIGN, fault, topics.sign_of(content.post), msgspec.json.encode(content))
