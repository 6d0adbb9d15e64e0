"""The text that is sent when a renderer failed: mark, action, village, level. It cannot fail itself.

Nothing is looked up by a key: words are taken by the level's number, held within 0 to 4, and a
village that the network cannot name is named by its code or number. A plain text is short of its
reason, never of what to do.
"""

from collections.abc import Mapping

from warnstream.delivery.texts import PlainWords, Texts, clean, short
from warnstream.delivery.texts_en import MARK as MARK_EN
from warnstream.delivery.texts_zh import MARK as MARK_ZH
from warnstream.model.bulletins import Action, Bulletin
from warnstream.model.digests import Digest
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import MessageStatus, WarningMessage

PLAIN_NAME_MAX = 40

ACTION_ZH: Mapping[Action, str] = {
    Action.WATCH: "请留意危险。",
    Action.READY: "有危险，收好随身物品等通知。",
    Action.PREPARE: "有危险，老人小孩病人先到安置点。",
    Action.LEAVE: "马上离开，到安置点。",
    Action.STAY: "留在安置点，不要回家；没走的现在走。",
    Action.CLEAR: "预警解除，等村里通知再回。",
    Action.CORRECT: "更正：通知有误，不用转移。",
    Action.RETURN: "路和房已查过，按村里通知回家。",
}
ACTION_EN: Mapping[Action, str] = {
    Action.WATCH: "Stay alert.",
    Action.READY: "Danger: pack essentials and wait for the call.",
    Action.PREPARE: "Danger: the old, sick and children go to the shelter now.",
    Action.LEAVE: "LEAVE NOW for the shelter.",
    Action.STAY: "Stay at the shelter, do not go home. If you have not left, leave now.",
    Action.CLEAR: "Warning over. Return when the village tells you to.",
    Action.CORRECT: "Correction: the messages were wrong. No need to leave.",
    Action.RETURN: "Roads and houses were checked: go home as the village tells you.",
}
"""What a bulletin asks, without any name; every action has its words."""


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


def plain_bulletin(bulletin: Bulletin, network: Network, tag: str) -> str:
    """Mark, village and action of a bulletin, in English or, for any other tag, in Chinese."""
    mark, words, colon = (MARK_EN, ACTION_EN, ": ") if tag == "en" else (MARK_ZH, ACTION_ZH, "：")
    place = village_name(bulletin.village, network)
    action = words.get(bulletin.action, words[Action.LEAVE])
    return f"{mark if bulletin.status is MessageStatus.EXERCISE else ''}{place}{colon}{action}"


def plain_digest(digest: Digest, network: Network, tag: str) -> str:
    """Mark, worst village and that an answer is needed, in English or, for any other tag, in Chinese."""
    is_english = tag == "en"
    places = [*(call.village for call in digest.helps), *(line.village for line in digest.lines)]
    place = village_name(places[0], network) if places else ""
    mark = (MARK_EN if is_english else MARK_ZH) if digest.status is MessageStatus.EXERCISE else ""
    count = f"{sum(digest.owed)}" if isinstance(digest.owed, tuple) else "?"
    if is_english:
        return f"{mark}{place}: {count} villages await your answer, {len(digest.helps)} calls for help."
    return f"{mark}{place}：{count}村待应答，{len(digest.helps)}起求助，请应答。"


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
