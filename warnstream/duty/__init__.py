"""What rings the officer on duty, and who that is: a pure machine beside the chain of posts."""

from warnstream.duty.alarms import OfficerAlarm
from warnstream.duty.desk import DutyDesk
from warnstream.duty.shifts import Shift

__all__ = ["DutyDesk", "OfficerAlarm", "Shift"]
