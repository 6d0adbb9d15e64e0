"""What a node says of one village, as MessagePack in a `Reply`: numbers and reasons, no words of its own."""

import msgspec

from warnstream.model.changes import Reason


class HazardFacts(msgspec.Struct, frozen=True):
    """One hazard that stands.

    `level` is in force, `found` the machine's own; `bound` is ``floor`` or ``ceiling`` where a person has
    ordered it, until `bound_until_s`. `reason` is what is measured now or, where that gives no level any
    more, what was measured when it was last told (`is_now` False).
    """

    hazard: str
    level: int
    found: int
    state: str
    since_s: int
    expires_s: int
    reason: Reason | None
    is_now: bool
    bound: str
    bound_by: str
    bound_until_s: int


class PostFacts(msgspec.Struct, frozen=True):
    """One post; `state` is waiting, asked, overdue or answered, `due_s` when its answer is due."""

    post: str
    role: str
    rank: int
    state: str
    due_s: int


class WordsFacts(msgspec.Struct, frozen=True):
    """The village's newest bulletin, as its doors got it."""

    identifier: str
    issued_s: int
    text_zh: str
    text_en: str


class WaitFacts(msgspec.Struct, frozen=True):
    """What the doors wait for; `due_s` -1: it does not go out by itself."""

    action: str
    hazard: str
    level: int
    since_s: int
    due_s: int


class HelpFacts(msgspec.Struct, frozen=True):
    """An open call for help; `caller` is the code of a door or post, `assigned` who has it."""

    help: str
    caller: str
    opened_s: int
    assigned: str
    heads: int


class VillageFacts(msgspec.Struct, frozen=True):
    """Everything of one village at one moment of the engine.

    `seen` changes with everything of it that an officer acts on: warnings, what waits, calls for help.
    """

    village: str
    now_s: int
    hazards: list[HazardFacts]
    posts: list[PostFacts]
    words: WordsFacts | None
    waits: WaitFacts | None
    is_dry: bool
    seen: str = ""
    helps: list[HelpFacts] = []


encode_facts = msgspec.msgpack.Encoder().encode
decode_facts = msgspec.msgpack.Decoder(VillageFacts).decode
