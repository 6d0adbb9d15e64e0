"""teams.csv: rescue teams, called when a village of their area turns red.

Teams share the names of households and posts: each has a topic, a token and an answer page as a post has.
"""

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import (
    EVERYWHERE,
    HOUSEHOLDS_FILE,
    RANK_MAX,
    Register,
    check_channel,
)
from warnstream.model.network import ChainPost
from warnstream.model.transfers.duties import NO_AREA, Team

TEAMS_FILE = "teams.csv"
TEAM_COLUMNS = Columns(("team", "area", "echelon", "heads", "channel", "address"), ("name", "base", "kit"))
ECHELONS_H = (0, 2, 4, 12)
"""Hours within which a team is to be there."""

HEADS_MAX = 10_000
ROLE = "rescue_team"


def read_teams(folder: Folder, register: Register, faults: FaultLog) -> tuple[ChainPost, ...]:
    """Teams as rows of posts outside of the ladder; call it after `read_chain`.

    Parameters
    ----------
    folder : Folder
    register : Register
        Knows the names that are taken, and receives those of teams.
    faults : FaultLog

    Returns
    -------
    tuple of ChainPost
        In the order of the file; none without it. Rows with a fault are left out.
    """
    if not folder.has(TEAMS_FILE) or (data := folder.read(TEAMS_FILE)) is None:
        return ()
    villages = register.villages
    areas = {*villages.code, *villages.township, *villages.county, EVERYWHERE} if villages else None
    rows = (
        _team_of(row, register, areas, faults) for row in read_rows(TEAMS_FILE, data, TEAM_COLUMNS, faults)
    )
    return tuple(row for row in rows if row is not None)


def _team_of(row: Row, register: Register, areas: set[str] | None, faults: FaultLog) -> ChainPost | None:
    n_before = len(faults)
    code, area = row.code("team"), row.text("area")
    if code in register.line_of_post:
        row.fault("team", f"{code!r} is a post or team already (line {register.line_of_post[code]})")
    elif code in register.line_of_household:
        line = register.line_of_household[code]
        row.fault(
            "team", f"{code!r} is a household already ({HOUSEHOLDS_FILE}:{line}): recipients share one list"
        )
    register.line_of_post.setdefault(code, row.line)
    if areas is not None and area and area not in areas:
        faults.add_unknown(row.file, row.line, "area", area, areas)
    echelon, heads = row.whole("echelon", 0, max(ECHELONS_H)), row.whole("heads", 1, HEADS_MAX)
    if echelon is not None and echelon not in ECHELONS_H:
        row.fault("echelon", f"expected {', '.join(map(str, ECHELONS_H))} (hours), got {echelon}")
    check_channel(row, register, faults)
    if echelon is None or heads is None or len(faults) > n_before:
        return None
    name = row.cell("name") or code
    team = Team(name, row.cell("base"), area, echelon, heads, row.cell("kit"))
    return ChainPost(code, ROLE, RANK_MAX, NO_AREA, row.cell("channel"), row.cell("address"), team)
