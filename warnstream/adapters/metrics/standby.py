"""Metrics of a box that has another one beside it; a node without one has none of these."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

WAIT_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class StandbyMetrics:
    """Registered beside those of the node."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.leads = Gauge("warnstream_standby_leads", "1 where this box leads.", registry=registry)
        self.term = Gauge(
            "warnstream_standby_term", "Number of the latest leadership known here.", registry=registry
        )
        self.is_protected = Gauge(
            "warnstream_standby_protected",
            "1 while entries wait until the other box has them on disk.",
            registry=registry,
        )
        self.unprotected = Counter(
            "warnstream_standby_unprotected",
            "How often this box went on alone.",
            registry=registry,
        )
        self.behind = Gauge(
            "warnstream_standby_behind_entries",
            "Entries of the log that the box that stands by has not on disk.",
            registry=registry,
        )
        self.unjudged = Gauge(
            "warnstream_standby_unjudged_entries",
            "Entries on disk that the box that stands by has not judged.",
            registry=registry,
        )
        self.linked = Gauge(
            "warnstream_standby_linked", "1 while the boxes are connected.", registry=registry
        )
        self.may_lead = Gauge(
            "warnstream_standby_may_lead",
            "1 while this box leads and may: with a witness by its word or the other box's.",
            registry=registry,
        )
        self.witness = Gauge(
            "warnstream_standby_witness",
            "1 while the witness answers; 0 also where there is none.",
            registry=registry,
        )
        self.wait = Histogram(
            "warnstream_standby_wait_seconds",
            "Time that a batch of entries waited for the other box.",
            buckets=WAIT_BUCKETS_S,
            registry=registry,
        )
