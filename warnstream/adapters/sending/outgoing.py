"""What a channel is handed of a notification: rendered, marked, with its answer link."""

from warnstream.adapters.channels.channel import (
    EXERCISE_MARK_EN,
    EXERCISE_MARK_ZH,
    OutgoingMessage,
    with_exercise_mark,
)
from warnstream.adapters.outbox.types import Claimed
from warnstream.delivery.dispatch.lateness import late_marks
from warnstream.model.effects import RecipientKind
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus


def outgoing(claimed: Claimed, token: str, public_url: str = "", late_s: int = 0) -> OutgoingMessage:
    """What a channel sends for a claimed notification.

    Parameters
    ----------
    claimed : Claimed
    token : str
        Opens the answer page; empty for villages.
    public_url : str
        Address under which people reach the node; empty if it is not known.
    late_s : int
        How late it is; 0 if in time.

    Raises
    ------
    ValueError
        If a village's stored CAP document has another status than the message.
    """
    message = claimed.message
    late_zh, late_en = late_marks(late_s)
    return OutgoingMessage(
        key=claimed.key,
        message=message.identifier,
        warning=message.warning,
        msg_type=message.msg_type,
        status=MessageStatus(message.status),
        hazard=message.hazard,
        level=Level(message.level),
        village=message.village,
        recipient=claimed.recipient,
        kind=claimed.kind,
        address=claimed.address,
        sent_s=message.sent_s,
        expires_s=message.expires_s,
        answer_by_s=claimed.answer_by_s,
        token=token,
        text_zh=late_zh + _unmarked(message.text_zh, EXERCISE_MARK_ZH),
        text_en=late_en + _unmarked(message.text_en, EXERCISE_MARK_EN),
        cap_xml=message.cap_xml if claimed.kind is RecipientKind.VILLAGE else "",
        answer_url=f"{public_url}/a/{token}" if public_url and token else "",
        late_s=late_s,
    )


def _unmarked(text: str, mark: str) -> str:
    """The text without the exercise mark, which `OutgoingMessage` puts first, before that of lateness."""
    return with_exercise_mark(text, mark, MessageStatus.ACTUAL)
