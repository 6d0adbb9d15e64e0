"""The situation of a node as parts of a frame: arrays that it has anyway; in the loop's thread.

Of warnings, posts and calls for help the villages that are concerned are gone through, once a second at most;
everything else is an array that is copied. A part that is as it was is left out.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from warnstream.adapters.console.frame import (
    NEVER,
    UNKNOWN,
    KeptVillage,
    Part,
    ProposalFacts,
    ShiftFacts,
    part_of,
)
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.assessment import AssessmentStep
from warnstream.desk import WarningDesk, WarningStatus
from warnstream.duty import DutyDesk
from warnstream.model.hands.duty import Trouble
from warnstream.model.network import Network
from warnstream.model.rules.rules import HazardRule
from warnstream.routing.chain import Chain
from warnstream.routing.turns import State

RATIO_EVERY_S = 60.0
STATES = {State.QUIET: 0, State.CALLING: 1, State.HEARD: 2, State.DRY: 3}
"""Of `chain`; of quiet villages there is no row."""


class Picture:
    """Parts of frames, each only where it has changed since the last one.

    Parameters
    ----------
    network : Network
        With villages of removed rows, after the judged ones.
    rules : sequence of HazardRule
        Likewise.
    n_judged : int
        Villages that the engine judges.
    """

    def __init__(self, network: Network, rules: Sequence[HazardRule], n_judged: int) -> None:
        self._network, self._n_judged = network, n_judged
        self.hazards = tuple(rule.name for rule in rules)
        self._row_of = {hazard: row for row, hazard in enumerate(self.hazards)}
        self._sent: dict[str, Part] = {}
        self._warnings: Sequence[WarningStatus] | None = None
        self._ratio_at = -RATIO_EVERY_S
        self.leads_s: tuple[int, ...] = ()

    @property
    def kept(self) -> tuple[KeptVillage, ...]:
        """Villages that the configuration has lost under a warning."""
        of = self._network.villages
        return tuple(
            KeptVillage(
                of.code[at],
                of.name[at],
                of.township[at],
                of.county[at],
                float(of.latitude[at]),
                float(of.longitude[at]),
            )
            for at in range(self._n_judged, len(of))
        )

    def take(
        self,
        step: AssessmentStep | None,
        warnings: Sequence[WarningStatus],
        desk: WarningDesk,
        duty: DutyDesk,
        doors: DoorStore,
        now: float,
    ) -> dict[str, Part]:
        """What has changed since the last call; `now` is monotonic."""
        found = {"doors": part_of(doors.by_village(), "u4")}
        found |= {
            "alarms": alarms_of(duty),
            "chain": _chain(desk),
            "helps": _helps(desk),
            "waits": _waits(desk),
        }
        if warnings is not self._warnings:
            self._warnings = warnings
            found["level"] = part_of(self._levels(warnings), "u1")
        if step is not None:
            found |= self._seen(step)
            if now - self._ratio_at >= RATIO_EVERY_S:
                self._ratio_at = now
                found["ratio"] = part_of(self._ratio(step), "f4")
                found["ahead"] = part_of(self._ahead(step), "u2")
        news = {name: part for name, part in found.items() if self._sent.get(name) != part}
        self._sent |= news
        return news

    def _levels(self, warnings: Sequence[WarningStatus]) -> np.ndarray:
        level = np.zeros((len(self.hazards), len(self._network.villages)), dtype=np.uint8)
        for warning in warnings:
            row = self._row_of.get(warning.hazard)
            if row is not None:
                level[row, warning.village] = warning.level
        return level

    def _seen(self, step: AssessmentStep) -> dict[str, Part]:
        sight = np.zeros(len(self._network.villages), dtype=np.uint8)
        sight[: self._n_judged] = np.where(step.sight.is_blind, 2, step.sight.is_partly_blind)
        stations = step.is_reporting.astype(np.uint8) + 2 * (step.quality.confidence < 1.0)
        return {"sight": part_of(sight, "u1"), "stations": part_of(stations, "u1")}

    def _ahead(self, step: AssessmentStep) -> np.ndarray:
        """Rain expected over each lead; of a village with zones that of the wettest."""
        rain = step.rain
        self.leads_s = rain.leads_s
        ahead = np.full((len(rain.leads_s), len(self._network.villages)), UNKNOWN, dtype=np.uint16)
        first = self._network.places.first_of_village[: self._n_judged]
        if len(rain.leads_s) and len(first):
            of_villages = np.fmax.reduceat(rain.ahead_mm, first, axis=0).T
            known = np.isfinite(of_villages)
            tenths = np.minimum(np.where(known, of_villages, 0.0) * 10, UNKNOWN - 1)
            ahead[:, : self._n_judged] = np.where(known, tenths.round(), UNKNOWN)
        return ahead

    def _ratio(self, step: AssessmentStep) -> np.ndarray:
        ratio = np.full((len(self.hazards), len(self._network.villages)), np.nan, dtype=np.float32)
        for hazard, of_villages in step.ratio.items():
            if len(of_villages) == self._n_judged:
                ratio[self._row_of[hazard], : self._n_judged] = of_villages
        return ratio


def proposals_of(desk: WarningDesk, number: Mapping[str, int]) -> tuple[ProposalFacts, ...]:
    """Orders that wait for a second person."""
    return tuple(
        ProposalFacts(
            proposal.order.identifier,
            str(proposal.order.kind),
            proposal.order.author,
            proposal.order.reason,
            proposal.order.hazard,
            int(proposal.order.level),
            tuple(number[code] for code in proposal.order.villages if code in number),
            proposal.since_s,
            proposal.due_s,
        )
        for proposal in desk.hands.state.waiting
    )


def alarms_of(duty: DutyDesk) -> Part:
    """Alarms to the officer; troubles are bits in the order of `Trouble`."""
    rows = [
        (
            alarm.village,
            alarm.urgency,
            sum(1 << bit for bit, trouble in enumerate(Trouble) if trouble in alarm.badness),
            alarm.level,
            alarm.since_s,
            alarm.raised_s,
            alarm.raised,
            alarm.seen_until_s,
        )
        for alarm in duty.alarms.standing()
    ]
    return part_of(np.array(rows, dtype=np.int64).reshape(-1, 8), "i8")


def shifts_of(duty: DutyDesk) -> tuple[ShiftFacts, ...]:
    """Who is on duty."""
    return tuple(ShiftFacts(s.person, s.area, s.since_s, s.offered, s.note) for s in duty.shifts.of)


def _chain(desk: WarningDesk) -> Part:
    rows = [row for chain in desk.chains.of.values() for row in _turns(chain)]
    return part_of(np.array(rows, dtype=np.int64).reshape(-1, 3), "i8")


def _turns(chain: Chain) -> Iterator[tuple[int, int, int]]:
    """Village, state, and when the next answer is due: debts are gone through once, not for each village."""
    due_s: dict[int, int] = {}
    for debt in chain.debts.values():
        for village, owed in debt.owed.items():
            if owed.due_s != NEVER:
                due_s[village] = min(owed.due_s, due_s.get(village, owed.due_s))
    for village, turn in chain.turns.items():
        if turn.state is not State.QUIET:
            yield village, STATES[turn.state], due_s.get(village, NEVER)


def _helps(desk: WarningDesk) -> Part:
    rows = [(call.village, call.opened_s, bool(call.assigned)) for call in desk.chains.calls]
    return part_of(np.array(rows, dtype=np.int64).reshape(-1, 3), "i8")


def _waits(desk: WarningDesk) -> Part:
    rows = [
        (village, held.level, held.since_s, held.due_s, held.action.is_end)
        for village, held in desk.bulletins.waiting()
    ]
    return part_of(np.array(rows, dtype=np.int64).reshape(-1, 5), "i8")
