"""Posts, their shifts, and test_ways.csv: satellite phones and second ways, which test calls ring."""

from collections.abc import Sequence

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.node.document import NodeDocument
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import Register, check_channel, read_chain
from warnstream.config.tables.roster import read_roster
from warnstream.config.tables.teams import read_teams
from warnstream.model.hands.roster import Roster
from warnstream.model.hands.weekly_calls import WEEKDAYS, TestPolicy, TestWay
from warnstream.model.network import ChainPost

NODE_FILE = "warnstream.yaml"
TEST_WAYS_FILE = "test_ways.csv"
COLUMNS = Columns(("post", "channel", "address"))


def read_posts(
    folder: Folder, register: Register, node: NodeDocument | None, faults: FaultLog
) -> tuple[tuple[ChainPost, ...], tuple[ChainPost, ...], Roster, TestPolicy | None]:
    """Posts of chain.csv; the same and rescue teams; who holds posts by time; what is called for a test."""
    posts = read_chain(folder, register, faults)
    chain = (*posts, *read_teams(folder, register, faults))
    roster = read_roster(folder, register, chain, node.node if node else None, faults)
    return posts, chain, roster, read_tests(folder, register, posts, node, faults)


def read_test_ways(
    folder: Folder, register: Register, posts: Sequence[ChainPost], faults: FaultLog
) -> tuple[TestWay, ...]:
    """Rows of test_ways.csv in the order of the file; none without it. Rows with a fault are left out."""
    if not folder.has(TEST_WAYS_FILE) or (data := folder.read(TEST_WAYS_FILE)) is None:
        return ()
    areas, lines = {post.post: post.area for post in posts}, dict[TestWay, int]()
    for row in read_rows(TEST_WAYS_FILE, data, COLUMNS, faults):
        way = _way_of(row, register, areas, faults)
        if way is None:
            continue
        if way in lines:
            row.fault("address", f"the same way of {way.post} as on line {lines[way]}")
        lines.setdefault(way, row.line)
    return tuple(lines)


def _way_of(row: Row, register: Register, areas: dict[str, str], faults: FaultLog) -> TestWay | None:
    n_before, post = len(faults), row.code("post")
    if post not in areas and post not in register.line_of_post:
        faults.add_unknown(row.file, row.line, "post", post, areas)
    check_channel(row, register, faults)
    if len(faults) > n_before or post not in areas:
        return None
    return TestWay(post, areas[post], row.cell("channel"), row.cell("address"))


def read_tests(
    folder: Folder,
    register: Register,
    posts: Sequence[ChainPost],
    node: NodeDocument | None,
    faults: FaultLog,
) -> TestPolicy | None:
    """What is tested, and when; None without the section `test_calls`."""
    further = read_test_ways(folder, register, posts, faults)
    section = node.test_calls if node is not None else None
    if node is None or section is None:
        return None
    known = register.section_of_channel
    for channel in section.channels:
        if known is not None and channel not in known:
            faults.add(NODE_FILE, 0, "test_calls.channels", unknown("channel", channel, known))
    own = [
        TestWay(post.post, post.area, post.channel, post.address)
        for post in posts
        if post.channel in section.channels
    ]
    weekday, ways = WEEKDAYS.index(section.weekday), tuple(dict.fromkeys([*own, *further]))
    zone = node.node.time_zone
    return TestPolicy(weekday, section.at_s, section.until_s, section.within_s, ways, zone)
