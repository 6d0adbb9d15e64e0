"""The keys of warnstream.yaml: form, unit, default, meaning.

With the modules beside it, `config.thresholds` and `config.channels` this is
the only list of keys: validation, JSON Schema and the names that a fault
suggests are all made of it. Durations are written with a unit and are seconds
once validated; defaults stand here as an operator would write them.
"""

from typing import Annotated

from pydantic import Field, field_validator

from warnstream.config.node.broker import EMBEDDED_BROKER_PORT, BrokerSection
from warnstream.config.node.bulletins import BulletinsSection
from warnstream.config.node.chain import ChainSection, TestCallsSection
from warnstream.config.node.console import ConsoleSection
from warnstream.config.node.feeds import FeedSection
from warnstream.config.node.forecasts import ModelSection
from warnstream.config.node.formats.decoders import DecoderSection, ListenersSection
from warnstream.config.node.formats.logger_files import LoggerFileSection
from warnstream.config.node.grids import GridSection
from warnstream.config.node.http import HttpSection
from warnstream.config.node.listener import ListenerSection
from warnstream.config.node.machines.kafka import KafkaSection
from warnstream.config.node.machines.standby import StandbySection
from warnstream.config.node.messages import MessagesSection, RoutingSection
from warnstream.config.node.paper import PaperSection
from warnstream.config.node.quality import QualitySection
from warnstream.config.node.release import ChangesSection, ReleaseSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.time_zones import standard_offset_s
from warnstream.model.observations.days import day_begins_utc_s
from warnstream.model.observations.decoders import DEFAULT_GATEWAYS
from warnstream.model.times import TimeZone

RAIN_KEPT_S_MAX = 43 * 86_400
"""How far back windows to the minute and lateness reach together: the ring holds 45 days, and one of
them is for the beginning of a day that a late reading may still change."""


class NodeSection(Section):
    """Name and clock of this node."""

    name: Annotated[str, value_types.code()] = Field(description="Name of this node, e.g. the county.")
    clock: Annotated[str, value_types.one_of("system", "simulated")] = default(
        "system", description="Where time comes from; simulated: told by {prefix}/clock (drills, replays)."
    )
    clock_jump_s_max: Annotated[int, value_types.duration("1s", "2min")] = default(
        "1min",
        alias="clock_jump_max",
        description="Larger jumps of the system's clock are not followed before stations confirm them.",
    )
    time_zone: Annotated[TimeZone, value_types.clock()] = default(
        "+08:00",
        alias="utc_offset",
        description="Local clock of all times that people read: an offset up to 14 hours either way, or an "
        "IANA zone such as `Europe/Berlin`, with its summer time. Days go by its standard (winter) time all "
        "year.",
    )
    tick_s: Annotated[int, value_types.duration("1s", "10min")] = default(
        "5s", alias="tick", description="How often levels are judged when nothing arrives."
    )
    react_within_s: Annotated[float, value_types.fine_duration("10ms", "10min")] = default(
        "100ms",
        alias="react_within",
        description="With `clock: system`: what arrives after a silence is judged at once, a stream that "
        "soon after the last step, as far as `node.judging_share` allows; `node.tick` bounds it.",
    )
    judging_share: Annotated[float, value_types.decimal(0.01, 1.0)] = default(
        0.1,
        description="With `clock: system`: share of one processor that judging what has just arrived may "
        "take beside the regular ticks, in the mean; what is not used is saved for ten seconds.",
    )
    duty_posts: list[Annotated[str, value_types.code()]] = part(
        list,
        "Posts that are notified of the node's own alarms; without any the lowest rank of those "
        "whose area is a county or `*`.",
    )
    past_crossings_s: Annotated[int, value_types.duration("10min", "7d")] = default(
        "6h",
        alias="past_crossings_for",
        description="How long a level of the past that late readings prove stays among the alarms.",
    )
    roster_told_s: Annotated[int, value_types.duration("1h", "90d")] = default(
        "3d",
        alias="roster_told",
        description="So long before the last shift of a post in roster.csv is over people are told.",
    )
    replies_s: Annotated[int, value_types.duration("10min", "7d")] = default(
        "2h",
        alias="replies_for",
        description="How long the alarm of replies that a person has to read stands after the newest one.",
    )

    @property
    def standard_offset_s(self) -> int:
        """Seconds that the local clock is ahead of UTC in winter: days go by it all year."""
        return standard_offset_s(self.time_zone)


class TopicsSection(Section):
    """Names of MQTT topics."""

    prefix: Annotated[str, value_types.topic_prefix()] = default(
        "ws",
        description="In: `{prefix}/{county}/{kind}/{station}/obs`; out: `{prefix}/warn/{village}/{hazard}`, "
        "`{prefix}/bulletin/{village}`, `{prefix}/device/{recipient}`.",
    )
    gateways: list[Annotated[str, value_types.code()]] = part(
        lambda: list(DEFAULT_GATEWAYS),
        "Names that may stand in the station's place and speak for every station; under any other"
        " name a message speaks for the station of that name alone.",
    )


class StorageSection(Section):
    """Where this node keeps what must survive it."""

    directory: Annotated[str, value_types.text()] = default(
        "data",
        description="Folder of journal and database, relative to the configuration folder; made if it is not "
        "there.",
    )
    snapshot_every_s: Annotated[int, value_types.duration("10s", "24h")] = default(
        "10min", alias="snapshot_every", description="How often the state is written, to restart quickly."
    )
    journal_keep_s: Annotated[int, value_types.duration("1h", "3660d")] = default(
        "7d",
        alias="journal_keep",
        description="How long raw readings are kept; longer than `snapshot_every`.",
    )
    journal_bytes_max: Annotated[int, value_types.whole(1_000_000, 10**15)] = default(
        20_000_000_000,
        description="Bytes of raw readings kept; beyond it the oldest go, however young; at least twice "
        "`journal_segment_bytes`.",
    )
    journal_segment_bytes: Annotated[int, value_types.whole(65_536, 2**30)] = default(
        16_777_216, description="Size of one file of the journal; so much is deleted at a time."
    )
    refused_max: Annotated[int, value_types.whole(1, 100_000_000)] = default(
        100_000, description="Refused messages kept for inspection; the oldest go first."
    )
    audit_keep_s: Annotated[int, value_types.duration("365d", "36600d")] = default(
        "3653d",
        alias="audit_keep",
        description="How long a file of the audit is kept after the end of its year. Ten years are the "
        "shorter fixed term of records of public offices in China (National Archives Administration, Order 8 "
        "of 2006); that it fits warnings is engineering judgement, the county signs.",
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A restart reads the last snapshot and the journal since."""
        found = []
        if self.journal_keep_s <= self.snapshot_every_s:
            every = format_duration(self.snapshot_every_s)
            found.append(
                ("journal_keep", f"expected longer than snapshot_every ({every}): a restart needs both")
            )
        if self.journal_bytes_max < 2 * self.journal_segment_bytes:
            least = 2 * self.journal_segment_bytes
            found.append(
                (
                    "journal_bytes_max",
                    f"expected at least {least}, twice journal_segment_bytes: files go whole",
                )
            )
        return found


class WindowsSection(Section):
    """Limits of rain accumulation."""

    longest_s: Annotated[int, value_types.duration("10min", "30d", whole_minutes=True)] = default(
        "72h",
        alias="longest",
        description="Longest accumulation to the minute; memory grows with it. Longer ones are kept by days.",
    )
    lateness_s_max: Annotated[int | None, value_types.duration("0s", "30d")] = default(
        None,
        alias="lateness_max",
        description="How late a reading may be and still correct levels; without it as long as the longest "
        "threshold, at least 6h. At most `longest`, and 43 days together with it. Shorter than a "
        "threshold, the sums of that threshold stay too low after an outage (`check` says so).",
    )
    grace_s: Annotated[int, value_types.duration("0s", "1h")] = default(
        "2min",
        alias="grace",
        description="How long a window waits for a reading that is due; at most `silent_after`.",
    )
    silent_after_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "15min", alias="silent_after", description="How long after a due reading silence is reported."
    )
    future_s_max: Annotated[int, value_types.duration("0s", "1h")] = default(
        "2min", alias="future_max", description="How far a station's clock may be ahead."
    )
    by_minute_s: Annotated[int | None, value_types.duration("3h", "30d", whole_minutes=True)] = default(
        None,
        alias="by_minute",
        description="Windows up to that length are exact to the minute, longer ones begin at whole ten "
        "minutes; saves memory. Without it all are exact to the minute.",
    )
    day_begins_s: Annotated[int | None, value_types.duration("0s", "24h", whole_minutes=True)] = default(
        None,
        alias="day_begins",
        description="When days begin after midnight of the local clock, of its standard (winter) time all "
        "year: `8h` is 08:00 to 08:00; without it `counters.day_start`. Must be a whole ten minutes of UTC.",
    )
    warm_up: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with rain of days before this node began: station,day,rain_mm."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Late readings must still find their window, and waiting ends before silence is told."""
        faults = []
        lateness_s = self.lateness_s_max or 0
        if self.longest_s + lateness_s > RAIN_KEPT_S_MAX:
            most = format_duration(RAIN_KEPT_S_MAX - self.longest_s)
            faults.append(("lateness_max", f"expected at most {most}: with longest it reaches 43 days back"))
        if lateness_s > self.longest_s:
            faults.append(("lateness_max", f"expected at most longest ({format_duration(self.longest_s)})"))
        if self.grace_s > self.silent_after_s:
            after = format_duration(self.silent_after_s)
            faults.append(("grace", f"expected at most silent_after ({after})"))
        return faults


class CountersSection(Section):
    """How differences of rain counters (rain_total, rain_day) become rain."""

    gap_s_max: Annotated[int, value_types.duration("1min", "24h")] = default(
        "1h", alias="gap_max", description="Longest time between two readings that counts as observed."
    )
    wrap_mm: Annotated[float | None, value_types.decimal(0, 1e9, above=True)] = default(
        None,
        description="Where running counters begin again at zero, mm, such as 100000 for six digits with one "
        "decimal; without it they do not.",
    )
    day_start_s: Annotated[int, value_types.duration("0s", "24h")] = default(
        "8h",
        alias="day_start",
        description="Begin of the rain day after midnight of the local clock (the standard time of "
        "`node.utc_offset`, or `counters.zone`).",
    )
    reset_late_s_max: Annotated[int, value_types.duration("0s", "2h")] = default(
        "15min",
        alias="reset_late_max",
        description="How long before or after its day begins a day counter may be reset by its own clock, or "
        "its readings be dated late.",
    )
    offsets: Annotated[TimeZone | None, value_types.time_zone()] = default(
        None,
        alias="zone",
        description="Time zone whose midnight the days of day counters follow through summer time: "
        "`Europe/Lisbon`. Without it the standard time of `node.utc_offset`, all year.",
    )


class ForecastSection(Section):
    """The gauge nowcast of the next hours."""

    method: Annotated[str, value_types.one_of("advection", "persistence", "none")] = default(
        "advection", description="advection moves the rain, persistence lets it stay, none switches off."
    )
    every_s: Annotated[int, value_types.duration("1min", "1h")] = default(
        "5min", alias="every", description="How often a nowcast is made."
    )
    cell_km: Annotated[float, value_types.decimal(0.5, 50)] = default(
        5, description="Grid spacing, kilometres."
    )
    damp_s: Annotated[int, value_types.duration("5min", "24h")] = default(
        "1h", alias="damp", description="Time in which the forecast motion falls to 1/e."
    )
    table: Annotated[str | None, value_types.text()] = default(
        None,
        description="CSV file of `warnstream fit-forecast`; rules with a `probability` need it, or `radar`.",
    )
    radar: Annotated[str | None, value_types.text()] = default(
        None, description="Grid of `grids:` whose cells tell of rain to come; fields of at most 30 minutes."
    )


OUTLINE_METHODS = ("polygon", "grid")
"""Values of `villages.method` that weigh stations by outlines."""


class VillagesSection(Section):
    """How stations speak for villages."""

    method: Annotated[str, value_types.one_of("nearest", "inverse_distance", *OUTLINE_METHODS)] = default(
        "inverse_distance",
        description="How stations speak for a village or zone; `polygon` (area in Thiessen cells) and `grid` "
        "(mean of inverse distance over the cells of the outline: areal rain of a catchment) need"
        " outlines.",
    )
    cell_km: Annotated[float, value_types.decimal(0.1, 50)] = default(
        1, description="Grid spacing of method grid, kilometres."
    )
    neighbours: Annotated[int, value_types.whole(1, 50)] = default(
        3, description="Stations that count for a village."
    )
    radius_km: Annotated[float, value_types.decimal(0, 500, above=True)] = default(
        8, description="Stations farther away do not count, kilometres."
    )
    fallback_neighbours: Annotated[int, value_types.whole(0, 50)] = default(
        4, description="Stations that speak for a village whose own gauges are silent."
    )
    fallback_radius_km: Annotated[float, value_types.decimal(0, 500, above=True)] = default(
        20, description="Reach of those stations, kilometres; at least radius_km."
    )
    heard_min: Annotated[float, value_types.decimal(0, 1)] = default(
        0.5,
        description="A village that hears less of its own stations, by weight, is partly blind: said so, and "
        "not confirmed.",
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Who speaks instead must be looked for at least as far away."""
        if self.fallback_radius_km >= self.radius_km:
            return []
        return [("fallback_radius_km", f"expected at least radius_km ({self.radius_km:g})")]


class NodeDocument(Section):
    """warnstream.yaml: one node of warnstream."""

    node: NodeSection = Field(description="Name and clock of this node.")
    broker: BrokerSection = Field(description="The MQTT broker that stations publish to.")
    listener: ListenerSection | None = default(
        None, description="Our own MQTT endpoint, beside the broker or, with broker.embedded, instead of one."
    )
    topics: TopicsSection = part(TopicsSection, "Names of MQTT topics.")
    decoders: list[DecoderSection] = part(
        list, "How station messages are read; without it flat_json on {prefix}/+/+/+/obs."
    )
    logger_files: list[LoggerFileSection] = part(
        list, "How files of loggers are read that are replayed; others must be archives."
    )
    listeners: ListenersSection = part(ListenersSection, "Doors for stations that do not speak MQTT.")
    storage: StorageSection = part(StorageSection, "What is kept, and where.")
    http: HttpSection = part(HttpSection, "Address of the HTTP interface.")
    console: ConsoleSection | None = default(
        None, description="The duty officer's screen; with this section `warnstream run` starts it."
    )
    standby: StandbySection | None = default(
        None, description="A second box that has everything this one has, and can take over."
    )
    kafka: KafkaSection | None = default(
        None, description="The log is a partition of Kafka, for `warnstream bridge`, `judge` and `deliver`."
    )
    messages: MessagesSection = Field(description="Who sends, and how long a message is valid.")
    windows: WindowsSection = part(WindowsSection, "Limits of rain accumulation.")
    quality: QualitySection = part(QualitySection, "Limits of quality control.")
    counters: CountersSection = part(CountersSection, "Rain counters.")
    forecast: ForecastSection = part(ForecastSection, "The gauge nowcast.")
    villages: VillagesSection = part(VillagesSection, "How stations speak for villages.")
    grids: dict[Annotated[str, value_types.code()], GridSection] = part(
        dict, "Grids of rain, such as radar, that speak where gauges are silent."
    )
    forecasts: dict[Annotated[str, value_types.code()], ModelSection] = part(
        dict, "Runs of weather models, for rain beyond three hours; the first that is young enough is used."
    )
    feeds: dict[Annotated[str, value_types.code()], FeedSection] = part(
        dict, "Who brings alerts of other services, by name as in topics and tokens; silence is an alarm."
    )
    routing: RoutingSection = part(RoutingSection, "Whom a level concerns.")
    chain: ChainSection = part(ChainSection, "Whose answers are needed, and how posts are rung.")
    bulletins: BulletinsSection = part(BulletinsSection, "What households are told, and when.")
    paper: PaperSection = part(PaperSection, "What is printed for when the network is gone.")
    test_calls: TestCallsSection | None = default(
        None, description="Weekly test calls of satellite phones and second ways."
    )
    release: ReleaseSection = part(
        ReleaseSection, "What households are told by itself, and what waits for an officer."
    )
    changes: ChangesSection = part(ChangesSection, "What `warnstream reload` asks for.")

    @field_validator("console", mode="before")
    @classmethod
    def empty_is_asked_for(cls, value: object) -> object:
        """`console:` alone asks for a console with its defaults."""
        return {} if value is None else value

    @property
    def day_begins_s(self) -> int:
        """When days begin, after midnight of the local clock."""
        own_s = self.windows.day_begins_s
        return self.counters.day_start_s if own_s is None else own_s

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Two servers of one process cannot share a port; days begin where rain of a past day is held."""
        faults = self._shared_ports()
        begins_s = day_begins_utc_s(self.day_begins_s, self.node.standard_offset_s)
        if begins_s % 600:
            expected = "expected a time that is a whole ten minutes of UTC too"
            utc = f"{begins_s // 3600:02d}:{begins_s // 60 % 60:02d}"
            faults.append(("windows.day_begins", f"{expected}, got one that is {utc} UTC by node.utc_offset"))
        if self.kafka is not None and self.standby is not None:
            faults.append(("kafka", "expected no standby beside it: the brokers hold the copies of the log"))
        return faults

    def _shared_ports(self) -> list[tuple[str, str]]:
        listener, console = self.listener, self.console
        if console is not None and console.port and console.port == self.http.port:
            return [("console.port", f"expected another port than http.port ({self.http.port})")]
        if self.broker.embedded and listener is not None:
            return [
                (f"broker.{key}", f"expected no {key} here: listener.{key} says it")
                for key in ("host", "port")
                if getattr(self.broker, key) is not None and getattr(listener, key) is not None
            ]
        if self.broker.embedded and self.http.port == (self.broker.port or EMBEDDED_BROKER_PORT):
            return [("http.port", f"expected another port than the embedded broker's ({self.http.port})")]
        if listener is not None and self.http.port == listener.port:
            return [("http.port", f"expected another port than the listener's ({self.http.port})")]
        return []
