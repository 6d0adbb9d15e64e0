"""Alarms about warnings that the present configuration would not have: each is ended by hand or by time."""

from warnstream.desk import WarningDesk
from warnstream.model.alarms import AlarmPort
from warnstream.model.network import Villages

NAMED_MAX = 5
"""Warnings that are named in an alarm; the number is always complete."""

REMOVED = "warnings stand for villages or hazards that the configuration has no more"
IN_EXERCISE = "real warnings stand while this node is in an exercise: they are held"


class KeptWatch:
    """Says what was removed under a warning, or stands for real while the node is in an exercise.

    Attributes
    ----------
    is_standing : bool
        Whether there was such a warning at the last look.
    """

    def __init__(self, alarms: AlarmPort) -> None:
        self._alarms = alarms
        self.is_standing = False

    def look(self, desk: WarningDesk, villages: Villages) -> None:
        """Begin, renew or end the alarms; `villages` has those of removed rows too."""
        standing = [case for _, case in desk.cases() if case.warning.is_open]
        removed = [case.warning for case in standing if desk.is_kept(case.warning)]
        real = [case.warning for case in standing if desk.is_of_the_other_status(case.warning)]
        self.is_standing = bool(removed or real)
        for key, warnings, what in (("kept", removed, REMOVED), ("drill", real, IN_EXERCISE)):
            if not warnings:
                self._alarms.end_alarm(key)
                continue
            named = ", ".join(f"{villages.code[one.village]} {one.hazard}" for one in warnings[:NAMED_MAX])
            text = f"{len(warnings)} {what}: {named}; end each by hand with warnstream end"
            self._alarms.raise_alarm(key, text, is_blocking=False)
