"""Packed readings: our own binary form for gateways with many stations, decoded by columns.

Everything is little-endian (`docs/formats.md` has the table):

| bytes | field |
|---|---|
| 0-3 | ``WSP1``: name and version |
| 4-5 | number of names S |
| 6-7 | reserved, 0 |
| 8-11 | number of rows R |
| 12-15 | CRC-32 of everything from byte 16 on |
| then S times | one byte length, that many bytes of the station's identity (UTF-8) |
| then R times 16 | station number (u2), variable (u1), reserved (u1), time (u4, epoch seconds), value (f8) |

Times reach to the year 2106. Another version has another name.
"""

import zlib
from collections.abc import Sequence

import numpy as np

from warnstream.ingest.names import Decoded, Names, RawMessage, refuse, refuse_if_too_large
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import ReadingBatch, Variable, concatenate
from warnstream.model.observations.refusals import Refusal, RefusalReason

MAGIC = b"WSP1"
HEAD_BYTES = 16
TABLE_BYTES_MAX = 4 * 1024 * 1024
"""Tables of names that are remembered; beyond it they are read anew."""

ROW = np.dtype(
    [("station", "<u2"), ("variable", "u1"), ("reserved", "u1"), ("observed_at_s", "<u4"), ("value", "<f8")]
)


class PackedDecoder:
    """Decodes packed readings for one network's stations."""

    def __init__(self, stations: Stations, rule: DecoderRule) -> None:
        self._names = Names(stations, rule)
        self._stations_of_table: dict[bytes, Int32Array] = {}
        self._table_bytes = 0

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        batches: list[ReadingBatch] = []
        refusals: list[Refusal] = []
        for message in messages:
            too_large = refuse_if_too_large(message)
            if too_large is not None:
                refusals.append(too_large)
                continue
            found = self._read(message)
            if isinstance(found, Refusal):
                refusals.append(found)
            else:
                batches.append(self._usable(*found, message, refusals))
        return Decoded(concatenate(batches), refusals)

    def _read(self, message: RawMessage) -> "tuple[Int32Array, np.ndarray] | Refusal":
        """Station numbers of the names and the rows as they are, or why not."""
        payload = message.payload
        if payload[:4] != MAGIC or len(payload) < HEAD_BYTES:
            return refuse(RefusalReason.BAD_FRAME, f"does not begin with {MAGIC!r}", message)
        n_names = int.from_bytes(payload[4:6], "little")
        n_rows = int.from_bytes(payload[8:12], "little")
        if zlib.crc32(memoryview(payload)[HEAD_BYTES:]) != int.from_bytes(payload[12:16], "little"):
            return refuse(RefusalReason.BAD_CHECKSUM, "the CRC-32 is wrong", message)
        end = HEAD_BYTES
        for _ in range(n_names):
            end += 1 + payload[end] if end < len(payload) else 1
        if end + n_rows * ROW.itemsize != len(payload):
            detail = f"{len(payload)} bytes, expected {end + n_rows * ROW.itemsize}"
            return refuse(RefusalReason.BAD_FRAME, detail, message)
        return self._stations(payload[HEAD_BYTES:end]), np.frombuffer(payload, ROW, n_rows, end)

    def _stations(self, table: bytes) -> Int32Array:
        """Station number of each name, -1 for nobody's; a gateway's table is read once."""
        known = self._stations_of_table.get(table)
        if known is None:
            numbers, at = [], 0
            while at < len(table):
                name = table[at + 1 : at + 1 + table[at]].decode("utf-8", "replace")
                station = self._names.station(name)
                numbers.append(-1 if station is None else station)
                at += 1 + table[at]
            known = np.array(numbers, dtype=np.int32)
            if self._table_bytes + len(table) > TABLE_BYTES_MAX:
                self._stations_of_table.clear()
                self._table_bytes = 0
            self._stations_of_table[table] = known
            self._table_bytes += len(table)
        return known

    def _usable(
        self, stations: Int32Array, rows: np.ndarray, message: RawMessage, refusals: list[Refusal]
    ) -> ReadingBatch:
        """Rows that name a station and a variable and hold a number; the others are refused by their kind."""
        number = rows["station"]
        has_name = number < len(stations)
        station = np.full(len(rows), -1, dtype=np.int32)
        station[has_name] = stations[number[has_name]]
        tests = (
            (RefusalReason.UNKNOWN_STATION, station < 0),
            (RefusalReason.UNKNOWN_VARIABLE, rows["variable"] >= len(Variable)),
            (RefusalReason.BAD_VALUE, ~np.isfinite(rows["value"])),
        )
        good = np.ones(len(rows), dtype=np.bool_)
        for reason, is_wrong in tests:
            wrong = good & is_wrong
            if wrong.any():
                first = int(np.flatnonzero(wrong)[0])
                detail = f"{int(wrong.sum())} of {len(rows)} rows, first is row {first}"
                refusals.append(refuse(reason, detail, message))
                good &= ~wrong
        if len(rows) == 0:
            refusals.append(refuse(RefusalReason.NO_READING, "it has no rows", message))
        rows = rows[good]
        return ReadingBatch(
            station[good],
            rows["variable"].copy(),
            rows["observed_at_s"].astype(np.int64),
            rows["value"].astype(np.float64),
            np.zeros(len(rows), dtype=np.int32),
            np.zeros(len(rows), dtype=np.int32),
        )


def encode(
    names: Sequence[str],
    station: Int32Array,
    variable: Int32Array,
    observed_at_s: Int64Array,
    value: Float64Array,
) -> bytes:
    """A packed message; `station` numbers `names`, the other columns have one entry per row.

    Raises
    ------
    ValueError
        If there are more than 65,535 names, or one is longer than 255 bytes.
    """
    table = b""
    for name in names:
        text = name.encode()
        if len(text) > 255:
            raise ValueError(f"the identity {name!r:.40}… has {len(text)} bytes, expected at most 255")
        table += bytes([len(text)]) + text
    if len(names) > 65_535:
        raise ValueError(f"{len(names)} stations in one message, expected at most 65535")
    rows = np.zeros(len(station), dtype=ROW)
    rows["station"], rows["variable"] = station, variable
    rows["observed_at_s"], rows["value"] = observed_at_s, value
    content = table + rows.tobytes()
    head = MAGIC + len(names).to_bytes(2, "little") + b"\0\0" + len(rows).to_bytes(4, "little")
    return head + zlib.crc32(content).to_bytes(4, "little") + content
