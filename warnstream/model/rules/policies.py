"""Policies of warnstream.yaml that the pure stages obey."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from warnstream.model.bulletins import OrderTable
from warnstream.model.digests import Need
from warnstream.model.level import Level
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.error_values import ERROR_VALUES
from warnstream.model.observations.quality_limits import VALUE_LIMITS, ValueLimits
from warnstream.model.observations.rain_limits import RAIN_RECORDS, RainLimits
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.signs import SignKind
from warnstream.model.times import HOUR_S, MINUTE_S, TimeZone
from warnstream.model.warning import MessageStatus


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """Limits of the rain windows.

    `longest_s` is the longest accumulation anybody asks for, `lateness_s_max`
    how late a reading may be and still correct it, `grace_s` how long after
    its interval a station may be silent before its window moves on without it,
    `silent_after_s` when its silence is reported; both count from the end of
    the interval in which a reading was due. Windows up to `by_minute_s` are exact
    to the minute, longer ones begin at whole ten minutes; None: all are exact.
    Days begin `day_begins_s` after 00:00 UTC, on whole ten minutes.
    """

    longest_s: int
    lateness_s_max: int
    grace_s: int
    silent_after_s: int
    future_s_max: int
    by_minute_s: int | None = None
    day_begins_s: int = 0


@dataclass(frozen=True, slots=True)
class CounterPolicy:
    """How differences of rain counters become rain.

    `gap_s_max` is the longest time between two readings that counts as
    observed, `wrap_mm` where a running counter begins again at zero (None: it
    does not), `day_start_s` when the rain day begins after midnight of the
    local clock, which is `utc_offset_s` ahead of UTC (standard time). Where days follow
    it through summer, `offsets` has since when (UTC, ascending) it is ahead by how much.
    A day counter may be reset `reset_late_s_max` before or after its day begins.
    `forms` has the forms of counters by `DecoderRule.counter_source`.
    """

    gap_s_max: int = 3600
    wrap_mm: float | None = None
    day_start_s: int = 8 * 3600
    utc_offset_s: int = 8 * 3600
    reset_late_s_max: int = 900
    offsets: tuple[tuple[int, int], ...] = ()
    forms: Mapping[int, CounterForm] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NeighbourPolicy:
    """How rain gauges are compared with each other (`warnstream.quality.neighbours` and `.buddies`).

    `step_s` is the interval that is compared, `wait_s` how late readings may be for that. Neighbours
    are the `neighbours` nearest gauges within `radius_m`; at least `neighbours_min` must report.
    `zero_intervals`, `influx_low_mm`, `influx_high_mm` and `outlier_correlation_min` are the
    parameters of PWSQC; `zero_mm_min` is how much a faulty zero must have missed (there: anything).
    A gauge is contradicted by its spare after more than `spare_intervals` dry ones and the same amount.
    Correlations fade with `outlier_memory` intervals with rain, and a neighbour counts from
    `outlier_wet_min` wet intervals on.
    An hour's rain of at least `lonely_mm_min` is compared with that of the neighbours:
    `lonely_threshold` standard deviations, of at least `lonely_sd_mm_min`, are too many.
    A gauge with that much over a window, whose neighbours have less than `lone_dry_mm` each, raises
    no level above `lone_level_max` by itself.
    """

    step_s: int = 300
    wait_s: int = 300
    radius_m: float = 10_000.0
    neighbours: int = 20
    neighbours_min: int = 5
    zero_intervals: int = 6
    zero_mm_min: float = 2.0
    spare_intervals: int = 2
    influx_low_mm: float = 0.4
    influx_high_mm: float = 10.0
    outlier_memory: int = 300
    outlier_wet_min: int = 20
    outlier_correlation_min: float = 0.15
    lonely_mm_min: float = 10.0
    lonely_threshold: float = 4.0
    lonely_sd_mm_min: float = 2.0
    lone_dry_mm: float = 1.0
    lone_level_max: Level = Level.YELLOW


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """Limits of the checks; a value beyond a range is impossible, beyond a step doubtful.

    `rain_mm_per_min_max` is a physical limit of rain intensity, `rain_records` what
    may fall in longer times (`warnstream.model.observations.rain_limits`); `stage_m_range`
    and `stage_step_m_max` (between consecutive readings) those of gauges;
    `stuck_readings` is how many equal non-zero rain readings in a row are doubtful;
    `movement_step_mm_max` and `tilt_step_deg_max` are the steps of slope sensors,
    `movement_fall_mm_max` how far a slope may seem to have moved back;
    `variables` has the limits of all others, `error_values` the numbers that say that there is none,
    `melt_below_c` the temperature below which rain in a gauge is melting snow,
    `neighbours` how gauges are compared with each other.
    """

    rain_mm_per_min_max: float
    stage_m_range: tuple[float, float]
    stage_step_m_max: float
    stuck_readings: int
    movement_step_mm_max: float = 600.0
    tilt_step_deg_max: float = 5.0
    movement_fall_mm_max: float = 100.0
    rain_records: tuple[tuple[int, float], ...] = RAIN_RECORDS
    variables: Mapping[Variable, ValueLimits] = field(default_factory=lambda: VALUE_LIMITS)
    melt_below_c: float = 0.0
    error_values: Mapping[Variable, tuple[float, ...]] = field(default_factory=lambda: ERROR_VALUES)
    neighbours: NeighbourPolicy = NeighbourPolicy()

    @property
    def rain_limits(self) -> RainLimits:
        """How much rain is possible, by duration."""
        return RainLimits(self.rain_mm_per_min_max, self.rain_records)


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """How the gauge nowcast is made: method, grid, how often, how fast motion is damped.

    `radar` is the grid whose fields members of the rain to come are made of; empty: none.
    """

    method: str
    every_s: int
    cell_m: float
    damp_s: int
    radar: str = ""


@dataclass(frozen=True, slots=True)
class VillagePolicy:
    """How stations speak for villages: ``nearest``, ``inverse_distance``, ``polygon`` or ``grid``.

    `cell_m` is the grid spacing of ``grid``. A village that hears less than `heard_min` of its
    own stations, by weight, is partly blind.
    """

    method: str
    neighbours: int
    radius_m: float
    fallback_neighbours: int
    fallback_radius_m: float
    cell_m: float = 1000.0
    heard_min: float = 0.5


@dataclass(frozen=True, slots=True)
class TransferAhead:
    """What the hour by which people must be away is worked out from, by a run of a weather model.

    `rain_mm` over `duration_s` (whole hours, and as far ahead), what has fallen with what comes; when the
    share `probability` of the members has reached it the hazard is taken to begin. `source` says who set it.
    """

    duration_s: int
    rain_mm: float
    probability: float
    source: str


@dataclass(frozen=True, slots=True)
class TransferPolicy:
    """By when a transfer must be over before the hazard comes.

    `policy_s` and `law_s` are the times that the county and the law ask for; a
    hazard between `night_begins_s` and `night_ends_s` of the local clock (seconds
    after midnight) asks for the beginning of that night. Who has less than `walk_s` left does not walk
    to the shelter but to the nearest safe place. `ahead` is None where no hour is worked out.
    """

    policy_s: int = 6 * HOUR_S
    law_s: int = 3 * HOUR_S
    night_begins_s: int = 18 * HOUR_S
    night_ends_s: int = 6 * HOUR_S
    walk_s: int = 20 * MINUTE_S
    ahead: TransferAhead | None = None


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """Who sends, in whose name, how long a message is valid.

    `prefix` is part of CAP identifiers and MQTT topics; `time_zone` is the local clock of
    every time that people read; `validity_s` is how
    long a message holds, `renew_before_s` how long before its end it is renewed
    while the level stands; `signs` are the names of what people may see;
    `extension_s_max` is how long a warning may be prolonged without a rise and without
    the duty officer's word (0: for ever); `orders` say what a hazard at a level asks of people
    (None: by the level alone).
    """

    prefix: str
    sender: str
    sender_name: str
    status: MessageStatus
    time_zone: TimeZone
    validity_s: int
    renew_before_s: int
    web: str
    transfer: TransferPolicy = TransferPolicy()
    signs: tuple[SignKind, ...] = ()
    extension_s_max: int = 0
    orders: OrderTable | None = None

    def title_of_sign(self, kind: str) -> tuple[str, str]:
        """Chinese and English name of a kind of sign; its own name where it has none."""
        found = next((sign for sign in self.signs if sign.kind == kind), None)
        return (found.title_zh, found.title_en) if found else (kind, kind)


@dataclass(frozen=True, slots=True)
class DeskPart:
    """Which part of a county a desk has whose villages are judged in several places.

    `own` are the posts whose villages are all here. Any other post is told by several desks: what they tell
    it has names of their own, so that none is taken for another's. A whole county has no number.
    """

    number: int | None = None
    own: frozenset[str] = frozenset()

    def mark_of(self, post: str) -> str:
        """What the names of a post's digests have more than those of a whole county."""
        return "" if self.number is None or post in self.own else f"-{self.number}"

    @property
    def mark(self) -> str:
        """The same for names of calls for help, which are counted here alone."""
        return "" if self.number is None else f"{self.number}-"


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """Whom a level concerns, whose answers it needs, and how the silent are rung again.

    Attributes
    ----------
    household_level_min, chain_level_min : Level
        The lowest level at which doors, and at which duty posts are called.
    answer_within_s : tuple of int
        By level, none to red: how long a post has to answer. 0: no answer is needed.
    need : tuple of Need
        By level: whose answers a village needs.
    all_ranks_from : Level
        From this level on all ranks are asked at once; below it one after the other.
    again_s : tuple of int
        Waits before a silent post is rung again; the last one repeats.
    digest_every_s : int
        A post gets at most one digest in this time.
    on_duty_s : int
        A post that has signed in is on duty for so long.
    spot_check_share : float
        Of the digests that demand an answer: they carry a code that the answer has to repeat.
    spot_check_within_s : int
        How long a post has for it.
    part : DeskPart
        Of the county: all of it, as a rule.
    send_person_s : tuple of int
        By level, none to red: after how long without any post's answer a person is sent; 0: never.
    """

    household_level_min: Level = Level.YELLOW
    chain_level_min: Level = Level.BLUE
    answer_within_s: tuple[int, int, int, int, int] = (0, 3600, 1800, 600, 300)
    need: tuple[Need, Need, Need, Need, Need] = (
        Need.NONE,
        Need.ONE,
        Need.ONE,
        Need.EACH_RANK,
        Need.EACH_RANK,
    )
    all_ranks_from: Level = Level.ORANGE
    again_s: tuple[int, ...] = (300, 300, 600, 1200, 1800)
    digest_every_s: int = 120
    on_duty_s: int = 12 * HOUR_S
    spot_check_share: float = 0.0
    spot_check_within_s: int = 900
    part: DeskPart = DeskPart()
    send_person_s: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def need_of(self, level: Level) -> Need:
        """Whose answers a level needs; nobody's where it gives no time to answer."""
        return self.need[level] if self.answer_within_s[level] > 0 else Need.NONE

    def asks_all_ranks(self, level: Level) -> bool:
        """Whether all ranks are asked at once: also where each of them is needed."""
        need = self.need_of(level)
        return need in (Need.EACH_RANK, Need.ALL) or (need is Need.ONE and level >= self.all_ranks_from)

    def wait_s(self, tries: int) -> int:
        """How long to wait after a post was rung again for the `tries`-th time."""
        return self.again_s[min(tries, len(self.again_s)) - 1]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Sending again: waits double from `first_wait_s` to `wait_s_max`, `attempts_max` in all."""

    attempts_max: int
    first_wait_s: float
    wait_s_max: float
