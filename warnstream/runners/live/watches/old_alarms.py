"""Alarms that stood when the node ended, and that nobody else would end."""

from collections.abc import Sequence

from warnstream.desk import WarningDesk, WarningStatus
from warnstream.runners.live.alarms import Alarms


def end_old_alarms(
    alarms: Alarms, warnings: Sequence[WarningStatus], desk: WarningDesk, *, is_rebuilt: bool, is_kept: bool
) -> None:
    """End those whose reason is gone.

    Parameters
    ----------
    alarms : Alarms
    warnings : sequence of WarningStatus
        Open ones.
    desk : WarningDesk
    is_rebuilt : bool
        This start has rebuilt the outbox.
    is_kept : bool
        The configuration has its bundle.
    """
    standing = {warning.warning for warning in warnings}
    standing |= {bulletin.voice for bulletin in desk.last_bulletins()}
    alarms.end_others("message", standing)
    alarms.end_others("name", standing)
    if not is_rebuilt:
        alarms.end_alarm("outbox_rebuilt")
    if is_kept:
        alarms.end_alarm("bundle")
