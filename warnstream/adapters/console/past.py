"""What a node says of the past of a village, and of what people have done, as MessagePack in a `Reply`."""

import msgspec

from warnstream.model.changes import Reason


class VersionFacts(msgspec.Struct, frozen=True):
    """One message of a warning as it was issued; `cap` is its CAP document."""

    identifier: str
    warning: str
    version: int
    hazard: str
    level: int
    previous: int
    msg_type: str
    status: str
    cause: str
    sent_s: int
    crossed_s: int
    expires_s: int
    by_hand: bool
    confirmed: bool
    reason: Reason | None
    text_zh: str
    text_en: str
    cap: str


class BulletinFacts(msgspec.Struct, frozen=True):
    """What the doors of a village were told, and how many of them: to be told, sent, delivered, answered."""

    identifier: str
    issued_s: int
    action: str
    level: int
    text_zh: str
    text_en: str
    addressed: int = 0
    sent: int = 0
    delivered: int = 0
    answered: int = 0
    unreachable: int = 0


class DigestFacts(msgspec.Struct, frozen=True):
    """What a post was told of the village; times by the machine's clock, -1: not, or not yet."""

    post: str
    channel: str
    issued_s: int
    level: int
    text_zh: str
    text_en: str
    sent_at: float = -1.0
    delivered_at: float = -1.0
    answered_at: float = -1.0


class LineFacts(msgspec.Struct, frozen=True):
    """A line of the audit: number of its entry, when it was written (UTC), its kind and what it says."""

    entry: int
    time: str
    kind: str
    content: dict[str, object]


class PastFacts(msgspec.Struct, frozen=True):
    """The past of one village, each list newest first; `is_whole`: nothing was left out of them."""

    village: str
    versions: list[VersionFacts]
    bulletins: list[BulletinFacts]
    digests: list[DigestFacts]
    acts: list[LineFacts]
    is_whole: bool = True


class RecordFacts(msgspec.Struct, frozen=True):
    """Lines of the audit, newest first; `is_whole` False: it has older ones that were not looked at."""

    lines: list[LineFacts]
    is_whole: bool = True


encode_past = msgspec.msgpack.Encoder().encode
decode_past = msgspec.msgpack.Decoder(PastFacts).decode
encode_record = msgspec.msgpack.Encoder().encode
decode_record = msgspec.msgpack.Decoder(RecordFacts).decode
