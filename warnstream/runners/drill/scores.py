"""What came of a drill, from its log alone: per village who answered, after how long, and how many doors did.

``scores.json``, version `SCHEMA_VERSION`: times are ISO 8601 in UTC, durations seconds, null where something
did not happen. The same log gives the same bytes.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.model.times import iso_utc
from warnstream.runners.drill.entries import BEGUN, OVER, Begun, Over, decode_begun, decode_over
from warnstream.runners.drill.folders import SCORES, drill_folders, entries_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.history_entries import ISSUED, Issued, decode_issued

SCHEMA_VERSION = 1
"""Counts up when a member changes its meaning or goes; new members do not count."""


class PostScore(msgspec.Struct, frozen=True):
    """A post that owed an answer for a village: when it was asked first, and after how long it answered.

    `spot_check`: whether the code that a digest carried was repeated; None: no digest carried one.
    """

    post: str
    asked: str
    answered_after_s: int | None
    reminders: int
    spot_check: bool | None


class VillageScore(msgspec.Struct, frozen=True):
    """A village: why the drill ended there, its posts, and how many of its doors have answered."""

    village: str
    name: str
    first_told: str | None
    ended: str | None
    ended_why: str | None
    doors: int
    doors_answered: int
    share_answered: float | None
    first_answer_after_s: int | None
    calls_for_help: int
    posts: list[PostScore]


class DrillScores(msgspec.Struct, frozen=True):
    """A drill."""

    schema: int
    drill: str
    author: str
    reason: str
    announced: bool
    begun: str
    villages: list[VillageScore]


@dataclass(slots=True)
class _Asked:
    at_s: int
    answered_s: int | None = None
    reminders: int = 0
    codes: set[str] = field(default_factory=set)
    repeated: bool = False


@dataclass(slots=True)
class _Village:
    told_s: int | None = None
    over: Over | None = None
    doors: dict[str, int] = field(default_factory=dict)
    helps: set[str] = field(default_factory=set)
    posts: dict[str, _Asked] = field(default_factory=dict)


class _Fold:
    """What the log says, entry by entry."""

    def __init__(self) -> None:
        self.begun: Begun | None = None
        self.now_s = -1
        self.villages: dict[str, _Village] = {}
        self._of_digest: dict[str, tuple[str, list[str]]] = {}
        self._of_bulletin: dict[str, str] = {}

    def take(self, kind: str, payload: bytes) -> None:
        """The next entry. ValueError if it cannot be read."""
        if kind == BEGUN:
            self.begun = decode_begun(payload)
            self.now_s = self.begun.at_s
            self.villages = {code: _Village() for code in self.begun.order.villages}
        elif kind == OVER:
            said = decode_over(payload)
            for code in said.villages:
                self._village(code).over = self._village(code).over or said
        elif kind == entries.TICK:
            self.now_s = entries.decode_tick(payload)
        elif kind == entries.ANSWER:
            said_of = msgspec.msgpack.decode(payload, type=entries.AnswerEntry)
            self._answer(said_of)
        elif kind == entries.REPORT:
            report = entries.decode_report(payload)
            if report.code:
                self._repeat(report.message, report.sender, report.code)
        elif kind == ISSUED:
            self._issued(decode_issued(payload))

    def _village(self, code: str) -> _Village:
        return self.villages.setdefault(code, _Village())

    def _issued(self, issued: Issued) -> None:
        for code, bulletin in issued.bulletins:
            village = self._village(code)
            village.told_s = bulletin.issued_s if village.told_s is None else village.told_s
            self._of_bulletin[bulletin.identifier] = code
        for digest in issued.digests:
            owed = [
                issued.digest_villages[line.village]
                for line in digest.lines
                if line.needs_answer and line.village in issued.digest_villages
            ]
            self._of_digest[digest.identifier] = digest.post, owed
            for code in owed:
                asked = self._village(code).posts.setdefault(digest.post, _Asked(digest.issued_s))
                asked.reminders = max(asked.reminders, digest.tries)
                asked.codes |= {digest.code} if digest.code else set()

    def _answer(self, said: entries.AnswerEntry) -> None:
        post, villages = self._of_digest.get(said.message, ("", []))
        for code in villages if post == said.recipient else ():
            asked = self._village(code).posts[post]
            asked.answered_s = self.now_s if asked.answered_s is None else asked.answered_s
        if (place := self._of_bulletin.get(said.message)) is not None:
            village = self._village(place)
            village.doors.setdefault(said.recipient, self.now_s)
            if said.answer.value == "need_help":
                village.helps.add(said.recipient)

    def _repeat(self, message: str, sender: str, code: str) -> None:
        post, villages = self._of_digest.get(message, ("", []))
        for place in villages if post == sender else ():
            asked = self._village(place).posts[post]
            asked.repeated = asked.repeated or code in asked.codes


def scores_of(folder: Path, configuration: Configuration) -> DrillScores:
    """What came of the drill of a folder so far; doors are counted as the register has them now.

    Raises
    ------
    StoreError, ValueError
        If its log cannot be read, or is of no drill.
    """
    fold = _Fold()
    for _, kind, payload in entries_of(folder):
        fold.take(kind, payload)
    if fold.begun is None:
        raise ValueError(f"{folder}: the log is of no drill")
    order = fold.begun.order
    villages = [_village_score(code, village, configuration) for code, village in fold.villages.items()]
    return DrillScores(
        SCHEMA_VERSION,
        order.identifier,
        order.author,
        order.reason,
        order.is_announced,
        iso_utc(fold.begun.at_s),
        villages,
    )


def _village_score(code: str, village: _Village, configuration: Configuration) -> VillageScore:
    network = configuration.network
    number = network.villages.index_of_code().get(code)
    doors = len(network.households.of_village(number)) if number is not None else 0
    first = min(village.doors.values(), default=None)
    told_s = village.told_s
    return VillageScore(
        village=code,
        name=network.villages.name[number] if number is not None else code,
        first_told=iso_utc(told_s) if told_s is not None else None,
        ended=iso_utc(village.over.at_s) if village.over else None,
        ended_why=village.over.why if village.over else None,
        doors=doors,
        doors_answered=len(village.doors),
        share_answered=round(len(village.doors) / doors, 4) if doors else None,
        first_answer_after_s=first - told_s if first is not None and told_s is not None else None,
        calls_for_help=len(village.helps),
        posts=[_post_score(post, asked) for post, asked in sorted(village.posts.items())],
    )


def _post_score(post: str, asked: _Asked) -> PostScore:
    after_s = None if asked.answered_s is None else asked.answered_s - asked.at_s
    return PostScore(
        post, iso_utc(asked.at_s), after_s, asked.reminders, asked.repeated if asked.codes else None
    )


def write_scores(path: Path, scores: DrillScores) -> None:
    """Keep scores, whole or not at all. StoreError if the disk refuses."""
    unfinished = path.with_suffix(".unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(scores)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})", retryable=True) from error


def kept_scores(storage: Path) -> Iterator[DrillScores]:
    """Scores of every drill that is over, newest first; what cannot be read is passed over."""
    for folder in drill_folders(storage):
        try:
            yield msgspec.json.decode((folder / SCORES).read_bytes(), type=DrillScores)
        except (OSError, msgspec.MsgspecError):
            continue


def last_drills(storage: Path) -> dict[str, str]:
    """Of each village (code) the begin of the last drill in which it was told something, ISO 8601 in UTC."""
    found: dict[str, str] = {}
    for scores in kept_scores(storage):
        for village in scores.villages:
            if village.first_told is not None or village.posts:
                found.setdefault(village.village, scores.begun)
    return found
