"""Why a village is warned, or is not: the explanation of one step.

Times are UTC, unknown numbers null, levels words. Addresses of people are not in it; posts are named by
their codes where they may be, doors only counted.
"""

import msgspec
from msgspec import UNSET, UnsetType

from warnstream.adapters.http.models.posts import SignRecord
from warnstream.adapters.http.models.words import Count, LevelWord, Text, TimeUtc


class FactRecord(msgspec.Struct, frozen=True):
    """One of several things that together are the reason; fields as in `warnstream.model.changes.Fact`."""

    indicator: Text
    station: str
    value: float | None
    threshold: float | None
    unit: str
    duration_s: int
    lead_s: int
    held_since_s: int
    note: str
    coverage: float | None
    grid: str


class RelayedRecord(msgspec.Struct, frozen=True):
    """Whose signal it is; fields as in `warnstream.model.changes.Relayed`."""

    issuer_zh: str
    issuer_en: str
    signal_zh: str
    signal_en: str
    sent: TimeUtc
    sender: str
    identifier: str
    event: str
    headline: str


class ExpectedRecord(msgspec.Struct, frozen=True):
    """Why a threshold is expected to be reached; fields as in `warnstream.model.forecast.Expected`."""

    level: LevelWord
    share: float
    probability: float
    within_s: int
    onset_early_s: int
    onset_s: int
    source: str
    calibrated_on: str
    model: str = ""
    run_s: int = -1
    amount_mm: float = 0.0


class ReasonRecord(msgspec.Struct, frozen=True):
    """The measured fact against the threshold; fields as in `warnstream.model.changes.Reason`."""

    indicator: Text
    station: str
    value: float | None
    threshold: float | None
    unit: str
    duration_s: int
    forecast_value: float | None
    lead_s: int
    coverage: float | None
    confirmed: bool
    source: str
    zone: str
    facts: list[FactRecord]
    ratio: float | None
    grid: str
    gauge_value: float | None
    certainty: str
    lone_gauge: bool
    relayed: RelayedRecord | None
    observed_until: TimeUtc
    expected: ExpectedRecord | None = None


class VillageRecord(msgspec.Struct, frozen=True):
    """Which village it is."""

    code: Text
    name: str
    township: str
    county: str


class NextLevelRecord(msgspec.Struct, frozen=True):
    """The first level above that has a threshold; `ratio` of 1 reaches it."""

    level: LevelWord
    threshold: float | None
    ratio: float | None


class ComparisonRecord(msgspec.Struct, frozen=True):
    """One value against its thresholds; `duration_s` 0: no accumulation, `lead_s` 0: observed."""

    indicator: Text
    unit: str
    value: float | None
    duration_s: int
    lead_s: int
    forecast_value: float | None
    station: str
    coverage: float | None
    level: LevelWord
    thresholds: dict[LevelWord, float | None]
    clear_values: dict[LevelWord, float | None]
    next: NextLevelRecord | None
    note: str


class ConditionRecord(msgspec.Struct, frozen=True):
    """One condition of a rule of the operator's own, with its parts."""

    condition: str
    reached: bool
    holding: bool
    since: TimeUtc | None
    parts: list["ConditionRecord"]


class RuleLevelRecord(msgspec.Struct, frozen=True):
    """A level of a rule of the operator's own: its words in the file, and what became of its condition."""

    level: LevelWord
    words: str
    condition: str
    reached: bool
    holding: bool
    since: TimeUtc | None
    parts: list[ConditionRecord]


class FindingRecord(msgspec.Struct, frozen=True):
    """What a hazard found at one zone, or at a village without zones; one finding speaks for the village."""

    zone: str
    level: LevelWord
    speaks: bool
    note: str
    comparisons: list[ComparisonRecord]
    conditions: list[RuleLevelRecord]


class DowngradeRecord(msgspec.Struct, frozen=True):
    """How a level of this hazard falls; fields as in `warnstream.model.rules.rules.DowngradePolicy`."""

    clear_ratio: float
    hold_s: int
    active_s_min: int
    coverage_min: float


class StandingRecord(msgspec.Struct, frozen=True):
    """The warning of a hazard; posts are named only for who may read it."""

    warning: Text
    state: Text
    level: LevelWord
    version: Count
    households_told: bool
    posts_called: Count
    posts_answered: Count
    answer_by: TimeUtc | None
    called: list[Text] | UnsetType = UNSET
    answered: list[Text] | UnsetType = UNSET
    ended_or_affirmed_by: Text | UnsetType | None = UNSET
    note: Text | UnsetType | None = UNSET


class HazardRecord(msgspec.Struct, frozen=True):
    """One hazard: the level that stands, why it is neither lower nor higher, and what was compared."""

    hazard: Text
    title: str
    evaluator: Text
    source: str
    level: LevelWord
    found: LevelWord
    held_up: LevelWord
    why: list[str]
    why_not_lower: list[str]
    why_not_higher: list[str]
    failure: Text | None
    is_blind: bool
    can_fall: bool
    reached_at: TimeUtc | None
    below_since: TimeUtc | None
    falls_at: TimeUtc | None
    forecast_level_max: LevelWord
    lowering: DowngradeRecord
    reason: ReasonRecord | None
    places: list[FindingRecord]
    adds_up: bool
    warning: StandingRecord | None


class PlaceRainRecord(msgspec.Struct, frozen=True):
    """Rain of a place over a duration or over whole days (0 is today so far); `grid` gave it, or gauges."""

    duration_s: int
    days: str | None
    rain_mm: float | None
    coverage: float | None
    grid: str


class GaugeRainRecord(msgspec.Struct, frozen=True):
    """Rain of one gauge; `unmeasured` is the share that it is held not to have measured."""

    duration_s: int
    days: str | None
    rain_mm: float | None
    coverage: float | None
    unmeasured: float | None


class RainAheadRecord(msgspec.Struct, frozen=True):
    """Rain expected within `lead_s`."""

    lead_s: int
    rain_mm: float | None


class GaugeRecord(msgspec.Struct, frozen=True):
    """A gauge that speaks for a place, or should; `weight` now, `own_weight` while all of them speak."""

    station: Text
    state: Text
    weight: float | None
    own_weight: float | None
    distance_m: float | None
    observed_at: TimeUtc | None
    flags: list[Text]
    why_doubted: list[str]
    confidence: float | None
    rain: list[GaugeRainRecord]


class PlaceRecord(msgspec.Struct, frozen=True):
    """What was known of a zone, or of a village without zones: rain, and who measured it."""

    zone: str
    heard: float | None
    blind: bool
    partly_blind: bool
    rain: list[PlaceRainRecord]
    rain_ahead: list[RainAheadRecord]
    soil_water_mm: float | None
    earlier_rain_coverage: float | None
    stations: list[GaugeRecord]


class ExplanationRecord(msgspec.Struct, frozen=True):
    """Everything that decided on a village at one step; `answer` is the short form."""

    village: VillageRecord
    judged: TimeUtc
    answer: list[str]
    hazards: list[HazardRecord]
    places: list[PlaceRecord]
    signs: list[SignRecord]
    forecast_failure: Text | None
