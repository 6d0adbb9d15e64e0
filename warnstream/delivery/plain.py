"""The text that is sent when a renderer failed: mark, action, village, level. It cannot fail itself.

Nothing is looked up by a key: words are taken by the level's number, held within 0 to 4, and a
village that the network cannot name is named by its code or number. A plain text is short of its
reason, never of what to do.
"""

from warnstream.delivery.texts import PlainWords, Texts, clean, short
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import MessageStatus, WarningMessage

PLAIN_NAME_MAX = 40


def plain_texts(message: WarningMessage, network: Network, words: PlainWords) -> Texts:
    """What to do, where and the level, in the words of one language.

    A message without a level is an end: its action is the all clear, its colour that of the level before.
    """
    level, previous = _number(message.level), _number(message.previous)
    mark = words.mark if message.status is MessageStatus.EXERCISE else ""
    warning = f"{words.colours[level or previous]}{words.warning}"
    place = village_name(message.village, network)
    action = f"{mark}{words.actions[level]}"
    headline = f"{mark}{place}{words.stop}{warning}".strip()
    text = f"{action}{words.stop}{place}{words.stop}{warning}{words.stop}".strip()
    return Texts(warning.strip(), place, headline, "", action, text)


def village_name(village: int, network: Network) -> str:
    """Name of a village, its code where it has no name, its number where the network does not know it."""
    villages = network.villages
    for names in (villages.name, villages.code):
        if isinstance(village, int) and 0 <= village < len(names) and clean(str(names[village])):
            return short(str(names[village]), PLAIN_NAME_MAX)
    return short(str(village), PLAIN_NAME_MAX) or "?"


def _number(level: object) -> int:
    """A level's number; red for what is no level: who cannot say how bad it is says the worst."""
    return int(level) if isinstance(level, int) and 0 <= level <= Level.RED else int(Level.RED)
