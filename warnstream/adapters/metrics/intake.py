"""Metrics of what comes in, by which way, and of the storage that keeps it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from warnstream.adapters.metrics.histograms import WORK_BUCKETS_S, BatchHistogram

LAG_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3_600, 21_600)
"""Seconds between observation and arrival; the last is six hours, as long as rain is corrected."""

WAIT_BUCKETS_S = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30)


class IntakeMetrics:
    """The first half of a node's metrics; `registry` holds all of them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_ingest()
        self._add_storage()
        self._add_grids()
        self._add_ahead()
        self._add_forecasts()
        self._add_sl651()
        self._add_listener()

    def _add_ingest(self) -> None:
        registry = self.registry
        self.messages_received = Counter(
            "warnstream_messages_received", "MQTT messages received from stations.", registry=registry
        )
        self.readings_accepted = Counter(
            "warnstream_readings_accepted", "Readings accepted, flagged ones included.", registry=registry
        )
        self.readings_refused = Counter(
            "warnstream_readings_refused",
            "Messages and readings refused and kept aside.",
            ["reason"],
            registry=registry,
        )
        self.alerts = Counter(
            "warnstream_alerts",
            "Alerts of other services that could be read, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self.alerts_standing = Gauge(
            "warnstream_alerts_standing", "Alerts of other services that stand.", registry=registry
        )
        self.messages_without_reading = Counter(
            "warnstream_messages_without_reading",
            "Messages that carry no observation by their kind: heartbeats, sensors without a value.",
            registry=registry,
        )
        self.refused_taken_again = Counter(
            "warnstream_refused_taken_again", "Refusals whose messages were taken again.", registry=registry
        )
        self.readings_flagged = Counter(
            "warnstream_readings_flagged", "Readings flagged by quality control.", ["flag"], registry=registry
        )
        self.rain_counters = Counter(
            "warnstream_rain_counters",
            "Readings of rain counters that fell, came back to an earlier total, or began anew.",
            ["counter", "event"],
            registry=registry,
        )
        self.reading_lag = BatchHistogram(
            "warnstream_reading_lag_seconds",
            "Arrival minus observation of accepted readings.",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self._add_queues()

    def _add_queues(self) -> None:
        registry = self.registry
        self.messages_dropped = Counter(
            "warnstream_messages_dropped",
            "QoS 0 messages of the broker dropped because too many waited.",
            registry=registry,
        )
        self.broker_connected = Gauge(
            "warnstream_broker_connected", "1 while the broker connection stands.", registry=registry
        )
        self.journal_append = Histogram(
            "warnstream_journal_append_seconds",
            "Time to make one batch durable.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )
        self.backlog_readings = Gauge(
            "warnstream_backlog_readings",
            "Readings of long ago that wait for the engine while fresh ones go first.",
            registry=registry,
        )
        self.inbox_messages = Gauge(
            "warnstream_inbox_messages", "Messages that are not durable yet.", registry=registry
        )
        self.unjudged = Gauge(
            "warnstream_unjudged_seconds",
            "How long the oldest message outside streams has waited to be judged.",
            registry=registry,
        )
        self.fresh_wait = Histogram(
            "warnstream_fresh_wait_seconds",
            "From the arrival of the first message that a step judged to the step's end.",
            buckets=WAIT_BUCKETS_S,
            registry=registry,
        )
        self.journal_sequence = Gauge(
            "warnstream_journal_sequence", "Number of the newest journal entry.", registry=registry
        )

    def _add_storage(self) -> None:
        registry = self.registry
        self.journal_bytes = Gauge(
            "warnstream_journal_bytes", "Bytes of the journal on disk, snapshots included.", registry=registry
        )
        self.storage_free_bytes = Gauge(
            "warnstream_storage_free_bytes", "Bytes free on the disk of the storage.", registry=registry
        )
        self.journal_repairs = Counter(
            "warnstream_journal_repairs",
            "Torn appends removed from the journal's end at the start.",
            registry=registry,
        )
        self.storage_refusals = Counter(
            "warnstream_storage_refusals",
            "Times the disk refused what must be kept; it is tried again.",
            registry=registry,
        )
        self.snapshot_failures = Counter(
            "warnstream_snapshot_failures", "Snapshots that could not be written.", registry=registry
        )
        self.snapshot_copying = Histogram(
            "warnstream_snapshot_copying_seconds",
            "Time that a snapshot held the loop.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )
        self.snapshot_writing = Histogram(
            "warnstream_snapshot_writing_seconds",
            "Time to compress and write a snapshot beside the loop.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )

    def watch_storage(self, journal_bytes: Callable[[], int], directory: Path) -> None:
        """Measure the storage whenever the metrics are read."""
        self.journal_bytes.set_function(journal_bytes)
        self.storage_free_bytes.set_function(lambda: shutil.disk_usage(directory).free)

    def _add_grids(self) -> None:
        registry = self.registry

        def gauge(name: str, documentation: str, *more: str) -> Gauge:
            return Gauge(f"warnstream_grid_{name}", documentation, ["grid", *more], registry=registry)

        self.grid_frames = Counter(
            "warnstream_grid_frames", "Frames of a grid that were taken.", ["grid"], registry=registry
        )
        self.grid_frames_repeated = Counter(
            "warnstream_grid_frames_repeated",
            "Frames of a grid whose interval was told before.",
            ["grid"],
            registry=registry,
        )
        self.grid_files_refused = Counter(
            "warnstream_grid_files_refused",
            "Files of a grid that could not be used.",
            ["grid", "reason"],
            registry=registry,
        )
        self.grid_age = gauge("age_seconds", "Since the end of the newest frame, or since the start.")
        self.grid_late = gauge("late", "1 while the newest frame is too old for the grid to speak.")
        self.grid_places = gauge("places", "Places that the newest frame saw, and did not see.", "condition")
        self.grid_speaks = gauge("speaks", "Places for which the grid stands in for silent gauges.")
        self.grid_factor = gauge("bias_factor", "What amounts are multiplied by to agree with gauges.")
        self.grid_pairs = gauge("bias_pairs", "Gauges that the factor rests on; 0 if too few.")
        self.grid_read = Histogram(
            "warnstream_grid_read_seconds",
            "Time to read a file of a grid.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )

    def _add_ahead(self) -> None:
        registry = self.registry
        self.ahead_source = Gauge(
            "warnstream_ahead_source",
            "1 at what the last members of the rain to come were made of.",
            ["source"],
            registry=registry,
        )
        self.ahead_out = Gauge(
            "warnstream_ahead_radar_out",
            "1 while the radar has no field young enough to tell of rain to come.",
            ["grid"],
            registry=registry,
        )
        self.ahead_fields = Counter(
            "warnstream_ahead_fields", "Fields of the radar that were taken.", ["grid"], registry=registry
        )
        self.ahead_fields_refused = Counter(
            "warnstream_ahead_fields_refused",
            "Fields of the radar that could not be used.",
            ["grid", "reason"],
            registry=registry,
        )

        self.ahead_cases = Gauge(
            "warnstream_ahead_cases",
            "Cases of probabilities whose time is over, by tenths of what was said.",
            ["source", "window", "within", "tenth"],
            registry=registry,
        )
        self.ahead_came = Gauge(
            "warnstream_ahead_cases_came",
            "Of those the cases in which the threshold was reached in time.",
            ["source", "window", "within", "tenth"],
            registry=registry,
        )
        self.ahead_off = Gauge(
            "warnstream_ahead_tenths_off",
            "Tenths with 500 cases and more in which 0.10 more or less came than was said.",
            ["source", "window", "within"],
            registry=registry,
        )

    def _add_forecasts(self) -> None:
        registry, labels = self.registry, ["forecast"]
        self.forecast_out = Gauge(
            "warnstream_forecast_out",
            "1 while a weather model has no run that is young enough.",
            labels,
            registry=registry,
        )
        self.forecast_used = Gauge(
            "warnstream_forecast_used",
            "1 at the weather model whose run is used now.",
            labels,
            registry=registry,
        )
        self.forecast_age = Gauge(
            "warnstream_forecast_age_seconds",
            "Since the newest run of a weather model began.",
            labels,
            registry=registry,
        )
        self.forecast_runs = Counter(
            "warnstream_forecast_runs", "Whole runs that were taken.", labels, registry=registry
        )
        self.forecast_runs_refused = Counter(
            "warnstream_forecast_runs_refused",
            "Whole runs that could not be used.",
            ["forecast", "reason"],
            registry=registry,
        )

    def _add_sl651(self) -> None:
        registry = self.registry
        self.sl651_connections = Gauge(
            "warnstream_sl651_connections", "Stations connected over SL 651 now.", registry=registry
        )
        self.sl651_connections_refused = Counter(
            "warnstream_sl651_connections_refused",
            "SL 651 connections ended at once because there were too many.",
            registry=registry,
        )
        self.sl651_messages = Counter(
            "warnstream_sl651_messages", "Messages over SL 651 made durable.", registry=registry
        )
        self.sl651_replies = Counter(
            "warnstream_sl651_replies", "Replies to SL 651 stations by end.", ["end"], registry=registry
        )

    def _add_listener(self) -> None:
        registry = self.registry
        self.listener_connections = Gauge(
            "warnstream_listener_connections", "Clients connected to our own listener.", registry=registry
        )
        self.listener_refused = Counter(
            "warnstream_listener_refused",
            "Clients, subscriptions and messages refused by our own listener.",
            ["reason"],
            registry=registry,
        )
        self.listener_throttled = Counter(
            "warnstream_listener_throttled", "Times a client was slowed down to its rate.", registry=registry
        )
        self.listener_held = Counter(
            "warnstream_listener_held",
            "Times every client was held because too much waited.",
            registry=registry,
        )
        self.listener_unclaimed = Counter(
            "warnstream_listener_unclaimed",
            "Messages to topics that neither the node nor a client takes.",
            registry=registry,
        )
        self.listener_dropped = Counter(
            "warnstream_listener_dropped",
            "Messages that a client's full session could not take.",
            registry=registry,
        )

    def watch_inbox(self, messages: Callable[[], float], unjudged_s: Callable[[], float]) -> None:
        """Ask these at every scrape."""
        self.inbox_messages.set_function(messages)
        self.unjudged.set_function(unjudged_s)
