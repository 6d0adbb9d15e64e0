"""Villages and hazards that a configuration has lost while a warning stands for them.

Their rows are kept as the log knows them until the warning has ended, so that
people hear its end. Nobody judges them: the warning is held (`WarningDesk.change_over`)
and ends by hand: ``warnstream end VILLAGE HAZARD``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.model.network import Households, Villages
from warnstream.runners.intake.history_entries import ConfigurationEntry, HazardRow, VillageRow


@dataclass(frozen=True, slots=True)
class KeptRows:
    """What the configuration has lost under warnings that stand.

    Attributes
    ----------
    configuration : Configuration
        With the kept villages behind the judged ones, and names for the kept hazards; for the warning
        desk, texts and the outbox. The engine judges by the configuration as it is.
    villages, hazards : tuple of str
        Codes and names that are kept.
    """

    configuration: Configuration
    villages: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()


def keep_rows(
    configuration: Configuration,
    standing: Iterable[tuple[str, str]],
    known: ConfigurationEntry | None,
    waiting: Iterable[str] = (),
) -> KeptRows:
    """The configuration with everything that warnings which stand need.

    Parameters
    ----------
    configuration : Configuration
    standing : iterable of (str, str)
        Village code and hazard of every warning that stands.
    known : ConfigurationEntry or None
        The configuration before; a row that it does not know either is named by its code.
    waiting : iterable of str
        Codes of villages whose doors wait for an end, whether anything stands there or not.
    """
    pairs = sorted(standing)
    villages, rules = configuration.network.villages, configuration.rules
    needed = dict.fromkeys([*(code for code, _ in pairs), *sorted(waiting)])
    lost = [code for code in needed if code not in set(villages.code)]
    names = {rule.name for rule in rules}
    hazards = [hazard for hazard in dict.fromkeys(hazard for _, hazard in pairs) if hazard not in names]
    if not lost and not hazards:
        return KeptRows(configuration)
    row_of = {row.code: row for row in known.villages} if known else {}
    rows = [row_of.get(code) or VillageRow(code, code, "", "", 0.0, 0.0, None) for code in lost]
    title_of: Mapping[str, HazardRow] = {row.name: row for row in known.hazards} if known else {}
    titles = [title_of.get(name) or HazardRow(name, name, name) for name in hazards]
    network = configuration.network
    extended = replace(
        network,
        villages=_with_rows(villages, rows),
        households=_with_empty(network.households, len(rows)),
    )
    kept_rules = [
        replace(rules[0], name=row.name, title_zh=row.title_zh, title_en=row.title_en) for row in titles
    ]
    return KeptRows(
        replace(configuration, network=extended, rules=(*rules, *kept_rules)), tuple(lost), tuple(hazards)
    )


def _with_rows(villages: Villages, rows: list[VillageRow]) -> Villages:
    return replace(
        villages,
        code=(*villages.code, *(row.code for row in rows)),
        name=(*villages.name, *(row.name for row in rows)),
        township=(*villages.township, *(row.township for row in rows)),
        county=(*villages.county, *(row.county for row in rows)),
        latitude=np.append(villages.latitude, [row.latitude for row in rows]),
        longitude=np.append(villages.longitude, [row.longitude for row in rows]),
        polygon_wkt=(*villages.polygon_wkt, *(row.polygon_wkt for row in rows)),
        short_name=_with_blanks(villages.short_name, len(rows)),
        shelter=_with_blanks(villages.shelter, len(rows)),
        people=(*villages.people, *(0,) * len(rows)) if villages.people else (),
    )


def _with_blanks(column: tuple[str, ...], n_more: int) -> tuple[str, ...]:
    """A column that is either whole or empty."""
    return (*column, *("",) * n_more) if column else ()


def _with_empty(households: Households, n_villages: int) -> Households:
    """Nobody is registered for a kept village; who was told of its warning is told of its end."""
    last = households.first_of_village[-1]
    first = np.append(households.first_of_village, np.full(n_villages, last, dtype=np.int32))
    return replace(households, first_of_village=first.astype(np.int32))
