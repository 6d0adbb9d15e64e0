"""What goes wrong between the rain and the broker, seeded, with a record of each fault.

| kind | what happens |
|---|---|
| silence | a station under the storm sends nothing for one to three hours; those readings are lost |
| late | a station's link is down; all readings since then come in one JSON array, minutes to an hour late |
| duplicate | a report is sent again, up to ten minutes later |
| out_of_order | a report comes just after the station's next one |
| garbage | a broken copy of a report (cut off, or line noise) beside the good one |
| unknown_station | a station that no inventory knows sends all the time |
| wrong_unit | a station sends rain in inches for an hour, and says so; those readings are lost |
| clock_ahead | a station's clock is 10 to 30 minutes ahead for an hour; those readings are lost |
| power_loss | a station dies in its heaviest hour, for 6 to 12 hours; those readings are lost |
| backlog | a county's gateway is down for 2 to 5 hours, then all reports of that time come at once |
| clock_jump | a station's clock falls back by 1 to 3 hours for half an hour: times that were told already |
| clock_skew | a station's clock is up to 90 s ahead or behind all the time |
| stuck | a sensor repeats its last value for 2 to 4 hours |
| faulty_zero | a blocked gauge reports no rain for 2 to 4 hours of rain |
| spike | one report with a value that cannot be: 60 mm in its interval, or a stage 6 m higher |
| drift | a stage rises by 5 to 20 cm an hour for 3 to 6 hours although the river does not |
| counter_reset | a logger reboots: its rain counter begins at 0 again |
| blackout | stations side by side die 20 min into the heaviest hour under the storm, for 3 to 6 hours; lost |
| malformed | a copy of a report that is JSON but no report: a word for a number, no time, a list in a list |

The first eight make a bad but ordinary day (`MILD_FAULTS`), all of them a day on
which everything goes wrong (`HARSH_FAULTS`). A report has at most one fault.
"Lost" means that a correct receiver cannot use them; all other readings arrive,
if late or wrong, until the end of the scenario. The file faults.csv is the truth
about the faults: what, which station, from, to, how many reports.

Which reports have which fault is chosen in `station_sim.stations.fault_planner`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

from station_sim.county import files as county_files
from warnstream.model.arrays import BoolArray, Int64Array
from warnstream.model.times import iso_utc

FAULTS_HEADER = ("fault", "kind", "station", "begins", "ends", "readings", "detail")

UNKNOWN_STATION = "X9001"


class FaultKind(StrEnum):
    """Kinds of fault, in the order in which they choose their reports."""

    SILENCE = "silence"
    CLOCK_AHEAD = "clock_ahead"
    WRONG_UNIT = "wrong_unit"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    GARBAGE = "garbage"
    UNKNOWN_STATION = "unknown_station"
    POWER_LOSS = "power_loss"
    BACKLOG = "backlog"
    CLOCK_JUMP = "clock_jump"
    CLOCK_SKEW = "clock_skew"
    STUCK = "stuck"
    FAULTY_ZERO = "faulty_zero"
    SPIKE = "spike"
    DRIFT = "drift"
    COUNTER_RESET = "counter_reset"
    MALFORMED = "malformed"
    BLACKOUT = "blackout"


@dataclass(frozen=True, slots=True)
class FaultMix:
    """How much of each fault; 0 switches it off.

    `duplicate`, `out_of_order`, `garbage`, `malformed` and `spike` are shares of
    the reports, `backlog` is a share of the counties, `unknown_station` is 0 or 1;
    all others are shares of the stations (at least one station where not 0).
    """

    silence: float = 0.02
    clock_ahead: float = 0.002
    wrong_unit: float = 0.002
    late: float = 0.04
    out_of_order: float = 0.003
    duplicate: float = 0.005
    garbage: float = 0.001
    unknown_station: float = 1.0
    power_loss: float = 0.0
    backlog: float = 0.0
    clock_jump: float = 0.0
    clock_skew: float = 0.0
    stuck: float = 0.0
    faulty_zero: float = 0.0
    spike: float = 0.0
    drift: float = 0.0
    counter_reset: float = 0.0
    malformed: float = 0.0
    blackout: float = 0.0

    def __post_init__(self) -> None:
        for item in fields(self):
            share = getattr(self, item.name)
            if not 0 <= share <= 1:
                raise ValueError(f"{item.name} must be a share from 0 to 1, got {share}")

    def only(self, kinds: Iterable[FaultKind]) -> "FaultMix":
        """The same mix with all other kinds switched off."""
        kept = set(kinds)
        return replace(self, **{kind.value: 0.0 for kind in FaultKind if kind not in kept})


MILD_FAULTS = FaultMix()
"""The default: a bad but ordinary day."""

HARSH_FAULTS = replace(
    MILD_FAULTS,
    power_loss=0.02,
    backlog=0.1,
    clock_jump=0.005,
    clock_skew=0.02,
    stuck=0.01,
    faulty_zero=0.01,
    spike=0.0002,
    drift=0.05,
    counter_reset=0.02,
    malformed=0.001,
    blackout=0.02,
)
"""Every kind; of stage gauges one in twenty drifts."""

NO_FAULTS = MILD_FAULTS.only(())
"""Every reading is sent once, at its time."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault that was made: a row of faults.csv.

    `begins_s` is the observation time of the first report concerned, `ends_s`
    when it was over: the station's next good report (silence, power loss, wrong
    unit, clocks, sensors) or the time of sending (all others). `readings` counts reports.
    """

    kind: FaultKind
    station: str
    begins_s: int
    ends_s: int
    readings: int
    detail: str


@dataclass(frozen=True, slots=True)
class Extra:
    """A message out of the regular order: reports by number, sent at `minute`."""

    minute: int
    kind: FaultKind
    reports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ValueFault:
    """What is wrong with the values of one report.

    `amount` is added to rain (mm) or stage (m) by a spike or drift; `since_minute` is the minute whose values
    a stuck sensor repeats, or at which a counter began anew.
    """

    kind: FaultKind
    amount: float = 0.0
    since_minute: int = 0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What is done to every report.

    Attributes
    ----------
    regular : BoolArray, shape (n_reports,)
        Sent at its own time.
    ahead_s : Int64Array, shape (n_reports,)
        How far the station's clock is ahead; negative: behind.
    wrong_unit : BoolArray, shape (n_reports,)
    values : dict of int to ValueFault
        By report; most have none.
    extras : list of Extra
        In order of sending.
    records : list of FaultRecord
        In order of kind, then time.
    """

    regular: BoolArray
    ahead_s: Int64Array
    wrong_unit: BoolArray
    values: dict[int, ValueFault] = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    records: list[FaultRecord] = field(default_factory=list)


def write_faults(path: Path, records: list[FaultRecord]) -> None:
    """Write faults.csv: one row per fault, times in UTC."""
    county_files.write_rows(
        path,
        FAULTS_HEADER,
        (
            (
                f"F{number:05d}",
                record.kind.value,
                record.station,
                iso_utc(record.begins_s),
                iso_utc(record.ends_s),
                record.readings,
                record.detail,
            )
            for number, record in enumerate(records, start=1)
        ),
    )
