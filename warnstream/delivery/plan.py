"""Effects of one step -> notifications: which village's topic and which post gets what, in which order.

Villages' topics come first, then duty posts; within each the worst warning first, and the messages of
one warning in the order of issue. Doors are no notifications of their own: the ledger has them
(`warnstream.delivery.ledger`).
"""

from collections.abc import Iterator, Mapping, Sequence

from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import (
    OF_HAZARD,
    VILLAGE_TOPIC_CHANNEL,
    Effects,
    Notification,
    RecipientKind,
)
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import WarningMessage


def notifications_of(effects: Effects, network: Network) -> Iterator[Notification]:
    """Every notification that the effects ask for, but for doors.

    A key (message, recipient, channel) names one notification for ever: making
    the same effects into notifications again gives the same keys.

    Parameters
    ----------
    effects : Effects
    network : Network
        The register of posts.

    Yields
    ------
    Notification
    """
    code, before = network.villages.code, network.villages.codes_before()
    for message in _worst_first(effects.messages):
        for name in _names(code[message.village], before):
            yield _to_village(message, name)
            for hazard in _hazards_before(message.hazard, network):
                yield _to_village(message, f"{name}{OF_HAZARD}{hazard}")
    for bulletin in effects.to_doors:
        for name in _names(code[bulletin.village], before):
            yield _to_bulletin_topic(bulletin, name)
    yield from _to_posts(effects.digests, network)  # worst first already


def _names(code: str, before: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Codes under which a village has topics: who listens to one that it had before hears on, and the end."""
    return (code, *before.get(code, ()))


def _hazards_before(hazard: str, network: Network) -> list[str]:
    """Names that a hazard had before: its topics of then get what it says, and the end."""
    return [before for before, now in network.hazards_were.items() if now == hazard]


def _worst_first(messages: Sequence[WarningMessage]) -> list[WarningMessage]:
    """By the worst level that each warning has in this step.

    Ordering by it keeps two messages of one warning in the order of issue: a
    raised level overtakes other warnings, never its own Alert.
    """
    worst: dict[str, Level] = {}
    for message in messages:
        worst[message.warning] = max(worst.get(message.warning, Level.NONE), message.level)
    return sorted(messages, key=lambda message: -worst[message.warning])


def _to_village(message: WarningMessage, village_code: str) -> Notification:
    return Notification(
        key=f"{message.identifier}|{village_code}|{VILLAGE_TOPIC_CHANNEL}",
        message=message.identifier,
        warning=message.warning,
        version=message.version,
        recipient=village_code,
        kind=RecipientKind.VILLAGE,
        channel=VILLAGE_TOPIC_CHANNEL,
        address=village_code,
        level=int(message.level),
        answer_by_s=0,
    )


def _to_bulletin_topic(bulletin: Bulletin, village_code: str) -> Notification:
    return Notification(
        key=f"{bulletin.identifier}|{village_code}|{VILLAGE_TOPIC_CHANNEL}",
        message=bulletin.identifier,
        warning=bulletin.voice,
        version=bulletin.sequence,
        recipient=village_code,
        kind=RecipientKind.VILLAGE,
        channel=VILLAGE_TOPIC_CHANNEL,
        address=village_code,
        level=int(bulletin.worst),
        answer_by_s=0,
    )


def _to_posts(digests: Sequence[Digest], network: Network) -> Iterator[Notification]:
    """Every digest on every channel of its post, and of the deputy of one that was silent.

    Of several rows of a post with one channel the first counts. While somebody of the roster holds the post,
    that person's phone rings instead; who it is follows from the log: the digest's time, and the
    configuration then.
    """
    deputy = {digest.post: "" for digest in digests}
    for row in network.chain if deputy else ():
        if row.post in deputy:
            deputy[row.post] = deputy[row.post] or row.deputy
    ways: dict[str, dict[str, str]] = {post: {} for post in (*deputy, *deputy.values())}
    for row in network.chain if deputy else ():
        if row.post in ways:
            ways[row.post].setdefault(row.channel, row.address)
    for digest in digests:
        recipients = (digest.post, deputy[digest.post]) if digest.to_deputy else (digest.post,)
        for recipient in recipients:
            shift = network.roster.at(recipient, digest.issued_s)
            rung = ways[recipient] if shift is None else {shift.channel: shift.phone}
            for channel, address in rung.items():
                yield _to_post(digest, recipient, channel, address)


def _to_post(digest: Digest, recipient: str, channel: str, address: str) -> Notification:
    return Notification(
        key=f"{digest.identifier}|{recipient}|{channel}",
        message=digest.identifier,
        warning=digest.voice,
        version=digest.sequence,
        recipient=recipient,
        kind=RecipientKind.POST,
        channel=channel,
        address=address,
        level=int(digest.level),
        answer_by_s=digest.answer_by_s,
    )
