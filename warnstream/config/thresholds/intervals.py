"""How often sensors report against what a hazard asks of them: checked at load, for nothing says so later.

A sensor that reports more seldom than `stale_after` says nothing between two
readings: its village would be blind again and again. A gauge that reports more
seldom than `horizon` cannot show a rise before what the rule looks ahead to is over.
"""

from collections.abc import Mapping, Sequence

from warnstream.config.faults import FaultLog
from warnstream.config.thresholds.document import (
    HazardDocument,
    RiverStageSection,
    SlopeMovementSection,
    WaterloggingSection,
)
from warnstream.config.thresholds.table import Threshold
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.tree import YamlTree, path_text
from warnstream.model.level import Level
from warnstream.model.network import Stations


def check_intervals(
    tree: YamlTree,
    hazards: Mapping[str, HazardDocument | None],
    rows: Sequence[Threshold],
    stations: Stations,
    faults: FaultLog,
) -> None:
    """A fault where the slowest sensor of a hazard cannot give what the hazard asks for.

    Parameters
    ----------
    tree : YamlTree
        thresholds.yaml.
    hazards : mapping of str to section or None
    rows : sequence of Threshold
        Of all tables, without fault.
    stations : Stations
    faults : FaultLog
    """
    number = stations.index_of_code()
    for name, hazard in hazards.items():
        if not isinstance(hazard, RiverStageSection | SlopeMovementSection | WaterloggingSection):
            continue
        own = {row.station for row in rows if row.hazard == name and row.station in number}
        if not own:
            continue
        slowest = max(sorted(own), key=lambda code: int(stations.interval_s[number[code]]))
        every_s = int(stations.interval_s[number[slowest]])
        reports = f"station {slowest!r} reports every {format_duration(every_s)} (stations.csv)"
        asked = {"stale_after": hazard.stale_after_s}
        if isinstance(hazard, RiverStageSection) and hazard.forecast_level_max > Level.NONE:
            asked["horizon"] = hazard.horizon_s
        for key, asked_s in asked.items():
            if every_s > asked_s:
                place = ("hazards", name, key)
                expected = (
                    f"expected at least {format_duration(every_s)}, got {format_duration(asked_s)}: {reports}"
                )
                faults.add(tree.file, tree.line_of(place), path_text(place), expected)
