"""How many functions a step calls: what its small work costs, free of the machine.

A step of few readings is made of calls, not of arithmetic, so their number says what became dearer where
milliseconds of a shared machine do not. Counted are functions of Python and of its C extensions; operators on
arrays are not.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from warnstream.engine import Engine
from warnstream.model.observations.readings import ReadingBatch, empty_batch

Minutes = Sequence[tuple[int, ReadingBatch]]
"""Time and readings of each."""

CUTS = (2, 17)
"""Readings of the steps that are counted."""
STEPS_OF_MINUTE = 6
BLACKOUT_MINUTES = 10


def calls_of(work: Callable[[], object]) -> int:
    """Functions that are called while something is done."""
    n_calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal n_calls
        n_calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return n_calls


def step_calls(engine: Engine, minutes: Minutes, first: int) -> dict[str, float]:
    """Median number of calls of each kind of step, from the `first` minute on; before it a minute is a step.

    Of every minute some readings come in steps of their own, then the rest at once; after the last one
    nothing comes any more.
    """
    found: dict[str, list[int]] = {}

    def take(name: str, readings: ReadingBatch, now_s: int) -> None:
        found.setdefault(name, []).append(calls_of(lambda: engine.step(readings, [], now_s)))

    for number, (now_s, readings) in enumerate(minutes):
        begin = 0
        cut = CUTS[number % len(CUTS)]
        while number >= first and begin < STEPS_OF_MINUTE * cut and begin + cut <= len(readings):
            take(f"step of {cut} readings", readings.select(slice(begin, begin + cut)), now_s)
            begin += cut
        engine.step(readings.select(slice(begin, None)), [], now_s)
        if number >= first:
            take("calm minute", empty_batch(), now_s + 30)
    last_s = minutes[-1][0]
    for minute in range(1, BLACKOUT_MINUTES + 1):
        take("blackout", empty_batch(), last_s + 60 * minute)
    return {name: statistics.median(counts) for name, counts in found.items()}
