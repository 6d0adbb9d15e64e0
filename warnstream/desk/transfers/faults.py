"""Why an order about moving people cannot be carried out as things stand: every fault at once."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from warnstream.desk.transfers.hours import moment_of
from warnstream.desk.transfers.lists import list_name
from warnstream.desk.transfers.transfers import LISTS_MAX, ROWS_MAX, Transfers
from warnstream.lifecycle.orders import needs_second
from warnstream.model.hands.orders import SAFE, UNSAFE, HandOrder, OrderKind
from warnstream.model.transfers.objects import GRADES

NAMED_MAX = 10
"""So many places are named in the faults of one order; of more their number."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the doors of an order's villages know, by the number of a village.

    `has_left`: they were asked to go and never told to come back; `since_s`: when the last thing there
    ended; `last_word`: name of the last bulletin, empty without any.
    """

    has_left: frozenset[int]
    since_s: Mapping[int, int]
    last_word: Mapping[int, str]


def faults_of(
    transfers: Transfers, order: HandOrder, around: Around, standing: AbstractSet[int], now_s: int
) -> list[str]:
    """Everything that keeps an order from being carried out; empty: nothing."""
    faults = _shortened(list(_of_places(transfers, order)))
    if faults:
        return faults
    if order.kind is OrderKind.TRANSFER:
        return list(_of_transfer(transfers, order, around, now_s))
    if order.kind is OrderKind.ASSESS:
        is_known = order.verdict in (SAFE, UNSAFE)
        return [] if is_known else [f"verdict: expected {SAFE} or {UNSAFE}, got {order.verdict!r}"]
    if order.kind is OrderKind.RETURN:
        return _shortened(list(_of_return(transfers, order, around, standing)))
    if order.kind is OrderKind.TRANSFER_CLOSE:
        one = transfers.state.lists.get(order.order)
        is_open = one is not None and one.is_open
        return [] if is_open else [f"order: no transfer list {order.order!r} is open"]
    return _shortened(list(_of_decision(transfers, order)))


def _of_places(transfers: Transfers, order: HandOrder) -> Iterator[str]:
    if order.kind is OrderKind.TRANSFER_CLOSE:
        return
    if not order.villages:
        yield "villages: expected at least one"
    for code in order.villages:
        if code not in transfers.number:
            yield f"villages: no village {code!r}"
    villages, zones = transfers.network.villages, transfers.network.zones
    village_of = {zone.code: villages.code[zone.village] for zone in zones}
    for zone in order.zones:
        if zone not in village_of:
            yield f"zones: no zone {zone!r}"
        elif village_of[zone] not in order.villages:
            yield f"zones: {zone!r} is of village {village_of[zone]}, which is not named"
    if order.zones:
        named = {village_of.get(zone) for zone in order.zones}
        yield from (f"zones: none of {code}, which is named" for code in order.villages if code not in named)


def _of_transfer(transfers: Transfers, order: HandOrder, around: Around, now_s: int) -> Iterator[str]:
    for grade in order.grades:
        if grade not in GRADES:
            yield f"grades: expected {', '.join(GRADES)}, got {grade!r}"
    yield from _of_hours(transfers, order, now_s)
    if len(transfers.open) >= LISTS_MAX:
        yield f"{LISTS_MAX} transfer lists are open already: close one first"
    if (name := list_name(order.identifier)) in transfers.state.lists:
        yield f"identifier: there is a transfer list {name} already: give another one"
    yield from _of_version(transfers, order, around)
    n_rows = len(transfers.target(order))
    if n_rows > ROWS_MAX:
        yield f"villages: {n_rows} doors and objects, at most {ROWS_MAX} a list: order it by townships"
    if not n_rows:
        names = {transfer_list.name for code in order.villages for transfer_list in transfers.lists_of(code)}
        known = f": all of them are on {', '.join(sorted(names))}" if names else " of these grades"
        yield f"villages: nobody there is to be moved{known}"


def _of_hours(transfers: Transfers, order: HandOrder, now_s: int) -> Iterator[str]:
    times = {}
    for name in ("by", "onset"):
        if not (text := getattr(order, name)):
            continue
        try:
            times[name] = moment_of(text, now_s, transfers.time_zone)
        except ValueError as error:
            yield f"{name}: {error}"
    if "onset" in times and times.get("by", times["onset"]) > times["onset"]:
        yield "by: expected an hour before the hazard's (onset)"


def _of_version(transfers: Transfers, order: HandOrder, around: Around) -> Iterator[str]:
    """Whether the author saw another bulletin than the last one."""
    if not order.version:
        return
    if len(order.villages) != 1:
        yield "version: expected one village with it"
    elif (last := around.last_word[transfers.number[order.villages[0]]]) != order.version:
        yield f"version: the last message is {last or 'none'}: look again"


def _of_decision(transfers: Transfers, order: HandOrder) -> Iterator[str]:
    """That the danger is over, or that people may leave the shelter: once, and in that order."""
    is_over = order.kind is OrderKind.TRANSFER_OVER
    for code in order.villages:
        lists = transfers.lists_of(code)
        if not lists:
            yield f"villages: no transfer list is open for {code}"
        elif is_over and all(code in transfer_list.over for transfer_list in lists):
            yield f"villages: the transfer is over in {code} already"
        elif not is_over and any(code not in transfer_list.over for transfer_list in lists):
            yield f"villages: the transfer is not over in {code} yet"


def _of_return(
    transfers: Transfers, order: HandOrder, around: Around, standing: AbstractSet[int]
) -> Iterator[str]:
    if not (order.second or needs_second(order)):  # from a screen it waits for the second person
        yield "second: a return is two persons' word"
    for code in order.villages:
        village, lists = transfers.number[code], transfers.lists_of(code)
        if village in standing:
            yield f"villages: a warning stands in {code}: nobody is told to come back under it"
        if not lists and village not in around.has_left:
            yield f"villages: nobody in {code} was asked to go and waits to come back"
            continue
        if not lists and len(transfers.places_of(code, order.zones)) < len(transfers.places_of(code)):
            yield f"zones: no transfer list tells the zones of {code} apart: it returns whole"
        for transfer_list in lists:
            if code not in transfer_list.over:
                yield f"villages: transfer {transfer_list.name} is not over in {code} yet (transfer-over)"
        since_s = max(
            [
                around.since_s[village],
                *(transfer_list.over[code].at_s for transfer_list in lists if code in transfer_list.over),
            ]
        )
        away = transfers.away_from(code) if lists else transfers.places_of(code)
        for place in transfers.places_of(code, order.zones):
            yield from _of_place(transfers, place, away, since_s)


def _of_place(transfers: Transfers, place: str, away: list[str], since_s: int) -> Iterator[str]:
    assessed = transfers.state.assessed.get(place)
    if place not in away:
        yield f"zones: nobody of {place} is away"
    elif assessed is None or assessed.at_s < since_s:
        yield f"zones: {place} was not assessed since the danger was over (assess)"
    elif not assessed.is_safe:
        yield f"zones: {assessed.by} found {place} not safe"


def _shortened(faults: list[str]) -> list[str]:
    """The first faults, and how many more there are."""
    more = len(faults) - NAMED_MAX
    return faults if more <= 0 else [*faults[:NAMED_MAX], f"and {more} more faults"]
