"""zones.csv -> the zones of villages: catchments, slopes, low quarters that are judged by themselves."""

import math

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, read_rows
from warnstream.config.tables.stations_and_villages import is_new_code, outline_fault
from warnstream.model.network import Villages, Zone

ZONES_FILE = "zones.csv"
ZONE_COLUMNS = Columns(("zone", "village", "name", "latitude", "longitude"), ("polygon_wkt",))


def read_zones(folder: Folder, villages: Villages | None, faults: FaultLog) -> tuple[Zone, ...]:
    """Zones of zones.csv in the order of the file; none where there is no such file.

    Parameters
    ----------
    folder : Folder
    villages : Villages or None
        None where their file is wrong: villages of zones are not checked then.
    faults : FaultLog
    """
    if not folder.has(ZONES_FILE):
        return ()
    data = folder.read(ZONES_FILE)
    if data is None:
        return ()
    known = villages.index_of_code() if villages else None
    line_of_code: dict[str, int] = {}
    zones = []
    for row in read_rows(ZONES_FILE, data, ZONE_COLUMNS, faults):
        if not is_new_code(row, "zone", line_of_code):
            continue
        code, village, name = row.cell("zone"), row.text("village"), row.text("name")
        if known is not None and code in known:
            row.fault("zone", f"expected a code of its own, {code!r} is a village")
        if known is not None and village and village not in known:
            faults.add_unknown(ZONES_FILE, row.line, "village", village, known)
        latitude, longitude, wkt = row.latitude(), row.longitude(), row.cell("polygon_wkt")
        wrong = outline_fault(wkt) if wkt else ""
        if wrong:
            row.fault("polygon_wkt", wrong)
        zones.append(
            Zone(
                code,
                name,
                known.get(village, -1) if known else -1,
                math.nan if latitude is None else latitude,
                math.nan if longitude is None else longitude,
                wkt or None,
            )
        )
    return tuple(zones)
