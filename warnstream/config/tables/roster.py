"""roster.csv: who holds a post by time, and the phone that rings there meanwhile.

Times are those of the county's clock (`node.time_zone`) unless they name an offset. Outside of its shifts a
post is rung by its own way of chain.csv. Numbers are never named in faults, which go to logs and screens.
"""

from collections.abc import Mapping, Sequence

from warnstream.config.channels.mqtt import MqttChannelSection
from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.node.document import NodeSection
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import CHAIN_FILE, Register
from warnstream.model.hands.roster import NOBODY, Roster, Shift
from warnstream.model.network import ChainPost
from warnstream.model.times import (
    UTC,
    TimeZone,
    date_and_clock_local,
    local_to_utc_s,
    offset_at,
    parse_iso,
)

ROSTER_FILE = "roster.csv"
ROSTER_COLUMNS = Columns(("post", "from", "to", "person", "phone"), ("channel",))
PERSON_CHARACTERS_MAX = 40
SHIFTS_MAX = 200_000
"""Three shifts a day of 500 posts for four months; further rows are a fault."""

EXPECTED_TIME = "expected a time such as 2026-06-18 08:00, or one with an offset"


def read_roster(
    folder: Folder,
    register: Register,
    chain: Sequence[ChainPost],
    node: NodeSection | None,
    faults: FaultLog,
) -> Roster:
    """Shifts of the posts of chain.csv; call it after `read_chain` and `read_teams`.

    Parameters
    ----------
    folder : Folder
    register : Register
        Knows the channels.
    chain : sequence of ChainPost
        Posts and rescue teams; teams have no shifts.
    node : NodeSection or None
        Has the county's clock. None where it could not be read: then times are not judged, and the roster is
        empty.
    faults : FaultLog

    Returns
    -------
    Roster
        Empty without the file. Rows with a fault are left out.
    """
    if not folder.has(ROSTER_FILE) or (data := folder.read(ROSTER_FILE)) is None:
        return NOBODY
    of_code, time_zone = {post.post: post for post in chain}, node.time_zone if node else None
    found: list[Shift] = []
    for number, row in enumerate(read_rows(ROSTER_FILE, data, ROSTER_COLUMNS, faults)):
        if number == SHIFTS_MAX:
            faults.add(ROSTER_FILE, row.line, "", f"expected at most {SHIFTS_MAX:,} shifts")
            break
        shift = _shift_of(row, register, of_code, time_zone, faults)
        if shift is not None:
            found.append(shift)
    return Roster(_without_overlaps(found, time_zone or UTC, faults), node.roster_told_s if node else 0)


def _shift_of(
    row: Row,
    register: Register,
    of_code: Mapping[str, ChainPost],
    time_zone: TimeZone | None,
    faults: FaultLog,
) -> Shift | None:
    n_before = len(faults)
    code, person = row.code("post"), row.text("person")
    post = of_code.get(code)
    if post is not None and post.team is not None:
        row.fault("post", f"{code!r} is a rescue team: expected a post of {CHAIN_FILE}")
    elif post is None and code not in register.line_of_post:  # else its own row has a fault
        faults.add_unknown(row.file, row.line, "post", code, register.line_of_post)
    if len(person) > PERSON_CHARACTERS_MAX:
        row.fault("person", f"expected at most {PERSON_CHARACTERS_MAX} characters, got {len(person)}")
    begin_s, end_s = _time_of(row, "from", time_zone), _time_of(row, "to", time_zone)
    if begin_s is not None and end_s is not None and end_s <= begin_s:
        row.fault("to", "expected a time after `from`")
    channel, phone = row.cell("channel") or (post.channel if post else ""), row.text("phone")
    if phone and channel:
        _check_phone(row, channel, phone, register)
    if post is None or begin_s is None or end_s is None or len(faults) > n_before:
        return None
    return Shift(code, begin_s, end_s, person, channel, phone, row.line)


def _check_phone(row: Row, channel: str, phone: str, register: Register) -> None:
    """Say what is wrong with the way to a person."""
    sections = register.section_of_channel
    if sections is None or (section := sections.get(channel)) is None:
        if sections is not None and row.cell("channel"):
            row.fault("channel", unknown("channel", channel, sections))
        return
    if issubclass(section, MqttChannelSection) and not row.cell("channel"):
        # A number there would be a device that nobody has: silence at night.
        row.fault("channel", f"expected a channel of phones: the post's own, {channel!r}, has devices")
    elif not section.is_address(phone):
        row.fault("phone", f"expected {section.address_expected}, because of channel {channel!r}")


def _time_of(row: Row, column: str, time_zone: TimeZone | None) -> int | None:
    text = row.text(column)
    if not text or time_zone is None:
        return None
    try:
        return parse_iso(text)  # it names its offset
    except ValueError:
        pass
    try:
        local_s = parse_iso(f"{text}Z")
    except ValueError:
        row.fault(column, f"{EXPECTED_TIME}, got {text!r}")
        return None
    utc_s = local_to_utc_s(local_s, time_zone)
    if utc_s + offset_at(time_zone, utc_s) != local_s:
        row.fault(column, f"{text!r} is an hour that the county's clock leaves out: write it with an offset")
        return None
    return utc_s


def _without_overlaps(shifts: list[Shift], time_zone: TimeZone, faults: FaultLog) -> list[Shift]:
    """Of one post at one time one person is rung: a later row that overlaps an earlier one is a fault."""
    kept: list[Shift] = []
    for shift in sorted(shifts, key=lambda one: (one.post, one.begin_s, one.line)):
        last = kept[-1] if kept else None
        if last is not None and last.post == shift.post and last.end_s > shift.begin_s:
            until = date_and_clock_local(last.end_s, time_zone)
            what = f"{shift.post} is held until {until} already (line {last.line}): one person at a time"
            faults.add(ROSTER_FILE, shift.line, "from", what)
            continue
        kept.append(shift)
    return kept
