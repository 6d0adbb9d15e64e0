"""Who was told, asked and heard: doors of each bulletin, posts of each digest, and how long it took."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from warnstream.adapters.outbox.reader import SentToPost
from warnstream.delivery.ledger.facts import DoorOutcome
from warnstream.delivery.ledger.states import Result
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.network import Network
from warnstream.review.record.links import Passage
from warnstream.review.record.masking import Names
from warnstream.review.record.model import Asked, BulletinRecord, NeverAnswered
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.afterwards.told import OfDoors, OfPost, Told

STRONGEST = (Answer.NEED_HELP, Answer.SAFE, Answer.MOVING, Answer.ACKNOWLEDGED)
"""Of several answers of one door the first of these counts."""

_GOT = frozenset({Result.SENT, Result.DELIVERED})

UNTRIED = "untried"
"""What became of a door of which no attempt is recorded."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post as chain.csv has it."""

    role: str
    rank: int
    area: str


@dataclass(slots=True)
class _OneDoor:
    """What became of one bulletin at one door."""

    channel: str = ""
    sent_s: int | None = None
    delivered_s: int | None = None
    last: Result | None = None

    def take(self, outcome: DoorOutcome) -> None:
        self.channel, self.last = outcome.channel, outcome.result
        if outcome.result is Result.SENT and self.sent_s is None:
            self.sent_s = outcome.at_s
        if outcome.result is Result.DELIVERED and self.delivered_s is None:
            self.delivered_s = outcome.at_s

    @property
    def is_told(self) -> bool:
        return (
            self.sent_s is not None or self.delivered_s is not None
        ) and self.last is not Result.UNDELIVERED

    @property
    def first_s(self) -> int | None:
        return self.delivered_s if self.sent_s is None else self.sent_s


@dataclass(slots=True)
class _DoorsOf:
    """What became of one bulletin, by door."""

    bulletin: Bulletin
    written_at: float
    doors: dict[str, _OneDoor] = field(default_factory=dict)


class People:
    """Doors and posts of a scope.

    Parameters
    ----------
    told : Told
    scope : Scope
    network : Network
        Register and chain as they were.
    names : Names
    sent_to_posts : iterable of SentToPost
        Of the outbox: when digests were sent.
    """

    def __init__(
        self,
        told: Told,
        scope: Scope,
        network: Network,
        names: Names,
        sent_to_posts: Iterable[SentToPost],
    ) -> None:
        self._scope, self._network, self._names = scope, network, names
        self._number = network.villages.index_of_name()
        self._post: dict[str, Post] = {}
        for row in sorted(network.chain, key=lambda post: post.rank):
            self._post.setdefault(row.post, Post(row.role, row.rank, row.area))
        self._answers = _by_recipient(told.answers)
        self._bulletins = self._doors_of(told)
        self._digests = _by_post(told, scope)
        self._sent = list(sent_to_posts)
        of_posts = [digest for digests in self._digests.values() for digest in digests]
        self._issued_s = {issued.digest.identifier: issued.digest.issued_s for issued in of_posts}
        self._demands: dict[str, list[tuple[Digest, str]]] = {}
        for issued in of_posts:
            for line in issued.digest.lines:
                if line.needs_answer:
                    demand = issued.digest, line.level.word
                    self._demands.setdefault(issued.code_of[line.village], []).append(demand)

    def villages(self) -> set[str]:
        """Whose doors were told something, or for whom a post was told or asked something."""
        of_posts = {
            digest.code_of[line.village]
            for digests in self._digests.values()
            for digest in digests
            for line in digest.digest.lines
        }
        return {code for code in {*self._bulletins, *of_posts} if self._scope.has(code)}

    def concerned(self) -> frozenset[str]:
        """Codes of the villages asked about, their doors and objects, the posts that answer for them."""
        villages = self._scope.villages or frozenset()
        found = {*villages}
        for village in villages & self._number.keys():
            found.update(self.doors(village))
            found.update(post.post for post in self._network.posts_of_village(self._number[village]))
        of_villages = {self._number[village] for village in villages & self._number.keys()}
        found.update(listed.code for listed in self._network.objects if listed.village in of_villages)
        return frozenset(found)

    def doors(self, village: str) -> tuple[str, ...]:
        """Codes of the doors of a village."""
        number = self._number.get(village)
        if number is None:
            return ()
        codes, rows = self._network.households.code, self._network.households.of_village(number)
        return codes[rows.start : rows.stop]

    def bulletins(self, village: str) -> tuple[BulletinRecord, ...]:
        """What the doors of a village were told in the scope, oldest first."""
        return tuple(self._bulletin(village, issued) for issued in self._bulletins.get(village, ()))

    def _bulletin(self, village: str, one: _DoorsOf) -> BulletinRecord:
        doors = one.doors.values()
        told = [door for door in doors if door.is_told]
        first_s = [door.first_s for door in told if door.first_s is not None]
        n_doors = max(len(self.doors(village)), len(one.doors))
        return BulletinRecord(
            issued_s=one.bulletin.issued_s,
            action=str(one.bulletin.action),
            level=one.bulletin.worst.word,
            cause=str(one.bulletin.cause),
            doors=n_doors,
            sent=len(told),
            delivered=sum(door.delivered_s is not None for door in doors),
            failed=len(one.doors) - len(told),
            untried=n_doors - len(one.doors),
            first_sent_s=min(first_s, default=None),
            last_sent_s=max(first_s, default=None),
        )

    def unreached(self, village: str) -> tuple[tuple[str, str], ...]:
        """Doors to which nothing came of what asks them to do something, and why."""
        asking = [issued for issued in self._bulletins.get(village, ()) if not issued.bulletin.action.is_end]
        if not asking:
            return ()
        found = []
        for door in self.doors(village):
            tried = [issued.doors[door] for issued in asking if door in issued.doors]
            if not any(attempt.is_told for attempt in tried):
                last = tried[-1].last if tried else None
                found.append((self._names.door(door), UNTRIED if last is None else str(last)))
        return tuple(found)

    def answers_of_doors(self, village: str) -> dict[str, int]:
        """Doors by the strongest answer that they gave to bulletins of the scope; ``none`` for the others."""
        asked = {issued.bulletin.identifier for issued in self._bulletins.get(village, ())}
        counts: dict[str, int] = {}
        for door in self.doors(village) if asked else ():
            said = {answer.answer for answer in self._answers.get(door, ()) if answer.message in asked}
            word = next((str(answer) for answer in STRONGEST if answer in said), "none")
            counts[word] = counts.get(word, 0) + 1
        return counts

    def asked(self, village: str) -> tuple[Asked, ...]:
        """Who was asked for an answer about a village, in the order of the demands."""
        found = [self._asked(digest, level) for digest, level in self._demands.get(village, ())]
        return tuple(sorted(found, key=lambda asked: (asked.at_s, asked.rank, asked.who)))

    def _asked(self, digest: Digest, level: str) -> Asked:
        code, answer = digest.post, self.answer_to(digest)
        known = self._post.get(code, Post("", 0, ""))
        return Asked(
            at_s=digest.issued_s,
            who=self._names.post(code),
            role=known.role,
            rank=known.rank,
            level=level,
            tries=digest.tries,
            answer_by_s=digest.answer_by_s,
            answered_s=None if answer is None else answer.at_s,
            answer="" if answer is None else str(answer.answer),
        )

    def answer_to(self, digest: Digest) -> RecipientAnswer | None:
        """The first answer of a post to a digest, or to a later one of the post."""
        answers = self._answers.get(digest.post, ())
        return next(
            (answer for answer in answers if self._issued_s.get(answer.message, -1) >= digest.issued_s), None
        )

    def never_answered(self) -> tuple[NeverAnswered, ...]:
        """Posts that were asked in the scope, and gave no answer to anything of it; the most asked first."""
        found = []
        for code, digests in self._digests.items():
            demands = [digest for digest in digests if self._asks(digest)]
            if not demands or self.answer_to(demands[0].digest) is not None:
                continue
            known = self._post.get(code, Post("", 0, ""))
            named = {demand.code_of[line.village] for demand in demands for line in demand.digest.lines}
            villages = {village for village in named if self._scope.has(village)}
            found.append(
                NeverAnswered(
                    who=self._names.post(code),
                    role=known.role,
                    rank=known.rank,
                    area=known.area,
                    n_asked=len(demands),
                    first_s=demands[0].digest.issued_s,
                    worst=max(demand.digest.level for demand in demands).word,
                    villages=len(villages),
                )
            )
        return tuple(sorted(found, key=lambda one: (-one.n_asked, one.first_s, one.who)))

    def passages(self) -> Iterator[Passage]:
        """Every passage through the links of sending and answering."""
        for village, bulletins in self._bulletins.items():
            for bulletin in bulletins:
                yield from self._of_doors(village, bulletin)
        yield from self._of_posts()

    def _of_doors(self, village: str, one: _DoorsOf) -> Iterator[Passage]:
        for code, door in one.doors.items():
            who = self._names.door(code)
            sent_s = None if door.first_s is None else max(door.first_s - one.written_at, 0.0)
            yield Passage("written_sent", "door", door.channel, _tenth(sent_s), village, who)
            if door.sent_s is not None and door.delivered_s is not None:
                took_s = float(door.delivered_s - door.sent_s)
                yield Passage("sent_delivered", "door", door.channel, took_s, village, who)

    def _of_posts(self) -> Iterator[Passage]:
        written = {
            issued.digest.identifier: issued for digests in self._digests.values() for issued in digests
        }
        for sent in self._sent:
            digest = written.get(sent.message)
            if digest is None:
                continue
            who = self._names.post(sent.recipient)
            took_s = None if sent.sent_at is None else max(sent.sent_at - digest.written_at, 0.0)
            yield Passage("written_sent", "post", sent.channel, _tenth(took_s), who=who)
            if sent.sent_at is not None and sent.delivered_at is not None:
                yield Passage(
                    "sent_delivered", "post", sent.channel, _tenth(sent.delivered_at - sent.sent_at), who=who
                )
        for code, digests in self._digests.items():
            for issued in digests:
                if self._asks(issued) and not issued.digest.tries:
                    yield self._answered(code, issued)

    def _answered(self, code: str, one: OfPost) -> Passage:
        digest, known = one.digest, self._post.get(code, Post("", 0, ""))
        answer = self.answer_to(digest)
        named = {one.code_of[line.village] for line in digest.lines if line.needs_answer}
        villages = {village for village in named if self._scope.has(village)}
        return Passage(
            "issued_answered",
            "post",
            known.role,
            None if answer is None else float(answer.at_s - digest.issued_s),
            next(iter(villages)) if len(villages) == 1 else "",
            self._names.post(code),
            known.rank,
            answer is not None and answer.at_s > digest.answer_by_s,
        )

    def _asks(self, one: OfPost) -> bool:
        """Whether a digest demands an answer about the scope."""
        if self._scope.villages is None or not one.digest.needs_answer:
            return one.digest.needs_answer
        return any(
            line.needs_answer and self._scope.has(one.code_of[line.village]) for line in one.digest.lines
        )

    @property
    def n_answers(self) -> int:
        """Answers to what was told in the scope."""
        of_doors = {issued.bulletin.identifier for some in self._bulletins.values() for issued in some}
        told = of_doors | self._issued_s.keys()
        return sum(answer.message in told for some in self._answers.values() for answer in some)

    @property
    def n_asked(self) -> int:
        """Posts that were asked for an answer."""
        return sum(any(map(self._asks, digests)) for digests in self._digests.values())

    @property
    def n_digests(self) -> int:
        """Digests of the scope."""
        return sum(map(len, self._digests.values()))

    @property
    def n_bulletins(self) -> int:
        """Bulletins of the scope."""
        return sum(map(len, self._bulletins.values()))

    def _doors_of(self, told: Told) -> dict[str, list[_DoorsOf]]:
        found: dict[str, list[_DoorsOf]] = {}
        by_name: dict[tuple[str, int, int], _DoorsOf] = {}
        for bulletin in sorted(told.bulletins, key=_place):
            if self._scope.has(bulletin.village) and self._scope.holds(bulletin.bulletin.issued_s):
                of = _DoorsOf(bulletin.bulletin, bulletin.written_at)
                found.setdefault(bulletin.village, []).append(of)
                by_name[bulletin.village, bulletin.bulletin.opened_s, bulletin.bulletin.n] = of
        for outcome in told.outcomes:
            at = by_name.get((outcome.village, outcome.opened_s, outcome.n))
            for door in outcome.doors if at is not None else ():
                assert at is not None
                at.doors.setdefault(door, _OneDoor()).take(outcome)
        return found


def _tenth(took_s: float | None) -> float | None:
    """The machine's clock is no better than that here."""
    return None if took_s is None else round(took_s, 1)


def _place(one: OfDoors) -> tuple[int, int]:
    return one.bulletin.opened_s, one.bulletin.n


def _by_recipient(answers: Iterable[RecipientAnswer]) -> Mapping[str, list[RecipientAnswer]]:
    found: dict[str, list[RecipientAnswer]] = {}
    for answer in answers:
        found.setdefault(answer.recipient, []).append(answer)
    return found


def _by_post(told: Told, scope: Scope) -> dict[str, list[OfPost]]:
    """Digests of the scope, each with the lines of its villages alone; posts in the order of their first."""
    found: dict[str, list[OfPost]] = {}
    for digest in told.digests:
        is_asked = any(scope.has(digest.code_of[line.village]) for line in digest.digest.lines)
        if scope.holds(digest.digest.issued_s) and (is_asked or scope.villages is None):
            found.setdefault(digest.digest.post, []).append(digest)
    return found
