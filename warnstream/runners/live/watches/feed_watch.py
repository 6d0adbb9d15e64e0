"""What a running node shows of feeds that should be heard from: how long silent, and their alarms."""

from collections.abc import Iterable

from warnstream.adapters.metrics import Metrics
from warnstream.config.yaml.quantities import format_duration
from warnstream.lifecycle.feeds import NEVER, FeedBook, FeedState
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.alerts.alert import FeedPolicy
from warnstream.model.times import TimeZone, date_and_clock_local
from warnstream.runners.live.watches.standing_alarms import StandingAlarms


class FeedWatch:
    """Alarms of kind ``feed``, which leave the node ready: its own gauges still warn.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    time_zone : TimeZone
        Of the time in texts.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics, time_zone: TimeZone) -> None:
        self._alarms, self._metrics, self._time_zone = StandingAlarms(alarms, "feed"), metrics, time_zone
        self._shown: frozenset[str] = frozenset()

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._alarms.adopt(standing)

    def take(self, feeds: FeedBook) -> None:
        """The situation after a step."""
        for name in self._shown - feeds.states.keys():  # a reload has taken it away
            self._metrics.feed_unheard.remove(name)
        self._shown = frozenset(feeds.states)
        for name, state in feeds.states.items():
            self._metrics.feed_unheard.labels(name).set(state.waited_s)
        silent = feeds.silent()
        self._alarms.show({f"feed:{policy.name}": self._text_of(policy, state) for policy, state in silent})

    def _text_of(self, policy: FeedPolicy, state: FeedState) -> AlarmText:
        every = format_duration(policy.every_s)
        at = "" if state.heard_s == NEVER else date_and_clock_local(state.heard_s, self._time_zone)
        since_en, since_zh = (f"since {at}", f"自{at}") if at else ("since the node began", "自启动")
        return AlarmText(
            f"no alerts can come in from feed {policy.name}: nothing that can be read {since_en}, "
            f"expected every {every}",
            f"外部预警源{policy.name}中断：{since_zh}未收到可读内容（应每{every}一次）",
        )
