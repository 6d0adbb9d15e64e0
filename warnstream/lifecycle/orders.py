"""Orders as bounds on the level in force: floor or ceiling, for a time.

Rule 1: everything that decides what a hand does to a level lives in this file.

The machine's level is kept beside the bound. A floor holds a level up until it expires; a ceiling holds
it down until it expires, or dies at the machine's next rise or clear: cancelled at red, fallen to
orange, red again is red. Of several orders for one village and hazard the last one counts.
"""

from warnstream.model.errors import WarnstreamError
from warnstream.model.hands.orders import Bound, BoundKind, HandOrder, HandPolicy, OrderKind, Role
from warnstream.model.level import Level


class ImpossibleOrderError(WarnstreamError):
    """An order that cannot be carried out; nothing has changed."""


def in_force(found: Level, bound: Bound | None) -> Level:
    """The level that people are under, where the machine has found one and a hand may bind it.

    >>> floor = Bound("o1", BoundKind.FLOOR, Level.ORANGE, "zhang", "", "bridge is gone", 0, 60)
    >>> in_force(Level.YELLOW, floor).word, in_force(Level.RED, floor).word
    ('orange', 'red')
    """
    if bound is None:
        return found
    return max(found, bound.level) if bound.kind is BoundKind.FLOOR else min(found, bound.level)


def bound_of(order: HandOrder, found: Level, in_force_s: int, now_s: int) -> Bound | None:
    """The bound that an order puts on a level that the machine finds; None: the level is the machine's.

    What only a hand had raised is lowered by a lower floor: a ceiling would end it.
    """
    kind = BoundKind.FLOOR if order.kind.is_floor or found < order.level else BoundKind.CEILING
    if found is Level.NONE and order.level is Level.NONE:
        return None
    return Bound(
        order.identifier,
        kind,
        order.level,
        order.author,
        order.second,
        order.reason,
        now_s,
        now_s + in_force_s,
    )


def after_change(bound: Bound | None, before: Level, found: Level) -> Bound | None:
    """What is left of a bound when the machine's level moves: a ceiling dies at a rise and at the clear."""
    if bound is None or bound.kind is BoundKind.FLOOR:
        return bound
    return None if found > before or found is Level.NONE else bound


def at_time(bound: Bound | None, now_s: int) -> Bound | None:
    """What is left of a bound at a time."""
    return None if bound is None or bound.expires_s <= now_s else bound


def binds_s(policy: HandPolicy, kind: BoundKind, hidden: Level, asked_s: int) -> int:
    """How long a bound holds that was asked for so long (0: not said); `hidden` is the machine's level."""
    if kind is BoundKind.FLOOR:
        return min(asked_s or policy.floor_s, policy.floor_s_max)
    most_s = policy.ceiling_red_s if hidden is Level.RED else policy.ceiling_s
    return min(asked_s or most_s, most_s)


def longest_s(policy: HandPolicy, kind: OrderKind) -> int:
    """The longest time that an order of a kind may ask for, whatever the machine finds."""
    is_bound = kind.is_ceiling or kind is OrderKind.SILENCE
    return policy.ceiling_s if is_bound else policy.floor_s_max


def needs_second(order: HandOrder) -> bool:
    """Red by hand is two persons' word, or one's who says that it is meant alone."""
    is_for_two = order.asks_second or (order.kind.is_floor and order.level is Level.RED)
    return is_for_two and not order.second and not order.is_alone


def wants_second(kind: OrderKind, level: Level, hidden: Level) -> bool:
    """Whether an officer at a screen may order it only with a second person, or alone with a reason.

    `level` is what is ordered, `hidden` the worst level that it takes from people.
    """
    if kind in (OrderKind.ISSUE, OrderKind.RETURN):
        return True
    if kind.is_floor:
        return level is Level.RED
    return (kind.is_ceiling or kind is OrderKind.EXTEND) and hidden is Level.RED


def may_give(role: Role, kind: OrderKind) -> bool:
    """Whether a role may give an order of a kind: seconds release, agree, refuse, assess; officers do all."""
    of_seconds = (OrderKind.RELEASE, OrderKind.REJECT, OrderKind.ASSESS)
    return role is Role.OFFICER or (role is Role.SECOND and kind in of_seconds)


def may_act(role: Role, kind: str) -> bool:
    """Whether a role may do what is called so at a screen: readers nothing, seconds agree, confirm, read."""
    if role is Role.SECOND:
        return kind in (OrderKind.RELEASE, OrderKind.REJECT, OrderKind.ASSESS, "read", "confirm_move")
    return role is Role.OFFICER


def fault_of_level(order: HandOrder, levels: dict[str, Level]) -> list[str]:
    """Why an order does not fit the levels in force of its villages, by code; empty if it does."""
    hazard = order.hazard
    standing = {code: level for code, level in levels.items() if level}
    if order.kind.is_floor and order.level is Level.NONE:
        return ["level: expected blue, yellow, orange or red"]
    if order.kind is OrderKind.LOWER and not Level.NONE < order.level < Level.RED:
        return ["level: expected blue, yellow or orange; to end a warning there is `end`"]
    if order.kind is OrderKind.RAISE:
        missing = sorted(levels.keys() - standing.keys())
        if missing:
            return [f"villages: no warning of {hazard} stands for {code}: issue one" for code in missing]
    if order.kind.is_floor and all(level >= order.level for level in levels.values()):
        return [f"level: {hazard} stands at {order.level.word} or above already in every village named"]
    if order.kind.is_ceiling and not any(level > order.level for level in levels.values()):
        known = "no warning" if order.level is Level.NONE else f"nothing above {order.level.word}"
        return [f"villages: {known} of {hazard} stands in any village named"]
    return []
