"""Channels that reach nobody are alarms; readiness has named them since it began."""

from collections.abc import Mapping

from warnstream.runners.live.alarms import Alarms


def tell_channels(reports: Mapping[str, str | None], alarms: Alarms) -> None:
    """Begin, renew and end alarms; `reports` is the trouble by channel, empty: none, None: not known."""
    for channel, trouble in reports.items():
        if trouble:
            alarms.raise_alarm(f"channel:{channel}", trouble, is_blocking=False)
    alarms.end_others("channel", [name for name, trouble in reports.items() if trouble != ""])
