"""The second machine: changes of levels, answers and cancels in; messages, bulletins and digests out.

`WarningDesk.step` is pure: the same inputs at the same times give the same
effects, byte for byte, also across a snapshot and a restart at any step. A
step without inputs still renews messages and rings the posts that are silent.

An input that cannot be (a fall of a warning that is held, an unknown hazard)
is refused, counted and changes nothing; it never keeps another village from
being warned. A step costs about 50 µs per message, and what falls due: of renewals (a look at
every warning), bulletins and digests.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from warnstream.desk.cases import Case, standing_of
from warnstream.desk.hands import Doors
from warnstream.desk.moving import MovingDesk
from warnstream.desk.state import NOTHING_EXPIRES_S
from warnstream.lifecycle.bulletins import Bulletins, Evidence
from warnstream.lifecycle.identity import parse_message_name
from warnstream.lifecycle.machine import ImpossibleSignalError, Signal
from warnstream.lifecycle.orders import ImpossibleOrderError
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.bulletins import TRANSFER, Bulletin, Ordered, Standing
from warnstream.model.changes import LevelChange
from warnstream.model.digests import CallFailed, Digest, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, Effects, OperatorAffirm, OperatorCancel, RecipientAnswer
from warnstream.model.hands.drills import DrillOrder, is_of_drill
from warnstream.model.hands.orders import HandOrder, HandPolicy, OrderKind
from warnstream.model.hands.weekly_calls import is_test
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.transfers.marks import RowMark
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.routing.reports import PlacedReport

DeskInput = (
    LevelChange
    | RecipientAnswer
    | OperatorCancel
    | OperatorAffirm
    | FieldReport
    | CallFailed
    | HelpAssign
    | HelpClose
    | HandOrder
    | RowMark
    | DrillOrder
)

EXERCISE_OVER = "演练结束 The exercise is over."
"""Why the warnings of an exercise end when the node begins to warn for real."""


class WarningDesk(MovingDesk):
    """All warnings of one network.

    Parameters
    ----------
    network : Network
    rules : sequence of HazardRule
    message_policy, routing_policy : MessagePolicy, RoutingPolicy
    bulletins : Bulletins
        The voice of each village's doors, without any state yet.
    n_judged : int, optional
        Villages beyond the first so many are kept only until their warnings have ended
        (`warnstream.runners.history.kept`); all are judged without it.
    hand_policy : HandPolicy, optional
        How long orders of people bind.

    Attributes
    ----------
    ignored_answers : int
        Answers to unknown messages, or by somebody who was not asked.
    refused_inputs : int
        Changes and cancels that cannot be; `last_refusal` says what the last one was.

    Raises
    ------
    ValueError
        If messages would be renewed as soon as they are sent, or CAP forbids the sender's characters.
    """

    def __init__(
        self,
        network: Network,
        rules: Sequence[HazardRule],
        message_policy: MessagePolicy,
        routing_policy: RoutingPolicy,
        bulletins: Bulletins,
        n_judged: int | None = None,
        hand_policy: HandPolicy | None = None,
    ) -> None:
        super().__init__(network, rules, message_policy, routing_policy, bulletins, n_judged, hand_policy)
        self._for_posts_only = frozenset(rule.name for rule in rules if not rule.calls_households)

    def step(self, inputs: Sequence[DeskInput], now_s: int, evidence: Evidence | None = None) -> Effects:
        """Take inputs in order, then let time work: renewals; then tell the doors and the posts.

        `evidence` says what is measured now (`Bulletins.step`).

        Raises
        ------
        ValueError
            If `now_s` lies before the time of the last step.
        """
        if now_s < self._now_s:
            raise ValueError(f"time only moves forward: step at {now_s} after one at {self._now_s}")
        self._now_s = now_s
        self.hands.lapse(now_s)
        self._look_at_orders(inputs)
        effects = Effects()
        for entry in inputs:
            try:
                self._take(entry, effects)
            except (ImpossibleSignalError, ImpossibleOrderError) as error:
                self._turn_down(entry, str(error))
        self._end_bounds(effects, evidence)
        self._let_time_work(effects)
        self._take_returns()
        self.drilled.hear(effects.messages, now_s)
        self._tell_doors(effects, evidence=evidence, ordered=self._order_people())
        self._tell_posts(effects)
        return effects

    def follow(self, inputs: Sequence[DeskInput], now_s: int) -> list[OperatorCancel | HandOrder]:
        """A step of the past: answers and confirmations count, nothing is issued.

        What was issued then comes by `adopt`, and the time of the posts by `follow_posts`. Returns the
        cancels and orders on warnings, which are not carried out.
        """
        self._now_s = max(self._now_s, now_s)
        self.hands.lapse(self._now_s)
        found: list[OperatorCancel | HandOrder] = []
        for entry in inputs:
            try:
                if isinstance(entry, OperatorCancel):
                    found.append(entry)
                elif isinstance(entry, HandOrder):
                    found += self._follow_order(entry)
                elif not isinstance(entry, LevelChange):
                    self._take(entry, Effects())
            except (ImpossibleSignalError, ImpossibleOrderError) as error:
                self._turn_down(entry, str(error))
        return found

    def follow_posts(self, messages: Sequence[tuple[str, WarningMessage]], digests: Sequence[Digest]) -> None:
        """The posts' part of a step of the past, after `follow`: its messages and the digests it issued.

        Messages have the code of their village; of unknown villages they are left out.
        """
        number = self._network.villages.index_of_name()
        here = [replace(message, village=number[code]) for code, message in messages if code in number]
        for message in here:
            self._to_chains += self.chains.of_message(message)
        self.drilled.hear(here, self._now_s)
        self._take_returns()  # against what stood at the end of the step
        self._order_people()
        self._hear_of_silences()
        inputs, self._to_chains = self._audible(self._to_chains), []
        self.chains.follow(inputs, self._now_s, digests, self.hands.silenced_posts())

    def change_over(self, now_s: int, ending: Collection[str] = (), *, asks_posts: bool = True) -> Effects:
        """What a changed configuration means for warnings that stand.

        One whose village or hazard is gone is held, since nobody judges it. One of an exercise ends, as
        an exercise, once the node warns for real. Households that are new are told what stands, and posts
        are asked anew; without `asks_posts` (nothing of theirs has changed) what they owe runs on.
        Nothing is said of warnings in `ending`: they are about to be ended by hand. Then doors are told
        as in every step, and what they were told last goes to those that are new.
        """
        self._now_s = max(self._now_s, now_s)
        effects = Effects()
        self._change_hands(effects)
        self.transfers.end_exercises(self._now_s, EXERCISE_OVER)
        standing = [case for case in self._cases.values() if case.warning.is_open]
        for case in [case for case in standing if case.warning.warning not in ending]:
            warning = case.warning
            if self.is_of_the_other_status(warning):
                if self._message_policy.status is MessageStatus.ACTUAL:
                    warning.operator, warning.note = "", EXERCISE_OVER
                    self._signal(case, Signal.CANCEL, None, effects)
                    continue
                self._hold(case, effects)
            elif self.is_kept(warning):
                self._hold(case, effects)
        self._renew_called_anew()
        self._change_voices(effects)
        self._tell_posts(effects)  # of the ends above, before those who heard of them owe nothing any more
        self.chains.ask_anew(self._standing_for_posts(), of_all=asks_posts)
        self._tell_posts(effects)
        return effects

    def _change_voices(self, effects: Effects) -> None:
        """Doors hear what the changed policy and orders make of what stands; new doors the last bulletin."""
        standing: dict[int, list[Standing]] = {}
        for case in self._cases.values():
            if case.warning.is_open and self._concerns_doors(case.warning.village, case.warning.hazard):
                standing.setdefault(case.warning.village, []).append(standing_of(case.warning))
        for village, transfer in self._transfers_standing():
            standing.setdefault(village, []).append(transfer)
        self.bulletins.align(standing)
        self._tell_doors(effects, self.bulletins.villages(), ordered=self._ordered_anew())
        present = {bulletin.village for bulletin in effects.bulletins}
        effects.to_newcomers.extend(
            bulletin for bulletin in self.last_bulletins() if bulletin.village not in present
        )

    def _tell_doors(
        self,
        effects: Effects,
        looked_at: Collection[int] = (),
        evidence: Evidence | None = None,
        ordered: Mapping[int, Ordered] | None = None,
    ) -> None:
        """Bulletins of what the messages of a step, and time, mean for doors."""
        messages = [
            message for message in effects.messages if self._concerns_doors(message.village, message.hazard)
        ]
        doors, self._to_doors = self._to_doors, Doors()
        longer = self.bulletins.hold_longer(doors.held_longer)
        issued = self.bulletins.step(
            messages,
            self._now_s,
            corrections=doors.corrections,
            looked_at=[*looked_at, *longer],
            ordered=ordered,
            released=doors.released,
            evidence=evidence,
        )
        for village in self.bulletins.unread:
            code = self._network.villages.code[village]
            why = f"what doors of {code} hear has changed meanwhile: read it, and release it anew"
            self.hands.turn_down(doors.released[village], str(OrderKind.RELEASE), why, self._now_s)
        effects.bulletins.extend(self.drilled.bulletins(issued))
        effects.waits.extend([*self.bulletins.waits_changed, *longer])
        if self.bulletins.faults:
            self.refused_inputs += len(self.bulletins.faults)
            self.last_refusal = self.bulletins.faults[-1]

    def _tell_posts(self, effects: Effects) -> None:
        """Digests of what messages, answers and time mean for posts; nothing before the first step's time."""
        if self._now_s < 0:
            return
        self._hear_of_silences()
        inputs, self._to_chains = self._audible(self._to_chains), []
        digests = self.chains.step(inputs, self._now_s, self.hands.silenced_posts())
        effects.digests.extend(self.drilled.digests(digests))
        if faults := self.chains.faults:
            self.refused_inputs += len(faults)
            self.last_refusal = faults[-1]

    def _standing_for_posts(self) -> dict[tuple[MessageStatus, int], dict[str, Level]]:
        """What stands by status and village."""
        standing: dict[tuple[MessageStatus, int], dict[str, Level]] = {}
        for case in self._cases.values():
            warning = case.warning
            if warning.is_open and warning.latest is not None:
                place = warning.latest.status, warning.village
                standing.setdefault(place, {})[warning.hazard] = warning.level
        for village, transfer in self._transfers_standing():
            standing.setdefault((transfer.status, village), {})[TRANSFER] = transfer.level
        return standing

    def _concerns_doors(self, village: int, hazard: str) -> bool:
        """Whether doors hear of a hazard: it is not for posts alone, or they have heard of it already."""
        if hazard not in self._for_posts_only:
            return True
        return any(standing.hazard == hazard for standing in self.bulletins.standing(village))

    def restate(
        self,
        messages: Sequence[tuple[str, WarningMessage]],
        bulletins: Sequence[tuple[str, Bulletin]] = (),
        digests: Sequence[Digest] = (),
    ) -> Effects:
        """What was issued before, as effects: for a store that does not have it yet.

        Villages that are unknown now are left out; nothing changes here.
        """
        number = self._network.villages.index_of_name()
        effects = Effects([replace(m, village=number[code]) for code, m in messages if code in number])
        effects.bulletins.extend(replace(b, village=number[code]) for code, b in bulletins if code in number)
        effects.digests.extend(digests)
        return effects

    def renew(self, warning: str, version: int) -> None:
        """Have the next step issue a version after `version`: that name is taken by another content."""
        case = self._by_name.get(warning)
        if case is not None and case.warning.is_open:
            case.warning.version = max(case.warning.version, version)
            case.warning.expires_s = self._first_expires_s = self._now_s

    def _take(self, entry: DeskInput, effects: Effects) -> None:
        if isinstance(entry, LevelChange):
            self._take_change(entry, effects)
        elif isinstance(entry, RecipientAnswer):
            self._take_answer(entry)
        elif isinstance(entry, FieldReport):
            self._take_report(entry)
        elif isinstance(entry, OperatorAffirm):
            self._take_affirm(entry)
        elif isinstance(entry, OperatorCancel):
            self._take_cancel(entry, effects)
        elif isinstance(entry, HandOrder):
            self._take_order(entry, effects)
        elif isinstance(entry, RowMark):
            self._take_mark(entry)
        elif isinstance(entry, DrillOrder):
            self.drilled.take(entry, self._now_s)
        elif isinstance(entry, CallFailed):
            self._to_chains += self.chains.of_failure(entry)
        else:
            self._to_chains += self.chains.of_action(entry)

    def _take_change(self, change: LevelChange, effects: Effects) -> None:
        if change.hazard not in self._hazards or not 0 <= change.village < len(self._network.villages):
            raise ImpossibleSignalError(f"no village {change.village} with hazard {change.hazard!r}")
        key = (change.village, change.hazard)
        case = self._cases.get(key) or Case(VillageWarning(change.village, change.hazard))
        if case.warning.is_open and self.is_of_the_other_status(case.warning):
            return  # a real warning during an exercise: held, and never moved by what the exercise brings
        if case.bound is not None and self._obey(case, change, effects):
            return
        for signal in case.warning.signals_of(change):
            self._signal(case, signal, change, effects)
        # Kept from its first warning on: a village without one leaves nothing behind.
        if case.warning.warning:
            self._cases[key] = case

    def _take_answer(self, answer: RecipientAnswer) -> None:
        """A post's answer counts for the villages of its digest; a door that calls for help rings posts."""
        if of_post := self.chains.of_post(answer.message, answer.recipient, answer.answer):
            self._to_chains += of_post
            return
        if is_of_drill(answer.message) or is_test(answer.message):
            self._take_help_apart(answer)
            return
        village = self._village_of_door(answer.message, answer.recipient)
        if village is None:
            self.ignored_answers += 1
            return
        self._answer_on_list(village, answer.recipient, answer.answer)
        if answer.answer is Answer.NEED_HELP:
            status = self.bulletins.status_of(village)
            self._to_chains += self.chains.of_door(village, answer.recipient, status)

    def _take_help_apart(self, answer: RecipientAnswer) -> None:
        """A call for help in answer to a drill or a test call rings the real posts; all else is their own."""
        village = self.drilled.village_of_help(answer)
        if village is None:
            self.ignored_answers += not is_test(answer.message)
        else:
            self._to_chains += self.chains.of_door(village, answer.recipient, self._message_policy.status)

    def _take_report(self, report: FieldReport) -> None:
        placed = self._placed(report)
        if placed is None:
            self.ignored_answers += 1
        else:
            self._to_chains.append(placed)

    def report_fault(self, report: FieldReport) -> str:
        """Why a report cannot be counted as things stand, in Chinese and English; empty if it can.

        May be asked from any thread; the step asks again.
        """
        placed = self._placed(report)
        if placed is None:
            return f"{report.sender}没有收到过这条消息 {report.sender} was not sent that message"
        return self.chains.report_fault(*placed)

    def _placed(self, report: FieldReport) -> tuple[MessageStatus, PlacedReport] | None:
        """A report with its chain and village; None from somebody who is no post and was told nothing."""
        if self.chains.placing.is_post(report.sender):
            return self.chains.of_report(report, self._message_policy.status)
        village = self._village_of_door(report.message, report.sender)
        if village is None:
            return None
        return self.bulletins.status_of(village), self.chains.placing.of_door(report, village)

    def _village_of_door(self, message: str, door: str) -> int | None:
        """Village of a door that was sent a message; None if it was not."""
        village = self.bulletins.village_of(message)
        if village is None:
            village = self._village_of_message(message)
        return village if village is not None and self._audience.is_household_of(village, door) else None

    def _village_of_message(self, identifier: str) -> int | None:
        """Village of a message of its last warning, if its doors were told something and heard no end."""
        named = parse_message_name(identifier)
        case = self._by_name.get(named[0]) if named else None
        if named is None or case is None or named[1] > case.warning.version:
            return None
        return case.warning.village if self.bulletins.is_told(case.warning.village) else None

    def _take_affirm(self, affirm: OperatorAffirm) -> None:
        case = self._by_name.get(affirm.warning)
        if case is None or not case.warning.is_open:
            raise ImpossibleSignalError(f"no warning {affirm.warning!r} stands that could be affirmed")
        warning = case.warning
        warning.operator, warning.note, warning.affirmed_s = affirm.operator, affirm.note, self._now_s

    def _take_cancel(self, cancel: OperatorCancel, effects: Effects) -> None:
        case = self._by_name.get(cancel.warning)
        if case is None or not case.warning.is_open:
            raise ImpossibleSignalError(f"no warning {cancel.warning!r} stands that could be ended")
        case.warning.operator, case.warning.note = cancel.operator, cancel.note
        case.bound = None
        self._signal(case, Signal.CANCEL, None, effects)

    def _signal(self, case: Case, signal: Signal, change: LevelChange | None, effects: Effects) -> None:
        """One signal to one warning, and the calls that its message needs."""
        former_name, state = case.warning.warning, case.warning.state
        message = case.warning.take(
            signal,
            change,
            village_code=self._network.villages.code[case.warning.village],
            policy=self._message_policy,
            now_s=self._now_s,
        )
        if message is None:
            if case.warning.state is not state:
                effects.settled.append(former_name)
            return
        if message.cause.opens:
            self._by_name.pop(former_name, None)
            self._by_name[message.warning] = case
        self._first_expires_s = min(self._first_expires_s, message.expires_s)
        effects.messages.append(message)
        self._to_chains += self.chains.of_message(message)

    def _hold(self, case: Case, effects: Effects) -> None:
        """Nobody judges it: it stands, and people are told that it is not confirmed."""
        self._signal(case, Signal.SIGHT_LOST, None, effects)

    def _let_time_work(self, effects: Effects) -> None:
        """Renew what falls due; before the first does, no warning is looked at."""
        due_s = self._now_s + self._message_policy.renew_before_s
        if self._first_expires_s > due_s:
            return
        for case in self._cases.values():
            if case.warning.is_open and case.warning.expires_s <= due_s:
                self._signal(case, Signal.RENEW, None, effects)
        standing = (case.warning.expires_s for case in self._cases.values() if case.warning.is_open)
        self._first_expires_s = min(standing, default=NOTHING_EXPIRES_S)
