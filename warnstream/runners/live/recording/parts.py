"""What a step asks for, in parts that can be recorded one after the other; pure."""

from collections.abc import Iterator

from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Effects
from warnstream.model.level import Level
from warnstream.model.warning import WarningMessage

_Told = WarningMessage | Bulletin | Digest
_Part = tuple[str, _Told]

PART = 40
"""Messages, bulletins and digests recorded at once: some 10 ms, a lock of SQLite of a few."""


def warnings_of(effects: Effects) -> list[str]:
    """Warnings, doors' voices and posts' sequences that effects are about, each once, in order."""
    names = [message.warning for message in effects.messages]
    names += [digest.voice for digest in effects.digests]
    names += [bulletin.voice for bulletin in effects.to_doors]
    return list(dict.fromkeys(names))


def part_of(effects: Effects, warning: str) -> Effects:
    """What effects ask for one warning or voice."""
    return Effects(
        messages=[message for message in effects.messages if message.warning == warning],
        bulletins=[bulletin for bulletin in effects.bulletins if bulletin.voice == warning],
        digests=[digest for digest in effects.digests if digest.voice == warning],
        to_newcomers=[bulletin for bulletin in effects.to_newcomers if bulletin.voice == warning],
    )


def parts_of(effects: Effects, size: int = PART) -> Iterator[Effects]:
    """All that recipients are to get, the worst level first, and of one level posts first: they have to act.

    What belongs to one warning, voice or post stays together and in its order, so a part may be larger.

    Parameters
    ----------
    effects : Effects
    size : int
        A part is full with so many messages, bulletins and digests.
    """
    worst, named = _by_name(effects)
    part, count = Effects(), 0
    for name in sorted(named, key=worst.__getitem__, reverse=True):
        for to, item in named[name]:
            getattr(part, to).append(item)
        count += len(named[name])
        if count >= size:
            yield part
            part, count = Effects(), 0
    if part:
        yield part


def _by_name(effects: Effects) -> tuple[dict[str, int], dict[str, list[_Part]]]:
    """Worst level of each warning, voice or post, and what it has with the list of effects that has it.

    Lists and no effects of their own: a front has thousands of names.
    """
    worst: dict[str, int] = {}
    named: dict[str, list[_Part]] = {}

    def put(name: str, level: Level, to: str, one: _Told) -> None:
        worst[name] = max(worst.get(name, 0), int(level))
        named.setdefault(name, []).append((to, one))

    for digest in effects.digests:
        put(digest.voice, digest.level, "digests", digest)
    for bulletin in effects.bulletins:
        put(bulletin.voice, bulletin.worst, "bulletins", bulletin)
    for bulletin in effects.to_newcomers:
        put(bulletin.voice, bulletin.worst, "to_newcomers", bulletin)
    for message in effects.messages:
        put(message.warning, message.level, "messages", message)
    return worst, named
