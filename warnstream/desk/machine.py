"""The second machine: changes of levels, answers and orders in; messages, bulletins and digests out.

`WarningDesk.step` is pure: the same inputs at the same times give the same
effects, byte for byte, also across a snapshot and a restart at any step. A
step without inputs still renews messages and rings the posts that are silent.

An input that cannot be (a fall of a warning that is held, an unknown hazard)
is refused, counted and changes nothing; it never keeps another village from
being warned. A step costs a look at every open warning (8,500 warnings: about
4 ms) and about 50 µs per message; bulletins and digests cost what falls due.
"""

from collections.abc import Sequence

import msgspec

from warnstream.desk.cases import (
    FORMAT_BEFORE_BULLETINS,
    SNAPSHOT_FORMAT,
    Case,
    DeskSnapshot,
    WarningStatus,
    called_before,
    decode_snapshot,
    move_to_village,
    standing_of,
    told_before,
)
from warnstream.lifecycle.bulletins import Bulletins, Evidence
from warnstream.lifecycle.identity import legal, parse_message_name
from warnstream.lifecycle.machine import ImpossibleSignalError, Signal
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.changes import LevelChange
from warnstream.model.digests import CallFailed, HelpAssign, HelpClose
from warnstream.model.effects import (
    Answer,
    Effects,
    OperatorAffirm,
    OperatorCancel,
    RecipientAnswer,
)
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import compact_utc
from warnstream.model.warning import Cause, MessageStatus, WarningMessage
from warnstream.routing.audience import Audience
from warnstream.routing.chains import Chains, StatedInput

DeskInput = (
    LevelChange | RecipientAnswer | OperatorCancel | OperatorAffirm | CallFailed | HelpAssign | HelpClose
)


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
        self._audience = Audience(network)
        self.chains = Chains(network, self._audience, routing_policy, self._series)
        self._to_chains: list[StatedInput] = []
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
        inputs_of_chains, self._to_chains = self._to_chains, []
        effects.digests.extend(self.chains.step(inputs_of_chains, now_s))
        if faults := [*self.bulletins.faults, *self.chains.faults]:
            self.refused_inputs += len(faults)
            self.last_refusal = faults[-1]
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
            DeskSnapshot(
                SNAPSHOT_FORMAT,
                self._now_s,
                self.ignored_answers,
                self.refused_inputs,
                self.last_refusal,
                [codes[case.warning.village] for case in cases],
                cases,
                self.bulletins.snapshot(),
                self.chains.snapshot(),
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
        snapshot = decode_snapshot(state)
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
            move_to_village(warning, number[code])
            cases[warning.village, warning.hazard] = case
        if snapshot.format == FORMAT_BEFORE_BULLETINS:
            self._adopt_told(state, snapshot)
        else:
            self.bulletins.restore(snapshot.bulletins)
        if snapshot.format == SNAPSHOT_FORMAT:
            self.chains.restore(snapshot.chains)
        else:
            self._adopt_called(state, snapshot)
        self._cases = cases
        self._by_name = {case.warning.warning: case for case in cases.values() if case.warning.warning}
        self._now_s = snapshot.now_s
        self.ignored_answers = snapshot.ignored_answers
        self.refused_inputs = snapshot.refused_inputs
        self.last_refusal = snapshot.last_refusal

    def _adopt_told(self, state: bytes, snapshot: DeskSnapshot) -> None:
        """What doors were told by a desk that knew no bulletins."""
        warnings = told_before(state, snapshot)
        self.bulletins.adopt([(one.village, standing_of(one)) for one in warnings], snapshot.now_s)

    def _adopt_called(self, state: bytes, snapshot: DeskSnapshot) -> None:
        """Whom a desk without digests had called; villages that it did not get answers of are asked anew."""
        self.chains.adopt(called_before(state, snapshot), snapshot.now_s)

    def _series(self, status: MessageStatus, post: str, opened_s: int) -> str:
        """Name of a post's digests since a time; a later one of the post sorts behind."""
        place = "@post" if status is MessageStatus.ACTUAL else "@drill"
        return f"{legal(self._message_policy.prefix)}.{place}.{legal(post)}.{compact_utc(opened_s)}"

    def _take(self, entry: DeskInput, effects: Effects) -> None:
        if isinstance(entry, LevelChange):
            self._take_change(entry, effects)
        elif isinstance(entry, RecipientAnswer):
            self._take_answer(entry)
        elif isinstance(entry, OperatorAffirm):
            self._take_affirm(entry)
        elif isinstance(entry, OperatorCancel):
            self._take_cancel(entry, effects)
        elif isinstance(entry, CallFailed):
            self._to_chains += self.chains.of_failure(entry)
        else:
            self._to_chains += self.chains.of_action(entry)

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
        """A post's answer counts for the villages of its digest; a door that calls for help rings posts."""
        if of_post := self.chains.of_post(answer.message, answer.recipient, answer.answer):
            self._to_chains += of_post
            return
        village = self.bulletins.village_of(answer.message)
        if village is None:
            village = self._village_of_message(answer.message)
        if village is None or not self._audience.is_household_of(village, answer.recipient):
            self.ignored_answers += 1
        elif answer.answer is Answer.NEED_HELP:
            status = self.bulletins.status_of(village)
            self._to_chains += self.chains.of_door(village, answer.recipient, status)

    def _village_of_message(self, identifier: str) -> int | None:
        """Village of a message of a warning that stands, if its doors were told something."""
        named = parse_message_name(identifier)
        case = self._by_name.get(named[0]) if named else None
        if named is None or case is None or not case.warning.is_open or named[1] > case.warning.version:
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
        effects.messages.append(message)
        self._to_chains += self.chains.of_message(message)

    def _let_time_work(self, case: Case, effects: Effects) -> None:
        if self._now_s >= case.warning.expires_s - self._message_policy.renew_before_s:
            self._signal(case, Signal.RENEW, None, effects)

    def _status(self, case: Case) -> WarningStatus:
        warning = case.warning
        chain = self.chains.of[warning.latest.status if warning.latest else self._message_policy.status]
        turn = chain.turns.get(warning.village) if warning.is_open else None
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
            posts_called=tuple(chain.asked(warning.village)) if turn else (),
            posts_answered=tuple(turn.answered) if turn else (),
            answer_by_s=max(chain.answer_by_s(warning.village), 0) if turn else 0,
            is_dry=turn is not None and warning.village in chain.dry_villages,
            operator=warning.operator,
            note=warning.note,
            unaffirmed_s=warning.unaffirmed_s(self._message_policy, self._now_s),
        )


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
