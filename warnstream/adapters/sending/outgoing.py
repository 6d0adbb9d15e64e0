"""What a channel is handed of a notification: rendered, marked, with its answer link."""

from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.adapters.outbox.types import Claimed
from warnstream.model.effects import RecipientKind
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus


def outgoing(claimed: Claimed, token: str) -> OutgoingMessage:
    """What a channel sends for a claimed notification.

    Raises
    ------
    ValueError
        If a village's stored CAP document has another status than the message.
    """
    message = claimed.message
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
        text_zh=message.text_zh,
        text_en=message.text_en,
        cap_xml=message.cap_xml if claimed.kind is RecipientKind.VILLAGE else "",
    )
