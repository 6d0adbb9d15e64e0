"""What channels have before them: who waits, for how long, and since when a stopped one stands still."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from warnstream.delivery.dispatch.finishing import Prospect


class ChannelProspects(Collector):
    """Gauges that are worked out when they are read.

    Parameters
    ----------
    prospects : callable
        Of each channel, by name.
    """

    def __init__(self, prospects: Callable[[], Mapping[str, Prospect]]) -> None:
        self._prospects = prospects

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The present values, for the exposition."""
        waiting = GaugeMetricFamily(
            "warnstream_channel_waiting",
            "Who waits on a channel, by what they are to be told.",
            labels=["channel", "action"],
        )
        needs = GaugeMetricFamily(
            "warnstream_channel_needs_seconds",
            "Work of a channel until all of an action, and of more urgent ones, are told; of a stopped one: "
            "once it is open.",
            labels=["channel", "action"],
        )
        rate = GaugeMetricFamily(
            "warnstream_channel_rate", "Messages a second of a channel while it works.", labels=["channel"]
        )
        stopped = GaugeMetricFamily(
            "warnstream_channel_stopped_timestamp_seconds",
            "Since when nothing gets through on a channel; absent where something does.",
            labels=["channel"],
        )
        for channel, prospect in sorted(self._prospects().items()):
            for urgency, count in prospect.waiting.items():
                action = urgency.name.lower()
                waiting.add_metric([channel, action], count)
                if (needs_s := prospect.needs_s(urgency)) is not None:
                    needs.add_metric([channel, action], needs_s)
            if prospect.per_s is not None:
                rate.add_metric([channel], prospect.per_s)
            if prospect.stopped_s is not None:
                stopped.add_metric([channel], prospect.stopped_s)
        yield from (waiting, needs, rate, stopped)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is worked out to register it."""
        yield from ()
