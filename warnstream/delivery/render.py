"""A warning message in the forms that channels send: short texts and a CAP document."""

from warnstream.delivery.cap import cap_xml
from warnstream.delivery.texts import texts_en, texts_zh
from warnstream.model.effects import RenderedMessage
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.warning import WarningMessage


def render(
    message: WarningMessage,
    network: Network,
    rules: tuple[HazardRule, ...],
    policy: MessagePolicy,
    note: str = "",
) -> RenderedMessage:
    """Texts in Chinese and English, and the CAP document that holds both.

    Parameters
    ----------
    message : WarningMessage
    network : Network
    rules : tuple of HazardRule
        For the names of hazards.
    policy : MessagePolicy
        Sender and local time. The exercise mark follows the message's own status.
    note : str
        Why the duty officer ended the warning; goes into CAP's ``note``.
    """
    zh = texts_zh(message, network, rules, policy)
    en = texts_en(message, network, rules, policy)
    return RenderedMessage(
        message=message,
        village_code=network.villages.code[message.village],
        cap_xml=cap_xml(message, network, policy, {"zh-CN": zh, "en": en}, note),
        text_zh=zh.text,
        text_en=en.text,
    )
