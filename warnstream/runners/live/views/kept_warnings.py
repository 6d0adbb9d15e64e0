"""Alarms about warnings that the present configuration would not have: each is ended by hand or by time."""

from collections.abc import Sequence

from warnstream.delivery.texts import title_of
from warnstream.desk import WarningDesk
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.network import Villages
from warnstream.model.rules.rules import HazardRule

NAMED_MAX = 5
"""Warnings that are named in an alarm; the number is always complete."""

REMOVED = AlarmText(
    "warnings stand for villages or hazards that the configuration has no more",
    "条预警所属的村或灾种已从配置删除",
)
IN_EXERCISE = AlarmText(
    "real warnings stand while this node is in an exercise: they are held", "条真实预警在演练期间保持"
)


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

    def look(self, desk: WarningDesk, villages: Villages, rules: Sequence[HazardRule]) -> None:
        """Begin, renew or end the alarms; `villages` and `rules` have those of removed rows too."""
        standing = [case for _, case in desk.cases() if case.warning.is_open]
        removed = [case.warning for case in standing if desk.is_kept(case.warning)]
        real = [case.warning for case in standing if desk.is_of_the_other_status(case.warning)]
        self.is_standing = bool(removed or real)
        for key, warnings, what in (("kept", removed, REMOVED), ("drill", real, IN_EXERCISE)):
            if not warnings:
                self._alarms.end_alarm(key)
                continue
            n, shown = len(warnings), warnings[:NAMED_MAX]
            named = ", ".join(f"{villages.code[warning.village]} {warning.hazard}" for warning in shown)
            places = "、".join(
                f"{villages.name[warning.village]}{title_of(warning.hazard, rules).zh}" for warning in shown
            )
            self._alarms.raise_alarm(
                key,
                f"{n} {what.en}: {named}; end each by hand with warnstream end",
                is_blocking=False,
                zh=f"{n}{what.zh}：{places}；请用 warnstream end 逐条解除",
            )
