"""What two boxes say to each other.

Whoever connects says `Hello` first and is answered with one. A box that stands by
then says `Follow` and is sent `Entries` until the line breaks; it confirms what it
has on disk. A box that leads connects only to see whether the other one leads, too.
"""

import msgspec

VERSION = 2
"""Of this list and of the entries themselves; boxes of different versions refuse each other."""

WITNESS = "witness"
"""Name and role of the third machine, and the common name of its certificate."""

LEADS, STANDS_BY, ASKS = "leads", "standby", "asks"
"""Roles: it leads; it follows, or waits for a person; it starts and does not know yet."""


class Message(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Anything that is said; its name goes first on the wire."""


class Hello(Message, frozen=True, tag=True):
    """Who one is, and how far one's log goes.

    Attributes
    ----------
    version : int
    box, node : str
        Name of the box, and of the node that both are.
    role : str
    term : int
        Every leadership has a higher one than those before; 0 before the first.
    configuration, software : str
        Fingerprint of the configuration, version of the software.
    log : str
        Identity of the log; empty before there was one.
    last : int
        Newest entry on disk.
    digest : str
        Of the entries up to that one (`warnstream.adapters.standby.digest`).
    url : str
        Where its HTTP interface is found; may be empty.
    """

    version: int
    box: str
    node: str
    role: str
    term: int
    configuration: str
    software: str
    log: str
    last: int
    digest: str
    url: str = ""


class Follow(Message, frozen=True, tag=True):
    """Send me what comes after my last entry, or a whole state where that is gone."""


class Refused(Message, frozen=True, tag=True):
    """Why nothing is sent; `code` says what kind of reason.

    ``configuration``: other files or another version. ``log``: the two logs differ, they have `common`
    entries in common (-1: not known). ``role``: it does not lead.
    """

    code: str
    text: str
    common: int = -1


class Sowing(Message, frozen=True, tag=True):
    """A whole state follows in parts: it holds every entry up to `after`; names and bytes of its files."""

    after: int
    files: list[tuple[str, int]]


class Part(Message, frozen=True, tag=True):
    """Some bytes of a file of a state, in order; the file that it belongs to is the one whose turn it is."""

    content: bytes


class Entries(Message, frozen=True, tag=True):
    """Entries of the log from `first` on, (kind, payload); none: a sign of life.

    `settled` is the newest entry of which everything that it led to is in the log, no later than here.
    """

    first: int
    settled: int
    term: int
    entries: list[tuple[str, bytes]]


class Confirm(Message, frozen=True, tag=True):
    """Every entry up to `last` is on my disk."""

    last: int


class Trouble(Message, frozen=True, tag=True):
    """I cannot keep what you send, and why; I try again."""

    text: str


class HandOver(Message, frozen=True, tag=True):
    """Somebody wants me to lead: stop, please."""


class HandedOver(Message, frozen=True, tag=True):
    """I lead no more; `last` is the last entry that I wrote."""

    last: int


class Offer(Message, frozen=True, tag=True):
    """A configuration that later entries are of: the manifest of its bundle (JSON). Hold and load it."""

    manifest: bytes


class Lacks(Message, frozen=True, tag=True):
    """I do not have the bundle of this number: its content, please."""

    number: int


class BundlePart(Message, frozen=True, tag=True):
    """Some bytes of the bundle that was asked for, in order of its files."""

    number: int
    content: bytes


class Holds(Message, frozen=True, tag=True):
    """I have the bundle of this number on disk and can go by it; or why I cannot."""

    number: int
    digest: str
    fault: str = ""


class Secret(Message, frozen=True, tag=True):
    """What my answer links and tokens are proven with: those that I sent have to open on your side, too."""

    content: bytes


class DrillsHeld(Message, frozen=True, tag=True):
    """Logs of drills that I have: newest entry of each folder, and its digest."""

    folders: dict[str, tuple[int, str]]


class DrillEntries(Message, frozen=True, tag=True):
    """Entries of the log of a drill, from a number on; from 1 on it begins anew."""

    folder: str
    first: int
    entries: list[tuple[str, bytes]]


class DrillsKept(Message, frozen=True, tag=True):
    """I have the log of a drill up to an entry; 0: I could not keep it."""

    folder: str
    last: int


class LeaseAsk(Message, frozen=True, tag=True):
    """To the witness: I want to lead in this term (0: nothing is wanted), for so many seconds.

    `is_given`: the box that led has stopped, and has said so to me.
    """

    term: int
    lasts_s: float
    is_given: bool = False


class LeaseSaid(Message, frozen=True, tag=True):
    """The witness: whether it lends that; the latest term that it lent, to whom, how long it is held."""

    is_lent: bool
    term: int
    holder: str
    left_s: float
    trouble: str = ""


AnyMessage = (
    Hello
    | Follow
    | Refused
    | Sowing
    | Part
    | Entries
    | Confirm
    | Trouble
    | HandOver
    | HandedOver
    | Offer
    | Lacks
    | BundlePart
    | Holds
    | Secret
    | DrillsHeld
    | DrillEntries
    | DrillsKept
    | LeaseAsk
    | LeaseSaid
)
