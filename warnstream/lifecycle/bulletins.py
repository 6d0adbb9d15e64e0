"""One voice per house: warnings of all hazards of a village become one numbered sequence of bulletins.

Rule 1: everything that decides whether doors hear something lives in this file.

Per village: which hazards stand, what was asked of people last, whether anybody was asked to go. Of
the standing hazards the one whose order asks most leads (`OrderTable`, by hazard and level).

- A rise goes out at once: a greater action, a worse level, a new kind of refuge at the worst level.
- A fall is news only once prepare or leave was said; then, after it has stood for `settle_s`, *stay*.
  From then on whatever rises and asks for less than prepare is *stay* too: people are in shelters.
- The end comes when nothing at all has stood for `clear_after_s`, also what is below the doors'
  level; *correct* at once, if all that stood was an error.
- Prepare and leave are repeated every `remind_every_s`, a transfer also at its hour.
- A transfer that a person has ordered stands like a hazard. As long as people of it have not been told to
  come back, whatever asks for less than prepare is *stay*, and every end is "over, not yet back". *Return*
  is said by an order alone, under no warning at all.

Renewals and lost sight are no news for doors. What is real is never told under the mark of an exercise,
nor the reverse: an episode keeps the status that it opened with, something real at the doors' level ends
an exercise in words and opens an episode of its own, and no exercise begins within `DRILL_PAUSE_S` of
something real. Pure: the same inputs give the same bulletins, byte for byte, also across a snapshot at any
step. A step costs its messages and what is due, not the villages.
"""

import copy
import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from warnstream.lifecycle.asking import Meant, meant_by, rise_of
from warnstream.lifecycle.identity import message_name
from warnstream.lifecycle.release import hold, postponed
from warnstream.lifecycle.voice import NEVER, Asked, Voice
from warnstream.lifecycle.voices import Voices
from warnstream.model.bulletins import (
    N_MAX,
    TRANSFER,
    Action,
    Bulletin,
    BulletinCause,
    BulletinPolicy,
    Ordered,
    OrderTable,
    Standing,
)
from warnstream.model.changes import Reason
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus, WarningMessage

DRILL_PAUSE_S = HOUR_S
"""No exercise begins so soon after the end of something real: the end is heard before it."""

Evidence = Callable[[int, str], Reason | None]
"""What is measured now in a village for a hazard; None: nothing that gives it a level."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A hand says that the warning of a village and hazard was an error; its Cancel comes beside it."""

    village: int
    hazard: str


class Bulletins(Voices):
    """Bulletins of all villages of one network.

    Parameters
    ----------
    prefix : str
        First part of identities.
    village_codes : sequence of str
    orders : OrderTable
    policy : BulletinPolicy
    was : mapping of str to str, optional
        By a code that a village had before, its code now.

    Attributes
    ----------
    faults : list of str
        What failed at the last step, by village: the others were told all the same.
    waits_changed : list of int
        Villages whose doors began, or ceased, to wait for an officer at the last step.
    released_alone : int
        Bulletins that nobody released in time and that went by themselves.
    unread : list of int
        Villages that were released at the last step and wait on: what doors would hear had become something
        else in that very step, which nobody has read.
    """

    def __init__(
        self,
        prefix: str,
        village_codes: Sequence[str],
        orders: OrderTable,
        policy: BulletinPolicy,
        was: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(prefix, village_codes, orders, was)
        self._policy = policy
        self.faults: list[str] = []
        self.waits_changed: list[int] = []
        self.released_alone = 0
        self.unread: list[int] = []

    def step(
        self,
        messages: Iterable[WarningMessage],
        now_s: int,
        *,
        corrections: Iterable[Correction] = (),
        looked_at: Iterable[int] = (),
        ordered: Mapping[int, Ordered] | None = None,
        released: Collection[int] = (),
        evidence: Evidence | None = None,
    ) -> list[Bulletin]:
        """Take the messages of a step, then what is due; at most one bulletin a village, worst first.

        Parameters
        ----------
        messages : iterable of WarningMessage
            In order of issue.
        now_s : int
            Never before that of an earlier step.
        corrections : iterable of Correction
            Warnings that were an error; their Cancels are among the messages.
        looked_at : iterable of int
            Villages that may have news without a message: policy or orders have changed.
        ordered : mapping of int to Ordered, optional
            Villages for which orders about moving people mean something else than before.
        released : collection of int
            Villages whose doors wait no longer for an officer.
        evidence : callable, optional
            Asked once for each bulletin behind which something stands; without it the reason of the
            hazard's last message with one is taken.
        """
        approved = {village: self._meant(village, now_s) for village in released}
        heard: dict[int, list[WarningMessage]] = {}
        for correction in corrections:
            if (known := self._voices.get(correction.village)) is not None:
                known.corrected.add(correction.hazard)
                heard.setdefault(correction.village, [])
        for message in messages:
            heard.setdefault(message.village, []).append(message)
        ordered = ordered or {}
        for village, order in ordered.items():
            self._voices.setdefault(village, Voice()).order(order)
        for village in (*looked_at, *released, *ordered):
            heard.setdefault(village, [])
        while self._due and self._due[0][0] <= now_s:
            heard.setdefault(heapq.heappop(self._due)[1], [])
        issued, self.faults, self.waits_changed, self.unread = [], [], list(ordered), []
        for village in sorted(heard):
            try:
                issued += self._decide(village, heard[village], now_s, approved.get(village), evidence)
            except Exception as error:  # noqa: BLE001  # one village failing never silences another
                self.faults.append(f"bulletin of village {self._codes[village]}: {error!r}")
        issued.sort(key=lambda one: -one.worst)
        return issued

    def hold_longer(self, villages: Collection[int]) -> list[int]:
        """Have doors wait longer for an officer, where they may; villages that the next step looks at."""
        found = []
        for village in villages:
            voice = self._voices.get(village)
            if voice is not None and (longer := postponed(voice.held)) is not None:
                voice.held = longer
                found.append(village)
        return found

    def align(self, standing: Mapping[int, Sequence[Standing]]) -> None:
        """Let exactly this stand, by village; nothing is said before the next step."""
        for village in sorted(self._voices.keys() | standing.keys()):
            self._voices.setdefault(village, Voice()).align(standing.get(village, ()))

    def adopt(self, standing: Iterable[tuple[int, Standing]], now_s: int) -> None:
        """Go on from what doors were told without bulletins; nothing is said.

        Each village gets an open episode that has asked for what stands, so that its doors hear every
        rise and the end.
        """
        villages = []
        for village, warning in standing:
            self._voices.setdefault(village, Voice()).standing[warning.hazard] = warning
            villages.append(village)
        for village in dict.fromkeys(villages):
            voice = self._voices[village]
            if voice.is_open:
                continue
            heard = voice.heard()
            asked = self._asking.of(heard)
            voice.open(heard[0].status, now_s)
            self._know_episode(village, voice)
            voice.remember(asked, asked.action, now_s)
            self._plan(village, voice, now_s)

    def resume(self, village_code: str, last: Bulletin) -> None:
        """Go on in a village from its last bulletin, no end, where nothing else is known; nothing is said."""
        village = self._number[village_code]
        voice = Voice(
            standing={warning.hazard: warning for warning in last.standing},
            opened_s=last.opened_s,
            n=last.n,
            is_open=True,
            status=last.status,
            seen={warning.hazard for warning in last.standing},
            latest=last,
        )
        voice = self._named(voice, village_code)
        voice.remember(self._asking.of(last.standing), last.action, last.issued_s)
        voice.has_moved = last.has_moved
        self._take_up(village, voice)
        heapq.heappush(self._due, (0, village))

    def _decide(
        self,
        village: int,
        messages: list[WarningMessage],
        now_s: int,
        approved: Meant | None,
        evidence: Evidence | None,
    ) -> list[Bulletin]:
        voice = self._voices.setdefault(village, Voice())
        for message in messages:
            voice.take(message)
        found = self._news(voice, now_s)
        is_released = approved is not None and approved == meant_by(voice, found, self._asking)
        if self._waits(village, voice, found, now_s, is_released=is_released):
            found = None
            if approved is not None:
                self.unread.append(village)
        issued = [] if found is None else [self._issue(village, *found, now_s, evidence)]
        self._plan(village, voice, now_s)
        return issued

    def _meant(self, village: int, now_s: int) -> Meant:
        """What doors of a village would hear as things stand before the step: what an officer has read."""
        voice = copy.copy(self._voices.get(village, Voice()))  # looking at news notes times in it, no more
        return meant_by(voice, self._news(voice, now_s), self._asking)

    def _waits(
        self,
        village: int,
        voice: Voice,
        news: tuple[Action, BulletinCause] | None,
        now_s: int,
        *,
        is_released: bool,
    ) -> bool:
        """Whether doors wait for an officer before they hear this; keeps since when."""
        before, heard = voice.held, self._asking.in_order(voice.heard())
        held = None
        if news is not None and not is_released:
            held = hold(self._policy.release, voice, news, heard, now_s)
            was_due = before is not None and NEVER < before.due_s <= now_s
            self.released_alone += was_due and held is None
        voice.held = held
        if held != before:
            self.waits_changed.append(village)
        return held is not None

    def _news(self, voice: Voice, now_s: int) -> tuple[Action, BulletinCause] | None:
        """What is to be said now; None: nothing. Keeps since when less, or nothing, stands."""
        if self._is_interrupted(voice):
            return self._asking.of(voice.of_status(MessageStatus.ACTUAL)).action, BulletinCause.STATUS
        heard = voice.heard()
        news = self._news_of_return(voice)
        if news is not None or not heard:
            return news or self._news_of_quiet(voice, now_s)
        voice.quiet_s = NEVER
        asked = self._asking.of(heard)
        if voice.told is None:
            is_early = heard[0].status is MessageStatus.EXERCISE and now_s < self._drill_from_s(voice)
            is_ordered = any(warning.hazard == TRANSFER for warning in heard)
            is_news = (asked.worst >= self._policy.level_min or is_ordered) and not is_early
            return (_asked_of_people(voice, asked), BulletinCause.FIRST) if is_news else None
        if (rise := rise_of(asked, voice.told)) is not None:
            return _asked_of_people(voice, asked), rise
        if asked.weight < voice.told.weight:
            voice.fell_s = now_s if voice.fell_s == NEVER else voice.fell_s
            is_due = self._tells_falls(voice) and now_s >= voice.fell_s + self._policy.settle_s
            return (Action.STAY, BulletinCause.LOWERED) if is_due else None
        voice.fell_s = NEVER
        is_due = NEVER < self._remind_s(voice) <= now_s
        return (asked.action, BulletinCause.REMINDER) if is_due else None

    @staticmethod
    def _news_of_return(voice: Voice) -> tuple[Action, BulletinCause] | None:
        """A return that was ordered; one that finds anything standing comes to nothing."""
        notice = voice.returning
        if notice is None:
            return None
        if voice.standing or voice.opened_s == NEVER:
            voice.returning, voice.returned = None, notice.order
            return None
        return Action.RETURN, BulletinCause.RETURNED

    def _news_of_quiet(self, voice: Voice, now_s: int) -> tuple[Action, BulletinCause] | None:
        """The end of an episode of which nothing stands; None before it, and outside of one."""
        if not voice.is_open:
            return None
        if voice.seen <= voice.corrected and not voice.is_away:
            return Action.CORRECT, BulletinCause.CORRECTED
        voice.quiet_s = now_s if voice.quiet_s == NEVER else voice.quiet_s
        is_over = now_s >= voice.quiet_s + self._policy.clear_after_s
        return (Action.CLEAR, BulletinCause.ENDED) if is_over else None

    def _is_interrupted(self, voice: Voice) -> bool:
        """Whether something real, at the doors' level, stands in an exercise."""
        if not voice.is_open or voice.status is MessageStatus.ACTUAL:
            return False
        real = voice.of_status(MessageStatus.ACTUAL)
        return any(warning.level >= self._policy.level_min or warning.hazard == TRANSFER for warning in real)

    def _drill_from_s(self, voice: Voice) -> int:
        return 0 if voice.real_until_s == NEVER else voice.real_until_s + DRILL_PAUSE_S

    def _tells_falls(self, voice: Voice) -> bool:
        """A fall is news for those who may have gone, once."""
        return voice.has_moved and not voice.stays

    def _remind_s(self, voice: Voice) -> int:
        """When the last word is repeated: after a while, and at the hour of a transfer; NEVER: it is not."""
        asks = voice.told is not None and voice.told.action.moves_people
        if not asks or voice.stays:
            return NEVER
        transfer, every_s = voice.standing.get(TRANSFER), self._policy.remind_every_s
        due = [voice.issued_s + every_s] if every_s > 0 else []
        due += [transfer.by_s] if transfer is not None and transfer.by_s > voice.issued_s else []
        return min(due, default=NEVER)

    def _issue(
        self, village: int, action: Action, cause: BulletinCause, now_s: int, evidence: Evidence | None
    ) -> Bulletin:
        """Write the bulletin that is due, and remember what was said."""
        voice = self._voices[village]
        if cause is BulletinCause.STATUS:
            voice.close(now_s)
        heard, notice = voice.heard(), voice.returning
        is_return = action is Action.RETURN
        if (not voice.is_open and not is_return) or voice.n >= N_MAX:
            voice.open(heard[0].status if heard else voice.status, now_s)
            self._know_episode(village, voice)
        voice.n += 1
        standing = self._asking.in_order(heard)
        if standing and evidence is not None and standing[0].hazard != TRANSFER:
            reason = self._reason_now(village, standing[0].hazard, evidence)
            standing = (replace(standing[0], reason=reason), *standing[1:])
        bulletin = Bulletin(
            identifier=message_name(self._episode_of[village], voice.n),
            village=village,
            opened_s=voice.opened_s,
            n=voice.n,
            issued_s=now_s,
            action=action,
            worst=max((warning.level for warning in standing), default=Level.NONE),
            standing=standing,
            ended=tuple(sorted(voice.ended)),
            cause=cause,
            status=voice.status,
            evidence=standing[0].reason if standing else None,
            has_moved=voice.has_moved or action.moves_people or is_return,
            zones=notice.zones if is_return and notice is not None else (),
        )
        if is_return and notice is not None:
            voice.returning, voice.returned, voice.has_left = None, notice.order, voice.is_away
        if action is Action.CORRECT:
            voice.has_left = voice.is_away
        if action.is_end:
            voice.close(now_s)
        else:
            voice.remember(self._asking.of(heard), action, now_s)
            voice.latest = bulletin
        return bulletin

    def _reason_now(self, village: int, hazard: str, evidence: Evidence) -> Reason | None:
        """What is measured now; a bulletin whose reason cannot be told goes out without one."""
        try:
            return evidence(village, hazard)
        except Exception as error:  # noqa: BLE001  # the order is what people need
            self.faults.append(f"reason of {hazard} in village {self._codes[village]}: {error!r}")
            return None

    def _plan(self, village: int, voice: Voice, after_s: int = NEVER) -> None:
        """When the village has to be looked at again if nothing happens there."""
        policy = self._policy
        due_s = NEVER
        if voice.held is not None:
            due_s = voice.held.due_s
        elif voice.quiet_s != NEVER:
            due_s = voice.quiet_s + policy.clear_after_s
        elif voice.fell_s != NEVER:
            due_s = voice.fell_s + policy.settle_s if self._tells_falls(voice) else NEVER
        elif (remind_s := self._remind_s(voice)) != NEVER:
            due_s = remind_s
        elif voice.standing and not voice.is_open:
            due_s = self._drill_from_s(voice)
        if due_s > after_s:
            heapq.heappush(self._due, (due_s, village))


def _asked_of_people(voice: Voice, asked: Asked) -> Action:
    """What is asked for; of people who may be in shelters never less than to stay there."""
    is_kept_in = (voice.has_moved or voice.is_away) and not asked.action.moves_people
    return Action.STAY if is_kept_in else asked.action
