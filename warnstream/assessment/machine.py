"""One step of the first machine, in order.

`Assessment.step` is pure: the same batches at the same times give the same
changes, byte for byte, which is how a disaster is replayed and reviewed. Its
cost hardly depends on the number of readings: everything that arrived since
the last step is one batch.

No part of a step silences another: one that raises is reported, and what
stands in its place says that nothing is known, or what was known last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from warnstream.assessment.ahead.members import AheadState, MembersAhead
from warnstream.assessment.explanation import Explained, VillageView, view_village
from warnstream.assessment.grids import Grids, GridsStep
from warnstream.assessment.isolation import Isolation
from warnstream.assessment.judgement import Judgement
from warnstream.assessment.late_proofs import LateProofs
from warnstream.assessment.lone_gauges import LoneGauges
from warnstream.assessment.reasons import Sources
from warnstream.assessment.rule_checks import could_rise
from warnstream.assessment.rule_needs import Whole, check_leads, whole_of
from warnstream.assessment.stations import HeardGauges, StationPolicies, StationState
from warnstream.assessment.villages import (
    GaugeAvailability,
    VillageState,
    Weights,
    no_antecedent_known,
    no_rain_known,
)
from warnstream.forecast.chances.source import GaugeMembers
from warnstream.forecast.radar.source import RadarMembers
from warnstream.forecast.runs.members import ModelMembers
from warnstream.forecast.source import ForecastSource
from warnstream.hazards.expected.asking import farthest_s
from warnstream.hazards.expected.chances import Chance
from warnstream.hazards.registry import relay_tables
from warnstream.lifecycle.alerts import AlertBook, AlertPolicy
from warnstream.lifecycle.feeds import FeedBook
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.lifecycle.signs import SignBook
from warnstream.model.alerts.alert import AlertArrived, FeedHeard
from warnstream.model.arrays import (
    Arrays,
    BoolArray,
    Float64Array,
    Int32Array,
    Int64Array,
    LevelArray,
    UInt16Array,
)
from warnstream.model.changes import LevelChange, PastCrossing, Reason
from warnstream.model.forecast import RainAhead, RainMembers
from warnstream.model.grids import GridPolicy
from warnstream.model.network import Network
from warnstream.model.observations.days import PastDays
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.signs import SignPolicy, SignReport, SignVerdict, VillageSigns
from warnstream.model.observations.station_quality import StationQuality, no_doubt
from warnstream.model.radar.fields import Frame
from warnstream.model.rules.indicators import VillageRain
from warnstream.model.rules.policies import CounterPolicy, QualityPolicy, TransferAhead, WindowPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.windows.accumulation import Accumulation


@dataclass(frozen=True, slots=True)
class AssessmentStep:
    """What one step found.

    Attributes
    ----------
    changes : list of LevelChange
        In the order of the rules, then of the villages.
    flags : UInt16Array, shape (n_readings,)
        `Flag` bits of the batch, row by row.
    is_reporting : BoolArray, shape (n_stations,)
    rain : VillageRain
        What the villages were judged by, or their zones where they are divided.
    failures : dict
        Hazard, or another part of the step -> error text, of those that could not be worked out.
    forecast : RainAhead or None
        A nowcast that was made at this step.
    quality : StationQuality
        Flags and confidence of every gauge.
    sight : GaugeAvailability
        How much of its own gauges each village hears; of a divided one the zone that hears least.
    ratio : dict of str to Float64Array, shape (n_villages,)
        Rain over critical rainfall by hazard; NaN where nothing is known.
    grids : GridsStep
        What grids of rain did.
    past_crossings : tuple of PastCrossing
        Levels of the past that late readings prove, for the duty officer.
    ahead : AheadState
        Where members of the rain to come are from.
    transfer : Chance or None, as `Assessment.transfer`
    """

    changes: list[LevelChange]
    flags: UInt16Array
    is_reporting: BoolArray
    rain: VillageRain
    failures: dict[str, str]
    forecast: RainAhead | None
    quality: StationQuality
    sight: GaugeAvailability
    ratio: dict[str, Float64Array]
    grids: GridsStep
    past_crossings: tuple[PastCrossing, ...] = ()
    ahead: AheadState = field(default_factory=AheadState)
    transfer: Chance | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What the first half of a step found, before any rule looks at it.

    Attributes
    ----------
    readings : ReadingBatch
    flags : UInt16Array, shape (n_readings,)
    gauges : HeardGauges
    forecast : RainAhead or None, as of `AssessmentStep`
    sources : Sources
        Without the alerts of other services, which rules relay.
    grids : GridsStep
    failures : dict
    ahead : AheadState
    """

    readings: ReadingBatch
    flags: UInt16Array
    gauges: HeardGauges
    forecast: RainAhead | None
    sources: Sources
    grids: GridsStep
    failures: dict[str, str]
    ahead: AheadState


class Assessment:
    """Levels of the villages of one network.

    Parameters
    ----------
    network : Network
    rules : tuple of HazardRule
    weights : Weights
    windows, quality : WindowPolicy, QualityPolicy
    nowcast : ForecastSource or None
        None: no forecast is made, only what has been observed reaches a level.
    ahead, radar : GaugeMembers, RadarMembers, optional
        Members of the rain to come; without either nobody knows a probability of the next three hours.
    models : ModelMembers, optional
        Without one nobody knows anything beyond that, nor the hour that `transfer` asks for.
    counters : CounterPolicy, optional
    signs : SignPolicy, optional
        Without it nobody can report a sign.
    alerts : AlertPolicy, optional
        Whose alerts are not taken, whatever the rules relay.
    past : PastDays, optional
        Rain of days before this node began, for rules that read earlier rain.
    grids : tuple of GridPolicy, optional
        Grids of rain that speak where gauges do not.
    whole : Whole, optional
        Where these are some of the villages of a larger network: what its rules ask for. `weights` and
        `nowcast` must be those of the larger one, too, read at these villages (`warnstream.runners.build`).

    Attributes
    ----------
    signs : SignBook
        What people have seen.
    alerts : AlertBook
    feeds : FeedBook
        What other services have issued.
    """

    def __init__(  # noqa: PLR0913  # policies, each by name
        self,
        network: Network,
        rules: tuple[HazardRule, ...],
        *,
        weights: Weights,
        windows: WindowPolicy,
        quality: QualityPolicy,
        nowcast: ForecastSource | None,
        ahead: GaugeMembers | None = None,
        radar: RadarMembers | None = None,
        models: ModelMembers | None = None,
        transfer: TransferAhead | None = None,
        counters: CounterPolicy | None = None,
        signs: SignPolicy | None = None,
        alerts: AlertPolicy | None = None,
        past: PastDays | None = None,
        grids: tuple[GridPolicy, ...] = (),
        whole: Whole | None = None,
    ) -> None:
        self._places = network.places
        whole = whole or whole_of(rules, transfer)
        policies = StationPolicies(windows, quality, counters or CounterPolicy())
        self._villages = VillageState(len(self._places), weights, nowcast)
        mm_max, reaches_s = quality.rain_mm_per_min_max, farthest_s(rules, transfer)
        self._ahead = MembersAhead(ahead, radar, mm_max, windows.future_s_max, models, reaches_s)
        leads_s = self._villages.leads_s
        check_leads(whole.needs, leads_s)
        self._stations = StationState(
            network.stations, whole.needs, policies, weights.neighbours, past, leads_s
        )
        durations_s = self._stations.duration_s
        self._grids = Grids(network, grids, windows, mm_max, durations_s, weights.own, whole.grid_points)
        lone_gauges = LoneGauges(weights.neighbours, quality.neighbours)
        self._judgement = Judgement(network, rules, lone_gauges, whole.numberless, transfer)
        self._late = LateProofs(network, rules, weights.own, windows)
        self._network = network
        self._last: Explained | None = None
        self._unknown = no_rain_known(self._stations, weights.own, leads_s)
        every: BoolArray = np.ones(len(network.stations), dtype=np.bool_)
        self._gauges = HeardGauges(every, no_doubt(len(every)), every)
        self.signs = SignBook(network, signs or SignPolicy())
        self.alerts = AlertBook(relay_tables(rules), alerts)
        self.feeds = FeedBook(alerts.feeds if alerts is not None else ())
        self._now_s = -1

    @property
    def now_s(self) -> int:
        """Time of the last step; -1 before the first."""
        return self._now_s

    @property
    def rules(self) -> tuple[HazardRule, ...]:
        """All rules, in the order of the configuration."""
        return self._judgement.rules

    @property
    def transfer(self) -> Chance | None:
        """When rain that asks for a transfer is expected, at every place; None: nobody knows."""
        return self._judgement.ahead.transfer(self._now_s)

    @property
    def far(self) -> RainMembers | None:
        """What the newest run of a weather model expects at every place; None: nobody knows."""
        return None if self._last is None else self._last.sources.far

    def level(self, hazard: str) -> LevelState:
        """Levels of all villages for one hazard."""
        return self._judgement.levels[hazard]

    def accumulate(self, duration_s: Int32Array) -> Accumulation:
        """Rain of every station over durations, as of the last step."""
        return self._stations.rain.accumulate(duration_s, self._now_s)

    def last_observed_s(self) -> Int64Array:
        """Newest observation of each station, shape (n_stations,); see `StationState.last_observed_s`."""
        return self._stations.last_observed_s()

    def step(
        self,
        readings: ReadingBatch,
        now_s: int,
        said: Sequence[SignReport | SignVerdict | AlertArrived | FeedHeard] = (),
        frames: Sequence[Frame] = (),
    ) -> AssessmentStep:
        """Take all that arrived, that grids saw, people and services said since then; judge every village.

        ValueError if `now_s` lies before the time of the last step.
        """
        return self.judge(self.observe(readings, now_s, said, frames), said)

    def observe(
        self,
        readings: ReadingBatch,
        now_s: int,
        said: Sequence[SignReport | SignVerdict | AlertArrived | FeedHeard] = (),
        frames: Sequence[Frame] = (),
    ) -> Observed:
        """The first half of a step: what gauges, grids and people tell, whatever is asked of it.

        ValueError if `now_s` lies before the time of the last step.
        """
        if now_s < self._now_s:
            raise ValueError(f"time only moves forward: step at {now_s} after one at {self._now_s}")
        isolation, stations, grids = Isolation(), self._stations, self._grids
        run, failures = isolation.run, isolation.failures

        unread: UInt16Array = np.zeros(len(readings), dtype=np.uint16)
        flags = run("readings", lambda: stations.take(readings, now_s, isolation), unread)
        gauges = self._gauges = self._hear(now_s, isolation)
        excluded, quality = gauges.excluded, gauges.quality
        villages, is_usable = self._villages, gauges.is_usable
        forecast = run("forecast", lambda: villages.update_nowcast(stations, excluded, now_s, failures), None)
        rain, sight = run(
            "rain of villages", lambda: villages.rain(stations, is_usable, now_s), self._unknown
        )
        run("grids", lambda: grids.take(frames, stations, quality, now_s), None)
        rain = run("grids", lambda: grids.stand_in(rain, stations, quality, now_s), rain)
        ahead, compared = self._ahead, partial(grids.pairs, stations=stations, quality=quality)
        run("probabilities", lambda: ahead.take(frames, now_s), None)
        members = ahead.step(stations, excluded, compared, now_s, failures)
        antecedent = run(
            "earlier rain",
            lambda: villages.antecedent(stations, rain, is_usable, excluded),
            no_antecedent_known(stations.plan, rain),
        )
        signs = [entry for entry in said if isinstance(entry, SignReport | SignVerdict)]
        run("signs", lambda: self.signs.step(signs, now_s), None)
        village_signs = run("signs", self.signs.standing, VillageSigns((), len(self._network.villages)))
        sources = Sources(
            stations,
            rain,
            antecedent,
            sight,
            quality,
            village_signs,
            now_s,
            moved=villages.moved,
            members=members,
            far=ahead.far,
        )
        told = run("grids", lambda: grids.step(now_s), GridsStep((), ()))
        return Observed(readings, flags, gauges, forecast, sources, told, failures, self._ahead.state)

    def judge(
        self,
        observed: Observed,
        said: Sequence[SignReport | SignVerdict | AlertArrived | FeedHeard] = (),
    ) -> AssessmentStep:
        """The second half: levels by these rules, of what this assessment observed or one that it shares."""
        now_s, sources = observed.sources.now_s, observed.sources
        self._now_s = now_s
        isolation = Isolation()
        isolation.failures.update(observed.failures)
        run, failures = isolation.run, isolation.failures
        arrived = [entry for entry in said if isinstance(entry, AlertArrived)]
        run("alerts", lambda: self.alerts.step(arrived, now_s), None)
        heard = [entry for entry in said if isinstance(entry, FeedHeard)]
        run("feeds", lambda: self.feeds.step(heard, now_s), None)
        if (alerts := self.alerts.in_force()) is not sources.alerts:
            sources = replace(sources, alerts=alerts)
        changes = self._judgement.step(sources, failures)
        late, levels, nothing = self._late, self._judgement.levels, tuple[PastCrossing, ...]()
        readings, flags, stations = observed.readings, observed.flags, sources.stations
        past = run("late readings", lambda: late.step(readings, flags, stations, levels, now_s), nothing)
        self._last = Explained(sources, observed.gauges.is_reporting, failures)
        return AssessmentStep(
            changes,
            flags,
            observed.gauges.is_reporting,
            sources.rain,
            failures,
            observed.forecast,
            sources.quality,
            sources.sight.of_villages(self._places.first_of_village),
            self._judgement.ratio,
            observed.grids,
            past,
            replace(observed.ahead, scores=self._judgement.ahead.scores()),
            self.transfer,
        )

    def share(self, first: "Assessment") -> None:
        """Judge what another assessment observes, of the same places and with the needs of these rules, too.

        Its stations, villages, grids and signs are those of this one: call `observe` of the first alone.
        """
        self._stations, self._villages = first._stations, first._villages  # noqa: SLF001  # one class
        first._ahead.ask_also(self._ahead)  # noqa: SLF001
        self._grids, self.signs, self._ahead = first._grids, first.signs, first._ahead  # noqa: SLF001

    def share_rule(self, hazard: str, other: "Assessment") -> None:
        """Take what another assessment finds by the same rule of what both share; it judges first."""
        self._judgement.share(hazard, other._judgement)  # noqa: SLF001  # one class

    def dry_until_s(self, wet_s: int) -> int:
        """From when on time may change what a step finds, nowcasts too (`StationState.dry_until_s`)."""
        levels, last = self._judgement.levels, self._last
        if last is None or last.failures or could_rise(levels, self.rules, last.sources.rain):
            return 0
        return min(self._stations.dry_until_s(self._now_s, wet_s), self._villages.nowcast_due_s)

    def align(self, hazard: str, issued: LevelArray, is_held: BoolArray, is_free: BoolArray) -> BoolArray:
        """Go on from what people were told of a hazard; see `LevelState.align`."""
        return self._judgement.levels[hazard].align(issued, is_held, is_free, self._now_s)

    def _hear(self, now_s: int, isolation: Isolation) -> "HeardGauges":
        """Which gauges report and measure; where nobody can tell, their coverage alone speaks for them."""
        stations, run = self._stations, isolation.run
        every: BoolArray = np.ones(len(self._network.stations), dtype=np.bool_)
        is_reporting = run("silent gauges", lambda: stations.is_reporting(now_s), every)
        quality = run("quality of gauges", lambda: stations.judge_gauges(now_s), self._gauges.quality)
        is_usable = run("silent gauges", lambda: stations.is_usable(is_reporting, quality), is_reporting)
        return HeardGauges(is_reporting, quality, is_usable)

    def view(self, village: int) -> VillageView:
        """All that decided on a village at the last step; ValueError before it, and right after a restore."""
        if self._last is None:
            raise ValueError("nothing has been judged yet")
        return view_village(self._network, self._judgement, self._villages.own_weights, self._last, village)

    def reason_now(self, village: int, hazard: str) -> Reason | None:
        """Why the last step gave a village its level of a hazard; None where it gave none."""
        rule = next((rule for rule in self._judgement.rules if rule.name == hazard), None)
        if rule is None or self._last is None:
            return None
        return self._judgement.reason(rule, village, self._last.sources)

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays; `restore` of it continues exactly."""
        return {
            **self._stations.snapshot(),
            "villages": self._villages.snapshot(),
            "ahead": self._ahead.snapshot(),
            **self._grids.snapshot(),
            **self._judgement.snapshot(),
            **self._late.snapshot(),
            "signs": {"book": np.frombuffer(self.signs.snapshot(), dtype=np.uint8)},
            "alerts": {"book": np.frombuffer(self.alerts.snapshot(), dtype=np.uint8)},
            "feeds": {"book": np.frombuffer(self.feeds.snapshot(), dtype=np.uint8)},
            "clock": {"now_s": np.array([self._now_s], dtype=np.int64)},
        }

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError, KeyError
            If it was taken with another network or other rules; nothing may be assumed then.
        """
        self._last = None
        self._stations.restore(state)
        self._villages.restore(state["villages"])
        if "ahead" in state:  # older snapshots have none
            self._ahead.restore(state["ahead"])
        self._grids.restore(state)
        self._judgement.restore(state)
        self._late.restore(state)
        if "signs" in state:
            self.signs.restore(state["signs"]["book"].tobytes())
        self._now_s = int(state["clock"]["now_s"][0])
        if "alerts" in state:
            self.alerts.restore(state["alerts"]["book"].tobytes(), self._now_s)
        if "feeds" in state:
            self.feeds.restore(state["feeds"]["book"].tobytes())
