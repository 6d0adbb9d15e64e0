"""Sources beside the gauges that a node should hear of: feeds of alerts, and the radar of rain to come."""

from collections.abc import Iterable

from warnstream.adapters.metrics import Metrics
from warnstream.engine import EngineStep
from warnstream.lifecycle.feeds import FeedBook
from warnstream.model.alarms import AlarmPort
from warnstream.model.times import TimeZone
from warnstream.runners.live.watches.ahead_watch import AheadWatch
from warnstream.runners.live.watches.feed_watch import FeedWatch


class SourceWatch:
    """Both; parameters as of `FeedWatch`."""

    def __init__(self, alarms: AlarmPort, metrics: Metrics, time_zone: TimeZone) -> None:
        self._feeds = FeedWatch(alarms, metrics, time_zone)
        self._ahead = AheadWatch(alarms, metrics, time_zone)

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        keys = list(standing)
        self._feeds.adopt(keys)
        self._ahead.adopt(keys)

    def take(self, step: EngineStep, feeds: FeedBook) -> None:
        """The situation after a step."""
        self._feeds.take(feeds)
        self._ahead.take(step.assessment.ahead)
