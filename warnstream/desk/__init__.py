"""The second machine: warnings, bulletins and digests from changes of levels, answers and orders."""

from warnstream.desk.cases import Case, WarningStatus
from warnstream.desk.machine import DeskInput, WarningDesk

__all__ = ["Case", "DeskInput", "WarningDesk", "WarningStatus"]
