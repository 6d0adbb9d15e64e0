"""households.csv and chain.csv -> `Households` and the posts of the responsibility chain.

Both share one namespace of recipients, because each recipient has a topic of
its own. 900,000 doors are read in about two seconds and, while they are read,
held once as text and once as columns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from warnstream.config.channels.section import ChannelSection
from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.rounding import is_rounded
from warnstream.config.tables.csv_rows import Columns, Row, read_cells, read_rows
from warnstream.config.yaml.quantities import code_expected, is_code
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.arrays import Int32Array
from warnstream.model.network import DUTIES, ChainPost, Households, Villages

HOUSEHOLDS_FILE = "households.csv"
CHAIN_FILE = "chain.csv"
FACT_COLUMNS = ("class", "persons", "helpless", "zone", "helper", "shelter")
"""What households.csv may say of a door beside its channel."""

PLAIN_COLUMNS = Columns(("household", "village", "channel", "address"))
HOUSEHOLD_COLUMNS = Columns(PLAIN_COLUMNS.required, FACT_COLUMNS)
CHAIN_COLUMNS = Columns(("post", "role", "rank", "area", "channel", "address"), ("duty",))
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
    fact_rows : list of (int, tuple of str)
        Line and cells of `FACT_COLUMNS` of every household, in the order of `Households`; empty where the
        file has none of these columns.
    """

    villages: Villages | None
    village_of_code: Mapping[str, int]
    section_of_channel: Mapping[str, type[ChannelSection]] | None
    line_of_household: dict[str, int] = field(default_factory=dict)
    line_of_post: dict[str, int] = field(default_factory=dict)
    fact_rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)


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
    village_of_code = register.village_of_code
    seen = register.line_of_household
    codes: list[str] = []
    villages: list[int] = []
    names: list[str] = []
    addresses: list[str] = []
    # One name object per channel, not one per door.
    sections = register.section_of_channel or {}
    known = {name: (name, section.is_address) for name, section in sections.items()}
    facts: list[tuple[int, tuple[str, ...]]] = []
    # Columns that nobody filled in are not picked from 900,000 rows.
    has_facts = data.partition(b"\n")[0].count(b",") != len(PLAIN_COLUMNS.required) - 1
    columns = HOUSEHOLD_COLUMNS if has_facts else PLAIN_COLUMNS
    for line, (code, village_code, channel, address, *more) in read_cells(
        HOUSEHOLDS_FILE, data, columns, faults
    ):
        village = village_of_code.get(village_code)
        name, is_address = known.get(channel, NO_CHANNEL)
        if village is None or not is_address(address) or code in seen or not is_code(code):
            _check_household(line, (code, village_code, channel, address), register, faults)
            seen.setdefault(code, line)
            continue
        seen[code] = line
        codes.append(code)
        villages.append(village)
        names.append(name)
        addresses.append(address)
        if has_facts:
            facts.append((line, tuple(more)))
    own = np.asarray(villages, dtype=np.int32)
    order = np.argsort(own, kind="stable").tolist()
    register.fact_rows[:] = [facts[row] for row in order] if has_facts else []
    return _in_order(order, own, codes, names, addresses, len(village_of_code))


def _in_order(
    order: list[int],
    village: Int32Array,
    codes: list[str],
    names: list[str],
    addresses: list[str],
    n_villages: int,
) -> Households:
    first = np.zeros(n_villages + 1, dtype=np.int32)
    np.cumsum(np.bincount(village, minlength=n_villages), out=first[1:])
    return Households(
        code=tuple(codes[row] for row in order),
        channel=tuple(names[row] for row in order),
        address=tuple(addresses[row] for row in order),
        first_of_village=first,
    )


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
    return tuple(post for post in posts if post is not None)


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
    rank, duty = row.whole("rank", 1, RANK_MAX), row.cell("duty")
    if duty and duty not in DUTIES:
        row.fault("duty", f"expected {choice_of(DUTIES)}, or nothing, got {duty!r}")
    if areas is not None and area and area not in areas:
        faults.add_unknown(row.file, row.line, "area", area, areas)
    check_channel(row, register, faults)
    if rank is None or len(faults) > n_before:
        return None
    return ChainPost(post, role, rank, area, row.cell("channel"), row.cell("address"), duty=duty)


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
