"""The situation of a county: gauges, villages, grids, duty posts, alarms, and the warnings that stand."""

import msgspec
from msgspec import UNSET, UnsetType

from warnstream.adapters.http.models.orders import HandsRecord
from warnstream.adapters.http.models.words import Count, LevelWord, Share, Text, TimeUtc


class DoubtedGaugeRecord(msgspec.Struct, frozen=True):
    """A gauge that is doubted, since when and why; `spare` reports and measures in its place."""

    station: Text
    flags: list[Text]
    why: str
    confidence: Share
    since: TimeUtc | None
    spare: Text | None


class SilenceRecord(msgspec.Struct, frozen=True):
    """Stations by whether they report; of many silent ones the first are named."""

    total: Count
    reporting: Count
    silent: list[Text]


class DoubtsRecord(msgspec.Struct, frozen=True):
    """Gauges that are doubted; of many the least trusted are named. Isolated: no neighbour to ask."""

    doubted: Count
    doubted_why: list[DoubtedGaugeRecord]
    isolated: Count


class StationsRecord(SilenceRecord, frozen=True):
    """Stations: silent ones, then doubted ones as in `DoubtsRecord`."""

    doubted: Count
    doubted_why: list[DoubtedGaugeRecord]
    isolated: Count


class BlindnessRecord(msgspec.Struct, frozen=True):
    """Villages that hear none of their own gauges, or too few; of many the first are named."""

    total: Count
    blind: Count
    blind_codes: list[Text]
    partly_blind: Count
    partly_blind_codes: list[Text]


class VillagesRecord(BlindnessRecord, frozen=True):
    """Villages: what they hear, and by hazard how many are at each level above none."""

    levels: dict[str, dict[LevelWord, Count]]


class ForecastRecord(msgspec.Struct, frozen=True):
    """The nowcast of the last minute that had one."""

    method: Text
    usable: bool


class GridRecord(msgspec.Struct, frozen=True):
    """A grid of rain: its age, the places that it sees and those that it speaks for."""

    grid: Text
    newest: TimeUtc | None
    age_s: int
    late: bool
    places: Count
    places_seen: Count
    speaks_for: Count
    bias_factor: float
    bias_pairs: Count


class ChainRecord(msgspec.Struct, frozen=True):
    """Villages for which answers of posts are missing, calls for help, and who is on duty."""

    dry_villages: Count
    dry_codes: list[Text]
    help_open: Count
    help_untaken: Count
    posts: Count
    posts_on_duty: Count
    reports_unclear: Count


class AlarmRecord(msgspec.Struct, frozen=True):
    """A trouble of the node that stands; a blocking one keeps it from being ready. `zh`: it in Chinese."""

    alarm: Text
    text: str
    since: TimeUtc
    blocking: bool
    zh: str = ""


class RunRecord(msgspec.Struct, frozen=True):
    """The newest run of a weather model; `out`: it has none young enough, `used`: it counts now."""

    forecast: Text
    run: TimeUtc | None
    out: bool
    used: bool


class AheadRecord(msgspec.Struct, frozen=True):
    """Where probabilities of rain to come are from; `source` is empty where there are none.

    `radar` is the grid that they should come from, empty: none is named; `out`: it has no field young enough.
    `forecasts` are the weather models, in the order in which they are preferred.
    """

    source: Text
    radar: Text
    newest: TimeUtc | None
    out: bool
    forecasts: list[RunRecord] = []


class DifferenceRecord(msgspec.Struct, frozen=True):
    """A level that a changed configuration finds to be other than people had been told."""

    village: Text
    hazard: Text
    issued: LevelWord
    found: LevelWord


class ChannelRecord(msgspec.Struct, frozen=True):
    """Who waits on a channel, by action; seconds of its work until they are told, where its rate is known.

    `stopped` is since when nothing gets through: then the seconds are those that it needs once it is open.
    """

    channel: Text
    waiting: dict[str, Count]
    needs_s: dict[str, float]
    per_s: float | None
    stopped: TimeUtc | None


class ConfigurationRecord(msgspec.Struct, frozen=True):
    """The configuration that the node runs with; `bundle` 0: its files could not be kept."""

    fingerprint: Text
    bundle: Count
    differences: Count
    differed: list[DifferenceRecord]


class AuditRecord(msgspec.Struct, frozen=True):
    """The audit: its newest hash, to be noted elsewhere, its file, and the journal entry it has come to."""

    head: Text
    file: str
    entry: Count
    behind: bool


class CountyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a step found; everything is absent before the first one, `grids` and `ahead` where there are none.

    `ratio_to_critical` is rain over the critical rainfall of the villages nearest to it, by hazard.
    """

    node: Text | UnsetType = UNSET
    now: TimeUtc | UnsetType = UNSET
    clock: Text | UnsetType = UNSET
    stations: StationsRecord | UnsetType = UNSET
    villages: VillagesRecord | UnsetType = UNSET
    exercise: bool | UnsetType = UNSET
    forecast: ForecastRecord | UnsetType | None = UNSET
    ratio_to_critical: dict[str, dict[str, float]] | UnsetType = UNSET
    grids: list[GridRecord] | UnsetType = UNSET
    ahead: AheadRecord | UnsetType = UNSET


class StateRecord(CountyRecord, frozen=True, kw_only=True):
    """The situation: what the last step found, what stands, and what troubles the node."""

    warnings_open: Count | UnsetType = UNSET
    chain: ChainRecord | UnsetType = UNSET
    hands: HandsRecord | UnsetType = UNSET
    broker_connected: bool
    alarms: list[AlarmRecord]
    configuration: ConfigurationRecord
    audit: AuditRecord | UnsetType = UNSET
    channels: list[ChannelRecord] | UnsetType = UNSET


class WarningRecord(msgspec.Struct, frozen=True):
    """A warning that stands; `found` is the machine's level, `bound` a floor or ceiling by hand."""

    warning: Text
    village: Text
    name: str
    hazard: Text
    level: LevelWord
    state: Text
    version: Count
    crossed_at: TimeUtc
    expires: TimeUtc
    posts_called: Count
    posts_answered: Count
    answer_by: TimeUtc | None
    waits_for_affirmation: bool
    message: Text
    found: LevelWord
    bound: Text | None
    bound_expires: TimeUtc | None
