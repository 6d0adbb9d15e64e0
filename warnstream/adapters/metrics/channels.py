"""What channels have before them: who waits, for how long, and since when a stopped one stands still."""

from collections.abc import Callable, Mapping

from prometheus_client import Gauge

from warnstream.adapters.metrics.consoles import ConsoleMetrics
from warnstream.delivery.dispatch.finishing import Prospect


class ChannelMetrics(ConsoleMetrics):
    """Gauges that are worked out when they are read."""

    def __init__(self) -> None:
        super().__init__()
        registry = self.registry
        self._prospects: Callable[[], Mapping[str, Prospect]] = dict
        self.channel_waiting = Gauge(
            "warnstream_channel_waiting",
            "Who waits on a channel, by what they are to be told.",
            ["channel", "action"],
            registry=registry,
        )
        self.channel_needs = Gauge(
            "warnstream_channel_needs_seconds",
            "Work of a channel until all of an action, and of more urgent ones, are told; of a stopped one: "
            "once it is open.",
            ["channel", "action"],
            registry=registry,
        )
        self.channel_rate = Gauge(
            "warnstream_channel_rate",
            "Messages a second of a channel while it works.",
            ["channel"],
            registry=registry,
        )
        self.channel_stopped = Gauge(
            "warnstream_channel_stopped_timestamp_seconds",
            "Since when nothing gets through on a channel; absent where something does.",
            ["channel"],
            registry=registry,
        )

    def watch_channels(self, prospects: Callable[[], Mapping[str, Prospect]]) -> None:
        """Whom to ask for what channels have before them."""
        self._prospects = prospects

    def look_at_channels(self) -> None:
        """Bring the gauges up to now; looks at every door that waits."""
        for gauge in (self.channel_waiting, self.channel_needs, self.channel_rate, self.channel_stopped):
            gauge.clear()
        for channel, prospect in self._prospects().items():
            for urgency, count in prospect.waiting.items():
                action = urgency.name.lower()
                self.channel_waiting.labels(channel, action).set(count)
                if (needs_s := prospect.needs_s(urgency)) is not None:
                    self.channel_needs.labels(channel, action).set(needs_s)
            if prospect.per_s is not None:
                self.channel_rate.labels(channel).set(prospect.per_s)
            if prospect.stopped_s is not None:
                self.channel_stopped.labels(channel).set(prospect.stopped_s)
