"""What an officer has before them of a village: its version, and in words."""

import zlib
from collections.abc import Iterable

import msgspec

from warnstream.desk import WarningDesk
from warnstream.model.times import clock_local


def version_of(desk: WarningDesk, village: int) -> str:
    """What an officer has before them of a village: warnings, bounds, what waits, what doors heard last."""
    seen: list[object] = [
        (
            status.hazard,
            message.identifier,
            int(status.level),
            int(status.found),
            status.bound and status.bound.order,
        )
        for status, message in desk.of_village(village)
    ]
    seen += [
        (str(held.action), held.hazard, int(held.level))
        for of, held in desk.bulletins.waiting()
        if of == village
    ]
    return f"{zlib.crc32(msgspec.json.encode(seen)):08x}"


def standing_of(desk: WarningDesk, village: int, zone: object) -> Iterable[str]:
    """What stands in a village now, in words."""
    found = []
    standing = [(status, message) for status, message in desk.of_village(village) if status.level]
    for status, message in standing:
        by = f", {status.bound.kind} by {status.bound.author}" if status.bound else ""
        at = clock_local(message.sent_s, zone)  # type: ignore[arg-type]
        found.append(f"{status.hazard} is {status.level.word} since the message of {at}{by}")
    return found or ["nothing stands there any more"]
