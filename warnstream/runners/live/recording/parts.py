"""What a step asks for, in parts that can be recorded one after the other; pure."""

from collections.abc import Iterator

from warnstream.model.effects import Effects

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
    part = Effects()
    for one in sorted(_by_name(effects), key=_worst, reverse=True):
        part.messages.extend(one.messages)
        part.bulletins.extend(one.bulletins)
        part.digests.extend(one.digests)
        part.to_newcomers.extend(one.to_newcomers)
        if _size(part) >= size:
            yield part
            part = Effects()
    if part:
        yield part


def _by_name(effects: Effects) -> list[Effects]:
    found: dict[str, Effects] = {}
    for digest in effects.digests:
        found.setdefault(digest.voice, Effects()).digests.append(digest)
    for bulletin in effects.bulletins:
        found.setdefault(bulletin.voice, Effects()).bulletins.append(bulletin)
    for bulletin in effects.to_newcomers:
        found.setdefault(bulletin.voice, Effects()).to_newcomers.append(bulletin)
    for message in effects.messages:
        found.setdefault(message.warning, Effects()).messages.append(message)
    return list(found.values())


def _worst(part: Effects) -> int:
    levels = [message.level for message in part.messages] + [digest.level for digest in part.digests]
    return int(max(levels + [bulletin.worst for bulletin in part.to_doors]))


def _size(part: Effects) -> int:
    return len(part.messages) + len(part.digests) + len(part.bulletins) + len(part.to_newcomers)
