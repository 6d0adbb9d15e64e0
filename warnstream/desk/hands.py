"""Hands on the desk: orders become bounds, silences, releases and the county's state of response.

A bound stands beside the machine's level in its `Case`, so a log and a snapshot carry it with the
warning. What concerns no single warning (silences, red that waits for a second person, the response)
is a `HandState`. Limits: `BOUNDS_MAX` orders that bind at once, `DONE_KEPT` identifiers remembered.
"""

import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from warnstream.desk.cases import Case
from warnstream.lifecycle.bulletins import Correction
from warnstream.lifecycle.orders import (
    ImpossibleOrderError,
    binds_s,
    bound_of,
    fault_of_level,
    needs_second,
)
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.hands.orders import (
    BOUNDS_MAX,
    REASON_CHARACTERS_MAX,
    SILENCED_MAX,
    BoundKind,
    HandOrder,
    HandPolicy,
    OrderKind,
    Response,
    Silence,
)
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S

DONE_KEPT = 2_000
"""Identifiers of orders that are known to have been given; the same one again changes nothing."""

ORDERS_KEPT = 8
"""Of one village and hazard."""

TURNED_DOWN_S, TURNED_DOWN_KEPT = HOUR_S, 20
"""So long, and so many, orders are told that were taken and then found not to fit what stands."""


CaseOf = Callable[[int, str], Case | None]
"""The case of a village and hazard."""


class Waiting(msgspec.Struct, frozen=True):
    """Red by hand that waits for a second person; it lapses at `due_s`."""

    order: HandOrder
    since_s: int
    due_s: int


class CountyResponse(msgspec.Struct, frozen=True):
    """The county's state of response, who declared it, why, and when."""

    response: str
    author: str
    reason: str
    since_s: int


class TurnedDown(msgspec.Struct, frozen=True):
    """What a person ordered or marked, and did not fit what stood in its step: nothing came of it."""

    at_s: int
    author: str
    what: str
    why: str


class HandState(msgspec.Struct):
    """What hands have done that concerns no single warning; everything between two steps.

    `lapsed` are reds that no second person agreed to, `refused` orders that a step refused; the last of
    those are in `turned_down`. `contents` are checksums of what was ordered, by identifiers of `done`.
    """

    silences: list[Silence] = []
    waiting: list[Waiting] = []
    response: CountyResponse | None = None
    done: list[str] = []
    lapsed: int = 0
    refused: int = 0
    turned_down: list[TurnedDown] = []
    contents: dict[str, int] = {}


@dataclass(slots=True)
class Doors:
    """What orders of one step mean for doors; `released` has who released a village."""

    corrections: list[Correction] = field(default_factory=list)
    released: dict[int, str] = field(default_factory=dict)


class Hands:
    """Orders of one network's desk.

    Parameters
    ----------
    policy : HandPolicy
    number_of : mapping of str to int
        Villages by code, those that are kept included.
    held_doors : callable
        Villages whose doors wait for an officer.

    Attributes
    ----------
    state : HandState
    """

    def __init__(
        self,
        policy: HandPolicy,
        number_of: dict[str, int],
        held_doors: Callable[[], Collection[int]],
    ) -> None:
        self._policy, self._number, self._held_doors = policy, number_of, held_doors
        self.state = HandState()

    # Orders.

    def accept(self, order: HandOrder, now_s: int) -> HandOrder | None:
        """Take an order; the one that is to be carried out on warnings or doors now, if any.

        Raises
        ------
        ImpossibleOrderError
            If a release names no red that waits.
        """
        state = self.state
        if order.identifier in state.done:
            return None
        self.note(order)
        if order.kind is OrderKind.SILENCE:
            state.silences = [*state.silences, self._silence(order, now_s)]
            return None
        if order.kind is OrderKind.RESPOND:
            word = order.response
            is_over = word == Response.END
            state.response = None if is_over else CountyResponse(word, order.author, order.reason, now_s)
            return None
        if order.order:
            return self._agreed(order)
        if needs_second(order):
            due_s = now_s + self._policy.second_within_s
            state.waiting = [*state.waiting, Waiting(order, now_s, due_s)]
            return None
        return order

    def note(self, order: HandOrder) -> None:
        """An order has been given: the same identifier again changes nothing."""
        state = self.state
        state.done = [*state.done[-DONE_KEPT + 1 :], order.identifier]
        state.contents[order.identifier] = _content_of(order)
        if len(state.contents) > 2 * DONE_KEPT:
            state.contents = {name: state.contents[name] for name in state.done if name in state.contents}

    def is_another(self, order: HandOrder) -> bool:
        """Whether the identifier was given already, to something else."""
        content = _content_of(order)
        return self.state.contents.get(order.identifier, content) != content

    def give_again(self, order: HandOrder) -> None:
        """An order that was taken and never carried out may be given once more."""
        self.state.done = [identifier for identifier in self.state.done if identifier != order.identifier]

    def lapse(self, now_s: int) -> None:
        """Reds that no second person has agreed to in time are forgotten, and counted."""
        state = self.state
        waiting = [proposal for proposal in state.waiting if proposal.due_s > now_s]
        state.lapsed += len(state.waiting) - len(waiting)
        state.waiting = waiting
        if state.turned_down:
            state.turned_down = [order for order in state.turned_down if order.at_s > now_s - TURNED_DOWN_S]

    def turn_down(self, author: str, what: str, why: str, now_s: int) -> None:
        """Nothing came of what a person ordered: whoever is on duty is told, the author thinks it is done."""
        told = TurnedDown(now_s, author, what, why)
        self.state.turned_down = [*self.state.turned_down, told][-TURNED_DOWN_KEPT:]

    def end_silences(self, now_s: int) -> list[Silence]:
        """Silences that are over, for what they hid."""
        state = self.state
        over = [silence for silence in state.silences if silence.expires_s <= now_s]
        state.silences = [silence for silence in state.silences if silence.expires_s > now_s]
        return over

    def is_silenced(self, village_code: str, hazard: str, level: Level) -> bool:
        """Whether posts are not told of a rise to a level; red always is told."""
        return level <= SILENCED_MAX and any(
            not silence.post and covers(silence, village_code, hazard) for silence in self.state.silences
        )

    def silenced_posts(self) -> set[str]:
        """Posts that get no digest up to orange."""
        return {silence.post for silence in self.state.silences if silence.post}

    def carry_out(self, order: HandOrder, case: Case, now_s: int) -> None:
        """Put an order's bound on a case; what people are to be told of it is the desk's to find."""
        found, is_held = case.machine_level, case.is_blind
        if case.bound is None:
            is_held = case.warning.is_open and bool(case.warning.latest and case.warning.latest.blind)
        kind = BoundKind.FLOOR if order.kind.is_floor or found < order.level else BoundKind.CEILING
        bound = bound_of(order, found, binds_s(self._policy, kind, found, order.for_s), now_s)
        case.found, case.is_blind = (found, is_held) if bound is not None else (Level.NONE, False)
        case.bound = bound
        self.mark(order, case)

    def extend(self, order: HandOrder, case: Case, now_s: int) -> None:
        """Move the expiry of what binds; where nothing does, the author affirms the warning."""
        if case.bound is not None:
            lasts_s = binds_s(self._policy, case.bound.kind, case.found, order.for_s)
            case.bound = replace(case.bound, expires_s=now_s + lasts_s)
        case.warning.affirmed_s = now_s
        self.mark(order, case)

    def mark(self, order: HandOrder, case: Case) -> None:
        """Who laid a hand on a warning last, and why."""
        case.warning.operator, case.warning.note = order.author, order.reason
        case.orders = (*case.orders, order.identifier)[-ORDERS_KEPT:]

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        return msgspec.msgpack.encode(self.state)

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            self.state = msgspec.msgpack.decode(state, type=HandState)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of orders: {error}") from None

    # Faults.

    def faults_of(self, order: HandOrder, case_of: CaseOf, n_bounds: int) -> list[str]:
        """Everything that keeps an order from being carried out as things stand; empty: nothing."""
        faults = self.faults_of_form(order)
        unknown = [code for code in order.villages if code not in self._number]
        faults += [f"villages: no village {code!r}" for code in unknown]
        if not faults:
            faults += self._faults_of_kind(order, case_of)
        binds = order.kind.is_floor or order.kind.is_ceiling or order.kind is OrderKind.SILENCE
        if binds and n_bounds + len(self.state.silences) + len(self.state.waiting) >= BOUNDS_MAX:
            faults.append(f"{BOUNDS_MAX} orders bind already: end or let expire one first")
        return faults

    def faults_of_form(self, order: HandOrder) -> list[str]:
        """What is wrong with an order of any kind, whatever stands."""
        faults = []
        if not order.author:
            faults.append("author: expected a person of operators.csv")
        if not order.reason.strip() or len(order.reason) > REASON_CHARACTERS_MAX:
            faults.append(f"reason: expected 1 to {REASON_CHARACTERS_MAX} characters")
        if order.second and order.second == order.author:
            faults.append("second: expected another person than the author")
        if order.for_s < 0:
            faults.append("for: expected a time above zero")
        if order.version and len(order.villages) != 1 and not order.kind.is_transfer:
            faults.append("version: expected one village with it")
        return faults

    def _faults_of_kind(self, order: HandOrder, case_of: CaseOf) -> list[str]:
        kind = order.kind
        if kind is OrderKind.RESPOND:
            known = [str(response) for response in Response]
            return [] if order.response in known else [f"response: expected one of {', '.join(known)}"]
        if kind is OrderKind.SILENCE:
            is_empty = not order.villages and not order.hazard and not order.post
            return ["villages: expected an area, a hazard or a post to be silenced"] if is_empty else []
        if kind is OrderKind.RELEASE:
            return self._faults_of_release(order, case_of)
        return self._faults_of_bound(order, case_of)

    def _faults_of_bound(self, order: HandOrder, case_of: CaseOf) -> list[str]:
        faults = [] if order.villages else ["villages: expected at least one"]
        faults += [] if order.hazard else ["hazard: expected one"]
        if faults:
            return faults
        if order.kind is OrderKind.EXTEND:
            return self._faults_of_extension(order, case_of)
        levels = {code: told(case_of(self._number[code], order.hazard)) for code in order.villages}
        return [*fault_of_level(order, levels), *self._stale(order, case_of)]

    def _stale(self, order: HandOrder, case_of: CaseOf) -> list[str]:
        """Whether the author saw another message than the last one."""
        if not order.version:
            return []
        case = case_of(self._number[order.villages[0]], order.hazard)
        latest = case.warning.latest.identifier if case is not None and case.warning.latest else "none"
        return [] if latest == order.version else [f"version: the last message is {latest}: look again"]

    def _faults_of_extension(self, order: HandOrder, case_of: CaseOf) -> list[str]:
        cases = [case_of(self._number[code], order.hazard) for code in order.villages]
        is_any = any(case is not None and (case.bound or case.warning.is_open) for case in cases)
        nothing = f"villages: nothing of {order.hazard} stands or binds in any village named"
        return self._stale(order, case_of) if is_any else [nothing]

    def _faults_of_release(self, order: HandOrder, case_of: CaseOf) -> list[str]:
        if order.order:
            one = self._waiting(order.order)
            if one is None:
                return [f"order: no order {order.order!r} waits for a second person"]
            if one.order.author == order.author:
                return ["author: expected another person than the one who gave the order"]
            return []
        held = set(self._held_doors())
        if not order.villages:
            return ["villages: expected at least one, or an order that waits"]
        is_any = any(self._number[code] in held for code in order.villages)
        nothing = "villages: no doors wait for a release in any village named"
        return (self._stale(order, case_of) if order.hazard else []) if is_any else [nothing]

    def _waiting(self, identifier: str) -> Waiting | None:
        return next(
            (proposal for proposal in self.state.waiting if proposal.order.identifier == identifier), None
        )

    def _agreed(self, order: HandOrder) -> HandOrder:
        """The order that a second person agrees to."""
        one = self._waiting(order.order)
        if one is None or one.order.author == order.author:
            raise ImpossibleOrderError(f"no order {order.order!r} waits for {order.author!r} to agree")
        self.state.waiting = [other for other in self.state.waiting if other is not one]
        return replace(one.order, second=order.author)

    def _silence(self, order: HandOrder, now_s: int) -> Silence:
        lasts_s = min(order.for_s or self._policy.ceiling_s, self._policy.ceiling_s)
        return Silence(
            order.identifier,
            order.author,
            order.reason,
            order.villages,
            order.hazard,
            order.post,
            now_s,
            now_s + lasts_s,
        )


def _content_of(order: HandOrder) -> int:
    """A checksum of what is ordered; whether it waits for a second person follows from what stands."""
    return zlib.crc32(msgspec.msgpack.encode(replace(order, asks_second=False)))


def covers(silence: Silence, village_code: str, hazard: str) -> bool:
    """Whether a silence is about a village and hazard."""
    is_there = not silence.villages or village_code in silence.villages
    return is_there and silence.hazard in ("", hazard)


def told(case: Case | None) -> Level:
    """The level in force of a village and hazard."""
    return Level.NONE if case is None else case.told


def new_case(village: int, hazard: str) -> Case:
    """A village and hazard that never had a warning."""
    return Case(VillageWarning(village, hazard))


def orders_of(cases: Iterable[Case]) -> set[str]:
    """Orders that bind."""
    return {case.bound.order for case in cases if case.bound is not None}


def is_done(order: HandOrder, cases: Sequence[Case | None]) -> bool:
    """Whether an order has left its mark on any of its cases."""
    return any(case is not None and order.identifier in case.orders for case in cases)
