"""points.csv and its sheet: where water gathers, who looks after it, with what, at which depth, and how.

Kept by the office and read by ``warnstream sheet`` alone, as risks.csv: no level depends on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from warnstream.commands.sheets.sheet import Cell, Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.faults import FaultLog
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.model.level import LEVELS
from warnstream.model.network import ChainPost, Network

POINTS_FILE = "points.csv"
DEPTHS = tuple(f"{level.word}_cm" for level in LEVELS)
POINT_COLUMNS = Columns(("point", "village", "place", "post"), ("pump", *DEPTHS, "steps", "note"))
DEPTH_CM_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Point:
    """One row; `depth_cm` has what each level begins at, blue to red, None where nobody said."""

    code: str
    village: str
    place: str
    post: str
    pump: str
    depth_cm: tuple[int | None, ...]
    steps: str


def read_points(content: bytes, network: Network, faults: FaultLog) -> tuple[Point, ...]:
    """Rows in the order of the file; those with a fault are left out."""
    villages, posts = network.villages.index_of_code(), {post.post: 0 for post in network.chain}
    lines: dict[str, int] = {}
    rows = read_rows(POINTS_FILE, content, POINT_COLUMNS, faults)
    found = (_point_of(row, villages, posts, lines, faults) for row in rows)
    return tuple(point for point in found if point is not None)


def _point_of(
    row: Row, villages: Mapping[str, int], posts: Mapping[str, int], lines: dict[str, int], faults: FaultLog
) -> Point | None:
    n_before = len(faults)
    code, village, place, post = (
        row.code("point"),
        row.text("village"),
        row.text("place"),
        row.text("post"),
    )
    if code in lines:
        row.fault("point", f"duplicate point {code!r}, first on line {lines[code]}")
    lines.setdefault(code, row.line)
    for column, name, known in (("village", village, villages), ("post", post, posts)):
        if name and name not in known:
            faults.add_unknown(row.file, row.line, column, name, known)
    depth_cm = tuple(row.whole(name, 1, DEPTH_CM_MAX) if row.cell(name) else None for name in DEPTHS)
    given = [(name, depth) for name, depth in zip(DEPTHS, depth_cm, strict=True) if depth is not None]
    for (lower, low), (higher, high) in pairwise(given):
        if high <= low:
            row.fault(higher, f"expected more than {lower}, {low}, got {high}")
    if len(faults) > n_before:
        return None
    return Point(code, village, place, post, row.cell("pump"), depth_cm, row.cell("steps"))


def points_sheet(points: tuple[Point, ...], network: Network, say: Say) -> Sheet:
    """内涝点位六定表: place, person, duty, equipment, levels and steps of each point, by township."""
    rows = sorted(_rows(points, network, say), key=lambda row: (row[1], row[2], row[0]))
    lacking = {
        "pumps_lacking": sum(not point.pump for point in points),
        "depths_lacking": sum(None in point.depth_cm for point in points),
        "steps_lacking": sum(not point.steps for point in points),
    }
    lines = (say("points_line", n=len(points)), say("join").join(say(key, n=n) for key, n in lacking.items()))
    columns = say.columns("point", "township", "village", "place", "post", "role", "pump", *DEPTHS, "steps")
    title = say("points")
    return Sheet("points", title, (Part(title, lines, (Table(say("by_point"), columns, rows),)),))


def _rows(points: tuple[Point, ...], network: Network, say: Say) -> Iterator[tuple[Cell, ...]]:
    villages, number = network.villages, network.villages.index_of_code()
    posts: dict[str, ChainPost] = {}
    for post in network.chain:
        posts.setdefault(post.post, post)
    unsaid = say("not_filled_in")
    for point in points:
        at = number[point.village]
        where = villages.township[at], villages.name[at], point.place
        depths = (unsaid if depth is None else depth for depth in point.depth_cm)
        who = point.post, posts[point.post].role
        yield (point.code, *where, *who, point.pump or unsaid, *depths, point.steps or unsaid)
