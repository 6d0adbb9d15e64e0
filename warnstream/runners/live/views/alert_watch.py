"""What becomes of other services' alerts: counted, logged where one comes or goes, listed for people."""

import logging
from collections.abc import Sequence

from warnstream.adapters.http.models.alerts import AlertRecord
from warnstream.adapters.metrics import Metrics
from warnstream.lifecycle.alerts import AlertBook
from warnstream.model.alerts.alert import Alert
from warnstream.model.times import iso_utc

log = logging.getLogger(__name__)


class AlertWatch:
    """Alerts of one node as people see them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._standing: Sequence[Alert] = ()

    def take(self, book: AlertBook) -> None:
        """Take what a step has done."""
        for outcome, count in book.outcomes.items():
            self._metrics.alerts.labels(str(outcome)).inc(count)
        standing = book.standing()
        if standing == self._standing:
            return
        for event, ours, others in (
            ("alert taken", standing, self._standing),
            ("alert over", self._standing, standing),
        ):
            for alert in ours:
                if alert not in others:
                    log.warning(event, extra={"sender": alert.sender, "alert": alert.identifier})
        self._metrics.alerts_standing.set(len(standing))
        self._standing = standing

    def listed(self) -> list[AlertRecord]:
        """Alerts that stand, in the order of their arrival; from any thread."""
        return [_record(alert) for alert in self._standing]


def _record(alert: Alert) -> AlertRecord:
    first = alert.infos[0]
    areas = dict.fromkeys(area.description for info in alert.infos for area in info.areas)
    return AlertRecord(
        identifier=alert.identifier,
        sender=alert.sender,
        sent=iso_utc(alert.sent_s),
        status=alert.status.value,
        type=alert.msg_type.value,
        event=first.event,
        severity=first.severity,
        headline=first.headline,
        expires=None if first.expires_s < 0 else iso_utc(first.expires_s),
        areas=[area for area in areas if area],
    )
