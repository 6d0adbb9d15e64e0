"""Hands move warnings: the machine's level and what is ordered become the level in force.

`ObeyingDesk` is the part of the desk that carries orders out. A warning whose level nobody has bound
never comes here.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from warnstream.desk.cases import Case
from warnstream.desk.hands import Doors, covers, is_done, new_case, orders_of
from warnstream.desk.state import DeskState
from warnstream.lifecycle.bulletins import Bulletins, Correction, Evidence
from warnstream.lifecycle.machine import Signal, State
from warnstream.lifecycle.orders import (
    ImpossibleOrderError,
    after_change,
    at_time,
    in_force,
    needs_second,
)
from warnstream.lifecycle.release import postponed
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.digests import RingAgain
from warnstream.model.effects import Effects
from warnstream.model.hands.orders import BoundKind, HandOrder, HandPolicy, OrderKind
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.transfers.marks import RowMark
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.routing.chains import StatedInput


class ObeyingDesk(DeskState):
    """The desk with hands on it; parameters as of `WarningDesk`."""

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
        self._to_chains: list[StatedInput] = []
        self._to_doors = Doors()
        self._faults_before: dict[str, list[str]] = {}

    @abstractmethod
    def _take_transfer(self, order: HandOrder) -> None:
        """An order about moving people."""

    @abstractmethod
    def _take_agreed(self, order: HandOrder) -> None:
        """An order about moving people to which a second person has agreed."""

    @abstractmethod
    def _signal(self, case: Case, signal: Signal, change: LevelChange | None, effects: Effects) -> None:
        """One signal to one warning."""

    def order_faults(self, order: HandOrder) -> list[str]:
        """Everything that keeps an order from being carried out as things stand; empty: nothing.

        May be asked from any thread; the step asks again.
        """
        n_bounds = len(orders_of(list(self._cases.values())))
        return (
            self._unjudged(order)
            or self.hands.faults_of(order, self._case_of, n_bounds)
            or self._faults_of_waiting(order)
        )

    def _faults_of_waiting(self, order: HandOrder) -> list[str]:
        """Why nothing there can wait longer, or be rung again."""
        number = self._network.villages.index_of_name()
        villages = {number[code] for code in order.villages if code in number}
        if order.kind is OrderKind.HOLD:
            longer = [of for of, held in self.bulletins.waiting() if of in villages and postponed(held)]
            nothing = "villages: nothing there waits for an officer that may wait longer, or it did once"
            return [] if longer else [nothing]
        if order.kind is OrderKind.CALL_AGAIN:
            is_owed = any(chain.owes(villages) for chain in self.chains.of.values())
            return [] if is_owed else ["villages: no post owes an answer for any village named"]
        return []

    def _unjudged(self, order: HandOrder) -> list[str]:
        """What an order wants of villages and hazards that nobody judges any more: they can only be ended."""
        if order.level is Level.NONE:
            return []
        if order.hazard not in self._hazards:
            return [f"hazard: nobody judges {order.hazard!r}: a warning of it can only be ended"]
        number = self._network.villages.index_of_name()
        found = []
        for code in order.villages:
            village = number.get(code, 0)
            case = self._case_of(village, order.hazard)
            if village >= self._n_judged or (case is not None and self._is_held_for_good(case)):
                found.append(f"villages: nobody judges {code}: a warning there can only be ended")
        return found

    def _turn_down(self, entry: object, why: str) -> None:
        """An input that cannot be: it changes nothing, and of a person's order that is told."""
        self.refused_inputs += 1
        self.last_refusal = why
        if isinstance(entry, HandOrder):
            self.hands.turn_down(entry.author, str(entry.kind), why, self._now_s)
        elif isinstance(entry, RowMark):
            self.hands.turn_down(entry.by, "mark", why, self._now_s)

    def _look_at_orders(self, inputs: Iterable[object]) -> None:
        """Hold orders that will wait for a second person against what stands before the step.

        What others of the same step do first is not known to whoever follows the step later.
        """
        orders = [input_ for input_ in inputs if isinstance(input_, HandOrder) and needs_second(input_)]
        self._faults_before = {order.identifier: self.order_faults(order) for order in orders}

    def _faults_in_step(self, order: HandOrder) -> list[str]:
        """What keeps a step from taking an order."""
        known = self._faults_before.get(order.identifier)
        return self.order_faults(order) if known is None else known

    def knows_order(self, order: HandOrder) -> bool:
        """Whether an order of that identifier was given already: again it changes nothing."""
        return order.identifier in self.hands.state.done

    def identity_faults(self, order: HandOrder) -> list[str]:
        """Whether its identifier was given to another order before: that one alone was carried out."""
        another = f"identifier: {order.identifier} was given to another order: give this one its own"
        return [another] if self.hands.is_another(order) else []

    def _is_known(self, order: HandOrder) -> bool:
        """Whether an order was given before. ImpossibleOrderError if its identifier was, to another one."""
        if faults := self.identity_faults(order):
            self.hands.state.refused += 1
            raise ImpossibleOrderError(f"order {faults[0]}")
        return self.knows_order(order)

    def has_carried_out(self, order: HandOrder) -> bool:
        """Whether an order has left its mark, as far as warnings and what waits show it."""
        number = self._network.villages.index_of_name()
        villages = [number[code] for code in order.villages if code in number]
        if order.kind is OrderKind.HOLD:
            waiting = dict(self.bulletins.waiting())
            return not any(postponed(waiting.get(village)) for village in villages)
        return is_done(order, [self._cases.get((village, order.hazard)) for village in villages])

    def _case_of(self, village: int, hazard: str) -> Case | None:
        return self._cases.get((village, hazard))

    def _take_order(self, order: HandOrder, effects: Effects) -> None:
        """Carry an order out at once, or refuse it whole.

        Raises
        ------
        ImpossibleOrderError
            With all of its faults; nothing has changed.
        """
        if order.kind.is_transfer:
            self._take_transfer(order)
            return
        if self._is_known(order):
            return
        if faults := self._faults_in_step(order):
            self.hands.state.refused += 1
            raise ImpossibleOrderError(f"order {order.identifier}: {'; '.join(faults)}")
        accepted = self.hands.accept(order, self._now_s)
        if accepted is None or accepted.kind.is_transfer:
            if accepted is not None:
                self._take_agreed(accepted)
            return
        number = self._network.villages.index_of_name()
        villages = [number[code] for code in accepted.villages]
        if accepted.kind is OrderKind.RELEASE:
            self._to_doors.released |= dict.fromkeys(villages, accepted.author)
            return
        if accepted.kind is OrderKind.HOLD:
            self._to_doors.held_longer += villages
            return
        if accepted.kind is OrderKind.CALL_AGAIN:
            self._to_chains += [
                (status, RingAgain(village)) for status in MessageStatus for village in villages
            ]
            return
        for village in villages:
            self._order_case(accepted, village, effects)

    def _follow_order(self, order: HandOrder) -> list[HandOrder]:
        """An order of the past: what it did besides warnings; itself, if a step has to carry it out.

        What a step refused then is refused again. Of bounds that is left to whoever finds them not carried
        out: they may rest on one before them in the same step.
        """
        if order.kind.is_transfer:
            self._take_transfer(order)
            return []
        binds = order.kind.is_floor or order.kind.is_ceiling or order.kind is OrderKind.EXTEND
        if (not binds or needs_second(order)) and self.order_faults(order):
            return []
        accepted = self.hands.accept(order, self._now_s)
        if accepted is not None and accepted.kind.is_transfer:
            self._take_agreed(accepted)
            return []
        return [] if accepted is None else [accepted]

    def _order_case(self, order: HandOrder, village: int, effects: Effects) -> None:
        """One village of an order."""
        key = village, order.hazard
        case = self._cases.get(key) or new_case(*key)
        if order.kind is OrderKind.EXTEND:
            if case.bound is not None or case.warning.is_open:
                self.hands.extend(order, case, self._now_s)
                effects.settled.append(case.warning.warning)
            return
        if order.kind.is_ceiling and case.told <= order.level:
            return
        if self._is_held_for_good(case):
            if order.level is Level.NONE:  # a red that was agreed to meanwhile ends nothing
                self.hands.mark(order, case)
                self._signal(case, Signal.CANCEL, None, effects)
            return
        self._cases[key] = case
        self.hands.carry_out(order, case, self._now_s)
        self._move(case, None, effects, by_order=order)
        if order.kind is OrderKind.CORRECT and self._concerns_doors(village, order.hazard):
            self._to_doors.corrections.append(Correction(village, order.hazard))

    def _is_held_for_good(self, case: Case) -> bool:
        """A warning that nobody judges any more: what ends it by hand ends it for good."""
        warning = case.warning
        return warning.is_open and (self.is_kept(warning) or self.is_of_the_other_status(warning))

    def _obey(self, case: Case, change: LevelChange, effects: Effects) -> bool:
        """A change of a level that a hand binds; False: nothing binds it any more, it is as any other."""
        bound = case.bound
        before, case.found = case.found, change.level
        if change.kind in (Change.RISE, Change.FALL):
            case.bound = after_change(bound, before, case.found)
        if case.bound is None:
            case.found, case.is_blind = Level.NONE, False
            return False
        warning = case.warning
        effects.settled.append(warning.warning)
        if change.kind is Change.SIGHT_LOST:
            case.is_blind = True
            if warning.is_open and case.found:
                self._signal(case, Signal.SIGHT_LOST, None, effects)
            return True
        if change.kind is Change.SIGHT_REGAINED:
            case.is_blind = False
            if warning.state is State.HELD:
                self._signal(case, Signal.SIGHT_REGAINED, change, effects)
        self._move(case, change.reason, effects)
        return True

    def _end_bounds(self, effects: Effects, evidence: Evidence | None) -> None:
        """What has expired binds no more: people are told the machine's level."""
        for case in [case for case in self._cases.values() if case.bound is not None]:
            if at_time(case.bound, self._now_s) is None:
                self._unbind(case, effects, evidence)

    def _unbind(self, case: Case, effects: Effects, evidence: Evidence | None = None) -> None:
        found, case.bound = case.found, None
        reason = self._measured(case, evidence) if found > case.told else None
        self._move(case, reason, effects, target=found)
        if case.is_blind and case.warning.state is State.ACTIVE:
            self._signal(case, Signal.SIGHT_LOST, None, effects)
        case.found, case.is_blind = Level.NONE, False

    def _measured(self, case: Case, evidence: Evidence | None) -> Reason | None:
        """What is measured now; a level whose reason cannot be told comes back without one."""
        try:
            return None if evidence is None else evidence(case.warning.village, case.warning.hazard)
        except Exception as error:  # noqa: BLE001  # one village failing never silences another
            self.refused_inputs += 1
            self.last_refusal = f"reason of {case.warning.warning}: {error!r}"
            return None

    def _move(
        self,
        case: Case,
        reason: Reason | None,
        effects: Effects,
        *,
        by_order: HandOrder | None = None,
        target: Level | None = None,
    ) -> None:
        """Let people be told the level in force, if it is another than they were told."""
        warning, bound, told = case.warning, case.bound, case.told
        if target is None:
            target = in_force(case.found, bound)
        if target is told:
            effects.settled.append(warning.warning)
            return
        change = LevelChange(
            Change.RISE if target > told else Change.FALL,
            warning.hazard,
            warning.village,
            target,
            told,
            self._now_s,
            self._now_s,
            reason,
        )
        self._signal(case, self._signal_of(case, change, by_order), change, effects)

    def _signal_of(self, case: Case, change: LevelChange, by_order: HandOrder | None) -> Signal:
        """What a move is for its warning: the machine's word, or a hand's."""
        bound, is_held = case.bound, case.warning.state is State.HELD
        if change.kind is Change.RISE:
            is_floor = bound is not None and bound.kind is BoundKind.FLOOR and change.level > case.found
            return Signal.HAND_RAISE if is_floor else Signal.RISE
        is_by_hand = by_order is not None or is_held
        if change.level is Level.NONE:
            return Signal.CANCEL if is_by_hand else Signal.CLEAR
        return Signal.HAND_LOWER if is_by_hand else Signal.FALL

    # Posts.

    def _hear_of_silences(self) -> None:
        """What a silence has hidden from posts is told once it is over."""
        codes = self._network.villages.code
        for silence in self.hands.end_silences(self._now_s):
            for (village, hazard), case in self._cases.items():
                latest = case.warning.latest
                is_hidden = not silence.post and covers(silence, codes[village], hazard)
                if is_hidden and case.warning.is_open and latest is not None:
                    self._to_chains += self.chains.of_message(latest)

    def _audible(self, inputs: Sequence[StatedInput]) -> list[StatedInput]:
        """Inputs of the posts without rises that are silenced; ends and falls are always told."""
        if not self.hands.state.silences:
            return list(inputs)
        codes = self._network.villages.code
        known: dict[tuple[MessageStatus, int, str], Level] = {}
        found: list[StatedInput] = []
        for status, entry in inputs:
            if isinstance(entry, WarningMessage):
                place = status, entry.village, entry.hazard
                turn = self.chains.of[status].turns.get(entry.village)
                heard = known.get(place, turn.standing.get(entry.hazard, Level.NONE) if turn else Level.NONE)
                is_rise = entry.level > heard
                if is_rise and self.hands.is_silenced(codes[entry.village], entry.hazard, entry.level):
                    continue
                known[place] = entry.level
            found.append((status, entry))
        return found

    @abstractmethod
    def _concerns_doors(self, village: int, hazard: str) -> bool:
        """Whether doors hear of a hazard."""

    def _change_hands(self, effects: Effects) -> None:
        """After a change of the configuration: nobody judges what was lost, so nothing hides it either."""
        for case in [case for case in self._cases.values() if case.bound is not None]:
            bound = case.bound
            if bound is not None and bound.kind is BoundKind.CEILING and self._is_held_for_good(case):
                self._unbind(case, effects)
