"""Entries of what a node did, not what it was sent: configurations, messages issued, entries set aside.

``configuration``: from here on the node runs with these files. ``issued``: a step
asked for these messages, and left these warnings. Both are the history that a
restart continues from: readings are judged again to know the *state*, but what
people were told is never worked out again. ``set_aside``: an entry that could
not be judged, and is not tried again.
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
from msgspec import structs

from warnstream.desk import Case, VillageCase, WarningDesk
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Effects
from warnstream.model.network import Network, Villages
from warnstream.model.rules.rules import HazardRule
from warnstream.model.warning import MessageStatus, WarningMessage

Content = TypeVar("Content")

CONFIGURATION = "configuration"
ISSUED = "issued"
SET_ASIDE = "set_aside"

_in_order = msgspec.msgpack.Encoder(order="deterministic").encode
"""Sets and names in their own order, whatever a process has them in."""


class VillageRow(msgspec.Struct, frozen=True, array_like=True):
    """A village as messages name it; `was` are codes that it had before."""

    code: str
    name: str
    township: str
    county: str
    latitude: float
    longitude: float
    polygon_wkt: str | None
    was: tuple[str, ...] = ()


class HazardRow(msgspec.Struct, frozen=True, array_like=True):
    """A hazard as messages name it."""

    name: str
    title_zh: str
    title_en: str


class ConfigurationEntry(msgspec.Struct, frozen=True):
    """A configuration as the log knows it.

    Attributes
    ----------
    fingerprint : str
        Hash of all its files.
    version : str
        Of the software.
    at_s : int
        Wall clock of the start.
    status : MessageStatus
        What came in while it was Exercise never counts for real warnings.
    villages, hazards
        Names, so that a warning of a row that was removed can be told to its end.
    bundle : int
        Number of the bundle that holds its files; 0: none does.
    is_live : bool
        A running node changed over to it: what came before the entry was judged by the one before.
    asks_posts : bool
        Posts are asked anew, because something of theirs has changed.
    posts_were, hazards_were : dict of str to str
        By a code that a post had before, its code then; by the name of a hazard likewise.
    """

    fingerprint: str
    version: str
    at_s: int
    status: MessageStatus
    villages: list[VillageRow]
    hazards: list[HazardRow]
    bundle: int = 0
    is_live: bool = False
    asks_posts: bool = True
    posts_were: dict[str, str] = {}
    hazards_were: dict[str, str] = {}

    def is_same_as(self, other: "ConfigurationEntry | None") -> bool:
        """Whether both judge the same way: the same files, read by the same software."""
        return other is not None and (self.fingerprint, self.version) == (other.fingerprint, other.version)


class ChangeHead(msgspec.Struct, frozen=True):
    """Of a `ConfigurationEntry` what is done by it; the names take a county milliseconds to decode."""

    at_s: int
    is_live: bool = False
    asks_posts: bool = True


class _Configured(msgspec.Struct, frozen=True):
    fingerprint: str


class Issued(msgspec.Struct, frozen=True):
    """What one step issued.

    Attributes
    ----------
    of : int
        Number of the entry that caused the step.
    step : int
        Which of that entry's steps it was, from 0.
    messages : list of (str, WarningMessage)
        With the code of the village, whose number may change.
    cases : list of (str, Case)
        The warnings concerned, and who knows of them, after the step.
    bulletins : list of (str, Bulletin)
        What doors were to have, with the code of the village.
    voices : list of VillageVoice
        What the doors of the villages concerned know, after the step.
    digests : list of Digest
        What posts were to have.
    digest_villages : dict of int to str
        Codes of the villages that the digests name, by their number then.
    """

    of: int
    step: int
    messages: list[tuple[str, WarningMessage]]
    cases: list[tuple[str, Case]]
    bulletins: list[tuple[str, Bulletin]] = []
    voices: list[VillageVoice] = []
    digests: list[Digest] = []
    digest_villages: dict[int, str] = {}

    def digests_now(self, network: Network) -> list[Digest]:
        """Digests by the numbers and codes of now; villages that are gone are left out."""
        number, posts = network.villages.index_of_name(), network.posts_were
        now = {then: number[code] for then, code in self.digest_villages.items() if code in number}
        found = []
        for digest in self.digests:
            lines = [replace(line, village=now[line.village]) for line in digest.lines if line.village in now]
            helps = [replace(call, village=now[call.village]) for call in digest.helps if call.village in now]
            post = posts.get(digest.post, digest.post)
            found.append(replace(digest, post=post, lines=tuple(lines), helps=tuple(helps)))
        return found

    @property
    def village_cases(self) -> list[VillageCase]:
        """The cases as the desk adopts them."""
        return [VillageCase(*pair) for pair in self.cases]


class SetAside(msgspec.Struct, frozen=True):
    """An entry that could not be judged, and why."""

    entry: int
    error: str


def issued_of(cause: int, step: int, effects: Effects, desk: WarningDesk, codes: Sequence[str]) -> Issued:
    """What a step of an entry asks for, and what the desk knows after it; `codes` are of villages."""
    return Issued(
        cause,
        step,
        [(codes[message.village], message) for message in effects.messages],
        [(case.village, case.case) for case in desk.cases_of(effects)],
        [(codes[bulletin.village], bulletin) for bulletin in effects.to_doors],
        desk.voices_of(effects),
        effects.digests,
        {village: codes[village] for digest in effects.digests for village in sorted(digest.villages)},
    )


def village_rows(villages: Villages) -> list[VillageRow]:
    """What messages say of every village."""
    columns = (
        villages.code,
        villages.name,
        villages.township,
        villages.county,
        villages.latitude.tolist(),
        villages.longitude.tolist(),
        villages.polygon_wkt,
    )
    rows = [VillageRow(*row) for row in zip(*columns, strict=True)]
    before = villages.codes_before()
    return [structs.replace(row, was=before.get(row.code, ())) for row in rows] if before else rows


def hazard_rows(rules: tuple[HazardRule, ...]) -> list[HazardRow]:
    """What messages say of every hazard."""
    return [HazardRow(rule.name, rule.title_zh, rule.title_en) for rule in rules]


def encode(entry: ConfigurationEntry | Issued | SetAside) -> bytes:
    """Payload of an entry: equal content gives equal bytes in every process."""
    content: object = entry
    if isinstance(entry, Issued):  # its voices have sets, whose order is another one in every process
        content = msgspec.structs.replace(entry, voices=msgspec.Raw(_in_order(entry.voices)))
    return zlib.compress(msgspec.msgpack.encode(content), level=1)


def decode_configuration(payload: bytes) -> ConfigurationEntry:
    """Content of a `CONFIGURATION` entry. ValueError if it is none."""
    return _decode(payload, ConfigurationEntry)


def decode_change(payload: bytes) -> ChangeHead:
    """What is done by a `CONFIGURATION` entry. ValueError if it is none."""
    return _decode(payload, ChangeHead)


def decode_configured(payload: bytes) -> str:
    """Fingerprint in a `CONFIGURATION` entry. ValueError if it is none."""
    return _decode(payload, _Configured).fingerprint


def decode_issued(payload: bytes) -> Issued:
    """Content of an `ISSUED` entry. ValueError if it is none."""
    return _decode(payload, Issued)


class _IssuedBulletins(msgspec.Struct):
    """Of an `Issued` what doors are told."""

    of: int
    bulletins: list[tuple[str, Bulletin]] = []


def decode_issued_bulletins(payload: bytes) -> tuple[int, list[tuple[str, Bulletin]]]:
    """Of an `ISSUED` entry its cause, and the bulletins with the codes of their villages. ValueError."""
    found = _decode(payload, _IssuedBulletins)
    return found.of, found.bulletins


def decode_set_aside(payload: bytes) -> SetAside:
    """Content of a `SET_ASIDE` entry. ValueError if it is none."""
    return _decode(payload, SetAside)


def _decode(payload: bytes, kind: type[Content]) -> Content:
    try:
        return msgspec.msgpack.decode(zlib.decompress(payload), type=kind)
    except (msgspec.MsgspecError, zlib.error) as error:
        raise ValueError(f"not a {kind.__name__} entry: {error}") from None
