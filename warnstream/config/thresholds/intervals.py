"""How often sensors report against what a hazard asks of them: checked at load, for nothing says so later.

A sensor that reports more seldom than `stale_after` says nothing between two
readings: its village would be blind again and again. A gauge that reports more
seldom than `horizon` cannot show a rise before what the rule looks ahead to is over.
"""

from collections.abc import Collection, Mapping

from warnstream.config.thresholds.context import HazardContext
from warnstream.config.yaml.quantities import format_duration


def check_intervals(asked_s: Mapping[str, int], context: HazardContext, others: Collection[str] = ()) -> None:
    """A fault where the slowest sensor of a hazard cannot give what the hazard asks for.

    Parameters
    ----------
    asked_s : mapping of str to int
        Key of the section -> longest interval, in seconds, that serves it.
    context : HazardContext
    others : collection of str
        Stations that it is judged by beside those that its table names.
    """
    stations = context.around.stations
    if stations is None:
        return
    number = stations.index_of_code()
    own = {row.station for row in context.rows if row.station in number} | {*others}
    if not own:
        return
    slowest = max(sorted(own), key=lambda code: int(stations.interval_s[number[code]]))
    every_s = int(stations.interval_s[number[slowest]])
    reports = f"station {slowest!r} reports every {format_duration(every_s)} (stations.csv)"
    for key, longest_s in asked_s.items():
        if every_s > longest_s:
            expected = f"expected at least {format_duration(every_s)}, got {format_duration(longest_s)}"
            context.fault((key,), f"{expected}: {reports}")
