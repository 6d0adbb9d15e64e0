"""The same reports in other formats of gateways, written from docs/formats.md, apart from the decoders.

What is no report of ours (line noise, a wrong unit) travels as it came, and
is refused as it would be in flat JSON.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from station_sim.scenario import Message
from station_sim.topics import is_clock
from warnstream.model.readings import UNIT_OF_VARIABLE, VARIABLE_OF_WORD, Variable
from warnstream.model.times import parse_iso

Report = tuple[str, int, dict[str, float]]
"""Station, time in seconds UTC, values by variable."""

_SENML_UNIT = {"degC": "Cel", "%": "%RH"}


def reformat(messages: Iterable[Message], form: str) -> Iterator[Message]:
    """The stream in ``flat_json``, ``senml_json`` or ``packed``; clock beacons stay.

    Raises
    ------
    ValueError
        If the format is another.
    """
    encode = ENCODERS.get(form)
    if encode is None and form != "flat_json":
        raise ValueError(f"expected flat_json or one of {', '.join(ENCODERS)}, got {form!r}")
    for message in messages:
        reports = None if encode is None or is_clock(message.topic) else _reports(message.payload)
        if encode is None or reports is None:
            yield message
        else:
            yield Message(message.time_s, message.topic, encode(reports), message.n_readings)


def _reports(payload: bytes) -> list[Report] | None:
    """Reports of a flat JSON message; None if it holds anything else."""
    try:
        content = json.loads(payload)
    except ValueError:
        return None
    reports = []
    for item in content if isinstance(content, list) else [content]:
        if not isinstance(item, Mapping) or "unit" in item:
            return None
        time = item["time"]
        values = {
            word: value for word, value in item.items() if word in VARIABLE_OF_WORD and value is not None
        }
        reports.append((item["station"], time if isinstance(time, int) else parse_iso(time), values))
    return reports


def _senml(reports: list[Report]) -> bytes:
    records: list[dict[str, object]] = []
    for station, time_s, values in reports:
        base: dict[str, object] = {"bn": f"{station}:", "bt": time_s}
        for word, value in values.items():
            unit = UNIT_OF_VARIABLE[Variable[word.upper()]]
            records.append({**base, "n": word, "u": _SENML_UNIT.get(unit, unit), "v": value})
            base = {}
    return json.dumps(records, separators=(",", ":")).encode()


def _packed(reports: list[Report]) -> bytes:
    names = list(dict.fromkeys(station for station, _, _ in reports))
    table = b"".join(bytes([len(name.encode())]) + name.encode() for name in names)
    rows = [
        struct.pack("<HBBId", names.index(station), VARIABLE_OF_WORD[word], 0, time_s, value)
        for station, time_s, values in reports
        for word, value in values.items()
    ]
    content = table + b"".join(rows)
    return struct.pack("<4sHHII", b"WSP1", len(names), 0, len(rows), zlib.crc32(content)) + content


ENCODERS: dict[str, Callable[[list[Report]], bytes]] = {"senml_json": _senml, "packed": _packed}
