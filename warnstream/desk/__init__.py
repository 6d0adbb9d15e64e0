"""The second machine: changes of levels, answers and the officer's actions in; messages and calls out."""

from warnstream.desk.cases import Case, VillageCase, WarningStatus
from warnstream.desk.machine import DeskInput, WarningDesk

__all__ = ["Case", "DeskInput", "VillageCase", "WarningDesk", "WarningStatus"]
