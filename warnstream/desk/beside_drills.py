"""What the real desk knows of drills: where one is on or has just been, what is real says that it is none.

A drill changes nothing else for the real desk. A real rise ends it in its village; the first real order to
doors within `AFTER_DRILL_S` of its end, and every real digest that demands an answer then, begins with those
words. Who calls for help in a drill may mean it, so a human of the real chain is rung.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from warnstream.lifecycle.identity import legal
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.hands.drills import AFTER_DRILL_S, DrillAct, DrillOrder
from warnstream.model.hands.weekly_calls import is_test
from warnstream.model.network import Network
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.routing.audience import Audience


class _Snapshot(msgspec.Struct):
    until: dict[str, int]
    told: list[str] = []


class BesideDrills:
    """Villages of drills in one network.

    Attributes
    ----------
    until : dict of str to int
        Villages by code, and until when what is real says that it is no drill; seconds of the engine's time.
    told : set of str
        Villages whose doors have been told so since their drill began.
    """

    def __init__(self, network: Network, audience: Audience) -> None:
        self._network, self._audience = network, audience
        self.until: dict[str, int] = {}
        self.told: set[str] = set()

    def take(self, order: DrillOrder, now_s: int) -> None:
        """A drill begins, or ends: in the villages that the order names, else everywhere."""
        if order.act is DrillAct.START:
            until = now_s + order.for_s + AFTER_DRILL_S
            self.until |= {code: max(until, self.until.get(code, 0)) for code in order.villages}
            self.told -= set(order.villages)
        else:
            ended = order.villages or tuple(self.until)
            last_s = now_s + AFTER_DRILL_S
            self.until |= {code: min(self.until[code], last_s) for code in ended if code in self.until}

    def hear(self, messages: Iterable[WarningMessage], now_s: int) -> None:
        """Where something real rises the drill is over; what is long over is forgotten."""
        if not self.until:
            return
        codes = self._network.villages.code
        for code in (codes[message.village] for message in messages if message.level > message.previous):
            if code in self.until:
                self.until[code] = min(self.until[code], now_s + AFTER_DRILL_S)
        self.until = {code: until for code, until in self.until.items() if until > now_s}
        self.told &= self.until.keys()

    def bulletins(self, issued: Sequence[Bulletin]) -> list[Bulletin]:
        """Bulletins of a step, the first real one of a drilled village with the words that it is no drill."""
        found = [
            replace(message, ends_drill=True) if self._is_first(message) else message for message in issued
        ]
        self.told |= {self._network.villages.code[message.village] for message in found if message.ends_drill}
        return found

    def _is_first(self, bulletin: Bulletin) -> bool:
        """The first that asks something, also where an earlier episode goes on whose end was not told yet."""
        is_real = bulletin.status is MessageStatus.ACTUAL and not bulletin.action.is_end
        code = self._network.villages.code[bulletin.village]
        return is_real and code in self.until and code not in self.told

    def digests(self, issued: Sequence[Digest]) -> list[Digest]:
        """So with digests, for as long as one may be taken for the other."""
        return [
            replace(message, ends_drill=True) if self._is_beside(message) else message for message in issued
        ]

    def _is_beside(self, digest: Digest) -> bool:
        if not self.until or digest.status is not MessageStatus.ACTUAL or not digest.needs_answer:
            return False
        codes = self._network.villages.code
        return any(codes[village] in self.until for village in digest.villages)

    def village_of_help(self, answer: RecipientAnswer) -> int | None:
        """Where somebody calls for help in answer to a drill or a test call; None: nobody of ours calls."""
        if answer.answer is not Answer.NEED_HELP:
            return None
        if is_test(answer.message):
            villages_of = range(len(self._network.villages))
            return next((village for village in villages_of if self._is_of(village, answer.recipient)), None)
        place, villages = answer.message.split(".")[1], self._network.villages
        named = [village for code, village in villages.index_of_name().items() if legal(code) == place]
        drilled = [village for village, code in enumerate(villages.code) if code in self.until]
        return next((message for message in named or drilled if self._is_of(message, answer.recipient)), None)

    def _is_of(self, village: int, recipient: str) -> bool:
        """Whether somebody is a door of a village or answers for it."""
        if self._audience.is_household_of(village, recipient):
            return True
        return recipient in {post.post for post in self._network.posts_of_village(village)}

    def snapshot(self) -> bytes:
        """Everything between two steps; nothing where there is nothing to know."""
        return msgspec.msgpack.encode(_Snapshot(self.until, sorted(self.told))) if self.until else b""

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            known = msgspec.msgpack.decode(state, type=_Snapshot) if state else _Snapshot({})
            now = self._network.villages.code_now
            self.until = {now(code): until for code, until in known.until.items()}
            self.told = {now(code) for code in known.told}
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of drilled villages: {error}") from None
