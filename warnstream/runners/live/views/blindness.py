"""What a node tells of gauges that are doubted and of villages that are blind.

Numbers, log lines and what stands in the state are made when something
changes, so that a dead gauge is told once and not every tick. The words of the
state stand in `situation`.
"""

import logging

import numpy as np

from warnstream.adapters.http.models.county import BlindnessRecord, DoubtsRecord
from warnstream.adapters.metrics import Metrics
from warnstream.assessment import AssessmentStep
from warnstream.assessment.villages import GaugeAvailability
from warnstream.model.arrays import BoolArray, Int64Array
from warnstream.model.network import Network
from warnstream.model.observations.station_quality import STATION_FLAGS, WHY, StationFlag, StationQuality
from warnstream.model.rules.indicators import VillageRain
from warnstream.runners.live.views.state_json import CODES_SHOWN_MAX, describe_doubts, describe_villages
from warnstream.runners.live.views.unchanged import Unchanged

log = logging.getLogger(__name__)

TOLD = (
    StationFlag.FAULTY_ZERO,
    StationFlag.CONTRADICTED,
    StationFlag.STUCK,
    StationFlag.OUTLIER,
    StationFlag.BEYOND_RECORD,
    StationFlag.COUNTER,
)
"""Flags whose coming and going is logged; the others come and go with every shower."""


class SightWatch:
    """Metrics and log lines about the eyes of one node: its gauges, and what villages hear of them.

    Attributes
    ----------
    doubts : DoubtsRecord
        Gauges that are doubted; replaced at a change.
    villages : BlindnessRecord
        Villages that hear too little; replaced at a change.
    """

    def __init__(self, network: Network, metrics: Metrics) -> None:
        self._network = network
        self._last_quality, self._last_sight = Unchanged(), Unchanged()
        self._last_rain: VillageRain | None = None
        self.doubts = DoubtsRecord(doubted=0, doubted_why=[], isolated=0)
        self._stations = network.stations.code
        self._villages = network.villages.code
        self.villages = BlindnessRecord(len(self._villages), 0, [], 0, [])
        self._metrics = metrics
        self._flagged = {flag: np.zeros(len(self._stations), dtype=np.bool_) for flag in TOLD}
        self._sight = {kind: np.zeros(len(self._villages), dtype=np.bool_) for kind in ("blind", "partly")}

    def take(self, assessed: AssessmentStep) -> None:
        """Count what a step found, and log what changed."""
        quality, sight = assessed.quality, assessed.sight
        is_reporting = assessed.is_reporting
        if not self._last_quality.is_so(quality.flags, quality.confidence, quality.since_s, is_reporting):
            self._take_quality(quality, is_reporting)
        if not self._last_sight.is_so(sight.is_blind, sight.is_partly_blind):
            self._take_sight(sight)
        if assessed.rain is not self._last_rain and assessed.rain.day_windows:
            longest = max(assessed.rain.day_windows, key=lambda window: window.last)
            self._metrics.days_observed.set(float(assessed.rain.coverage_over(longest).mean()))
        self._last_rain = assessed.rain

    def _take_quality(self, quality: StationQuality, is_reporting: BoolArray) -> None:
        self.doubts = describe_doubts(self._network, quality, is_reporting)
        for flag in STATION_FLAGS:
            self._metrics.stations_flagged.labels(flag.word).set(int(quality.has(flag).sum()))
        for flag in TOLD:
            carries = quality.has(flag)
            self._tell("gauges doubted", "gauges trusted again", self._flagged[flag], carries, flag)
            self._flagged[flag] = carries

    def _take_sight(self, sight: GaugeAvailability) -> None:
        self.villages = describe_villages(self._network, sight)
        n_blind, n_partly = int(sight.is_blind.sum()), int(sight.is_partly_blind.sum())
        self._metrics.set_sight(
            blind=n_blind, partly=n_partly, whole=len(self._villages) - n_blind - n_partly
        )
        self._tell_sight(sight)

    def _tell(self, came: str, went: str, before: BoolArray, now: BoolArray, flag: StationFlag) -> None:
        for event, changed in ((came, now & ~before), (went, before & ~now)):
            if changed.any():
                named = " ".join(self._named(self._stations, np.flatnonzero(changed)))
                log.warning(
                    event,
                    extra={
                        "count": int(changed.sum()),
                        "flag": flag.word,
                        "why": WHY[flag],
                        "stations": named,
                    },
                )

    def _tell_sight(self, sight: GaugeAvailability) -> None:
        for kind, now, came, went in (
            ("blind", sight.is_blind, "villages became blind", "villages see again"),
            (
                "partly",
                sight.is_partly_blind,
                "villages became partly blind",
                "villages no longer partly blind",
            ),
        ):
            before, self._sight[kind] = self._sight[kind], now
            for event, changed in ((came, now & ~before), (went, before & ~now)):
                if changed.any():
                    named = " ".join(self._named(self._villages, np.flatnonzero(changed)))
                    extra = {"count": int(changed.sum()), "now": int(now.sum()), "villages": named}
                    log.warning(event, extra=extra)

    @staticmethod
    def _named(codes: tuple[str, ...], numbers: Int64Array) -> list[str]:
        return [codes[number] for number in numbers[:CODES_SHOWN_MAX]]
