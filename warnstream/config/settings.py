"""Settings of one node as the shell uses them: broker, storage, HTTP, channels.

Policies that the pure stages obey are in `warnstream.model.rules.policies`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.config.channels.registry import AnyChannel
from warnstream.forecast.chances.table import ChanceTable
from warnstream.model.alerts.alert import FeedPolicy
from warnstream.model.arrays import Int64Array
from warnstream.model.bulletins import BulletinPolicy, OrderTable, PaperPolicy
from warnstream.model.grids import GridPolicy
from warnstream.model.hands.orders import HandPolicy, Operator
from warnstream.model.hands.weekly_calls import TestPolicy
from warnstream.model.network import Network
from warnstream.model.observations.days import PastDays
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.logger_files import LoggerFileRule
from warnstream.model.observations.signs import SignPolicy
from warnstream.model.rules.policies import (
    CounterPolicy,
    ForecastPolicy,
    MessagePolicy,
    QualityPolicy,
    RoutingPolicy,
    VillagePolicy,
    WindowPolicy,
)
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Certificate files for a broker connection; `certificate` and `key` are None without a client's own."""

    ca: Path
    certificate: Path | None
    key: Path | None


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The MQTT broker: our own in this process (`embedded`) or one at host:port."""

    embedded: bool
    host: str
    port: int
    protocol: str
    client_id: str
    username: str | None
    password_file: Path | None
    tls: TlsSettings | None
    batch_wait_s: float
    batch_messages_max: int
    reader: str = "bulk"


@dataclass(frozen=True, slots=True)
class ListenerTlsSettings:
    """Certificate files of our own listener; `ca` is None if clients show none."""

    certificate: Path
    key: Path
    ca: Path | None
    require_client_certificate: bool


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Our own MQTT endpoint; port 0 lets the system choose."""

    host: str
    port: int
    topic_prefix: str
    tls: ListenerTlsSettings | None = None
    users_file: Path | None = None
    gateways: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    connections_max: int = 5_000
    connections_per_address_max: int = 1_000
    message_bytes_max: int = 300_000
    messages_per_s: int = 10_000
    inflight_max: int = 1_000
    session_messages_max: int = 1_000

    @property
    def asks_for_certificates(self) -> bool:
        """Nobody connects without a certificate."""
        return self.tls is not None and self.tls.require_client_certificate

    @property
    def is_open(self) -> bool:
        """Nobody is asked who they are."""
        return self.users_file is None and not self.asks_for_certificates


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where this node keeps what must survive it, and how much of it."""

    directory: Path
    snapshot_every_s: int
    journal_keep_s: int
    journal_bytes_max: int
    journal_segment_bytes: int
    refused_max: int
    audit_keep_s: int


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Address of the HTTP interface; port 0 lets the system choose.

    `public_url` begins answer links and may be empty. `hosts` are names under which it is
    reached, `proxies` addresses or networks whose word on a client's address is taken.
    """

    host: str
    port: int
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Address of the console; `certificate` and `key` are None where it answers by plain HTTP.

    `hosts` and `proxies` as of `HttpSettings`; `shift_plan` are posts that are rung one after the other.
    """

    host: str
    port: int
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    shift_plan: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxSettings:
    """One of two boxes: where the other one reaches it, and its HTTP interface (`url` may be empty).

    `listens` is where it waits for the other one; `bind` where its HTTP interface and listener listen
    instead of their own hosts, None: there.
    """

    name: str
    host: str
    port: int
    url: str = ""
    bind: str | None = None
    listens: tuple[str, int] = ("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """The third machine: what it lends, and how long the box that stands by waits before it asks."""

    host: str
    port: int
    lease_s: float
    patience_s: float


@dataclass(frozen=True, slots=True)
class StandbySettings:
    """Two boxes with one log; `tls` is None where both are on one machine."""

    boxes: Mapping[str, BoxSettings]
    first: str
    wait_s: float
    tls: TlsSettings | None = None
    witness: WitnessSettings | None = None

    def other(self, name: str) -> BoxSettings:
        """The box beside a named one."""
        return next(box for box in self.boxes.values() if box.name != name)


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """The county's log is a partition of Kafka; `tls` is None where the brokers are on this machine.

    `partitions` and `copies` are those of topics that have to be made; a county that is cut into `shards` has
    as many partitions, from `partition` on. The HTTP interfaces of bridge,
    judges and delivery nodes listen at their ports.
    """

    servers: tuple[str, ...]
    partition: int
    prefix: str
    partitions: int
    copies: int
    session_s: int
    bridge_port: int
    judge_port: int
    deliver_port: int
    username: str | None = None
    password_file: Path | None = None
    tls: TlsSettings | None = None
    shards: int = 1


@dataclass(frozen=True, slots=True)
class Sl651ListenerSettings:
    """Where SL 651 stations dial in; port 0 lets the system choose."""

    host: str
    port: int
    idle_s: int
    connections_max: int
    stays_online: bool


@dataclass(frozen=True, slots=True)
class GridSettings:
    """Files of one grid of rain, how they are read, and what the grid is used for.

    `unit` and `interval_s` are None where the files say it themselves; `time_is_end` tells
    what the times mean in files that have no bounds of time. `accumulated` is ``never``,
    ``since_start`` or ``resets``, None where it was not said; `mask` is a file of cells that
    never count, `mask_variable` what they are called in it. `gives_fields`: ``forecast.radar`` names it.
    """

    policy: GridPolicy
    folder: Path
    pattern: str
    variable: str
    unit: str | None
    interval_s: int | None
    time_is_end: bool
    seen_min: float
    look_s: float
    accumulated: str | None = None
    mask: Path | None = None
    mask_variable: str = "mask"
    gives_fields: bool = False


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Files of the runs of one weather model, how they are read, and when a run is whole and too old.

    `accumulated` and `bucket_s` say what the amounts are, as in `warnstream.config.node.forecasts`; a whole
    run has `n_members` members with leads at most `step_s` apart that reach `reach_s`. A replay of files
    tells a run `usual_delay_s` after it begins.
    """

    name: str
    folder: Path
    pattern: str
    variable: str
    unit: str | None
    accumulated: str
    bucket_s: int | None
    n_members: int
    step_s: int
    reach_s: int
    age_s_max: int
    usual_delay_s: int
    look_s: float


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Name and clock of this node; `clock` is ``system`` or ``simulated``, `duty_posts` are codes.

    Early steps take at most `judging_share` of a core. Past crossings are shown for `past_crossings_s`,
    replies that are for a person for `replies_s`; jumps of the system's clock beyond `clock_jump_s_max` are
    not followed.
    """

    name: str
    clock: str
    tick_s: int
    react_within_s: float = 0.1
    judging_share: float = 0.1
    duty_posts: tuple[str, ...] = ()
    past_crossings_s: int = 6 * HOUR_S
    replies_s: int = 2 * HOUR_S
    clock_jump_s_max: int = 60


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """What a reload needs.

    A second person for changes of `second_person`, a word from the operator where more than
    `reload_wakes_max` doors would be told, no new line to look at where it is `strict`.
    """

    second_person: tuple[str, ...] = ()
    reload_wakes_max: int = 50
    strict: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CountyPart:
    """Some villages of a county that are judged apart from the others, with all of its stations.

    `villages` are their numbers in `whole`, ascending.
    """

    whole: "Configuration"
    villages: Int64Array
    number: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything CONFIG_DIR says, checked, frozen, ready to use.

    `channels` are the sections of channels.yaml by name; files that they name are relative to `directory`.
    `feeds` are who brings alerts of other services and is to be heard from.
    `operators` are the people who may give orders by hand, `hands` says how long those bind.
    `console` is None where the node does not start one, `standby` where there is no second box, `kafka` where
    the log is the node's own.
    `changes` says what a reload asks for; `test_calls` is None where nobody is called for a test.
    `shards` has the number of each village's shard where shards.csv cuts the county, `part` says which of
    them this one is of.
    `fingerprint` is a hash of every file read: two runs with one fingerprint
    had the same configuration; `sha256_of_file` are their digests by name in CONFIG_DIR.
    """

    directory: Path
    fingerprint: str
    node: NodeSettings
    broker: BrokerSettings
    listener: ListenerSettings | None
    topic_prefix: str
    topic_gateways: tuple[str, ...]
    decoders: tuple[DecoderRule, ...]
    sl651: Sl651ListenerSettings | None
    storage: StorageSettings
    http: HttpSettings
    channels: Mapping[str, AnyChannel]
    windows: WindowPolicy
    quality: QualityPolicy
    counters: CounterPolicy
    forecast: ForecastPolicy
    village: VillagePolicy
    message: MessagePolicy
    routing: RoutingPolicy
    rules: tuple[HazardRule, ...]
    network: Network
    signs: SignPolicy
    orders: OrderTable
    bulletins: BulletinPolicy
    past_days: PastDays | None = None
    grids: tuple[GridSettings, ...] = ()
    models: tuple[ModelSettings, ...] = ()
    sha256_of_file: Mapping[str, str] = field(default_factory=dict)
    logger_files: tuple[LoggerFileRule, ...] = ()
    hands: HandPolicy = field(default_factory=HandPolicy)
    operators: tuple[Operator, ...] = ()
    console: ConsoleSettings | None = None
    feeds: tuple[FeedPolicy, ...] = ()
    standby: StandbySettings | None = None
    kafka: KafkaSettings | None = None
    changes: ChangePolicy = field(default_factory=ChangePolicy)
    chance_table: ChanceTable | None = None
    paper: PaperPolicy = field(default_factory=PaperPolicy)
    test_calls: TestPolicy | None = None
    shards: tuple[int, ...] = ()
    part: CountyPart | None = None

    @property
    def files_read(self) -> tuple[str, ...]:
        """Names of all files in CONFIG_DIR that it was read from, sorted."""
        return tuple(sorted(self.sha256_of_file))
