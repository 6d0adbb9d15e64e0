"""The life of other services' alerts: in force, updated, cancelled, ended; what comes again changes nothing.

Rule 1: everything that decides whether an alert stands lives in this file.

An alert is known by sender and identifier. An Update or Cancel ends what it names, of the same sender
alone; a national one names the first message of an event, and ends whatever stands of it. What it names
need not be known: an Update says all that is so now, and a Cancel that comes before its alert keeps that
out when it comes. What cannot be is refused with a reason and changes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from warnstream.model.alerts.alert import UNKNOWN_S, Alert, AlertArrived, FeedPolicy
from warnstream.model.alerts.relaying import NO_ALERTS, RelayTable, StandingAlerts, StandingInfo
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import DAY_S, MINUTE_S, iso_utc
from warnstream.model.warning import MessageStatus, MessageType

ENDED_KEPT_S = 7 * DAY_S
"""So long it is remembered which alerts were replaced or cancelled, and which were refused."""

ENDED_KEPT_MAX = 5_000
STANDING_MAX = 2_000
"""Alerts in force; a country's service has some hundred. Further ones are refused."""

EARLY_S_MAX = 10 * MINUTE_S
"""So far a sender's clock may be ahead."""

SNAPSHOT_FORMAT = 1

_ENDS_OTHERS = frozenset(
    {
        RefusalReason.NOT_RELAYED,
        RefusalReason.ELSEWHERE,
        RefusalReason.EXPIRED,
        RefusalReason.SUPERSEDED,
    }
)
"""Reasons for which an Update is not taken, and what it names is over all the same, whenever it comes."""

Name = tuple[str, str]
"""Sender and identifier."""


class AlertOutcome(StrEnum):
    """What became of an alert that could be read."""

    TAKEN = "taken"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    UNKNOWN_REFERENCE = "unknown_reference"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Of which status this node is, the sender that its own messages name, who is to be heard from."""

    status: MessageStatus = MessageStatus.ACTUAL
    own_sender: str = ""
    feeds: tuple[FeedPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedAlert:
    """An alert that was not taken, and why."""

    arrived: AlertArrived
    reason: RefusalReason
    detail: str


class _Ended(msgspec.Struct, array_like=True):
    """Up to which time of sending an alert is over, and when that became known."""

    sender: str
    identifier: str
    sent_s: int
    at_s: int


class _Snapshot(msgspec.Struct):
    format: int
    standing: list[Alert]
    ended: list[_Ended]
    refused: list[_Ended]


class AlertBook:
    """All alerts that are relayed in one county.

    Parameters
    ----------
    tables : sequence of RelayTable
        Those of all relayed hazards.
    policy : AlertPolicy, optional

    Attributes
    ----------
    refused : list of RefusedAlert
        Of the last step.
    outcomes : Counter of AlertOutcome
        Of the last step.
    """

    def __init__(self, tables: Sequence[RelayTable], policy: AlertPolicy | None = None) -> None:
        self._tables = tuple(tables)
        self._policy = policy or AlertPolicy()
        self._standing: dict[Name, Alert] = {}
        self._ended: dict[Name, _Ended] = {}
        self._refused: dict[Name, _Ended] = {}
        self._in_force = NO_ALERTS
        self.refused: list[RefusedAlert] = []
        self.outcomes: Counter[AlertOutcome] = Counter()

    def step(self, arrived: Sequence[AlertArrived], now_s: int) -> None:
        """Take what came, in order, then let time work."""
        self.refused, self.outcomes = [], Counter()
        for arrival in arrived:
            self.outcomes[self._take(arrival, now_s)] += 1
        for name in [name for name, alert in self._standing.items() if self._is_over(alert, now_s)]:
            # A feed that still has it tells nothing new.
            self._refused[name] = _Ended(*name, self._standing.pop(name).sent_s, now_s)
        if arrived:
            self._forget(now_s)
        infos = tuple(self._infos_in_force(now_s))
        if infos != self._in_force.infos:
            self._in_force = StandingAlerts(infos)

    def in_force(self) -> StandingAlerts:
        """What is in force; the same object as at the step before while nothing has changed."""
        return self._in_force

    def standing(self) -> list[Alert]:
        """Alerts that stand, those that take effect later included, in the order of their arrival."""
        return list(self._standing.values())

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        ended, refused = list(self._ended.values()), list(self._refused.values())
        return msgspec.msgpack.encode(_Snapshot(SNAPSHOT_FORMAT, self.standing(), ended, refused))

    def restore(self, state: bytes, now_s: int) -> None:
        """Take up a snapshot that was taken at `now_s`. ValueError if it is none.

        Alerts are judged by the tables of now: what is not relayed any more is in force no longer.
        """
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of alerts: {error}") from None
        self._standing = {alert.name: alert for alert in snapshot.standing}
        self._ended = {(ended.sender, ended.identifier): ended for ended in snapshot.ended}
        self._refused = {(refused.sender, refused.identifier): refused for refused in snapshot.refused}
        self._in_force = StandingAlerts(tuple(self._infos_in_force(now_s)))

    def _take(self, arrived: AlertArrived, now_s: int) -> AlertOutcome:
        alert = arrived.alert
        if self._standing.get(alert.name) == alert:
            return AlertOutcome.REPEATED
        ended = self._ended.get(alert.name)
        if alert.msg_type is MessageType.CANCEL and ended is not None and ended.sent_s == alert.sent_s:
            return AlertOutcome.REPEATED
        fault = self._fault_of(alert, now_s)
        if fault is not None:
            if fault[0] in _ENDS_OTHERS:
                self._end(alert, self._replaced_by(alert), now_s)
            return self._refuse(arrived, *fault, now_s)
        replaced = self._replaced_by(alert)
        self._end(alert, replaced, now_s)
        self._refused.pop(alert.name, None)
        if alert.msg_type is MessageType.CANCEL:
            return AlertOutcome.CANCELLED if replaced else AlertOutcome.UNKNOWN_REFERENCE
        self._standing[alert.name] = alert
        if alert.msg_type is MessageType.ALERT:
            return AlertOutcome.TAKEN
        return AlertOutcome.UPDATED if replaced else AlertOutcome.UNKNOWN_REFERENCE

    def _refuse(self, arrived: AlertArrived, reason: RefusalReason, detail: str, now_s: int) -> AlertOutcome:
        """Keep it aside once: a feed that is asked every minute has it again every minute."""
        alert = arrived.alert
        known = self._refused.get(alert.name)
        if known is not None and known.sent_s == alert.sent_s:
            return AlertOutcome.REPEATED
        self._refused[alert.name] = _Ended(*alert.name, alert.sent_s, now_s)
        self.refused.append(RefusedAlert(arrived, reason, detail))
        return AlertOutcome.REFUSED

    def _fault_of(self, alert: Alert, now_s: int) -> tuple[RefusalReason, str] | None:
        """Why an alert is not taken; what can be said of it alone before what depends on others."""
        return (
            self._fault_of_sender(alert)
            or self._fault_of_time(alert, now_s)
            or self._fault_of_place(alert, now_s)
            or self._fault_of_order(alert)
        )

    def _fault_of_sender(self, alert: Alert) -> tuple[RefusalReason, str] | None:
        policy = self._policy
        if alert.sender == policy.own_sender:
            return RefusalReason.UNKNOWN_ISSUER, f"sender {alert.sender!r} is this node itself"
        if not any(table.issuer_of(alert) for table in self._tables):
            return RefusalReason.UNKNOWN_ISSUER, f"no hazard relays what sender {alert.sender!r} issues"
        if alert.status is policy.status:
            return None
        if alert.status is MessageStatus.EXERCISE:
            return RefusalReason.EXERCISE, "an exercise of the sender, on a node that warns for real"
        # It would go out with the mark of an exercise, and nobody would believe it.
        return RefusalReason.EXERCISE, "a real alert, on a node in exercise"

    def _fault_of_time(self, alert: Alert, now_s: int) -> tuple[RefusalReason, str] | None:
        if alert.sent_s > now_s + EARLY_S_MAX:
            return RefusalReason.FUTURE, f"sent at {iso_utc(alert.sent_s)}, it is {iso_utc(now_s)}"
        if alert.msg_type is not MessageType.CANCEL and self._is_over(alert, now_s):
            return RefusalReason.EXPIRED, f"every part of it has ended by {iso_utc(now_s)}"
        return None

    def _fault_of_place(self, alert: Alert, now_s: int) -> tuple[RefusalReason, str] | None:
        """An Update counts even where nothing of it is relayed: it ends what it names."""
        if alert.msg_type is MessageType.CANCEL or self._replaced_by(alert):
            return None
        events = ", ".join(dict.fromkeys(f"{info.event!r} ({info.severity})" for info in alert.infos))
        tables = [table for table in self._tables if table.issuer_of(alert)]
        pairs = [
            (table, info) for table in tables for info in alert.infos if table.signal_of(info) is not None
        ]
        if not pairs:
            return RefusalReason.NOT_RELAYED, f"no hazard has a signal for {events[:200]}"
        living = [(table, info) for table, info in pairs if now_s < table.expires_s(alert, info)]
        if not living:
            return RefusalReason.EXPIRED, f"what is relayed of it has ended by {iso_utc(now_s)}"
        if not any(table.concerns(info).any() for table, info in living):
            where = "; ".join(dict.fromkeys(area.description for info in alert.infos for area in info.areas))
            return RefusalReason.ELSEWHERE, f"no village of this county is in {where[:200] or 'no area'}"
        return None

    def _fault_of_order(self, alert: Alert) -> tuple[RefusalReason, str] | None:
        ended = self._ended.get(alert.name)
        if ended is not None and alert.sent_s <= ended.sent_s:
            return RefusalReason.SUPERSEDED, "a later message has cancelled or replaced it"
        known = self._standing.get(alert.name)
        if known is not None and alert.sent_s <= known.sent_s:
            return RefusalReason.SUPERSEDED, "another content under a name that stands, and not sent later"
        is_over = any(related.sent_s > alert.sent_s for related in self._related(alert))
        if is_over or self._is_of_an_ended_event(alert):
            return RefusalReason.SUPERSEDED, "what it names has been replaced by a later message"
        if alert.msg_type is not MessageType.CANCEL and len(self._standing) >= STANDING_MAX:
            return RefusalReason.TOO_LARGE, f"{STANDING_MAX} alerts stand already"
        return None

    def _related(self, alert: Alert) -> list[Alert]:
        """Standing alerts that it names; of an event of the national system whatever stands."""
        named = {reference.identifier for reference in alert.references if reference.sender == alert.sender}
        by_event = _names_events(alert)
        return [
            other
            for other in self._standing.values()
            if other.sender == alert.sender
            and (
                other.identifier in named
                or (by_event and any(first.identifier in named for first in other.references))
            )
        ]

    def _is_of_an_ended_event(self, alert: Alert) -> bool:
        """A national update whose event a later message has cancelled."""
        if not _names_events(alert):
            return False
        firsts = (self._ended.get((alert.sender, reference.identifier)) for reference in alert.references)
        return any(first is not None and alert.sent_s <= first.sent_s for first in firsts)

    def _replaced_by(self, alert: Alert) -> list[Alert]:
        """Standing alerts that are over with this one; an older one of its own name, too."""
        own = self._standing.get(alert.name)
        found = self._related(alert) if alert.msg_type is not MessageType.ALERT else []
        if own is not None and own not in found:
            found.append(own)
        return [earlier for earlier in found if earlier.sent_s <= alert.sent_s]

    def _end(self, alert: Alert, replaced: Sequence[Alert], now_s: int) -> None:
        for earlier in replaced:
            del self._standing[earlier.name]
        if alert.msg_type is MessageType.ALERT:
            return
        over = {(alert.sender, reference.identifier): reference.sent_s for reference in alert.references}
        over |= {earlier.name: earlier.sent_s for earlier in replaced}
        if alert.msg_type is MessageType.CANCEL:
            over[alert.name] = alert.sent_s
        for name, sent_s in over.items():
            # What was sent before this message is over, even where the reference has its time wrong.
            until_s = max(sent_s, alert.sent_s - 1) if sent_s <= alert.sent_s else sent_s
            known = self._ended.pop(name, None)
            self._ended[name] = _Ended(*name, max(until_s, known.sent_s if known else until_s), now_s)

    def _is_over(self, alert: Alert, now_s: int) -> bool:
        """Whether every part of it has ended, by every table that takes it."""
        tables = [table for table in self._tables if table.issuer_of(alert)] or self._tables
        ends = (table.expires_s(alert, info) for table in tables for info in alert.infos)
        return now_s >= max(ends, default=now_s)

    def _infos_in_force(self, now_s: int) -> list[StandingInfo]:
        return [
            StandingInfo(alert, info)
            for alert in self._standing.values()
            for info in alert.infos
            if info.effective_s <= now_s and any(now_s < t.expires_s(alert, info) for t in self._tables)
        ]

    def _forget(self, now_s: int) -> None:
        for known in (self._ended, self._refused):
            for name in [name for name, ended in known.items() if now_s >= ended.at_s + ENDED_KEPT_S]:
                del known[name]
            for name in list(known)[: max(len(known) - ENDED_KEPT_MAX, 0)]:
                del known[name]


def _names_events(alert: Alert) -> bool:
    """Whether its references are those of the national system: the first message of an event, no time."""
    return any(reference.sent_s == UNKNOWN_S for reference in alert.references)
