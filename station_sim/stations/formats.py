"""The same reports in other formats of gateways, written from docs/formats.md, apart from the decoders.

What is no report (line noise) or has units of its own travels as it came, apart
from the others, and is refused as it would be in flat JSON.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator

from station_sim.message import Message
from station_sim.topics import is_clock
from warnstream.model.observations.readings import UNIT_OF_VARIABLE, VARIABLE_OF_WORD, Variable
from warnstream.model.times import parse_iso

Report = tuple[str, int, dict[str, float]]
"""Station, time in seconds UTC, values by variable."""

_SENML_UNIT = {"degC": "Cel", "%": "%RH"}


def encoded(message: Message, form: str) -> Iterator[Message]:
    """A message in a form, and beside it what that form cannot carry as it came."""
    encode = ENCODERS.get(form)
    if encode is None or is_clock(message.topic) or message.n_readings == 0:
        yield message
        return
    reports, other = reports_of(message)
    if reports:
        yield message._replace(payload=encode(reports), n_readings=len(reports))
    if other is not None:
        yield other


def reports_of(message: Message) -> tuple[list[Report], Message | None]:
    """Reports of a flat JSON message that other forms can carry, and a message of those that have units."""
    content = json.loads(message.payload)
    items = content if isinstance(content, list) else [content]
    others = [item for item in items if "unit" in item]
    if len(others) == len(items):
        return [], message
    reports = [
        (
            item["station"],
            item["time"] if isinstance(item["time"], int) else parse_iso(item["time"]),
            {word: value for word, value in item.items() if word in VARIABLE_OF_WORD and value is not None},
        )
        for item in items
        if "unit" not in item
    ]
    if not others:
        return reports, None
    payload = json.dumps(others, separators=(",", ":")).encode()
    return reports, message._replace(payload=payload, n_readings=len(others))


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
