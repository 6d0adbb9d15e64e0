"""What a person asks for, by command or HTTP, becomes an order of the log, or every fault of it at once.

Who asks, for where, in which words, is checked here against the configuration; whether it fits what
stands is the desk's to say (`WarningDesk.order_faults`).
"""

import time
import uuid

from warnstream.adapters.geometry import villages_within
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration, parse_duration_s
from warnstream.config.yaml.value_types import choice_of
from warnstream.delivery.texts import clean
from warnstream.desk import WarningDesk
from warnstream.lifecycle.orders import longest_s, may_give
from warnstream.model.hands.orders import HandOrder, Operator, OrderKind, Role
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest
from warnstream.model.level import LEVELS, Level, level_named
from warnstream.model.network import Villages
from warnstream.model.rules.rules import CriticalStage
from warnstream.model.times import DAY_S, MINUTE_S, local_to_utc_s, parse_iso

IDENTIFIER_CHARACTERS_MAX = 100
HOUR_CHARACTERS_MAX = 40
EVERYWHERE = "*"

LATE_S_MAX = 7 * DAY_S
"""What is told later than that is for a person to file."""

AHEAD_S_MAX = 5 * MINUTE_S
"""Clocks of people differ so much."""

_AT_ONCE = (OrderKind.RELEASE, OrderKind.RESPOND, OrderKind.HOLD, OrderKind.REJECT, OrderKind.CALL_AGAIN)
_FLOORS = frozenset(kind for kind in OrderKind if kind.is_floor)
_OF_PLACES = frozenset({OrderKind.TRANSFER, OrderKind.ASSESS, OrderKind.RETURN})
_ONLY_OF = {
    "level": _FLOORS | {OrderKind.LOWER},
    "second": _FLOORS | {OrderKind.RETURN},
    "alone": _FLOORS | frozenset(kind for kind in OrderKind if kind.is_ceiling) | {OrderKind.EXTEND},
    "lasts": frozenset(kind for kind in OrderKind if not kind.is_transfer and kind not in _AT_ONCE),
    "hazard": frozenset(kind for kind in OrderKind if not kind.is_transfer),
    "zones": _OF_PLACES,
    "grades": frozenset({OrderKind.TRANSFER}),
    "by": frozenset({OrderKind.TRANSFER}),
    "onset": frozenset({OrderKind.TRANSFER}),
    "verdict": frozenset({OrderKind.ASSESS}),
    "post": frozenset({OrderKind.SILENCE}),
    "response": frozenset({OrderKind.RESPOND}),
    "order": frozenset({OrderKind.RELEASE, OrderKind.REJECT, OrderKind.TRANSFER_CLOSE}),
}
"""Words that only some kinds of order have: elsewhere they would be passed over, against what is meant."""


def order_of(request: OrderRequest, configuration: Configuration) -> HandOrder:
    """The order that a request asks for.

    Raises
    ------
    OrderFaultsError
        If anything in it cannot be; with all that is wrong.
    """
    faults: list[str] = []
    kind = _kind_of(request.kind, faults)
    level = _level_of(request.level, faults)
    villages = _villages_of(request, configuration, faults)
    for_s = duration_of(request.lasts, faults)
    happened_s = happened_of(request.happened_at, configuration, faults)
    if kind is not None:
        faults += _foreign_words(request, kind)
        most_s = longest_s(configuration.hands, kind)
        if for_s > most_s:
            faults.append(f"lasts: expected at most {format_duration(most_s)}, got {request.lasts!r}")
    hazards = [rule.name for rule in configuration.rules]
    if request.hazard and request.hazard not in hazards:
        faults.append(f"hazard: expected {choice_of(hazards)}, got {request.hazard!r}")
    if request.post and request.post not in {post.post for post in configuration.network.chain}:
        faults.append(f"post: {request.post!r} is no post of chain.csv")
    faults += _too_long(request)
    if kind is not None:
        faults += _person_faults(request.author, "author", kind, villages, configuration)
        if request.second:
            release = OrderKind.RELEASE
            faults += _person_faults(request.second, "second", release, villages, configuration)
    if faults or kind is None:
        raise OrderFaultsError(faults)
    return HandOrder(
        identifier=request.identifier or uuid.uuid4().hex,
        kind=kind,
        author=request.author,
        reason=clean(request.reason),
        villages=tuple(villages),
        hazard=request.hazard,
        level=level,
        for_s=for_s,
        second=request.second,
        is_alone=request.alone,
        version=request.version,
        post=request.post,
        response=request.response,
        order=request.order,
        zones=tuple(dict.fromkeys(request.zones)),
        grades=tuple(sorted(set(request.grades))),
        by=request.by,
        onset=request.onset,
        verdict=request.verdict,
        happened_s=happened_s,
    )


def happened_of(text: str, configuration: Configuration, faults: list[str]) -> int:
    """The true time of what is told late, seconds UTC; 0 for nothing, or for a fault, which is noted."""
    if not text:
        return 0
    try:
        try:
            happened_s = parse_iso(text)
        except ValueError:
            happened_s = local_to_utc_s(parse_iso(f"{text}Z"), configuration.message.time_zone)
    except ValueError:
        faults.append(f"happened_at: expected a time such as 2026-06-18T02:10, got {text!r}")
        return 0
    now_s = time.time()
    is_told = configuration.node.clock == "simulated"
    if not is_told and not now_s - LATE_S_MAX <= happened_s <= now_s + AHEAD_S_MAX:
        faults.append(f"happened_at: expected a time of the last {LATE_S_MAX // DAY_S} days, got {text!r}")
    return happened_s


def agreement_faults(order: HandOrder, desk: WarningDesk, configuration: Configuration) -> list[str]:
    """Whether a person answers for every village of another order: one to agree to, a list to close."""
    waiting = [
        proposal.order.villages
        for proposal in desk.hands.state.waiting
        if order.order == proposal.order.identifier
    ]
    if order.kind is OrderKind.TRANSFER_CLOSE and order.order in desk.transfers.state.lists:
        waiting.append(tuple(desk.transfers.state.lists[order.order].villages))
    known = configuration.network.villages.index_of_code()
    return [
        fault
        for villages in waiting
        for fault in _person_faults(
            order.author,
            "author",
            order.kind,
            [village for village in villages if village in known],
            configuration,
        )
    ]


def _too_long(request: OrderRequest) -> list[str]:
    """Words that are longer than anything that could be meant."""
    hours = [name for name in ("by", "onset") if len(getattr(request, name)) > HOUR_CHARACTERS_MAX]
    faults = [f"{name}: expected an hour such as 18:00, or a time with its date" for name in hours]
    if len(request.identifier) > IDENTIFIER_CHARACTERS_MAX:
        faults.append(f"identifier: expected at most {IDENTIFIER_CHARACTERS_MAX} characters")
    return faults


def _kind_of(word: str, faults: list[str]) -> OrderKind | None:
    known = [str(kind) for kind in OrderKind]
    if word in known:
        return OrderKind(word)
    faults.append(f"kind: expected {choice_of(known)}, got {word!r}")
    return None


def _foreign_words(request: OrderRequest, kind: OrderKind) -> list[str]:
    """What is said that an order of the kind does not have."""
    said = {"lasts": "time that it lasts", "alone": "word of its own on red"}
    return [
        f"{name}: {kind} has no {said.get(name, name)}"
        for name, kinds in _ONLY_OF.items()
        if getattr(request, name) and kind not in kinds
    ]


def _level_of(word: str, faults: list[str]) -> Level:
    if not word:
        return Level.NONE
    found = level_named(word)
    if found is None:
        faults.append(f"level: expected {choice_of([level.word for level in LEVELS])}, got {word!r}")
    return found or Level.NONE


def duration_of(text: str, faults: list[str]) -> int:
    """Seconds of how long something lasts, 0 where nothing is said or it cannot be: a fault says so then."""
    if not text:
        return 0
    try:
        seconds = int(parse_duration_s(text))
    except ValueError as error:
        faults.append(f"lasts: {error}")
        return 0
    if seconds <= 0:
        faults.append("lasts: expected a time above zero")
    return seconds


def _villages_of(request: OrderRequest, configuration: Configuration, faults: list[str]) -> list[str]:
    """Codes of every village that the request means, each once, in the order of the register."""
    villages = configuration.network.villages
    number = villages.index_of_code()
    meant: set[int] = set()
    unknown: list[str] = []
    for code in dict.fromkeys(request.villages):
        if code in number:
            meant.add(number[code])
        else:
            unknown.append(code)
    faults += [f"villages: no village {code!r}" for code in unknown]
    for name in request.townships:
        found = {at for at, township in enumerate(villages.township) if township == name}
        faults += [] if found else [f"townships: no village in a township {name!r}"]
        meant |= found
    for code in request.rivers:
        found = _warned_by(code, configuration)
        faults += [] if found else [f"rivers: no village is warned by a river gauge {code!r}"]
        meant |= found
    zones = {zone.code: zone.village for zone in configuration.network.zones}
    for code in request.zones:
        faults += [] if code in zones else [f"zones: no zone {code!r} in zones.csv"]
        meant |= {zones[code]} if code in zones else set()
    if request.polygon is not None:
        meant |= _inside(request.polygon, configuration, faults)
    return [villages.code[at] for at in sorted(meant)]


def _warned_by(gauge: str, configuration: Configuration) -> set[int]:
    """Villages that a river gauge warns."""
    network = configuration.network
    station, places = network.stations.index_of_code().get(gauge), network.places
    if station is None:
        return set()
    return {
        int(places.village[place])
        for rule in configuration.rules
        if isinstance(rule.thresholds, CriticalStage)
        for place, of in zip(rule.thresholds.village, rule.thresholds.station, strict=True)
        if of == station
    }


def _inside(polygon: dict[str, object], configuration: Configuration, faults: list[str]) -> set[int]:
    try:
        found = set(villages_within(configuration.network, polygon))
    except ValueError as error:
        faults.append(f"polygon: expected a GeoJSON polygon in degrees ({error})")
        return set()
    faults += [] if found else ["polygon: no village lies in it"]
    return found


def _person_faults(
    person: str, field: str, kind: OrderKind, villages: list[str], configuration: Configuration
) -> list[str]:
    """Whether a person is known, has the role, and is responsible for every village."""
    operator = next((operator for operator in configuration.operators if operator.person == person), None)
    if operator is None:
        return [f"{field}: {person!r} is no person of operators.csv"]
    is_second = field == "second"
    if not (may_give(operator.role, kind) or (is_second and operator.role is not Role.READER)):
        return [f"{field}: {person!r} is {operator.role}: that role may not {kind}"]
    places = configuration.network.villages
    outside = outside_of(operator, villages, places)
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        return [f"{field}: {outside[0]}{more} is outside the area {operator.area!r} of {person!r}"]
    if not villages and kind in (OrderKind.SILENCE, OrderKind.RESPOND) and not _is_wide(operator, places):
        return [f"{field}: {person!r} answers for {operator.area!r} only: name its villages"]
    return []


def outside_of(operator: Operator, villages: list[str], places: Villages) -> list[str]:
    """Codes of villages that a person does not answer for."""
    if operator.area == EVERYWHERE:
        return []
    number = places.index_of_code()
    return [
        code
        for code in villages
        if operator.area not in (code, places.township[number[code]], places.county[number[code]])
    ]


def _is_wide(operator: Operator, places: Villages) -> bool:
    """Whether a person answers for a county or more."""
    return operator.area == EVERYWHERE or operator.area in places.county
