"""What is sent to the duty posts when an alarm of the node begins or ends."""

import logging

from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.delivery.alarm_texts import alarm_texts
from warnstream.model.alarms import Alarm
from warnstream.model.times import DAY_S

ALARM_VALID_S = DAY_S
"""An alarm that could not be sent for so long is not sent any more."""

log = logging.getLogger(__name__)


def notice_of(alarm: Alarm, configuration: Configuration) -> AlarmNotice:
    """The message of an alarm's begin or, once it has ended, of its end; it never fails for its text."""
    name = configuration.node.name
    try:
        zh, en = alarm_texts(alarm, name, configuration.message.time_zone)
    except Exception:  # whatever is wrong with the text, the duty officer is told
        log.exception("text of an alarm cannot be written", extra={"alarm": alarm.key})
        zh = en = f"{name}: {alarm.text}"
    at_s = alarm.ended_s or alarm.begun_s
    version = 2 if alarm.ended_s else 1
    return AlarmNotice(alarm.name, version, str(alarm.status), at_s, at_s + ALARM_VALID_S, zh, en)
