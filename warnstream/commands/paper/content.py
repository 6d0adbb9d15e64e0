"""What is printed for a village: its own values, whom to call, whom to fetch. Nothing here is HTML.

The values of a card are the village's own thresholds, of its most sensitive zone and of wet ground where the
ground counts, rounded down: a person with a measuring cup is told early rather than late. *Ready* is the
first level whose order sends the weak away (where none does, one that asks to get ready), *leave* the first
one that sends all whom it names (`OrderTable`, by hazard).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.settings import Configuration
from warnstream.model.arrays import Float64Array
from warnstream.model.bulletins import Action, Wording
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.rules import CriticalRain, CriticalStage, HazardRule
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.transfers.objects import GRADES, UNKNOWN

GAUGED = LEVELS[1:]


@dataclass(frozen=True, slots=True)
class CupRow:
    """Rain in a measuring cup over a time, in mm; None where no order of that kind is given."""

    hazard: Wording
    duration: Wording
    ready_mm: float | None
    leave_mm: float | None


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Water at a staff, in m above its zero."""

    station: str
    ready_m: float | None
    leave_m: float | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What is asked of people at a level."""

    hazard: Wording
    level: Level
    action: Action
    text: Wording


@dataclass(frozen=True, slots=True)
class CallRow:
    """A post, its rank, and the number it is reached at; empty where no way of it is a telephone."""

    post: str
    role: str
    rank: int
    phone: str


@dataclass(frozen=True, slots=True)
class FetchRow:
    """A door to knock at, or an object to empty; what the register does not say is empty or `UNKNOWN`."""

    door: str
    phone: str
    zone: str = ""
    grade: str = ""
    persons: int = UNKNOWN
    helpless: int = UNKNOWN
    helper: str = ""

    @property
    def order(self) -> tuple[str, str, bool, str]:
        """By zone, then who goes first: by grade, those with people who cannot go alone before others."""
        return self.zone, self.grade or GRADES[-1], self.helpless <= 0, self.door


@dataclass(frozen=True, slots=True)
class VillageCard:
    """Everything that is printed for one village.

    `number` is what stands for the village where numbers alone can be said; `last_drill` is ISO 8601 in UTC,
    empty without one.
    """

    code: str
    name: str
    township: str
    county: str
    number: str
    shelter: Wording
    phone: str
    cup: tuple[CupRow, ...]
    staff: tuple[StaffRow, ...]
    orders: tuple[OrderRow, ...]
    calls: tuple[CallRow, ...]
    fetch: tuple[FetchRow, ...]
    last_drill: str


def numbers_of(codes: Sequence[str]) -> dict[str, str]:
    """For each village the shortest end of its code that is different for all of them.

    >>> numbers_of(["331124001001", "331124001002", "331124002001"])
    {'331124001001': '1001', '331124001002': '1002', '331124002001': '2001'}
    """
    longest = max(map(len, codes), default=0)
    for length in range(1, longest + 1):
        if len({code[-length:] for code in codes}) == len(codes):
            return {code: code[-length:] for code in codes}
    return {code: code for code in codes}


def cards(
    configuration: Configuration, villages: Sequence[int], last_drill: dict[str, str]
) -> Iterator[VillageCard]:
    """Cards of some villages, in the order given."""
    network, policy = configuration.network, configuration.bulletins
    codes = network.villages.code
    numbers = numbers_of(codes)
    is_phone = {
        name: isinstance(section, PhoneChannelSection) for name, section in configuration.channels.items()
    }
    for village in villages:
        own = network.villages.shelter[village] if network.villages.shelter else ""
        shelter = Wording(own, own) if own else policy.shelter
        yield VillageCard(
            code=codes[village],
            name=network.villages.name[village],
            township=network.villages.township[village],
            county=network.villages.county[village],
            number=numbers[codes[village]],
            shelter=shelter,
            phone=policy.phone,
            cup=tuple(_cup(configuration, village)),
            staff=tuple(_staff(configuration, village)),
            orders=tuple(_orders(configuration, village)),
            calls=tuple(_calls(configuration, village, is_phone)),
            fetch=tuple(sorted(_fetch(configuration, village, is_phone), key=lambda one: one.order)),
            last_drill=last_drill.get(codes[village], ""),
        )


def _fetch(configuration: Configuration, village: int, is_phone: dict[str, bool]) -> Iterator[FetchRow]:
    """Doors of a village with what the register says of their people, then objects."""
    doors = configuration.network.households
    facts = doors.facts
    for door in doors.of_village(village):
        phone = next((address for channel, address in doors.ways(door) if is_phone.get(channel)), "")
        if facts is None:
            yield FetchRow(doors.code[door], phone)
            continue
        yield FetchRow(
            doors.code[door],
            phone,
            facts.zone[door],
            facts.grade[door],
            facts.persons[door],
            facts.helpless[door],
            facts.helper[door],
        )
    for listed in configuration.network.objects:
        if listed.village == village:
            name = f"{listed.name or listed.kind} ({listed.code})"
            yield FetchRow(
                name, "", listed.zone, listed.grade, listed.persons, listed.helpless, listed.helper
            )


def _title(rule: HazardRule) -> Wording:
    return Wording(rule.title_zh, rule.title_en)


def _first(configuration: Configuration, hazard: str, action: Action) -> Level | None:
    """The first level whose order asks at least that; None where none does."""
    orders = configuration.orders
    asking = (level for level in GAUGED if orders.order(hazard, level).action.rank >= action.rank)
    return next(asking, None)


def _ready_and_leave(configuration: Configuration, hazard: str) -> tuple[Level | None, Level | None]:
    """The levels at which people are to be ready, and are to leave.

    Ready is where the weak go first; where nobody goes before all do, the lower level that asks to get ready.
    """
    leave = _first(configuration, hazard, Action.LEAVE)
    ready = _first(configuration, hazard, Action.PREPARE)
    if ready is not None and ready == leave:
        earlier = _first(configuration, hazard, Action.READY)
        ready = earlier if earlier is not None and earlier < ready else None
    return ready, leave


def _value(values: Float64Array, level: Level | None) -> float | None:
    """The lowest value from a level on; None without any."""
    if level is None:
        return None
    from_there = values[..., int(level) - 1 :]
    return float(np.nanmin(from_there)) if np.isfinite(from_there).any() else None


def _cup(configuration: Configuration, village: int) -> Iterator[CupRow]:
    places = configuration.network.places.of_villages(np.array([village]))
    for rule in configuration.rules:
        table = rule.thresholds
        if not isinstance(table, CriticalRain):
            continue
        ready, leave = _ready_and_leave(configuration, rule.name)
        values = table.critical_mm[places]
        if table.wetness is not None and table.wetness.wet_mm is not None:
            values = np.fmin(values, table.wetness.wet_mm[places])
        for at, duration_s in enumerate(table.duration_s.tolist()):
            ready_mm, leave_mm = _value(values[:, at], ready), _value(values[:, at], leave)
            if ready_mm is not None or leave_mm is not None:
                yield CupRow(_title(rule), _duration(duration_s), _down(ready_mm, 1.0), _down(leave_mm, 1.0))


def _staff(configuration: Configuration, village: int) -> Iterator[StaffRow]:
    names = configuration.network.stations.code
    for rule in configuration.rules:
        table = rule.thresholds
        if not isinstance(table, CriticalStage):
            continue
        ready, leave = _ready_and_leave(configuration, rule.name)
        for row in np.flatnonzero(table.village == village).tolist():
            ready_m, leave_m = (_value(table.critical_m[row], level) for level in (ready, leave))
            if ready_m is not None or leave_m is not None:
                yield StaffRow(names[int(table.station[row])], _down(ready_m, 0.01), _down(leave_m, 0.01))


def _orders(configuration: Configuration, village: int) -> Iterator[OrderRow]:
    """What to do, of every hazard that is told to doors and sends anybody away."""
    for rule in configuration.rules:
        if not rule.calls_households:
            continue
        said: set[Wording] = set()
        for action in (Action.PREPARE, Action.LEAVE):
            level = _first(configuration, rule.name, action)
            if level is None:
                continue
            order = configuration.orders.order(rule.name, level)
            text = Wording(
                filled_order(order.text.zh, rule.title_zh, configuration, village, is_zh=True),
                filled_order(order.text.en, rule.title_en, configuration, village, is_zh=False),
            )
            if text not in said:
                said.add(text)
                yield OrderRow(_title(rule), level, order.action, text)


def filled_order(
    template: str, title: str, configuration: Configuration, village: int, *, is_zh: bool
) -> str:
    """An order as it is sent, with the names of the village."""
    villages, policy = configuration.network.villages, configuration.bulletins
    short = villages.short_name[village] if villages.short_name else ""
    shelter = villages.shelter[village] if villages.shelter else ""
    return template.format(
        village=short or villages.name[village],
        shelter=shelter or (policy.shelter.zh if is_zh else policy.shelter.en),
        phone=policy.phone or "______",
        hazard=title,
        clock="__:__",
    )


def _calls(configuration: Configuration, village: int, is_phone: dict[str, bool]) -> Iterator[CallRow]:
    """Posts of the village and rescue teams, each once, with the first of its ways that is a telephone."""
    rows: dict[str, CallRow] = {}
    network = configuration.network
    for post in (*network.posts_of_village(village), *network.teams_of_village(village)):
        phone = post.address if is_phone.get(post.channel) else ""
        known = rows.get(post.post)
        if known is None or (phone and not known.phone):
            team = post.team
            role = f"{team.name} {team.echelon_h} h, {team.heads}" if team else post.role
            rows[post.post] = CallRow(post.post, role, 0 if team else post.rank, phone)
    yield from rows.values()


def _down(value: float | None, step: float) -> float | None:
    return None if value is None else round(math.floor(value / step + 1e-6) * step, 2)


def _duration(seconds: int) -> Wording:
    if seconds % HOUR_S == 0:
        return Wording(f"{seconds // HOUR_S}小时", f"{seconds // HOUR_S} h")
    return Wording(f"{seconds // MINUTE_S}分钟", f"{seconds // MINUTE_S} min")
