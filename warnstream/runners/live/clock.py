"""The time of a node: the system's clock as long as it can be right, else a clock that nobody can set.

A system clock that is wrong by a day for some seconds must not deafen a node: the
engine's time never goes back, and all readings after it would be too late. So a
jump is not followed. Time goes on steadily from the last good one, and what the
stations send says which of the two is right: a reading of now was observed within
the last `REPORT_S`. Without enough of them the duty officer decides
(``warnstream clock accept``). A clock behind the last step is followed by his word alone.

At a start the last good time is that of the last step. A system's clock far ahead
of it is right after a real outage and wrong after a dead battery. Until stations
or the duty officer decide, time goes on from the last step, and readings of
another time are not judged by it but wait, at most `HOLD_S`, for more of their
kind. Where they agree on a time that is neither the system's nor the steady one,
theirs is taken: the latest that `STATIONS_MIN` of them have reached. That is so, too,
where the system's clock stood still while power was out and all stations are ahead.

Limit: jumps within `jump_s_max` are followed, as time servers make them.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.model.times import iso_utc
from warnstream.runners.intake.backlog import AGE_S

log = logging.getLogger(__name__)

REPORT_S = AGE_S
"""Stations report every 1 to 15 minutes: a reading of now was observed within that time."""

STATIONS_MIN = 3
"""So many stations decide; after `HOLD_S` any number does."""

SETTLE_S = 30
"""So long others are heard out, before a few stations move a running node's time or keep a started one's."""

HOLD_S = 120
"""So long readings of another time wait for those of more stations."""

FIRST_WAIT_S = REPORT_S
"""A node without a past waits so long for its first readings before it believes the system's clock."""

BEHIND_S_MAX = 2
"""So far the system's clock may be behind the last step without a word."""

ALARM = "clock"


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest that a station said: time observed, and the steady clock when it came."""

    observed_s: int
    at_s: float

    def present_s(self, steady_s: float) -> float:
        """The time that it would be now if the reading had been of its moment."""
        return self.observed_s + steady_s - self.at_s


class Verdict(Enum):
    """Whose time a step is judged by."""

    STEADY = auto()
    SYSTEM = auto()
    STATIONS = auto()
    HOLD = auto()
    """Nobody's yet: readings wait."""


class Trust(Enum):
    """What the steady time rests on."""

    GOOD = auto()
    """The system's clock, when it had not jumped."""
    LAST_STEP = auto()
    """A former run's last step: true but for the length of the outage."""
    NOTHING = auto()
    """There was no step before."""


@dataclass(frozen=True, slots=True)
class Votes:
    """How many stations speak for one of two times and not for the other, and the times of the rest."""

    system: int
    steady: int
    later: Sequence[float]


def count_votes(present_s: Sequence[float], system_s: float, steady_s: float, future_s_max: float) -> Votes:
    """Stations by the time that their newest readings fit.

    Parameters
    ----------
    present_s : sequence of float
        Of each station, see `Heard.present_s`.
    system_s, steady_s : float
        The two times; -inf as steady time if there is none.
    future_s_max : float
        How far a station's clock may be ahead.

    Returns
    -------
    Votes
        `later` are those that fit neither and lie after the steady time, latest first.
    """

    def fits(said_s: float, time_s: float) -> bool:
        return time_s - REPORT_S <= said_s <= time_s + future_s_max

    fit = [(fits(said_s, system_s), fits(said_s, steady_s)) for said_s in present_s]
    later = [
        said_s
        for said_s, of in zip(present_s, fit, strict=True)
        if of == (False, False) and said_s > steady_s
    ]
    return Votes(fit.count((True, False)), fit.count((False, True)), sorted(later, reverse=True))


def decide(votes: Votes, trust: Trust, needed: int, waited_s: float, *, is_behind: bool) -> Verdict:
    """Whose time counts while the system's clock and the steady one disagree.

    Parameters
    ----------
    votes : Votes
    trust : Trust
        In the steady time.
    needed : int
        So many stations decide.
    waited_s : float
        Since the first reading that speaks against the steady time, or for a doubtful one.
    is_behind : bool
        The system's clock is behind the last step, where no step could follow.
    """
    is_running = trust is Trust.GOOD
    is_over = waited_s >= HOLD_S
    enough = 1 if is_over or trust is Trust.NOTHING else needed
    if not is_behind and votes.system >= max(enough, 2 * votes.steady):
        return Verdict.SYSTEM if not is_running or waited_s >= SETTLE_S else Verdict.HOLD
    if is_running:
        is_open = votes.system > 2 * votes.steady and not is_behind
        return Verdict.HOLD if is_open and not is_over else Verdict.STEADY
    if votes.later or (votes.system and not is_behind):
        if not is_over:
            return Verdict.HOLD
        return Verdict.STATIONS if votes.later else Verdict.STEADY
    if trust is Trust.NOTHING or (votes.steady and waited_s < SETTLE_S):
        return Verdict.HOLD
    return Verdict.STEADY


class NodeClock:
    """The clock of one node: seconds since 1970 UTC when called, from any thread.

    Parameters
    ----------
    jump_s_max : float
        Larger jumps of the system's clock are not followed.
    future_s_max : float
        How far a station's clock may be ahead.
    n_stations : int
    alarms : AlarmPort
    wall, steady : callable
        The system's clock, and one that cannot be set; seconds.
    """

    def __init__(  # what a node's clock is made of, each by name
        self,
        *,
        jump_s_max: float,
        future_s_max: float,
        n_stations: int,
        alarms: AlarmPort,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jump_s_max, self._future_s_max = jump_s_max, future_s_max
        self._needed = min(STATIONS_MIN, n_stations)
        self._alarms, self._wall, self._steady = alarms, wall, steady
        self._good = wall(), steady()
        self._trust = Trust.GOOD
        self._heard: dict[int, Heard] = {}
        self._since_s: float | None = None
        self._agreed = False
        self._began_s = self._good[1]

    def __call__(self) -> float:
        """The time now."""
        good_s, at_s = self._good
        return good_s + self._steady() - at_s

    def go_by(self, configuration: Configuration) -> None:
        """Stations have other numbers from now on, so what they said of the time speaks for nobody."""
        self._heard = {}
        self._needed = min(STATIONS_MIN, len(configuration.network.stations))
        self._future_s_max = configuration.windows.future_s_max

    def begin(self, engine_s: int, *, is_accepted: bool = False) -> None:
        """After recovery: the time of the last step is known, negative without any.

        `is_accepted`: the duty officer has accepted the system's time since then.
        """
        wall_s, self._began_s = self._wall(), self._steady()
        is_near = engine_s - self._jump_s_max <= wall_s <= engine_s + REPORT_S
        if is_accepted or is_near:
            self._trust = Trust.GOOD
        else:
            self._trust = Trust.NOTHING if engine_s < 0 else Trust.LAST_STEP
        is_last_step = self._trust is Trust.LAST_STEP
        self._good = (float(engine_s) if is_last_step else wall_s), self._began_s

    def accept(self) -> None:
        """The duty officer says that the system's clock is right."""
        self._follow(self._wall(), self._steady())

    def tick(
        self, engine_s: int, waiting: Callable[[], Mapping[int, int]], *, is_asked: bool = False
    ) -> int | None:
        """Time of a step that is due; None while readings wait for more that say what time it is.

        Parameters
        ----------
        engine_s : int
            Time of the last step; the next is never before it.
        waiting : callable
            Newest time observed by each station among the readings that wait for the step.
        is_asked : bool
            A person waits for the step: a sign, an order, an answer. They do not wait for a node's first
            readings.
        """
        wall_s, steady_s = self._wall(), self._steady()
        is_right = self._trust is Trust.GOOD and abs(wall_s - self()) <= self._jump_s_max
        is_young = steady_s - self._began_s < REPORT_S
        if self._agreed and not is_right:
            self._heard.clear()  # what was said before the jump speaks for nobody
        self._agreed = is_right
        if is_young or not is_right:
            self._hear(waiting(), steady_s)
        is_stopped = is_right and is_young and self._is_outrun(steady_s)
        if is_right and not is_stopped:
            self._take(wall_s, steady_s)
        else:
            trust = Trust.LAST_STEP if is_stopped else self._trust
            if not self._settle(wall_s, steady_s, engine_s, trust, is_asked=is_asked):
                return None
        now_s = int(self())
        if now_s < engine_s - BEHIND_S_MAX:
            text = f"the system clock is {engine_s - now_s} s behind the last step"
            self._alarms.raise_alarm(ALARM, text, zh=f"系统时钟比上次研判慢{engine_s - now_s}秒")
        elif is_right:
            self._alarms.end_alarm(ALARM)
        return max(now_s, engine_s)

    def _is_outrun(self, steady_s: float) -> bool:
        """Whether every station heard since the start is ahead: the clock may have stood without power."""
        latest_s = self() + self._future_s_max
        said = [heard.present_s(steady_s) for heard in self._heard.values()]
        return bool(said) and min(said) > latest_s

    def _settle(self, wall_s: float, steady_s: float, engine_s: int, trust: Trust, *, is_asked: bool) -> bool:
        """Take up the time of whoever is right; whether a step may follow."""
        said = [heard.present_s(steady_s) for heard in self._heard.values()]
        now_s = float("-inf") if trust is Trust.NOTHING else self()
        votes = count_votes(said, wall_s, now_s, self._future_s_max)
        doubted = trust is not Trust.GOOD
        if self._since_s is None and (votes.system or votes.later or (doubted and votes.steady)):
            self._since_s = steady_s
        waited_s = 0.0 if self._since_s is None else steady_s - self._since_s
        is_behind = wall_s < engine_s - BEHIND_S_MAX
        verdict = decide(votes, trust, self._needed, waited_s, is_behind=is_behind)
        is_unheard = trust is Trust.NOTHING and not said
        if is_unheard and (is_asked or steady_s - self._began_s >= FIRST_WAIT_S):
            verdict = Verdict.SYSTEM
        if verdict is Verdict.SYSTEM:
            log.warning("the system clock is taken", extra={"stations": votes.system, "now": _iso(wall_s)})
            self._follow(wall_s, steady_s)
            return True
        if verdict is Verdict.STATIONS:
            self._take(votes.later[min(self._needed, len(votes.later)) - 1], steady_s)
            log.warning(
                "the stations' time is taken", extra={"stations": len(votes.later), "now": _iso(self())}
            )
        elif verdict is Verdict.STEADY and doubted and votes.steady:
            self._take(self(), steady_s)
        if not is_unheard:
            self._tell(wall_s, votes)
        return verdict is not Verdict.HOLD

    def _hear(self, waiting: Mapping[int, int], steady_s: float) -> None:
        """Remember of each station what speaks for the latest time, as long as stations take to report."""
        self._heard = {
            station: heard for station, heard in self._heard.items() if steady_s - heard.at_s < REPORT_S
        }
        for station, observed_s in waiting.items():
            known = self._heard.get(station)
            if known is None or observed_s > known.present_s(steady_s):
                self._heard[station] = Heard(observed_s, steady_s)

    def _follow(self, wall_s: float, steady_s: float) -> None:
        """The system's clock is right, whatever it was before."""
        self._take(wall_s, steady_s)
        self._heard.clear()

    def _take(self, now_s: float, steady_s: float) -> None:
        """It is that time now."""
        self._good, self._trust, self._since_s = (now_s, steady_s), Trust.GOOD, None

    def _tell(self, wall_s: float, votes: Votes) -> None:
        """The duty officer learns of the difference, and what to do."""
        now_s = self()
        off_s = round(wall_s - now_s)
        what = f"{abs(off_s)} s {'ahead of' if off_s > 0 else 'behind'}"
        if votes.later:
            text = f"the stations' times do not fit the system clock, {_iso(wall_s)}"
            zh = f"测站时间与系统时钟{_iso(wall_s)}不符，请校时"
        else:
            text = (
                f"the system clock, {_iso(wall_s)}, is {what} the time that is judged by, {_iso(now_s)}; "
                f"{votes.system} stations confirm the system clock, {votes.steady} that time; "
                "set the clock, or accept it: warnstream clock accept CONFIG_DIR"
            )
            faster = "快" if off_s > 0 else "慢"
            zh = (
                f"系统时钟{_iso(wall_s)}比研判时间{_iso(now_s)}{faster}{abs(off_s)}秒，"
                "请校时，或用 warnstream clock accept 确认"
            )
        self._alarms.raise_alarm(ALARM, text, is_blocking=False, zh=zh)


def clock_of(configuration: Configuration, alarms: AlarmPort, wall: Callable[[], float]) -> NodeClock:
    """The clock of a node; `wall` is the system's."""
    return NodeClock(
        jump_s_max=configuration.node.clock_jump_s_max,
        future_s_max=configuration.windows.future_s_max,
        n_stations=len(configuration.network.stations),
        alarms=alarms,
        wall=wall,
    )


def _iso(time_s: float) -> str:
    return iso_utc(int(time_s))
