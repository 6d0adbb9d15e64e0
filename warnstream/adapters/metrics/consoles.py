"""Metrics of the consoles that watch a node."""

from collections.abc import Callable

from prometheus_client import Gauge, Histogram

from warnstream.adapters.metrics.histograms import WORK_BUCKETS_S
from warnstream.adapters.metrics.intake import IntakeMetrics


class ConsoleMetrics(IntakeMetrics):
    """What comes in, and who watches."""

    def __init__(self) -> None:
        super().__init__()
        registry = self.registry
        self.consoles = Gauge("warnstream_consoles", "Consoles that are connected.", registry=registry)
        self.console_frames = Gauge(
            "warnstream_console_frames",
            "Frames for consoles since the start, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self.console_handover = Histogram(
            "warnstream_console_handover_seconds",
            "Time that the loop gave to a frame for consoles.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )

    def watch_console(self, connected: Callable[[], int], frames: Callable[[], tuple[int, int]]) -> None:
        """Ask these at every scrape; `frames` were sent, and replaced before they were."""
        self.consoles.set_function(connected)
        self.console_frames.labels("sent").set_function(lambda: frames()[0])
        self.console_frames.labels("replaced").set_function(lambda: frames()[1])
