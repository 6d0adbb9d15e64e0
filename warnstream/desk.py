"""The second machine: changes of levels, answers and cancels in; messages, bulletins and calls out.

`WarningDesk.step` is pure: the same inputs at the same times give the same
effects, byte for byte, also across a snapshot and a restart at any step. A
step without inputs still renews messages and climbs the responsibility chain.

An input that cannot be (a fall of a warning that is held, an unknown hazard)
is refused, counted and changes nothing; it never keeps another village from
being warned. A step costs a look at every open warning (8,500 warnings: about
4 ms) and about 50 µs per message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from warnstream.lifecycle.bulletins import Bulletins, Evidence
from warnstream.lifecycle.identity import parse_message_name
from warnstream.lifecycle.machine import ImpossibleSignalError, Signal, State
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.bulletins import Standing
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
from warnstream.model.warning import Cause, WarningMessage
from warnstream.routing import chain
from warnstream.routing.audience import Audience, concerns_chain
from warnstream.routing.chain import ChainState

DeskInput = LevelChange | RecipientAnswer | OperatorCancel | OperatorAffirm

SNAPSHOT_FORMAT = 2
FORMAT_BEFORE_BULLETINS = 1
"""Of desks that told doors every message of a warning; what those were told is taken over."""


@dataclass(slots=True)
class Case:
    """One village and hazard on the desk: its warning, and who knows of it."""

    warning: VillageWarning
    chain: ChainState = field(default_factory=ChainState)


@dataclass(frozen=True, slots=True)
class WarningStatus:
    """What the console shows of a warning.

    `households_told`: the doors of its village were told something whose end they have not heard.
    `answer_by_s` is 0 where no answer is awaited; posts that were called and
    are not among the answered while nothing is awaited are the top of a chain
    that stayed silent. `operator` and `note` say who ended it by hand, and why.
    """

    warning: str
    village: int
    hazard: str
    state: State
    level: Level
    version: int
    crossed_at_s: int
    expires_s: int
    households_told: bool
    posts_called: tuple[str, ...]
    posts_answered: tuple[str, ...]
    answer_by_s: int
    operator: str
    note: str
    unaffirmed_s: int


class _Snapshot(msgspec.Struct):
    """State between two steps; villages by code, so that a changed register is noticed."""

    format: int
    now_s: int
    ignored_answers: int
    refused_inputs: int
    last_refusal: str
    village_codes: list[str]
    cases: list[Case]
    bulletins: bytes = b""


class _SnapshotFormat(msgspec.Struct):
    format: int


class _CaseBefore(msgspec.Struct):
    """Of a case of `FORMAT_BEFORE_BULLETINS` what only that format has."""

    households_told: bool = False


class _SnapshotBefore(msgspec.Struct):
    now_s: int
    cases: list[_CaseBefore]


class WarningDesk:
    """All warnings of one network.

    Parameters
    ----------
    network : Network
    rules : sequence of HazardRule
    message_policy, routing_policy : MessagePolicy, RoutingPolicy
    bulletins : Bulletins
        The voice of each village's doors, without any state yet.

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
    ) -> None:
        _check_policy(message_policy)
        self._network = network
        self._hazards = frozenset(rule.name for rule in rules)
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
        effects.bulletins.extend(self.bulletins.step(effects.messages, now_s, evidence=evidence))
        if self.bulletins.faults:
            self.refused_inputs += len(self.bulletins.faults)
            self.last_refusal = self.bulletins.faults[-1]
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

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        cases = list(self._cases.values())
        codes = self._network.villages.code
        return msgspec.msgpack.encode(
            _Snapshot(
                SNAPSHOT_FORMAT,
                self._now_s,
                self.ignored_answers,
                self.refused_inputs,
                self.last_refusal,
                [codes[case.warning.village] for case in cases],
                cases,
                self.bulletins.snapshot(),
            )
        )

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; on an error the desk stays as it was.

        Raises
        ------
        ValueError
            If the bytes are no snapshot of this format, or a warning stands for
            a village or hazard that the configuration no longer has.
        """
        snapshot = _decode(state)
        number = self._network.villages.index_of_code()
        cases: dict[tuple[int, str], Case] = {}
        for code, case in zip(snapshot.village_codes, snapshot.cases, strict=True):
            warning = case.warning
            if code not in number or warning.hazard not in self._hazards:
                if not warning.is_open:
                    continue
                raise ValueError(
                    f"warning {warning.warning} stands, but the configuration "
                    f"has no village {code!r} with hazard {warning.hazard!r}"
                )
            _move_to_village(warning, number[code])
            cases[warning.village, warning.hazard] = case
        if snapshot.format == FORMAT_BEFORE_BULLETINS:
            self._adopt(state, snapshot)
        else:
            self.bulletins.restore(snapshot.bulletins)
        self._cases = cases
        self._by_name = {case.warning.warning: case for case in cases.values() if case.warning.warning}
        self._now_s = snapshot.now_s
        self.ignored_answers = snapshot.ignored_answers
        self.refused_inputs = snapshot.refused_inputs
        self.last_refusal = snapshot.last_refusal

    def _adopt(self, state: bytes, snapshot: _Snapshot) -> None:
        """What doors were told by a desk that knew no bulletins."""
        told = msgspec.msgpack.decode(state, type=_SnapshotBefore).cases
        warnings = [
            case.warning
            for case, before in zip(snapshot.cases, told, strict=True)
            if before.households_told and case.warning.is_open and case.warning.latest is not None
        ]
        self.bulletins.adopt([(one.village, _standing_of(one)) for one in warnings], snapshot.now_s)

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
        former_name = case.warning.warning
        message = case.warning.take(
            signal,
            change,
            village_code=self._network.villages.code[case.warning.village],
            policy=self._message_policy,
            now_s=self._now_s,
        )
        if message is None:
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
            answer_by_s = self._answer_by_s(message.level)
            case.chain, to_call = chain.demand(case.chain, posts, message.version, answer_by_s)
            effects.post_calls.extend(PostCall(message, post, answer_by_s, "") for post in to_call)
            return
        if not is_called:
            case.chain = chain.stop(case.chain)
        effects.post_calls.extend(
            PostCall(message, post, 0, "") for post in chain.posts_called(case.chain, posts)
        )

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


def _move_to_village(warning: VillageWarning, village: int) -> None:
    """Village numbers change when the register does; codes do not."""
    if village != warning.village:
        warning.village = village
        warning.latest = replace(warning.latest, village=village) if warning.latest else None


def _standing_of(warning: VillageWarning) -> Standing:
    assert warning.latest is not None, "an open warning has a message"
    return Standing(warning.hazard, warning.level, warning.latest.status, warning.reason)


def _decode(state: bytes) -> _Snapshot:
    try:
        found = msgspec.msgpack.decode(state, type=_SnapshotFormat).format
        if found not in (SNAPSHOT_FORMAT, FORMAT_BEFORE_BULLETINS):
            raise ValueError(f"warning desk snapshot of format {found}, expected {SNAPSHOT_FORMAT}")
        return msgspec.msgpack.decode(state, type=_Snapshot)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of the warning desk: {error}") from None


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
