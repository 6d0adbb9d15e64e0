"""Metrics of the processes that share a county's work through Kafka; a node of its own has none of these."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0)


class KafkaMetrics:
    """Of a bridge or of a worker; `partition` is a label where there may be several."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"warnstream_kafka_{name}", text, ["partition"], registry=registry)

        def counter(name: str, text: str) -> Counter:
            return Counter(f"warnstream_kafka_{name}", text, ["partition"], registry=registry)

        self.entries = counter("entries", "Entries written (bridge) or judged (worker).")
        self.events = counter("events", "Events told.")
        self.refused = counter("refused", "Times the brokers did not take or give what they were asked.")
        self.set_aside = counter("set_aside", "Entries that could not be judged, in the dead-letter topic.")
        self.known = counter("known", "Entries that came again and had been judged.")
        self.read_again = counter("read_again", "Entries that the client left out and that were read again.")
        self.restores = counter("restores", "States taken up from a snapshot, or begun without one.")
        self.is_judging = gauge("judging", "1 where this worker judges the partition.")
        self.next = gauge("next_entry", "Number of the entry that is to be judged next.")
        self.lag = gauge("lag_entries", "Entries of the log that are not judged.")
        self.snapshot_number = gauge("snapshot_entry", "Number of the last entry in the newest snapshot.")
        self.snapshot_at = gauge("snapshot_seconds", "When it was written, seconds since 1970.")
        self.snapshot_bytes = gauge("snapshot_bytes", "Its size.")
        self.leads = gauge("leads", "1 where this bridge takes what comes in, or this delivery node sends.")
        self.append = Histogram(
            "warnstream_kafka_append_seconds",
            "Time until the brokers had a batch of entries.",
            buckets=SECONDS,
            registry=registry,
        )
        self.judged = Histogram(
            "warnstream_kafka_judged_seconds",
            "From an entry's time in Kafka until its events are there.",
            buckets=SECONDS,
            registry=registry,
        )
        self.restoring = Histogram(
            "warnstream_kafka_restoring_seconds",
            "Time to take up a state and what came after it.",
            buckets=SECONDS,
            registry=registry,
        )
