"""Levels of the past that late readings prove: an alarm for the duty officer, a line of the log, a count."""

import logging
from collections.abc import Iterable, Sequence

from warnstream.adapters.metrics import Metrics
from warnstream.delivery.alarm_texts import past_crossing_texts
from warnstream.model.alarms import AlarmPort, kind_word
from warnstream.model.changes import PastCrossing, ProvenLevels
from warnstream.model.network import Network
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import TimeZone, compact_utc, iso_utc

log = logging.getLogger(__name__)

NAMED_MAX = 50
"""Crossings of one step that have a line of their own; an outage of a day proves one in every village."""


class PastCrossingWatch:
    """Tells the duty officer of past crossings, in alarms of kind ``past`` that leave the node ready.

    Parameters
    ----------
    alarms : AlarmPort
    rules : sequence of HazardRule
        Their titles name hazards.
    time_zone : TimeZone
    """

    def __init__(self, alarms: AlarmPort, rules: Sequence[HazardRule], time_zone: TimeZone) -> None:
        self._alarms, self._rules, self._time_zone = alarms, rules, time_zone
        self._shown: set[str] = set()

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._shown = {key for key in standing if kind_word(key) == "past"}

    def take(self, told: Sequence[ProvenLevels]) -> None:
        """What is to be shown after a step; what is shown no more ends."""
        by_key = {f"past:{compact_utc(levels.told_s)}": levels for levels in told}
        for key in by_key.keys() - self._shown:
            en, zh = past_crossing_texts(by_key[key], self._rules, self._time_zone)
            self._alarms.raise_alarm(key, en, is_blocking=False, zh=zh)
        for key in self._shown - by_key.keys():
            self._alarms.end_alarm(key)
        self._shown = set(by_key)


def count_past_crossings(crossings: Sequence[PastCrossing], network: Network, metrics: Metrics) -> None:
    """Log and count what a step found; the worst first."""
    ordered = sorted(crossings, key=lambda one: (-one.level, one.crossed_at_s, one.hazard, one.village))
    for crossing in ordered:
        metrics.past_crossings.labels(crossing.hazard, crossing.level.word).inc()
    for crossing in ordered[:NAMED_MAX]:
        log.warning(
            "a late reading proves a level that nobody was told of",
            extra={
                "hazard": crossing.hazard,
                "village": network.villages.code[crossing.village],
                "level": crossing.level.word,
                "crossed_at": iso_utc(crossing.crossed_at_s),
                "station": crossing.station,
                "observed_at": iso_utc(crossing.observed_at_s),
                "value": f"{crossing.value:g} {crossing.unit}",
                "threshold": f"{crossing.threshold:g} {crossing.unit}",
                "duration_s": crossing.duration_s,
            },
        )
    if len(ordered) > NAMED_MAX:
        log.warning("more levels that nobody was told of", extra={"count": len(ordered) - NAMED_MAX})
