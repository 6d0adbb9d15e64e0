"""One target under fuzz for a while: inputs, refusals, times and memory; a finding ends it.

Every input must come back within `CPU_S_MAX` of processor time, and memory
must stop growing after a warm-up (a quarter of the time, in which the bounded
memories of names and topics fill) and never rise by `PEAK_BYTES_MAX`.
"""

import gc
import os
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.targets import Target

CPU_S_MAX = 5.0
"""Processor time of one input; the slowest honest one takes some tens of milliseconds."""

GROWTH_BYTES_MAX = 24 * 1024 * 1024
PEAK_BYTES_MAX = 256 * 1024 * 1024
"""Above the memory at the beginning, at any time; an input has 300 kB at most."""

POOL_MAX = 400
SAMPLE_S = 2.0


class HangError(Exception):
    """An input did not come back in time."""


@dataclass(slots=True)
class Outcome:
    """What a campaign saw."""

    target: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    words: Counter[str] = field(default_factory=Counter)
    rss_begin: int = 0
    rss_warm: int = 0
    rss_end: int = 0
    rss_peak: int = 0
    finding: str = ""
    payload: bytes = b""

    def as_text(self) -> str:
        """One paragraph of the report."""
        megabyte = 1024 * 1024
        told = ", ".join(f"{word} {count}" for word, count in self.words.most_common())
        memory = (self.rss_begin, self.rss_warm, self.rss_end, self.rss_peak)
        begin, warm, end, peak = (f"{size / megabyte:.1f}" for size in memory)
        speed = f"slowest {self.slowest_s * 1000:.0f} ms of CPU"
        lines = [
            f"{self.target}: {self.inputs} inputs in {self.seconds:.0f} s, seed {self.seed}, {speed}",
            f"  RSS {begin} MB at the beginning, {warm} warm, {end} at the end, peak {peak}",
            f"  {told}",
        ]
        if self.finding:
            lines += [f"  FINDING with {len(self.payload)} bytes: {self.finding}", f"  {self.payload.hex()}"]
        return "\n".join(lines)


def rss_bytes() -> int:
    """Resident memory of this process."""
    gc.collect()
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")


def peak_bytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Watched:
    """Runs a target's check with a bound on processor time and on memory."""

    def __init__(self, target: Target, outcome: Outcome) -> None:
        self._target, self._outcome = target, outcome

    def run(self, payload: bytes, rng: Random) -> tuple[str, ...] | None:
        """Words of the outcome; None for a finding, which is then in the outcome."""
        outcome = self._outcome
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, CPU_S_MAX)
        try:
            words = tuple(self._target.check(payload, rng))
        except Exception:  # noqa: BLE001  # every exception is a finding
            outcome.finding, outcome.payload = traceback.format_exc(limit=-4), payload
            return None
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        outcome.slowest_s = max(outcome.slowest_s, time.process_time() - before)
        outcome.inputs += 1
        outcome.words.update(words)
        return words


def run_target(
    target: Target, *, seed: int, seconds: float, note: Callable[[int, bytes], None] = lambda _n, _p: None
) -> Outcome:
    """Fuzz one target; `note` is told each input before it runs, for the case that the process dies."""
    outcome = Outcome(target.name, seed)
    previous = signal.signal(signal.SIGPROF, _hang)
    try:
        _run(target, outcome, seconds, note)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    return outcome


def _run(target: Target, outcome: Outcome, seconds: float, note: Callable[[int, bytes], None]) -> None:
    rng = Random(outcome.seed)
    watched = Watched(target, outcome)
    pool, seen = list(target.seeds), set[tuple[str, ...]]()
    for payload in target.seeds:
        if watched.run(payload, rng) is None:
            return
    outcome.rss_begin, peak_before = rss_bytes(), peak_bytes()
    begin = time.monotonic()
    sample_at = begin + SAMPLE_S
    while outcome.seconds < seconds:
        payload = target.mutator.mutate(pool, rng)
        note(outcome.inputs, payload)
        words = watched.run(payload, rng)
        outcome.seconds = time.monotonic() - begin
        if words is None:
            return
        if words not in seen and len(payload) < 20_000:
            seen.add(words)
            pool.append(payload)
            if len(pool) > POOL_MAX:
                pool.pop(len(target.seeds))
        if time.monotonic() >= sample_at:
            sample_at = time.monotonic() + SAMPLE_S
            if not outcome.rss_warm and outcome.seconds > seconds / 4:
                outcome.rss_warm = rss_bytes()
    _judge_memory(outcome, peak_before)


def _judge_memory(outcome: Outcome, peak_before: int) -> None:
    outcome.rss_end = rss_bytes()
    outcome.rss_warm = outcome.rss_warm or outcome.rss_end
    outcome.rss_peak = peak_bytes()
    grown = outcome.rss_end - outcome.rss_warm
    if outcome.rss_peak - max(peak_before, outcome.rss_begin) > PEAK_BYTES_MAX:
        outcome.finding = f"an input took memory up to {outcome.rss_peak} bytes"
    elif grown > GROWTH_BYTES_MAX:
        outcome.finding = f"memory grew by {grown} bytes after the warm-up"


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise HangError(f"more than {CPU_S_MAX} s of processor time for one input")
