"""A warning message in the forms that channels send: short texts and a CAP document.

A renderer that fails costs its own part only: the text becomes the plain one of
`warnstream.delivery.plain`, the CAP document leaves out what it could not write, and
`RenderedMessage.faults` says what happened, so that it is counted and seen. The message goes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from warnstream.delivery.bulletin_record import bulletin_record
from warnstream.delivery.bulletin_texts import BulletinWording, bulletin_texts
from warnstream.delivery.cap import cap_xml, plain_cap_xml
from warnstream.delivery.digest_record import digest_record
from warnstream.delivery.digest_texts import digest_texts
from warnstream.delivery.plain import plain_texts
from warnstream.delivery.texts import Language, Texts, parts_of
from warnstream.delivery.texts_en import ENGLISH
from warnstream.delivery.texts_zh import CHINESE
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.warning import WarningMessage

LANGUAGES = (CHINESE, ENGLISH)
"""Languages of every message, in the order of CAP's info blocks."""

FAULT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Written:
    """Texts of a message by language tag, and which of them are plain ones, and why."""

    texts: dict[str, Texts]
    faults: tuple[str, ...]


def render(
    message: WarningMessage,
    network: Network,
    rules: Sequence[HazardRule],
    policy: MessagePolicy,
    note: str = "",
    *,
    languages: Sequence[Language] = LANGUAGES,
) -> RenderedMessage:
    """Texts in every language, and the CAP document that holds them.

    Parameters
    ----------
    message : WarningMessage
    network : Network
    rules : sequence of HazardRule
        For the names of hazards.
    policy : MessagePolicy
        Sender and local time. The exercise mark follows the message's own status.
    note : str
        Why the duty officer ended the warning; goes into CAP's ``note``.
    languages : sequence of Language
        Chinese and English are needed, any others are in the CAP document only.
    """
    written = texts_of(message, network, rules, policy, languages)
    faults = written.faults
    try:
        document = cap_xml(message, network, policy, written.texts, note)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it, the message goes out
        faults = (*faults, _fault("CAP", error))
        document = plain_cap_xml(message, network, policy, written.texts)
    return RenderedMessage(
        message=message,
        village_code=network.villages.code[message.village],
        cap_xml=document,
        text_zh=written.texts[CHINESE.tag].text,
        text_en=written.texts[ENGLISH.tag].text,
        faults=faults,
    )


def render_any(
    one: WarningMessage | Bulletin | Digest, wording: BulletinWording, policy: MessagePolicy, note: str = ""
) -> RenderedMessage | RenderedBulletin | RenderedDigest:
    """A message, a bulletin or a digest in the forms that channels send."""
    if isinstance(one, Bulletin):
        return render_bulletin(one, wording)
    if isinstance(one, Digest):
        return render_digest(one, wording)
    return render(one, wording.network, wording.rules, policy, note)


def render_bulletin(bulletin: Bulletin, wording: BulletinWording) -> RenderedBulletin:
    """Texts of a bulletin, and its record."""
    texts = bulletin_texts(bulletin, wording)
    code = wording.network.villages.code[bulletin.village]
    record = bulletin_record(bulletin, code, texts)
    return RenderedBulletin(bulletin, code, record, texts.zh, texts.en, texts.faults)


def render_digest(digest: Digest, wording: BulletinWording) -> RenderedDigest:
    """Texts of a digest, and its record."""
    texts = digest_texts(digest, wording)
    village_codes = wording.network.villages.code
    villages = list(digest.villages)
    code = village_codes[villages[0]] if len(villages) == 1 and not digest.more else ""
    record = digest_record(digest, wording, texts)
    return RenderedDigest(digest, code, record, texts.zh, texts.en, texts.faults)


def texts_of(
    message: WarningMessage,
    network: Network,
    rules: Sequence[HazardRule],
    policy: MessagePolicy,
    languages: Sequence[Language] = LANGUAGES,
) -> Written:
    """Texts of a message in every language; plain ones where a language's renderer fails."""
    texts: dict[str, Texts] = {}
    faults: list[str] = []
    for language in languages:
        try:
            texts[language.tag] = language.texts(parts_of(message, network, rules, policy))
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, the message goes out
            texts[language.tag] = plain_texts(message, network, language.plain)
            faults.append(_fault(language.tag, error))
    return Written(texts, tuple(faults))


def _fault(what: str, error: Exception) -> str:
    return f"{what}: {type(error).__name__}: {error}"[:FAULT_CHARACTERS_MAX]
