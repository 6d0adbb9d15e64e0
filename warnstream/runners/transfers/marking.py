"""What a person says of rows of transfer lists becomes a mark of the log, or every fault of it.

Who marks, and for where, is checked here against the configuration; whether the rows are on an open list
is the desk's to say (`WarningDesk.mark_faults`).
"""

import uuid
from collections.abc import Sequence

from warnstream.config.settings import Configuration
from warnstream.config.yaml.value_types import choice_of
from warnstream.delivery.texts import clean
from warnstream.model.hands.orders import REASON_CHARACTERS_MAX, Role
from warnstream.model.hands.requests import OrderFaultsError
from warnstream.model.network import Network
from warnstream.model.transfers.marks import MARKED_MAX, MarkWord, RowMark

EVERYWHERE = "*"


def mark_of(  # the words of a mark
    configuration: Configuration,
    rows: Sequence[str],
    word: str,
    by: str,
    note: str = "",
    *,
    is_post: bool = False,
) -> RowMark:
    """A mark of a person of operators.csv, or of a post.

    Raises
    ------
    OrderFaultsError
        If anything in it cannot be; with all that is wrong.
    """
    faults: list[str] = []
    codes = tuple(dict.fromkeys(rows))
    if word not in list(MarkWord):
        faults.append(f"word: expected {choice_of(list(MarkWord))}, got {word!r}")
    if not 1 <= len(codes) <= MARKED_MAX:
        faults.append(f"rows: expected 1 to {MARKED_MAX}, got {len(codes)}")
    if len(note) > REASON_CHARACTERS_MAX:
        faults.append(f"note: expected at most {REASON_CHARACTERS_MAX} characters")
    areas = _areas_of(by, configuration, faults, is_post=is_post)
    faults += _outside(codes, areas, by, configuration.network) if areas else []
    if faults:
        raise OrderFaultsError(faults)
    return RowMark(uuid.uuid4().hex, codes, word, by, clean(note), is_post)


def _areas_of(by: str, configuration: Configuration, faults: list[str], *, is_post: bool) -> set[str]:
    """For where somebody answers; empty, and a fault, where they are nobody who may mark."""
    if is_post:
        areas = {post.area for post in configuration.network.chain if post.post == by}
        faults += [] if areas else [f"by: {by!r} is no post of chain.csv"]
        return areas
    operator = next((operator for operator in configuration.operators if operator.person == by), None)
    if operator is None:
        faults.append(f"by: {by!r} is no person of operators.csv")
    elif operator.role is Role.READER:
        faults.append(f"by: {by!r} is {operator.role}: that role may not mark")
    else:
        return {operator.area}
    return set()


def _outside(codes: Sequence[str], areas: set[str], by: str, network: Network) -> list[str]:
    """Rows of villages for which somebody does not answer; rows that the register lost are anybody's."""
    if EVERYWHERE in areas:
        return []
    wanted, villages = set(codes), network.villages
    village_of = {listed.code: listed.village for listed in network.objects if listed.code in wanted}
    village_of |= {f"village:{code}": at for at, code in enumerate(villages.code)}
    for village in range(len(villages)):
        doors = network.households.of_village(village)
        own = network.households.code[doors.start : doors.stop]
        village_of |= dict.fromkeys(wanted.intersection(own), village)
    outside = []
    for code in codes:
        at = village_of.get(code)
        if at is not None and not areas & {villages.code[at], villages.township[at], villages.county[at]}:
            outside.append(code)
    more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
    return [f"rows: {outside[0]}{more} is outside the area of {by!r}"] if outside else []
