"""Numbers for Prometheus: one registry per node, every name documented in docs/operating.md.

Label values come from fixed sets (reasons, flags, hazards, levels, channels,
states): the number of series does not grow with stations, villages or people.
"""

import shutil
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.effects import Effects
from warnstream.model.level import Level

LAG_BUCKETS_S = (1, 5, 15, 60, 300, 900, 3_600, 21_600)
"""Seconds between observation and arrival; the last is six hours, as long as rain is corrected."""

WAIT_BUCKETS_S = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30)

WORK_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class BatchHistogram(Collector):
    """A histogram that takes an array at once; prometheus_client's takes one value, at 1 µs each."""

    def __init__(
        self, name: str, documentation: str, *, buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name, self._type, self._labelnames = name, "histogram", ()
        self._documentation = documentation
        self._bounds = np.array(buckets, dtype=np.float64)
        self._counts = np.zeros(len(buckets) + 1, dtype=np.int64)
        self._sum = 0.0
        registry.register(self)

    def observe_all(self, values: Float64Array | Int64Array) -> None:
        """Count every value, shape (n,), none NaN."""
        place = np.searchsorted(self._bounds, values, side="left")
        # Replaced, not changed: a scrape in another thread sees one state or the other.
        self._counts = self._counts + np.bincount(place, minlength=len(self._counts))
        self._sum += float(values.sum())

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The present counts, for the exposition."""
        bounds = [*(str(bound) for bound in self._bounds.tolist()), "+Inf"]
        buckets = list(zip(bounds, np.cumsum(self._counts).tolist(), strict=True))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=self._sum)


class Metrics:
    """Counters, gauges and histograms of one node; each is an attribute of prometheus_client's types."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_ingest()
        self._add_storage()
        self._add_hands()
        self._add_stations()
        self._add_grids()
        self._add_sl651()
        self._add_listener()
        self._add_judgement()
        self._add_delivery()
        self._add_alarms()

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

    def _add_stations(self) -> None:
        registry = self.registry
        self.stations = Gauge(
            "warnstream_stations",
            "Stations by condition: reporting, silent.",
            ["condition"],
            registry=registry,
        )
        self.stations_flagged = Gauge(
            "warnstream_stations_flagged",
            "Gauges that quality control doubts, by flag.",
            ["flag"],
            registry=registry,
        )

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

    def _add_hands(self) -> None:
        registry = self.registry
        self.hands = Gauge(
            "warnstream_hands",
            "Orders by hand: floors and ceilings by warning, silences, what waits for a person.",
            ["kind"],
            registry=registry,
        )
        self.orders_refused = Gauge(
            "warnstream_orders_refused", "Orders by hand that could not be carried out.", registry=registry
        )
        self.orders_lapsed = Gauge(
            "warnstream_orders_lapsed", "Reds by hand that no second person agreed to.", registry=registry
        )
        self.released_alone = Gauge(
            "warnstream_released_alone", "Bulletins that nobody released in time.", registry=registry
        )

    def set_hands(self, counts: Mapping[str, int], *, refused: int, lapsed: int, alone: int) -> None:
        """Orders by hand after a step."""
        for kind, count in counts.items():
            self.hands.labels(kind).set(count)
        self.orders_refused.set(refused)
        self.orders_lapsed.set(lapsed)
        self.released_alone.set(alone)

    def watch_storage(self, journal_bytes: Callable[[], int], directory: Path) -> None:
        """Measure the storage whenever the metrics are read."""
        self.journal_bytes.set_function(journal_bytes)
        self.storage_free_bytes.set_function(lambda: shutil.disk_usage(directory).free)

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

    def _add_judgement(self) -> None:
        registry = self.registry
        self.tick = Histogram(
            "warnstream_tick_seconds",
            "Time to judge every village once.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )
        self.explanation = Histogram(
            "warnstream_explanation_seconds",
            "Time that the loop gave to an explanation asked for over HTTP.",
            buckets=WORK_BUCKETS_S,
            registry=registry,
        )
        self.last_tick_at = Gauge(
            "warnstream_last_tick_timestamp_seconds", "Engine time of the last judgement.", registry=registry
        )
        self.villages = Gauge(
            "warnstream_villages", "Villages by hazard and level.", ["hazard", "level"], registry=registry
        )
        self.villages_blind = Gauge(
            "warnstream_villages_blind", "Villages whose gauges are silent.", ["hazard"], registry=registry
        )
        self.villages_sight = Gauge(
            "warnstream_villages_sight",
            "Villages by how much of their own gauges they hear: whole, partly (too little), blind.",
            ["sight"],
            registry=registry,
        )
        self.days_observed = Gauge(
            "warnstream_days_observed_ratio",
            "Share of the longest window of days that was observed: mean of all villages.",
            registry=registry,
        )
        self.hazards_degraded = Gauge(
            "warnstream_hazards_degraded", "Hazards that fail and hold their last levels.", registry=registry
        )
        self.past_crossings = Counter(
            "warnstream_past_crossings",
            "Levels of the past that late readings prove, and nobody was told of.",
            ["hazard", "level"],
            registry=registry,
        )
        self.warnings_unaffirmed = Gauge(
            "warnstream_warnings_unaffirmed",
            "Warnings prolonged longer than allowed that wait for the duty officer's word.",
            registry=registry,
        )
        self.ratio_to_critical = Gauge(
            "warnstream_ratio_to_critical",
            "Rain over critical rainfall of the highest level, in the village where it is greatest.",
            ["hazard"],
            registry=registry,
        )
        self.signs = Gauge(
            "warnstream_signs",
            "Signs of people that stand, by kind and state: reported, validated.",
            ["kind", "state"],
            registry=registry,
        )
        self.messages_issued = Counter(
            "warnstream_messages_issued",
            "Warning messages issued.",
            ["hazard", "level", "type"],
            registry=registry,
        )

    def _add_alarms(self) -> None:
        registry = self.registry
        self.alarms = Gauge(
            "warnstream_alarms", "Alarms of the node that stand, by kind.", ["kind"], registry=registry
        )
        self.messages_lost = Counter(
            "warnstream_messages_unrecorded",
            "Messages that could not be handed to the channels whatever was tried.",
            registry=registry,
        )
        self.names_taken = Counter(
            "warnstream_names_taken",
            "Messages whose name stood for another content; they went out as the next version.",
            registry=registry,
        )
        self.history_differences = Gauge(
            "warnstream_history_differences",
            "Villages and hazards that the last change of configuration found at another level than told.",
            registry=registry,
        )
        self.entries_set_aside = Counter(
            "warnstream_entries_set_aside",
            "Journal entries that could not be judged and are not tried again.",
            registry=registry,
        )
        self.refusals_unrecorded = Counter(
            "warnstream_refusals_unrecorded",
            "Refusals that were dropped because refused.sqlite3 did not take them.",
            registry=registry,
        )
        self.alarms_begun = Counter(
            "warnstream_alarms_begun", "Alarms of the node that have begun.", ["kind"], registry=registry
        )

    def _add_delivery(self) -> None:
        registry = self.registry
        self.plain_texts = Counter(
            "warnstream_plain_texts",
            "Messages with a text or CAP document that could not be written and was replaced by a plain one.",
            registry=registry,
        )
        self.bulletins_issued = Counter(
            "warnstream_bulletins_issued",
            "Bulletins to the doors of a village by action and cause.",
            ["action", "cause"],
            registry=registry,
        )
        self.digests_issued = Counter(
            "warnstream_digests_issued",
            "Digests to duty posts: a demand, a reminder of the silent, or news without a demand.",
            ["kind"],
            registry=registry,
        )
        self.villages_dry = Gauge(
            "warnstream_villages_dry", "Villages for which nobody on duty has answered.", registry=registry
        )
        self.help_open = Gauge(
            "warnstream_help_open", "Open calls for help, assigned or waiting.", ["state"], registry=registry
        )
        self.answers_ignored = Gauge(
            "warnstream_answers_ignored",
            "Answers to unknown messages or by somebody who was not asked; calls for help beyond the limit.",
            registry=registry,
        )
        self.notifications = Gauge(
            "warnstream_notifications",
            "Notifications in the outbox by channel and state.",
            ["channel", "state"],
            registry=registry,
        )
        self.send_attempts = Counter(
            "warnstream_send_attempts",
            "Attempts to send by channel and outcome: sent, retry, refused, waiting, expired.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.channel_held = Gauge(
            "warnstream_channel_held",
            "1 while nothing gets through on a channel, or its thread is stuck: its messages wait.",
            ["channel"],
            registry=registry,
        )
        self.channel_errors = Counter(
            "warnstream_channel_errors",
            "Unexpected errors of a channel; the batch is tried again.",
            ["channel"],
            registry=registry,
        )
        self.undelivered = Counter(
            "warnstream_undelivered",
            "Messages that a channel took and that did not reach their recipient.",
            ["channel"],
            registry=registry,
        )
        self.replies_unread = Counter(
            "warnstream_replies_unread",
            "Replies of people that no rule understands: the log has them, a person has to read them.",
            ["channel"],
            registry=registry,
        )
        self.answers = Counter(
            "warnstream_answers", "Answers of people by kind.", ["answer"], registry=registry
        )

    def count_issued(self, effects: Effects) -> None:
        """What a step of the desk told machines, posts and doors."""
        for message in effects.messages:
            self.messages_issued.labels(message.hazard, message.level.word, str(message.msg_type)).inc()
        for bulletin in effects.bulletins:
            self.bulletins_issued.labels(str(bulletin.action), str(bulletin.cause)).inc()
        for digest in effects.digests:
            kind = "news" if not digest.needs_answer else "reminder" if digest.tries else "demand"
            self.digests_issued.labels(kind).inc()

    def watch_inbox(self, messages: Callable[[], float], unjudged_s: Callable[[], float]) -> None:
        """Ask these at every scrape."""
        self.inbox_messages.set_function(messages)
        self.unjudged.set_function(unjudged_s)

    def set_villages(self, hazard: str, count_of_level: Mapping[Level, int]) -> None:
        """Villages of one hazard at each level; a level not named has none."""
        for level in Level:
            self.villages.labels(hazard, level.word).set(count_of_level.get(level, 0))

    def set_ratios(self, ratio: Mapping[str, Float64Array]) -> None:
        """Rain over critical rainfall by hazard, shape (n_villages,); without a score nothing is set."""
        for hazard, of_village in ratio.items():
            if np.isfinite(of_village).any():
                self.ratio_to_critical.labels(hazard).set(np.nanmax(of_village))

    def set_signs(self, standing: Iterable[tuple[str, str]], kinds: Iterable[str]) -> None:
        """Standing signs as (kind, state); kinds without any have none."""
        counts = Counts(standing)
        for kind in kinds:
            for state in ("reported", "validated"):
                self.signs.labels(kind, state).set(counts[kind, state])

    def set_stations(self, *, reporting: int, silent: int) -> None:
        """Stations that report and that should but do not."""
        self.stations.labels("reporting").set(reporting)
        self.stations.labels("silent").set(silent)

    def set_sight(self, *, blind: int, partly: int, whole: int) -> None:
        """Villages by how much of their own gauges they hear."""
        for word, count in (("blind", blind), ("partly", partly), ("whole", whole)):
            self.villages_sight.labels(word).set(count)

    def set_notifications(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Notifications by channel and state word; pairs not named have none."""
        self.notifications.clear()
        for (channel, state), count in counts.items():
            self.notifications.labels(channel, state).set(count)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
