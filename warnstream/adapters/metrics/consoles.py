"""Metrics of the consoles that watch a node."""

from collections.abc import Callable, Mapping, Sequence

from prometheus_client import Counter, Gauge, Histogram

from warnstream.adapters.metrics.histograms import WORK_BUCKETS_S
from warnstream.adapters.metrics.intake import IntakeMetrics
from warnstream.duty import OfficerAlarm
from warnstream.model.hands.duty import Ring, Urgency
from warnstream.model.hands.weekly_calls import TestCall


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
        self.officer_acts = Counter(
            "warnstream_officer_acts",
            "Acts of officers at consoles, by kind and by what came of them.",
            ["kind", "status"],
            registry=registry,
        )
        self.officer_rings = Counter(
            "warnstream_officer_rings",
            "Alarms that no officer had seen and that were brought to a post.",
            registry=registry,
        )
        self.test_calls = Gauge(
            "warnstream_test_calls",
            "Ways that are tested weekly, by what became of their last call.",
            ["result"],
            registry=registry,
        )
        self.officer_alarms = Gauge(
            "warnstream_officer_alarms",
            "Alarms to the officer that stand, by class, and those of them that nobody has seen.",
            ["urgency", "state"],
            registry=registry,
        )
        self.officer_flood = Gauge(
            "warnstream_officer_flood",
            "1 while more alarms were raised in ten minutes than an officer can take.",
            registry=registry,
        )
        self.officers_on_duty = Gauge(
            "warnstream_officers_on_duty", "Officers who have taken the shift.", registry=registry
        )

    def count_rings(self, rings: Sequence[Ring | TestCall], *, is_live: bool) -> None:
        """Posts that are rung for what no officer has seen; test calls are none of these."""
        self.officer_rings.inc(sum(isinstance(ring, Ring) for ring in rings) if is_live else 0)

    def count_tests(self, counted: Mapping[str, int]) -> None:
        """Ways that are tested, by what became of their last call."""
        for result, count in counted.items():
            self.test_calls.labels(result).set(count)

    def watch_console(self, connected: Callable[[], int], frames: Callable[[], tuple[int, int]]) -> None:
        """Ask these at every scrape; `frames` were sent, and replaced before they were."""
        self.consoles.set_function(connected)
        self.console_frames.labels("sent").set_function(lambda: frames()[0])
        self.console_frames.labels("replaced").set_function(lambda: frames()[1])

    def count_act(self, kind: str, status: str) -> None:
        """An act of an officer, and what came of it."""
        self.officer_acts.labels(kind, status).inc()

    def set_duty(self, alarms: Sequence[OfficerAlarm], now_s: int, *, on_duty: int, is_flood: bool) -> None:
        """Alarms to the officer as they stand."""
        for urgency in Urgency:
            seen = [alarm.is_seen(now_s) for alarm in alarms if alarm.urgency is urgency]
            self.officer_alarms.labels(urgency.name, "seen").set(sum(seen))
            self.officer_alarms.labels(urgency.name, "unseen").set(len(seen) - sum(seen))
        self.officer_flood.set(is_flood)
        self.officers_on_duty.set(on_duty)
