"""households.csv and chain.csv -> `Households` and the posts of the responsibility chain.

Both share one namespace of recipients, because each recipient has a topic of
its own. 900,000 doors are read in about two seconds and, while they are read,
held once as text and once as columns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.config.channels.section import ChannelSection
from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.rounding import is_rounded
from warnstream.config.tables.csv_rows import Columns, Row, read_cells, read_rows
from warnstream.config.tables.earlier import earlier_codes
from warnstream.config.tables.ways import WAY_COLUMNS, Way, WayCells
from warnstream.config.yaml.quantities import code_expected, is_code
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.network import ChainPost, Households, Villages
from warnstream.model.transfers.duties import DUTIES

HOUSEHOLDS_FILE = "households.csv"
CHAIN_FILE = "chain.csv"
FACT_COLUMNS = ("class", "persons", "helpless", "zone", "helper", "shelter")
"""What households.csv may say of a door beside its channel."""

PLAIN_COLUMNS = Columns(("household", "village", "channel", "address"))
HOUSEHOLD_COLUMNS = Columns(PLAIN_COLUMNS.required, FACT_COLUMNS)
WAYS_COLUMNS = Columns(PLAIN_COLUMNS.required[:2], (*PLAIN_COLUMNS.required[2:], *WAY_COLUMNS, *FACT_COLUMNS))
"""With a column `ways`, channel and address need not be there."""

CHAIN_COLUMNS = Columns(("post", "role", "rank", "area", "channel", "address"), ("duty", "deputy", "was"))
RANK_MAX = 100
EVERYWHERE = "*"
NO_CHANNEL: tuple[str, Callable[[str], bool]] = ("", lambda _address: False)


@dataclass(frozen=True, slots=True)
class Register:
    """What rows about people are checked against.

    Attributes
    ----------
    villages : Villages or None
        None where the villages could not be read: then areas are not checked.
    village_of_code : mapping of str to int
        Village number by code; empty where the villages could not be read.
    section_of_channel : mapping of str to type of ChannelSection, or None
        Knows the addresses of each channel of channels.yaml; None where that could not be read.
    line_of_household, line_of_post : dict of str to int
        Line on which each recipient was declared.
    was_of_post : dict of str to str
        The code that a post had before, where it says one.
    fact_rows : list of (int, tuple of str)
        Line and cells of `FACT_COLUMNS` of every household, in the order of `Households`; empty where the
        file has none of these columns.
    """

    villages: Villages | None
    village_of_code: Mapping[str, int]
    section_of_channel: Mapping[str, type[ChannelSection]] | None
    line_of_household: dict[str, int] = field(default_factory=dict)
    line_of_post: dict[str, int] = field(default_factory=dict)
    was_of_post: dict[str, str] = field(default_factory=dict)
    fact_rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def posts_were(self) -> dict[str, str]:
        """By a code that a post had before, its code now."""
        return {before: post for post, before in self.was_of_post.items()}


def read_households(folder: Folder, register: Register, faults: FaultLog) -> Households | None:
    """Doors of households.csv, sorted by village, within a village in the order of the file.

    Parameters
    ----------
    folder : Folder
    register : Register
        Receives the line of each household.
    faults : FaultLog

    Returns
    -------
    Households or None
        None without the file; rows with a fault are left out.
    """
    data = folder.read(HOUSEHOLDS_FILE)
    if data is None:
        return None
    # Columns that nobody filled in are not picked from 900,000 rows.
    header = data.partition(b"\n")[0].decode("utf-8", "replace").lstrip("\ufeff").strip().split(",")
    if "ways" in {name.strip() for name in header}:
        rows = _rows_with_ways(data, register, faults)
    else:
        has_facts = len(header) != len(PLAIN_COLUMNS.required)
        columns = HOUSEHOLD_COLUMNS if has_facts else PLAIN_COLUMNS
        rows = ((line, (), cells) for line, cells in read_cells(HOUSEHOLDS_FILE, data, columns, faults))
    return _read_doors(rows, register, faults).in_order(register)


def _rows_with_ways(
    data: bytes, register: Register, faults: FaultLog
) -> Iterator[tuple[int, tuple[Way, ...], tuple[str, ...]]]:
    """Line, further ways and cells of `HOUSEHOLD_COLUMNS` of every row whose ways are right."""
    sections = register.section_of_channel
    cells_of = WayCells(HOUSEHOLDS_FILE, sections, faults)
    own_name = {name: name for name in sections or ()}  # one object a channel, not one a door
    for line, cells in read_cells(HOUSEHOLDS_FILE, data, WAYS_COLUMNS, faults):
        code, village, *ways = cells[:6]
        found = _ways_of(line, ways, cells_of, faults)
        if found is None:
            register.line_of_household.setdefault(code, line)
            continue
        further = tuple([(own_name[name], address) for name, address in found[1:] if name in own_name])
        yield line, further, (code, village, *found[0], *cells[6:])


@dataclass(slots=True)
class _Doors:
    """Columns of households.csv in the order of the file."""

    codes: list[str] = field(default_factory=list)
    villages: list[int] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    further: list[tuple[Way, ...]] = field(default_factory=list)
    facts: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def in_order(self, register: Register) -> Households:
        """By village; the facts go to the register."""
        village = np.asarray(self.villages, dtype=np.int32)
        order = np.argsort(village, kind="stable").tolist()
        n_villages = len(register.village_of_code)
        first = np.zeros(n_villages + 1, dtype=np.int32)
        np.cumsum(np.bincount(village, minlength=n_villages), out=first[1:])
        register.fact_rows[:] = [self.facts[row] for row in order] if self.facts else []
        return Households(
            code=tuple(self.codes[row] for row in order),
            channel=tuple(self.channels[row] for row in order),
            address=tuple(self.addresses[row] for row in order),
            first_of_village=first,
            further=tuple(self.further[row] for row in order) if any(self.further) else (),
        )


def _read_doors(
    rows: Iterable[tuple[int, tuple[Way, ...], tuple[str, ...]]], register: Register, faults: FaultLog
) -> _Doors:
    """Every row that is right; what is wrong with the others goes to the faults."""
    village_of_code, seen, found = register.village_of_code, register.line_of_household, _Doors()
    # One name object per channel, not one per door.
    sections = register.section_of_channel or {}
    known = {name: (name, section.is_address) for name, section in sections.items()}
    for line, further, (code, village_code, channel, address, *more) in rows:
        village = village_of_code.get(village_code)
        name, is_address = known.get(channel, NO_CHANNEL)
        if village is None or not is_address(address) or code in seen or not is_code(code):
            _check_household(line, (code, village_code, channel, address), register, faults)
            seen.setdefault(code, line)
            continue
        seen[code] = line
        found.codes.append(code)
        found.villages.append(village)
        found.channels.append(name)
        found.addresses.append(address)
        found.further.append(further)
        if more:
            found.facts.append((line, tuple(more)))
    return found


def _ways_of(line: int, cells: Sequence[str], cells_of: WayCells, faults: FaultLog) -> tuple[Way, ...] | None:
    """The ways of a row of the columns channel, address, ways and stopped; None where they are wrong."""
    channel, address, ways, stopped = cells
    if not ways:
        if stopped:
            faults.add(HOUSEHOLDS_FILE, line, "stopped", "expected an empty cell where `ways` is empty")
            return None
        return ((channel, address),)
    if channel or address:
        column = "channel" if channel else "address"
        faults.add(HOUSEHOLDS_FILE, line, column, "expected an empty cell: `ways` says it, or neither does")
        return None
    return cells_of.read(line, ways, stopped)


def _check_household(line: int, cells: tuple[str, ...], register: Register, faults: FaultLog) -> None:
    """Say what is wrong with a row, once it is known that something may be."""
    code, village_code, channel, address = cells
    if is_rounded(code):
        faults.add_rounded(HOUSEHOLDS_FILE, line, "household", code)
    elif not is_code(code):
        faults.add(HOUSEHOLDS_FILE, line, "household", code_expected(code))
    elif code in register.line_of_household:
        first = register.line_of_household[code]
        faults.add(HOUSEHOLDS_FILE, line, "household", f"duplicate household {code!r}, first on line {first}")
    if register.villages is not None and village_code not in register.village_of_code:
        faults.add_unknown(HOUSEHOLDS_FILE, line, "village", village_code, register.village_of_code)
    check_channel(
        Row(HOUSEHOLDS_FILE, line, {"channel": channel, "address": address}, faults), register, faults
    )


def read_chain(folder: Folder, register: Register, faults: FaultLog) -> tuple[ChainPost, ...]:
    """Posts of chain.csv in the order of the file; call it after `read_households`.

    Parameters
    ----------
    folder : Folder
    register : Register
    faults : FaultLog

    Returns
    -------
    tuple of ChainPost
        Rows with a fault are left out.
    """
    data = folder.read(CHAIN_FILE)
    if data is None:
        return ()
    areas = _areas_of(register.villages) if register.villages else None
    posts = (
        _post_of(row, register, areas, faults) for row in read_rows(CHAIN_FILE, data, CHAIN_COLUMNS, faults)
    )
    found = tuple(post for post in posts if post is not None)
    _check_deputies(found, register, faults)
    _check_earlier_codes(register, faults)
    return found


def _check_earlier_codes(register: Register, faults: FaultLog) -> None:
    """An earlier code is no door's, and no other post's."""
    rows = [(line, code, register.was_of_post.get(code, "")) for code, line in register.line_of_post.items()]
    for code, before in earlier_codes(rows, faults, CHAIN_FILE, "post").items():
        if before in register.line_of_household:
            line = register.line_of_household[before]
            what = f"{before!r} is a household ({HOUSEHOLDS_FILE}:{line}): expected an earlier code"
            faults.add(CHAIN_FILE, register.line_of_post[code], "was", what)


def _check_deputies(posts: Sequence[ChainPost], register: Register, faults: FaultLog) -> None:
    """A deputy is another post of the file, whose own way is then rung."""
    for post in posts:
        line = register.line_of_post[post.post]
        if post.deputy == post.post:
            faults.add(CHAIN_FILE, line, "deputy", f"expected another post than {post.post!r} itself")
        elif post.deputy and post.deputy not in register.line_of_post:
            faults.add_unknown(CHAIN_FILE, line, "deputy", post.deputy, register.line_of_post)


def _areas_of(villages: Villages) -> set[str]:
    return {*villages.code, *villages.township, *villages.county, EVERYWHERE}


def _post_of(row: Row, register: Register, areas: set[str] | None, faults: FaultLog) -> ChainPost | None:
    n_before = len(faults)
    post, role, area = row.code("post"), row.text("role"), row.text("area")
    if post in register.line_of_post:
        row.fault("post", f"duplicate post {post!r}, first on line {register.line_of_post[post]}")
    elif post in register.line_of_household:
        line = register.line_of_household[post]
        row.fault(
            "post", f"{post!r} is a household already ({HOUSEHOLDS_FILE}:{line}): recipients share one list"
        )
    register.line_of_post.setdefault(post, row.line)
    if row.cell("was"):
        register.was_of_post[post] = row.code("was")
    rank, duty = row.whole("rank", 1, RANK_MAX), row.cell("duty")
    if duty and duty not in DUTIES:
        row.fault("duty", f"expected {choice_of(DUTIES)}, or nothing, got {duty!r}")
    if areas is not None and area and area not in areas:
        faults.add_unknown(row.file, row.line, "area", area, areas)
    check_channel(row, register, faults)
    if rank is None or len(faults) > n_before:
        return None
    way = row.cell("channel"), row.cell("address")
    return ChainPost(post, role, rank, area, *way, duty=duty, deputy=row.cell("deputy"))


def check_channel(row: Row, register: Register, faults: FaultLog) -> None:
    """Say what is wrong with the way by which a row's recipient is reached."""
    if register.section_of_channel is None:
        return
    channel = row.cell("channel")
    section = register.section_of_channel.get(channel)
    if section is None:
        faults.add_unknown(row.file, row.line, "channel", channel, register.section_of_channel)
    elif not section.is_address(row.cell("address")):
        # The address itself is not repeated: faults go to logs and screens.
        row.fault("address", f"expected {section.address_expected}, because of channel {channel!r}")
