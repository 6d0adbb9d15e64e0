"""What a loudspeaker says: a text of its own, some 35 to 50 characters, made for ears; pure.

It is the order that doors read without what nobody can use from a loudspeaker: the issuer in brackets, which
is the package's own field, and telephone numbers. Sentences are left out from the end, never the first, which
has place and order. An exercise says so first, in words, and again at the end.
"""

import re

from warnstream.model.warning import MessageStatus

CHARACTERS_MAX = 50

OPENING, CLOSING = "这是演练。", "演练。"

_BRACKETS = re.compile(r"【[^】]*】")
_SENTENCES = re.compile(r"(?<=[。！？])")
_NUMBER = re.compile(r"[0-9]{5,}")


def loud_text(text_zh: str, status: MessageStatus) -> str:
    """What is spoken of a Chinese text.

    Examples
    --------
    >>> loud_text("【县防指】上垟村溪边的人马上走！不过桥，到村小学。求助13800001234", MessageStatus.ACTUAL)
    '上垟村溪边的人马上走！不过桥，到村小学。'
    >>> loud_text("【演练】【县防指】上垟村：积水还在涨，待在楼上。", MessageStatus.EXERCISE)
    '这是演练。上垟村：积水还在涨，待在楼上。演练。'
    """
    sentences = [
        sentence.strip() for sentence in _SENTENCES.split(_BRACKETS.sub("", text_zh)) if sentence.strip()
    ]
    spoken = [_without_number(sentence) for sentence in sentences]
    kept = [sentence for sentence in spoken if sentence] or sentences[:1]
    is_exercise = status is MessageStatus.EXERCISE
    room = CHARACTERS_MAX - (len(OPENING) + len(CLOSING) if is_exercise else 0)
    while len(kept) > 1 and len("".join(kept)) > room:
        kept.pop()
    said = "".join(kept)
    return f"{OPENING}{said}{CLOSING}" if is_exercise else said


def _without_number(sentence: str) -> str:
    """A sentence without its clause about a telephone; empty if there is nothing else in it."""
    if _NUMBER.search(sentence) is None:
        return sentence
    clauses = re.split("(?<=[，；])", sentence)
    kept = "".join(clause for clause in clauses if _NUMBER.search(clause) is None).rstrip("，；")
    return f"{kept}。" if kept else ""
