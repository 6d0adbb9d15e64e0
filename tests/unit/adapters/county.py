"""A county of two villages and five doors, and messages about it, for tests of the shell."""

from collections.abc import Iterable

import msgspec
import numpy as np

from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.model.bulletins import Action, Bulletin, BulletinCause, Standing
from warnstream.model.digests import Digest, DigestLine
from warnstream.model.effects import Effects, RecipientKind, RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Households, Network, Stations, Villages
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

SENT_S = 1_700_000_000
GRID_MEMBER = ChainPost("grid-1", "grid member", 1, "V1", "sms", "13900000001")
TOWN_LEADER = ChainPost("town-1", "township leader", 2, "T", "sms", "13900000002")


def network(doors: tuple[int, int] = (3, 2), channel: str = "sms") -> Network:
    """Villages V1 and V2 with that many doors; door n of V1 is ``V1-Hn`` at ``1380000n``."""
    codes = [f"V{v + 1}-H{n}" for v, count in enumerate(doors) for n in range(count)]
    nothing = np.zeros(0)
    return Network(
        stations=Stations((), nothing, nothing, np.zeros(0, np.int32), nothing > 0, nothing > 0),
        villages=Villages(
            ("V1", "V2"), ("上村", "下村"), ("T", "T"), ("C", "C"), np.zeros(2), np.zeros(2), (None, None)
        ),
        households=Households(
            tuple(codes),
            (channel,) * len(codes),
            tuple(f"1380000{n}" for n in range(len(codes))),
            np.cumsum([0, *doors]).astype(np.int32),
        ),
        chain=(GRID_MEMBER, TOWN_LEADER),
    )


def warning_message(
    village: int = 0,
    version: int = 1,
    level: Level = Level.ORANGE,
    status: MessageStatus = MessageStatus.ACTUAL,
) -> WarningMessage:
    """Version `version` of the flash flood warning of a village."""
    warning = f"ws.V{village + 1}.flash_flood.20231114T221320Z"
    return WarningMessage(
        identifier=f"{warning}.{version}",
        warning=warning,
        version=version,
        village=village,
        hazard="flash_flood",
        level=level,
        previous=Level.NONE,
        msg_type=MessageType.ALERT if version == 1 else MessageType.UPDATE,
        status=status,
        cause=Cause.FIRST if version == 1 else Cause.RAISED,
        sent_s=SENT_S + version,
        crossed_at_s=SENT_S,
        onset_s=SENT_S,
        expires_s=SENT_S + 21_600,
        reason=None,
        blind=False,
        references=(),
    )


def bulletin(
    village: int = 0,
    n: int = 1,
    level: Level = Level.ORANGE,
    status: MessageStatus = MessageStatus.ACTUAL,
    action: Action = Action.LEAVE,
    cause: BulletinCause = BulletinCause.RAISED,
) -> Bulletin:
    """Bulletin `n` to the doors of a village."""
    return Bulletin(
        identifier=f"ws.V{village + 1}.20231114T221320Z.{n}",
        village=village,
        opened_s=SENT_S,
        n=n,
        issued_s=SENT_S + n,
        action=action,
        worst=level,
        standing=(Standing("flash_flood", level, status),) if level else (),
        ended=() if level else ("flash_flood",),
        cause=cause,
        status=status,
        evidence=None,
        has_moved=True,
    )


def digest(
    post: ChainPost,
    n: int = 1,
    village: int = 0,
    level: Level = Level.ORANGE,
    status: MessageStatus = MessageStatus.ACTUAL,
) -> Digest:
    """Digest `n` of a post, about one village."""
    series = f"ws.@post.{post.post}.20231114T221320Z"
    line = DigestLine(village, level, True, (("flash_flood", level),), (("flash_flood", Cause.RAISED),), ())
    owed = tuple(int(reached == level) for reached in Level)
    return Digest(
        identifier=f"{series}.{n}",
        post=post.post,
        series=series,
        opened_s=SENT_S,
        n=n,
        issued_s=SENT_S + n,
        answer_by_s=SENT_S + 600,
        status=status,
        level=level,
        owed=owed,  # type: ignore[arg-type]
        lines=(line,),
        helps=(),
        more=0,
        tries=0,
    )


ACTION_OF = {
    Level.NONE: Action.CLEAR,
    Level.BLUE: Action.WATCH,
    Level.YELLOW: Action.READY,
    Level.ORANGE: Action.LEAVE,
    Level.RED: Action.LEAVE,
}


def told(*messages: WarningMessage, posts: tuple[ChainPost, ...] = ()) -> Effects:
    """Effects that tell every household of the messages' villages as much, and call the posts."""
    return Effects(
        messages=list(messages),
        bulletins=[
            bulletin(
                message.village,
                message.version,
                message.level,
                message.status,
                ACTION_OF[message.level],
            )
            for message in messages
        ],
        digests=[
            digest(post, message.version, message.village, message.level, message.status)
            for message in messages
            for post in posts
        ],
    )


def sent(keys: Iterable[str]) -> dict[str, Settlement]:
    """The channel took them."""
    return dict.fromkeys(keys, Settlement(Signal.SENT))


def again(keys: Iterable[str], retry_at: float, reason: str = "") -> dict[str, Settlement]:
    """An attempt failed; the next follows at a time."""
    return dict.fromkeys(keys, Settlement(Signal.DEFERRED, retry_at, reason))


def given_up(keys: Iterable[str], reason: str = "") -> dict[str, Settlement]:
    """Refused for good."""
    return dict.fromkeys(keys, Settlement(Signal.GIVEN_UP, reason=reason))


def rendered(
    one: WarningMessage | Bulletin | Digest,
) -> RenderedMessage | RenderedBulletin | RenderedDigest:
    """Short texts and just enough of a CAP document, or of the record of a bulletin or digest."""
    if isinstance(one, Digest):
        record = msgspec.json.encode({"digest": one.identifier})
        return RenderedDigest(one, "V1", record, f"请应答，第{one.n}次", f"Answer, number {one.n}")
    code = f"V{one.village + 1}"
    if isinstance(one, Bulletin):
        standing = [{"hazard": stands.hazard, "level": stands.level.word} for stands in one.standing]
        record = msgspec.json.encode(
            {
                "n": one.n,
                "status": one.status,
                "standing": standing,
                "ended": one.ended,
                "cause": one.cause,
                "people_were_asked_to_go": one.has_moved,
            }
        )
        return RenderedBulletin(one, code, record, f"马上走，第{one.n}次", f"Go now, number {one.n}")
    return RenderedMessage(
        message=one,
        village_code=code,
        cap_xml=f"<alert><status>{one.status}</status></alert>",
        text_zh=f"立即转移，版本{one.version}",
        text_en=f"Move now, version {one.version}",
    )


def outgoing_message(
    status: MessageStatus = MessageStatus.ACTUAL,
    kind: RecipientKind = RecipientKind.HOUSEHOLD,
    text_en: str = "Move now",
    address: str = "13800000",
    number: int = 0,
) -> OutgoingMessage:
    """A message as channels get it."""
    warning = "ws.V1.flash_flood.20231114T221320Z"
    recipient = "V1" if kind is RecipientKind.VILLAGE else f"V1-H{number}"
    return OutgoingMessage(
        key=f"{warning}.1|{recipient}|sms",
        message=f"{warning}.1",
        warning=warning,
        msg_type="Alert",
        status=status,
        hazard="flash_flood",
        level=Level.RED,
        village="V1",
        recipient=recipient,
        kind=kind,
        address=address,
        sent_s=SENT_S,
        expires_s=SENT_S + 3_600,
        answer_by_s=0,
        token="t" * 24,
        text_zh="立即转移",
        text_en=text_en,
        cap_xml=f"<alert><status>{status}</status></alert>",
    )
