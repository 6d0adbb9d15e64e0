"""Metrics of one node: what it judges, whom it tells, and its alarms; with those of what comes in.

Label values come from fixed sets (reasons, flags, hazards, levels, channels,
states): the number of series does not grow with stations, villages or people.
"""

from collections import Counter as Counts
from collections.abc import Iterable, Mapping

import numpy as np
from prometheus_client import Counter, Gauge, Histogram, generate_latest

from warnstream.adapters.metrics.channels import ChannelMetrics
from warnstream.adapters.metrics.histograms import WORK_BUCKETS_S
from warnstream.model.arrays import Float64Array
from warnstream.model.effects import Effects
from warnstream.model.level import Level


class Metrics(ChannelMetrics):
    """Counters, gauges and histograms of one node; each is an attribute of prometheus_client's types.

    Here stands what is judged and told; what comes in and is kept, in `IntakeMetrics`;
    who watches, in `ConsoleMetrics`; what channels have before them, in `ChannelMetrics`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._add_stations()
        self._add_judgement()
        self._add_posts()
        self._add_delivery()
        self._add_alarms()
        self._add_hands()

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

        self.transfers = Gauge(
            "warnstream_transfers",
            "Open transfer lists: moving (somebody is still to go), out (all are safe, not back), overdue.",
            ["state"],
            registry=registry,
        )
        self.transfer_counter = Gauge(
            "warnstream_transfer_counter",
            "The five counters of open transfer lists: how many are done, of how many.",
            ["counter", "part"],
            registry=registry,
        )

    def set_transfers(
        self, lists: Mapping[str, int], *, overdue: int, counters: Mapping[str, tuple[int, int]]
    ) -> None:
        """Open transfer lists by state, and the five counters as (done, total)."""
        for state, count in {**lists, "overdue": overdue}.items():
            self.transfers.labels(state).set(count)
        for counter, (done, total) in counters.items():
            self.transfer_counter.labels(counter, "done").set(done)
            self.transfer_counter.labels(counter, "total").set(total)

    def set_hands(self, counts: Mapping[str, int], *, refused: int, lapsed: int, alone: int) -> None:
        """Orders by hand after a step."""
        for kind, count in counts.items():
            self.hands.labels(kind).set(count)
        self.orders_refused.set(refused)
        self.orders_lapsed.set(lapsed)
        self.released_alone.set(alone)

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
        self.drill_villages = Gauge(
            "warnstream_drill_villages", "Villages in which a drill is on.", registry=registry
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
        self.configuration_info = Gauge(
            "warnstream_configuration_info",
            "1, for the configuration that runs: number of its bundle (0: not kept), fingerprint, software.",
            ["bundle", "fingerprint", "version"],
            registry=registry,
        )
        self.reloads = Counter(
            "warnstream_reloads",
            "Changes of configuration while running, by what became of them: live or refused.",
            ["result"],
            registry=registry,
        )
        self.configurations_kept = Gauge(
            "warnstream_configurations_kept", "Bundles of configurations in the storage.", registry=registry
        )
        self.configurations_bytes = Gauge(
            "warnstream_configurations_bytes", "Bytes of all bundles of configurations.", registry=registry
        )
        self.refusals_unrecorded = Counter(
            "warnstream_refusals_unrecorded",
            "Refusals that were dropped because refused.sqlite3 did not take them.",
            registry=registry,
        )
        self.audit_lines = Counter("warnstream_audit_lines", "Lines written to the audit.", registry=registry)
        self.audit_followed = Gauge(
            "warnstream_audit_followed", "Journal entry up to which the audit is written.", registry=registry
        )
        self.audit_head = Gauge(
            "warnstream_audit_head",
            "First 13 hexadecimal digits of the audit's newest hash, as a number.",
            registry=registry,
        )
        self.alarms_begun = Counter(
            "warnstream_alarms_begun", "Alarms of the node that have begun.", ["kind"], registry=registry
        )

    def _add_posts(self) -> None:
        registry = self.registry
        self.roster_ending = Gauge(
            "warnstream_roster_ending", "Posts whose last shift is over soon or is over.", registry=registry
        )
        self.posts_on_duty = Gauge(
            "warnstream_posts_on_duty", "Posts that have signed in and are on duty.", registry=registry
        )
        self.reports_unclear = Gauge(
            "warnstream_reports_unclear",
            "Reports of posts and doors that could not be counted, since the beginning.",
            registry=registry,
        )
        self.villages_dry = Gauge(
            "warnstream_villages_dry",
            "Villages for which answers of posts are missing, with nobody left to ask.",
            registry=registry,
        )
        self.feed_unheard = Gauge(
            "warnstream_feed_unheard_seconds",
            "How long a feed of other services' alerts has been listened for in vain.",
            ["feed"],
            registry=registry,
        )
        self.help_open = Gauge(
            "warnstream_help_open", "Open calls for help, assigned or waiting.", ["state"], registry=registry
        )
        self.teams_called = Gauge(
            "warnstream_teams_called",
            "Rescue teams that are called, answered or waiting.",
            ["state"],
            registry=registry,
        )
        self.answers_ignored = Gauge(
            "warnstream_answers_ignored",
            "Answers to unknown messages or by somebody who was not asked; calls for help beyond the limit.",
            registry=registry,
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
        self.doors_handed_on = Counter(
            "warnstream_doors_handed_on",
            "Doors of a held channel that another of their ways was given to tell, by the held channel.",
            ["channel"],
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

    def set_villages(self, hazard: str, count_of_level: Mapping[Level, int]) -> None:
        """Villages of one hazard at each level; a level not named has none."""
        for level in Level:
            self.villages.labels(hazard, level.word).set(count_of_level.get(level, 0))

    def forget_hazard(self, hazard: str) -> None:
        """It is judged no more: what it was last is no news."""
        for level in Level:
            self.villages.remove(hazard, level.word)
        for gauge in (self.villages_blind, self.ratio_to_critical):
            gauge.remove(hazard)

    def set_ratios(self, ratio: Mapping[str, Float64Array]) -> None:
        """Rain over critical rainfall by hazard, shape (n_villages,); without a score nothing is set."""
        for hazard, of_village in ratio.items():
            if np.isfinite(of_village).any():
                self.ratio_to_critical.labels(hazard).set(np.nanmax(of_village))

    def set_signs(self, standing: Iterable[tuple[str, str]], kinds: Iterable[str]) -> None:
        """Standing signs as (kind, state); kinds without any have none."""
        counts = Counts(standing)
        self.signs.clear()  # a reload may have taken kinds away
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
