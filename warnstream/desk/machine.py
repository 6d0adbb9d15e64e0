"""The second machine: changes of levels, answers and cancels in; messages, bulletins and calls out.

`WarningDesk.step` is pure: the same inputs at the same times give the same
effects, byte for byte, also across a snapshot and a restart at any step. A
step without inputs still renews messages and climbs the responsibility chain.

An input that cannot be (a fall of a warning that is held, an unknown hazard)
is refused, counted and changes nothing; it never keeps another village from
being warned. A step costs a look at every open warning (8,500 warnings: about
4 ms) and about 50 µs per message.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import msgspec

from warnstream.desk.cases import (
    FORMAT_BEFORE_BULLETINS,
    SNAPSHOT_FORMAT,
    Case,
    DeskSnapshot,
    VillageCase,
    WarningStatus,
    decode_snapshot,
    move_to_village,
    standing_of,
    standing_told_before,
)
from warnstream.lifecycle.bulletins import Bulletins, Evidence
from warnstream.lifecycle.identity import parse_message_name
from warnstream.lifecycle.machine import ImpossibleSignalError, Signal
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Bulletin, Standing
from warnstream.model.changes import LevelChange
from warnstream.model.effects import (
    Effects,
    OperatorAffirm,
    OperatorCancel,
    PostCall,
    RecipientAnswer,
)
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.warning import Cause, MessageStatus, WarningMessage
from warnstream.routing import chain
from warnstream.routing.audience import Audience, concerns_chain
from warnstream.routing.chain import ChainState

DeskInput = LevelChange | RecipientAnswer | OperatorCancel | OperatorAffirm

EXERCISE_OVER = "演练结束 The exercise is over."
"""Why the warnings of an exercise end when the node begins to warn for real."""


class WarningDesk:
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
    ) -> None:
        _check_policy(message_policy)
        self._network = network
        self._n_judged = len(network.villages) if n_judged is None else n_judged
        self._hazards = frozenset(rule.name for rule in rules)
        self._for_posts_only = frozenset(rule.name for rule in rules if not rule.calls_households)
        self._message_policy = message_policy
        self._routing_policy = routing_policy
        self._audience = Audience(network)
        self.bulletins = bulletins
        self._cases: dict[tuple[int, str], Case] = {}
        self._by_name: dict[str, Case] = {}
        self._now_s = -1
        self.ignored_answers = 0
        self.refused_inputs = 0
        self.last_refusal = ""

    @property
    def now_s(self) -> int:
        """Time of the last step; -1 before the first."""
        return self._now_s

    def step(self, inputs: Sequence[DeskInput], now_s: int, evidence: Evidence | None = None) -> Effects:
        """Take inputs in order, then let time work: renewals, the responsibility chain; then tell the doors.

        `evidence` says what is measured now (`Bulletins.step`).

        Raises
        ------
        ValueError
            If `now_s` lies before the time of the last step.
        """
        if now_s < self._now_s:
            raise ValueError(f"time only moves forward: step at {now_s} after one at {self._now_s}")
        self._now_s = now_s
        effects = Effects()
        for entry in inputs:
            try:
                self._take(entry, effects)
            except ImpossibleSignalError as error:
                self.refused_inputs += 1
                self.last_refusal = str(error)
        for case in self._cases.values():
            if case.warning.is_open:
                self._let_time_work(case, effects)
        self._tell_doors(effects, evidence=evidence)
        return effects

    def open_warnings(self) -> list[WarningStatus]:
        """Warnings that stand, worst first, then by village and hazard."""
        standing = [case for case in self._cases.values() if case.warning.is_open]
        standing.sort(key=lambda case: (-case.warning.level, case.warning.village, case.warning.hazard))
        return [self._status(case) for case in standing]

    def status(self, warning: str) -> WarningStatus | None:
        """The warning of that name, while it stands or is the last one of its village and hazard."""
        case = self._by_name.get(warning)
        return self._status(case) if case else None

    def of_village(self, village: int) -> list[tuple[WarningStatus, WarningMessage]]:
        """The warning of every hazard of a village, over ones too, each with its last message."""
        cases = [case for (of, _), case in self._cases.items() if of == village]
        cases.sort(key=lambda case: case.warning.hazard)
        return [(self._status(case), case.warning.latest) for case in cases if case.warning.latest]

    def latest_message(self, warning: str) -> WarningMessage | None:
        """The last message of a warning, its Cancel included; None for an unknown name."""
        case = self._by_name.get(warning)
        return case.warning.latest if case else None

    def is_kept(self, warning: VillageWarning) -> bool:
        """Whether the configuration has lost the warning's village or hazard: nobody judges it any more."""
        return warning.village >= self._n_judged or warning.hazard not in self._hazards

    def cases_of(self, effects: Effects) -> list[VillageCase]:
        """Cases that a step's effects are about or that changed without a word, as they are after it."""
        names = [*effects.settled, *(message.warning for message in effects.messages)]
        names += [call.message.warning for call in effects.post_calls]
        codes = self._network.villages.code
        cases = [self._by_name[name] for name in dict.fromkeys(names) if name in self._by_name]
        return [VillageCase(codes[case.warning.village], case) for case in cases]

    def voices_of(self, effects: Effects) -> list[VillageVoice]:
        """Voices of the doors' villages that a step's effects are about, as they are after it."""
        villages = [message.village for message in effects.messages]
        return self.bulletins.voices_of([*villages, *(one.village for one in effects.to_doors)])

    def cases(self) -> list[VillageCase]:
        """Every village and hazard that ever had a warning."""
        codes = self._network.villages.code
        return [VillageCase(codes[case.warning.village], case) for case in self._cases.values()]

    def adopt(self, cases: Sequence[VillageCase], voices: Sequence[VillageVoice] = ()) -> None:
        """Take cases and voices as they were after a step, whatever was here.

        Closed ones of unknown villages are left out.

        Raises
        ------
        ValueError
            If a warning stands, or doors wait for an end, in an unknown village.
        """
        self.bulletins.follow(voices)
        number = self._network.villages.index_of_code()
        for village, case in cases:
            if village not in number:
                if case.warning.is_open:
                    raise ValueError(
                        f"warning {case.warning.warning} stands for an unknown village {village}"
                    )
                continue
            move_to_village(case.warning, number[village])
            key = case.warning.village, case.warning.hazard
            if key in self._cases:
                self._by_name.pop(self._cases[key].warning.warning, None)
            self._cases[key] = case
            if case.warning.warning:
                self._by_name[case.warning.warning] = case

    def follow(self, inputs: Sequence[DeskInput], now_s: int) -> list[OperatorCancel]:
        """A step of the past: answers and confirmations count, nothing is issued.

        What was issued then comes by `adopt`. Returns the cancels, which are not carried out.
        """
        self._now_s = max(self._now_s, now_s)
        for entry in inputs:
            if isinstance(entry, RecipientAnswer | OperatorAffirm):
                try:
                    self._take(entry, Effects())
                except ImpossibleSignalError as error:
                    self.refused_inputs += 1
                    self.last_refusal = str(error)
        return [entry for entry in inputs if isinstance(entry, OperatorCancel)]

    def change_over(self, now_s: int, ending: Collection[str] = ()) -> Effects:
        """What a changed configuration means for warnings that stand.

        One whose village or hazard is gone is held, since nobody judges it. One of an exercise ends, as
        an exercise, once the node warns for real. Households and posts that are new are told what stands.
        Nothing is said of warnings in `ending`: they are about to be ended by hand. Then doors are told
        as in every step, and what they were told last goes to those that are new.
        """
        self._now_s = max(self._now_s, now_s)
        effects = Effects()
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
            case.chain = self._tell_newcomers(case, effects)
            if not case.chain.called and concerns_chain(warning.level, self._routing_policy):
                self._demand(case, effects)
        self._change_voices(effects)
        return effects

    def _change_voices(self, effects: Effects) -> None:
        """Doors hear what the changed policy and orders make of what stands; new doors the last bulletin."""
        standing: dict[int, list[Standing]] = {}
        for case in self._cases.values():
            if case.warning.is_open and self._concerns_doors(case.warning.village, case.warning.hazard):
                standing.setdefault(case.warning.village, []).append(standing_of(case.warning))
        self.bulletins.align(standing)
        self._tell_doors(effects, self.bulletins.villages())
        present = {bulletin.village for bulletin in effects.bulletins}
        effects.to_newcomers.extend(one for one in self.last_bulletins() if one.village not in present)

    def _tell_doors(
        self, effects: Effects, looked_at: Collection[int] = (), evidence: Evidence | None = None
    ) -> None:
        """Bulletins of what the messages of a step, and time, mean for doors."""
        messages = [one for one in effects.messages if self._concerns_doors(one.village, one.hazard)]
        issued = self.bulletins.step(messages, self._now_s, looked_at=looked_at, evidence=evidence)
        effects.bulletins.extend(issued)
        if self.bulletins.faults:
            self.refused_inputs += len(self.bulletins.faults)
            self.last_refusal = self.bulletins.faults[-1]

    def _concerns_doors(self, village: int, hazard: str) -> bool:
        """Whether doors hear of a hazard: it is not for posts alone, or they have heard of it already."""
        if hazard not in self._for_posts_only:
            return True
        return any(one.hazard == hazard for one in self.bulletins.standing(village))

    def last_bulletins(self) -> list[Bulletin]:
        """The last bulletin of open episodes where something stands; exercises on a node in an exercise."""
        return self.bulletins.last_of(self._message_policy.status)

    def restate(
        self,
        messages: Sequence[tuple[str, WarningMessage]],
        cases: Sequence[VillageCase],
        bulletins: Sequence[tuple[str, Bulletin]] = (),
    ) -> Effects:
        """What was issued before, as effects: for a store that does not have it yet.

        Villages that are unknown now are left out; nothing changes here.
        """
        number = self._network.villages.index_of_code()
        effects = Effects([replace(m, village=number[code]) for code, m in messages if code in number])
        effects.bulletins.extend(replace(b, village=number[code]) for code, b in bulletins if code in number)
        for village, case in cases:
            if village in number:
                move_to_village(case.warning, number[village])
                self._tell_newcomers(case, effects)
        return effects

    def renew(self, warning: str, version: int) -> None:
        """Have the next step issue a version after `version`: that name is taken by another content."""
        case = self._by_name.get(warning)
        if case is not None and case.warning.is_open:
            case.warning.version = max(case.warning.version, version)
            case.warning.expires_s = self._now_s

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        cases = self.cases()
        return msgspec.msgpack.encode(
            DeskSnapshot(
                SNAPSHOT_FORMAT,
                self._now_s,
                self.ignored_answers,
                self.refused_inputs,
                self.last_refusal,
                [village for village, _ in cases],
                [case for _, case in cases],
                self.bulletins.snapshot(),
            )
        )

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; on an error the desk stays as it was.

        Raises
        ------
        ValueError
            If the bytes are no snapshot of this format, or a warning stands for
            a village that the network does not have.
        """
        snapshot = decode_snapshot(state)
        number = self._network.villages.index_of_code()
        cases: dict[tuple[int, str], Case] = {}
        for code, case in zip(snapshot.village_codes, snapshot.cases, strict=True):
            if code not in number:
                if not case.warning.is_open:
                    continue
                raise ValueError(
                    f"warning {case.warning.warning} stands, but the configuration has no village {code!r}"
                )
            move_to_village(case.warning, number[code])
            cases[case.warning.village, case.warning.hazard] = case
        if snapshot.format == FORMAT_BEFORE_BULLETINS:
            self.bulletins.forget()
            self.bulletins.adopt(standing_told_before(state, snapshot), snapshot.now_s)
        else:
            self.bulletins.restore(snapshot.bulletins)
        self._cases = cases
        self._by_name = {case.warning.warning: case for case in cases.values() if case.warning.warning}
        self._now_s = snapshot.now_s
        self.ignored_answers = snapshot.ignored_answers
        self.refused_inputs = snapshot.refused_inputs
        self.last_refusal = snapshot.last_refusal

    def _take(self, entry: DeskInput, effects: Effects) -> None:
        if isinstance(entry, LevelChange):
            self._take_change(entry, effects)
        elif isinstance(entry, RecipientAnswer):
            self._take_answer(entry)
        elif isinstance(entry, OperatorAffirm):
            self._take_affirm(entry)
        else:
            self._take_cancel(entry, effects)

    def _take_change(self, change: LevelChange, effects: Effects) -> None:
        if change.hazard not in self._hazards or not 0 <= change.village < len(self._network.villages):
            raise ImpossibleSignalError(f"no village {change.village} with hazard {change.hazard!r}")
        key = (change.village, change.hazard)
        case = self._cases.get(key) or Case(VillageWarning(change.village, change.hazard))
        if case.warning.is_open and self.is_of_the_other_status(case.warning):
            return  # a real warning during an exercise: held, and never moved by what the exercise brings
        for signal in case.warning.signals_of(change):
            self._signal(case, signal, change, effects)
        # Kept from its first warning on: a village without one leaves nothing behind.
        if case.warning.warning:
            self._cases[key] = case

    def _take_answer(self, answer: RecipientAnswer) -> None:
        """An answer of a called post stops the climb; one of a door is welcome and changes nothing here."""
        village = self.bulletins.village_of(answer.message)
        if village is not None:
            self.ignored_answers += not self._audience.is_household_of(village, answer.recipient)
            return
        named = parse_message_name(answer.message)
        case = self._by_name.get(named[0]) if named else None
        if named is None or case is None or not case.warning.is_open or named[1] > case.warning.version:
            self.ignored_answers += 1
            return
        if answer.recipient in case.chain.called:
            case.chain = chain.answer(case.chain, answer.recipient, named[1])
        elif not self._is_told_door(case.warning.village, answer.recipient):
            self.ignored_answers += 1

    def _is_told_door(self, village: int, recipient: str) -> bool:
        """Whether a recipient is a door that was told something."""
        return self.bulletins.is_told(village) and self._audience.is_household_of(village, recipient)

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
        if message.cause is Cause.FIRST:
            self._by_name.pop(former_name, None)
            self._by_name[message.warning] = case
            case.chain = ChainState()
        effects.messages.append(message)
        self._call_posts(case, message, effects)

    def _call_posts(self, case: Case, message: WarningMessage, effects: Effects) -> None:
        """Demand answers to a raise; tell those who know of the warning everything else."""
        posts = self._audience.posts_of_village(message.village)
        is_called = concerns_chain(message.level, self._routing_policy)
        if is_called and message.level > message.previous:
            self._demand(case, effects)
            return
        if not is_called:
            case.chain = chain.stop(case.chain)
        effects.post_calls.extend(
            PostCall(message, post, 0, "") for post in chain.posts_called(case.chain, posts)
        )

    def is_of_the_other_status(self, warning: VillageWarning) -> bool:
        """Whether it opened as an exercise on a node that warns for real now, or the other way round."""
        return warning.status_under(self._message_policy) is not self._message_policy.status

    def _hold(self, case: Case, effects: Effects) -> None:
        """Nobody judges it: it stands, and people are told that it is not confirmed."""
        self._signal(case, Signal.SIGHT_LOST, None, effects)

    def _tell_newcomers(self, case: Case, effects: Effects) -> ChainState:
        """The last message for every post that it concerns now; who has it is known by its key."""
        message = case.warning.latest
        if message is None:
            return case.chain
        posts = self._audience.posts_of_village(message.village)
        called = [post for post in posts if post.rank <= case.chain.rank or post.post in case.chain.called]
        effects.post_calls.extend(PostCall(message, post, case.chain.answer_by_s, "") for post in called)
        return chain.call(case.chain, called)

    def _demand(self, case: Case, effects: Effects) -> None:
        """Call the lowest rank and everybody called before about the last message, and ask for an answer."""
        message = case.warning.latest
        assert message is not None, "an open warning has a message"
        posts = self._audience.posts_of_village(message.village)
        answer_by_s = self._answer_by_s(message.level)
        case.chain, to_call = chain.demand(case.chain, posts, message.version, answer_by_s)
        effects.post_calls.extend(PostCall(message, post, answer_by_s, "") for post in to_call)

    def _let_time_work(self, case: Case, effects: Effects) -> None:
        if self._now_s >= case.warning.expires_s - self._message_policy.renew_before_s:
            self._signal(case, Signal.RENEW, None, effects)
        if case.chain.is_overdue(self._now_s):
            self._escalate(case, effects)

    def _escalate(self, case: Case, effects: Effects) -> None:
        """Nobody answered in time: the next rank is called with what is known by now."""
        message = case.warning.latest
        assert message is not None, "an open warning has a message"
        posts = self._audience.posts_of_village(message.village)
        answer_by_s = self._answer_by_s(message.level)
        case.chain, to_call, silent = chain.escalate(case.chain, posts, answer_by_s)
        effects.post_calls.extend(PostCall(message, post, answer_by_s, silent) for post in to_call)
        if not to_call:
            effects.settled.append(message.warning)

    def _status(self, case: Case) -> WarningStatus:
        warning = case.warning
        return WarningStatus(
            warning=warning.warning,
            village=warning.village,
            hazard=warning.hazard,
            state=warning.state,
            level=warning.level,
            version=warning.version,
            crossed_at_s=warning.crossed_at_s,
            expires_s=warning.expires_s,
            households_told=self.bulletins.is_told(warning.village),
            posts_called=case.chain.called,
            posts_answered=case.chain.answered,
            answer_by_s=case.chain.answer_by_s,
            operator=warning.operator,
            note=warning.note,
            unaffirmed_s=warning.unaffirmed_s(self._message_policy, self._now_s),
        )

    def _answer_by_s(self, level: Level) -> int:
        """When an answer is due; 0 where the policy gives a level no time: no answer is demanded."""
        within_s = self._routing_policy.answer_within_s[level]
        return self._now_s + within_s if within_s > 0 else 0


def _check_policy(policy: MessagePolicy) -> None:
    if not 0 <= policy.renew_before_s < policy.validity_s:
        raise ValueError(
            f"renew_before ({policy.renew_before_s} s) must be shorter than validity ({policy.validity_s} s)"
        )
    illegal = [c for c in policy.sender if c.isspace() or not c.isprintable() or c in ",&<"]
    if illegal or not policy.sender:
        raise ValueError(
            f"sender {policy.sender!r} must be one word without commas, & and < (CAP 1.2, section 3)"
        )
