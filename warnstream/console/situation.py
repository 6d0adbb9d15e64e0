"""The newest situation of a node as its frames have it, and what it is for an area.

Rows of the queue have one order: unassigned help in orange and red, what waits for release by its deadline,
villages where nobody answers, level, time left to answer, doors without an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.adapters.console.frame import NEVER, PARTS, Frame, Head, ProposalFacts, ShiftFacts, arrays_of
from warnstream.console import models
from warnstream.console.county import Area, County
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.delivery.texts import clean
from warnstream.model.arrays import Int64Array
from warnstream.model.hands.duty import Trouble, Urgency
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import offset_at

NEAREST = 12
NEVER_DUE_S = 1 << 62
REACHED = (Delivery.SENT, Delivery.DELIVERED, Delivery.SPARED)
FAILED = (Delivery.UNREACHABLE, Delivery.EXPIRED)
SAFE = (People.MOVING, People.SAID_SAFE, People.SAFE)
HELP = (People.HELP, People.ASSIGNED)
PEOPLE_FROM = len(Delivery)


@dataclass(slots=True)
class View:
    """The situation of one area, ready to be sent or compared."""

    head: models.Head
    level: np.ndarray
    sight: np.ndarray
    stations: np.ndarray
    rows: dict[int, models.TownRow] = field(default_factory=dict)
    near: list[models.Near] = field(default_factory=list)

    @property
    def order(self) -> list[int]:
        """Towns of the queue, most urgent first."""
        return list(self.rows)


class Situation:
    """Parts of frames, merged.

    Parameters
    ----------
    county : County

    Attributes
    ----------
    head : Head or None
        Of the newest frame.
    """

    def __init__(self, county: County) -> None:
        self.county = county
        self.head: Head | None = None
        self._parts: dict[str, np.ndarray] = {}

    @property
    def is_whole(self) -> bool:
        """Whether enough is known to be shown."""
        return self.head is not None and {"level", "doors", "chain", "helps", "waits"} <= self._parts.keys()

    def take(self, frame: Frame) -> None:
        """Merge a frame. ValueError if it is not of this county; then nothing is taken."""
        found = arrays_of(frame.parts)
        for name, array in found.items():
            self._check(name, array, len(frame.head.hazards))
        self._parts |= found
        self.head = frame.head

    def _check(self, name: str, array: np.ndarray, n_hazards: int) -> None:
        n_villages = len(self.county)
        expected: Mapping[str, tuple[int, ...]] = {
            "level": (n_hazards, n_villages),
            "ratio": (n_hazards, n_villages),
            "sight": (n_villages,),
            "stations": (self.county.n_stations,),
            "doors": (n_villages, PEOPLE_FROM + len(People)),
            "chain": (len(array), 3),
            "helps": (len(array), 3),
            "waits": (len(array), 5),
            "alarms": (len(array), 8),
            "ahead": (len(array), n_villages),
        }
        assert expected.keys() == PARTS.keys()
        if array.shape != expected[name]:
            raise ValueError(f"{name} has the shape {array.shape}, expected {expected[name]}")
        sparse, least = name in ("chain", "helps", "waits", "alarms"), NEVER if name == "alarms" else 0
        if sparse and len(array) and not least <= array[:, 0].min() <= array[:, 0].max() < n_villages:
            raise ValueError(f"{name} names villages that there are not")

    @property
    def parts(self) -> Mapping[str, np.ndarray]:
        """The newest of each part, to read only."""
        return self._parts

    def levels(self) -> np.ndarray:
        """The worst level of every village."""
        worst: np.ndarray = self._parts["level"].max(axis=0, initial=0)
        return worst

    def doors_of(self, village: int) -> models.Doors:
        """Doors of one village."""
        return _doors(self._parts["doors"][village])

    def sight_of(self, village: int) -> int:
        """How much a village hears of its gauges: 0 sees, 1 partly, 2 nothing."""
        sight = self._parts.get("sight")
        return 0 if sight is None else int(sight[village])

    def view(self, area: Area) -> View:
        """The situation of an area."""
        assert self.head is not None
        head, parts = self.head, self._parts
        n, of = len(area.villages), area.villages
        level = self.levels()[of]
        sight = parts["sight"][of] if "sight" in parts else np.zeros(n, np.uint8)
        stations = parts["stations"][area.stations] if "stations" in parts else np.zeros(0, np.uint8)
        inside = np.full(len(self.county), NEVER, dtype=np.int64)
        inside[of] = np.arange(n)
        chain, helps, waits = (_inside(parts[name], inside) for name in ("chain", "helps", "waits"))
        doors = parts["doors"][of]
        calling = chain[chain[:, 1] == 1]
        rows = _rows(area, level, doors, chain, helps, waits)
        channels = list(head.channels_down)
        red = doors[level == Level.RED]
        needs = models.Needs(
            help=_help(helps),
            release=models.Release(len(waits), _first(waits[:, 3])),
            dry=int(np.count_nonzero(chain[:, 1] == 3)),
            calling=models.Calling(len(calling), _first(calling[:, 2])),
            silent=models.Silent(_silent(red), int(_addressed(red).sum())),
            unseen=models.Unseen(int(np.count_nonzero(sight == 2)), channels),
        )
        count = _count_levels
        shown = models.Head(
            node=head.node,
            mode="drill" if head.is_exercise else "live",
            is_ready=head.is_ready,
            utc_offset_s=offset_at(self.county.configuration.message.time_zone, max(int(head.wall_s), 0)),
            levels=count(level),
            towns=count(np.array([row.level for row in rows.values()], dtype=np.int64)),
            stations=len(area.stations),
            reporting=int(np.count_nonzero(stations & 1)),
            doubted=int(np.count_nonzero(stations & 2)),
            partly_blind=int(np.count_nonzero(sight == 1)),
            # Reasons name places and channels of the whole county.
            reasons=[clean(reason) for reason in head.reasons if area.is_everything],
            reasons_zh=[clean(reason) for reason in head.reasons_zh if area.is_everything],
            blocking=head.n_blocking if area.is_everything else 0,
            needs=needs,
            proposals=_proposals(head.proposals, inside, area),
            alarms=_alarms(parts["alarms"], inside, area) if "alarms" in parts else [],
            shifts=self._shifts(head.shifts),
            is_flood=head.is_flood,
            drilling=int(np.count_nonzero(inside[np.array(head.drilling, dtype=np.int64)] >= 0)),
        )
        near = [] if rows else self._near(area)
        return View(shown, level, sight, stations, rows, near)

    def _shifts(self, shifts: Sequence[ShiftFacts]) -> list[models.Shift]:
        """Everybody on duty: who looks elsewhere is no secret."""
        names = {operator.person: clean(operator.name) for operator in self.county.configuration.operators}
        return [
            models.Shift(
                shift.person,
                names.get(shift.person, shift.person),
                shift.area,
                shift.since_s,
                shift.offered,
                clean(shift.note),
            )
            for shift in shifts
        ]

    def _near(self, area: Area) -> list[models.Near]:
        """Villages nearest to a threshold."""
        ratio, head = self._parts.get("ratio"), self.head
        if ratio is None or head is None or not len(ratio):
            return []
        known = np.nan_to_num(ratio[:, area.villages], nan=0.0, posinf=0.0, neginf=0.0)
        hazard, best = known.argmax(axis=0), known.max(axis=0)
        order = np.argsort(-best, kind="stable")[:NEAREST]
        return [
            models.Near(at, head.hazards[int(hazard[at])], percent)
            for at in order.tolist()
            if (percent := int(100 * best[at])) > 0
        ]


def _proposals(proposals: Sequence[ProposalFacts], inside: Int64Array, area: Area) -> list[models.Proposal]:
    """Those that concern villages of the area alone: nobody agrees to what lies outside of it."""
    found = []
    for proposal in proposals:
        places = inside[np.array(proposal.villages, dtype=np.int64)]
        if not len(places) or (places < 0).any():
            continue
        towns = sorted(set(area.town[places].tolist()))
        said = clean(proposal.author), clean(proposal.reason)
        found.append(
            models.Proposal(
                proposal.order,
                proposal.kind,
                *said,
                proposal.hazard,
                len(places),
                towns,
                proposal.since_s,
                proposal.due_s,
                proposal.level,
            )
        )
    return found


def _alarms(rows: np.ndarray, inside: Int64Array, area: Area) -> list[models.AlarmRow]:
    """Those of the area's towns, and of the node itself."""
    found = []
    for village, urgency, troubles, level, since_s, raised_s, number, seen_s in rows.tolist():
        at = NEVER if village == NEVER else int(inside[village])
        if village != NEVER and at == NEVER:
            continue
        found.append(
            models.AlarmRow(
                town=NEVER if at == NEVER else int(area.town[at]),
                village=at,
                urgency="A" if urgency == Urgency.A else "B",
                troubles=[str(trouble) for bit, trouble in enumerate(Trouble) if troubles >> bit & 1],
                since_s=since_s,
                raised_s=raised_s,
                number=number,
                level=level,
                seen_until_s=max(seen_s, 0),
            )
        )
    return found


def _inside(rows: np.ndarray, inside: Int64Array) -> Int64Array:
    """Rows of villages of the area, their number there instead of the node's."""
    at = inside[rows[:, 0]]
    found: Int64Array = rows[at >= 0].copy()
    found[:, 0] = at[at >= 0]
    return found


def _rows(
    area: Area,
    level: np.ndarray,
    doors: np.ndarray,
    chain: Int64Array,
    helps: Int64Array,
    waits: Int64Array,
) -> dict[int, models.TownRow]:
    """Towns of the queue in their order."""
    n_towns, town = len(area.towns), area.town
    count = np.zeros((n_towns, len(Level)), dtype=np.int64)
    np.add.at(count, (town, level), 1)
    of_doors = np.zeros((n_towns, doors.shape[1]), dtype=np.int64)
    stands = np.flatnonzero(level)
    np.add.at(of_doors, town[stands], doors[stands])
    calling, dry = chain[chain[:, 1] == 1], chain[chain[:, 1] == 3]
    urgent = helps[(helps[:, 2] == 0) & (level[helps[:, 0]] >= Level.ORANGE)]
    by_town = {
        "help": _per(town, helps[:, 0], n_towns),
        "help_unassigned": _per(town, helps[helps[:, 2] == 0][:, 0], n_towns),
        "release": _per(town, waits[:, 0], n_towns),
        "dry": _per(town, dry[:, 0], n_towns),
        "calling": _per(town, calling[:, 0], n_towns),
    }
    is_urgent = _per(town, urgent[:, 0], n_towns) > 0
    release_due = _first_per(town, waits[:, 0], waits[:, 3], n_towns)
    answer_due = _first_per(town, calling[:, 0], calling[:, 2], n_towns)
    shown = count[:, 1:].any(axis=1) | (by_town["help"] > 0) | (by_town["release"] > 0) | (by_town["dry"] > 0)
    found = []
    for at in np.flatnonzero(shown).tolist():
        waits_s, answer_s = int(release_due[at]), int(answer_due[at])
        row = models.TownRow(
            town=at,
            level=int(np.flatnonzero(count[at]).max(initial=0)),
            villages=_four(count[at, 1:]),
            due_s=waits_s if waits_s < NEVER_DUE_S else answer_s if answer_s < NEVER_DUE_S else 0,
            due="release" if waits_s < NEVER_DUE_S else "answer" if answer_s < NEVER_DUE_S else "",
            doors=_doors(of_doors[at]),
            **{name: int(values[at]) for name, values in by_town.items()},
        )
        # What waits for an officer and has no deadline waits behind what has one.
        release_s = waits_s - 1 if row.release else NEVER_DUE_S
        answered = row.doors.addressed - row.doors.answered
        key = (not is_urgent[at], release_s, not row.dry, -row.level, answer_s, -answered, at)
        found.append((key, row))
    found.sort(key=lambda one: one[0])
    return {row.town: row for _, row in found}


def _per(town: Int64Array, villages: Int64Array, n_towns: int) -> Int64Array:
    count: Int64Array = np.bincount(town[villages], minlength=n_towns).astype(np.int64)
    return count


def _first_per(town: Int64Array, villages: Int64Array, due_s: Int64Array, n_towns: int) -> Int64Array:
    """The first due time of each town; `NEVER_DUE_S` where there is none."""
    first = np.full(n_towns, NEVER_DUE_S, dtype=np.int64)
    has_due = due_s >= 0
    np.minimum.at(first, town[villages[has_due]], due_s[has_due])
    return first


def _first(due_s: Int64Array) -> int:
    known = due_s[due_s >= 0]
    return int(known.min()) if len(known) else 0


def _help(helps: Int64Array) -> models.Help:
    waiting = helps[helps[:, 2] == 0]
    return models.Help(len(helps), len(waiting), _first(waiting[:, 1]))


def _addressed(doors: np.ndarray) -> np.ndarray:
    total = doors[..., :PEOPLE_FROM].sum(axis=-1, dtype=np.int64)
    addressed: np.ndarray = total - doors[..., Delivery.NONE].astype(np.int64)
    return addressed


def _silent(doors: np.ndarray) -> int:
    """Doors that were to be told and have said nothing."""
    silent = doors[:, PEOPLE_FROM + People.SILENT].astype(np.int64)
    return int(np.maximum(silent - doors[:, Delivery.NONE], 0).sum())


def _doors(doors: np.ndarray) -> models.Doors:
    """One row of the ledger's counts."""
    counts = [int(door) for door in doors]
    delivery, people = counts[:PEOPLE_FROM], counts[PEOPLE_FROM:]
    addressed = sum(delivery) - delivery[Delivery.NONE]
    answered = sum(people) - people[People.SILENT]
    return models.Doors(
        addressed=addressed,
        reached=sum(delivery[state] for state in REACHED),
        answered=min(answered, addressed),
        safe=sum(people[state] for state in SAFE),
        failed=sum(delivery[state] for state in FAILED),
        help=sum(people[state] for state in HELP),
    )


def _count_levels(level: np.ndarray) -> tuple[int, int, int, int]:
    return _four(np.bincount(level, minlength=len(Level))[1:])


def _four(counts: np.ndarray) -> tuple[int, int, int, int]:
    blue, yellow, orange, red = (int(counts[level - 1]) for level in LEVELS)
    return blue, yellow, orange, red
