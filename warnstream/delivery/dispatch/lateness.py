"""What is over is not sent, and what is late says so, in the time of the engine."""

from warnstream.model.bulletins import Action
from warnstream.model.effects import RecipientKind
from warnstream.model.warning import MessageType

ENDS = frozenset({str(MessageType.CANCEL), str(Action.CLEAR), str(Action.CORRECT), str(Action.RETURN)})
"""Types of messages and bulletins after which nothing stands."""


def is_over(kind: RecipientKind, msg_type: str, expires_s: int, now_s: float) -> bool:
    """Whether a message may not be sent any more because its `expires` has come.

    A village's retained end is the exception: it is a state that stays true, and without it
    what was published before would stand in its place.
    """
    if kind is RecipientKind.VILLAGE and msg_type in ENDS:
        return False
    return now_s >= expires_s


def seconds_late(sent_s: int, answer_by_s: int, late_after_s: float, now_s: float) -> int:
    """How long after its issue a message leaves, in seconds; 0 while that is in time.

    A duty post is called when its turn comes, which may be long after the issue: for it late means
    that the time to answer (`answer_by_s`, 0 if none is asked for) is over already.
    """
    in_time_until = answer_by_s or sent_s + late_after_s
    return max(int(now_s - sent_s), 0) if now_s > in_time_until else 0


def late_marks(late_s: int) -> tuple[str, str]:
    """What stands before the Chinese and the English text of a late message; empty if it is in time.

    Examples
    --------
    >>> late_marks(2_450)
    ('【迟到41分钟】', '[LATE 41 min] ')
    """
    if late_s <= 0:
        return "", ""
    minutes = -(-late_s // 60)
    return f"【迟到{minutes}分钟】", f"[LATE {minutes} min] "
