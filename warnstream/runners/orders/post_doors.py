"""The doors of a post, and what it says for them: entries of the journal like every answer.

A post may be out of reach for hours and send what it has seen later. What a door has said meanwhile is not
overwritten, and what was said of earlier words is no answer to those that the door has been told since: the
post is told of the conflict. A call for help is ended by nobody here, and one is never too old.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from warnstream.adapters.channels.channel import EXERCISE_MARK_EN, EXERCISE_MARK_ZH, with_exercise_mark
from warnstream.adapters.http.models.post_doors import (
    DOORS_MAX,
    DoorSaid,
    DoorSaidRecord,
    PostDoorRecord,
    PostDoorsRecord,
    PostVillageRecord,
)
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.adapters.ledger.listing import DoorState
from warnstream.adapters.outbox.types import StoredMessage
from warnstream.config.settings import Configuration
from warnstream.delivery.ledger.states import HELP_OPEN, PEOPLE_AFTER, People, Said, after
from warnstream.delivery.texts import clean
from warnstream.desk import WarningDesk
from warnstream.engine import Engine
from warnstream.model.effects import Answer
from warnstream.model.hands.requests import OrderFaultsError
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.times import DAY_S, iso_utc, offset_at
from warnstream.model.transfers.marks import MarkWord
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake import entries
from warnstream.runners.transfers.marking import mark_of

SAID = {
    "heard": Said.ACKNOWLEDGE,
    "moving": Said.MOVE,
    "safe": Said.CLAIM_SAFE,
    "refused": Said.REFUSE,
    "help": Said.CALL,
}
ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "heard": Answer.ACKNOWLEDGED,
        "moving": Answer.MOVING,
        "safe": Answer.SAFE,
        "help": Answer.NEED_HELP,
    }
)


class Situation(Protocol):
    """What is read of the keeper."""

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""

    @property
    def people(self) -> Configuration:
        """With villages of removed rows."""


class Requests(Protocol):
    """Takes entries."""

    def ask_and_wait(self, kind: str, payload: bytes) -> None:
        """Returns once it is durable; StoreError."""


class PostDoors:
    """Doors of posts on one node; any thread may call.

    Parameters
    ----------
    configuration : callable
        The node's, as it is now.
    keeper : Situation
    doors : callable
        The ledger.
    requests : Requests
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        keeper: Situation,
        doors: Callable[[], DoorStore],
        requests: Requests,
    ) -> None:
        self._configuration, self._keeper = configuration, keeper
        self._doors, self._requests = doors, requests

    def of(self, post: str, message: str = "") -> PostDoorsRecord | None:
        """The post's villages and doors; None if there is no such post, or it answers for no village."""
        network, desk = self._keeper.people.network, self._keeper.engine.desk
        villages = villages_of(network, post)
        if not villages:
            return None
        left, found = DOORS_MAX, []
        levels = desk.levels()
        comes = {call.caller: call.assigned for call in desk.chains.calls}
        for village in villages:
            record = self._village(network, desk, village, left, levels.get(village, Level.NONE), comes)
            left -= len(record.doors)
            found.append(record)
        policy, now_s = self._configuration().message, max(desk.now_s, 0)
        return PostDoorsRecord(
            post=post,
            now=iso_utc(now_s),
            utc_offset_s=offset_at(policy.time_zone, now_s),
            exercise=policy.status is MessageStatus.EXERCISE,
            message=message,
            phone=self._configuration().bulletins.phone,
            villages=found,
        )

    def _village(
        self,
        network: Network,
        desk: WarningDesk,
        village: int,
        left: int,
        level: Level,
        comes: Mapping[str, str],
    ) -> PostVillageRecord:
        words, known = self._doors().words_of(village), self._doors().list_of(village)
        status = MessageStatus(words.status) if words else MessageStatus.ACTUAL
        return PostVillageRecord(
            village=network.villages.code[village],
            name=clean(network.villages.name[village]),
            level=int(level),
            bulletin=words.identifier if words else None,
            told=iso_utc(words.sent_s) if words else None,
            over=words is not None and words.level == Level.NONE,
            text_zh=with_exercise_mark(words.text_zh, EXERCISE_MARK_ZH, status) if words else "",
            text_en=with_exercise_mark(words.text_en, EXERCISE_MARK_EN, status) if words else "",
            doors=[_door(door, desk, comes) for door in sorted(known, key=_place)[: max(left, 0)]],
            more=max(len(known) - max(left, 0), 0),
        )

    def say(self, post: str, said: Sequence[DoorSaid]) -> list[DoorSaidRecord]:
        """Take what a post says for its doors; returns once all that is taken is durable. StoreError."""
        network = self._keeper.people.network
        codes = network.villages.code
        own = {codes[village]: village for village in villages_of(network, post)}
        return [self._say(post, tap, own.get(tap.village)) for tap in said]

    def _say(self, post: str, one: DoorSaid, village: int | None) -> DoorSaidRecord:
        if village is None:
            return DoorSaidRecord(one.door, "refused", "", "the village is none of this post's")
        door = next((door for door in self._doors().list_of(village) if door.code == one.door), None)
        words = self._doors().words_of(village)
        if door is None or words is None:
            problem = "there is no such door" if door is None else "its doors have been told nothing"
            return DoorSaidRecord(one.door, "refused", "", problem)
        state, said = _state(door, self._keeper.engine.desk), SAID[one.word]
        if PEOPLE_AFTER[said][1] is state:
            return DoorSaidRecord(one.door, "taken", state.word)  # it was said before, maybe by this tap
        desk, ago_s = self._keeper.engine.desk, min(max(one.ago_s, 0), DAY_S)
        happened_s = max(desk.now_s - ago_s, 0) if ago_s else 0
        reached = after(state, said)
        if (conflict := _conflict(one, words, state, happened_s)) is not None:
            return DoorSaidRecord(one.door, "conflict", state.word, conflict)
        if said is Said.REFUSE:
            return self._refuse(post, one, state)
        answer = ANSWERS[one.word]
        payload = entries.encode_answer(words.identifier, one.door, answer, by=post, happened_s=happened_s)
        self._requests.ask_and_wait(entries.ANSWER, payload)
        return DoorSaidRecord(one.door, "taken", reached.word)

    def _refuse(self, post: str, one: DoorSaid, state: People) -> DoorSaidRecord:
        """That people will not go is a mark of their row: without an open list there is nothing to refuse."""
        desk = self._keeper.engine.desk
        if desk.transfers.row(one.door) is None:
            return DoorSaidRecord(one.door, "refused", state.word, "the door is on no open transfer list")
        try:
            mark = mark_of(self._configuration(), [one.door], MarkWord.REFUSED, post, is_post=True)
        except OrderFaultsError as error:
            return DoorSaidRecord(one.door, "refused", state.word, " ".join(error.faults))
        if faults := desk.mark_faults(mark):
            return DoorSaidRecord(one.door, "refused", state.word, " ".join(faults))
        self._requests.ask_and_wait(entries.MARK, entries.encode_mark(mark))
        return DoorSaidRecord(one.door, "taken", People.REFUSED.word)


def villages_of(network: Network, post: str) -> list[int]:
    """Villages that a post answers for, ascending; none of a rescue team."""
    areas = {row.area for row in network.chain if row.post == post and row.team is None}
    of = network.villages
    return [
        at
        for at in range(len(of))
        if areas and not areas.isdisjoint((of.code[at], of.township[at], of.county[at], "*"))
    ]


def _conflict(one: DoorSaid, words: StoredMessage, state: People, happened_s: int) -> str | None:
    """Why it does not count, empty where the state of the door says so; None: it counts."""
    if SAID[one.word] is not Said.CALL:
        if state in HELP_OPEN or one.seen not in ("", state.word):
            return ""
        # A page says which words it showed; of others the time does.
        is_of_words = one.bulletin == words.identifier if one.bulletin else not 0 < happened_s < words.sent_s
        if not is_of_words:
            return f"its doors have been told something newer since, at {iso_utc(words.sent_s)}"
    return "" if after(state, SAID[one.word]) is state else None


def _place(door: DoorState) -> tuple[bool, str]:
    """Calls for help first, the rest by code: a door does not move under a thumb because it was tapped."""
    return door.said not in HELP_OPEN, door.code


def _state(door: DoorState, desk: WarningDesk) -> People:
    """What the door's people stand at: by their row of an open transfer list where that says more."""
    row = desk.transfers.row(door.code)
    return door.said if row is None or row.people is People.SILENT or door.said in HELP_OPEN else row.people


def _door(door: DoorState, desk: WarningDesk, comes: Mapping[str, str]) -> PostDoorRecord:
    return PostDoorRecord(
        door=door.code,
        said=_state(door, desk).word,
        changed=iso_utc(door.last_s) if door.last_s else None,
        listed=desk.transfers.row(door.code) is not None,
        comes=clean(comes.get(door.code, "")),
    )
