"""A level of a table of rain that is raised because its threshold will probably be reached."""

from collections.abc import Iterator

import numpy as np

from warnstream.hazards.expected.asking import asked_of_table
from warnstream.hazards.expected.chances import Chance, Chances
from warnstream.model.arrays import LevelArray, rows_where
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, Indicator, VillageRain
from warnstream.model.rules.outlook import Outlook
from warnstream.model.rules.rules import CriticalRain, HazardRule


def known(rule: HazardRule, table: CriticalRain, chances: Chances) -> list[tuple[ExpectedLevel, Chance]]:
    """Entries that are judged by a probability, as far as theirs is known."""
    entries = (expectation for expectation in rule.expected if expectation.probability > 0)
    found = ((entry, chances.get(asked_of_table(rule, entry, table).key)) for entry in entries)
    return [(entry, chance) for entry, chance in found if chance is not None]


def holding_of(entries: list[tuple[ExpectedLevel, Chance]], n_places: int) -> LevelArray:
    """Level that probabilities hold up, shape (n_places,)."""
    holding: LevelArray = np.zeros(n_places, dtype=np.uint8)
    for entry, chance in entries:
        np.maximum(holding, chance.is_holding * np.uint8(entry.raises), out=holding)
    return holding


def any_reached(entries: list[tuple[ExpectedLevel, Chance]]) -> bool:
    """Whether a probability raises a level anywhere."""
    return any(bool(chance.is_reached.any()) for _, chance in entries)


def take_into(
    found: HazardLevels,
    entries: list[tuple[ExpectedLevel, Chance]],
    table: CriticalRain,
    rain: VillageRain,
    now_s: int,
) -> None:
    """Write the levels that probabilities raise above what was found, and what they rest on.

    Where the observed rain has reached a threshold of that level nothing is expected any more.
    """
    assert found.outlook is not None
    for entry, chance in entries:
        places = rows_where(chance.is_reached & (found.level < entry.raises))
        if len(places) == 0:
            continue
        duration_s = np.array(chance.asked.duration_s, dtype=np.int32)[chance.found.duration[places]]
        column = np.searchsorted(table.duration_s, duration_s)
        rows = np.array([rain.column(int(duration)) for duration in duration_s], dtype=np.int64)
        found.level[places] = entry.raises
        found.value[places] = rain.rain_mm[places, rows]
        found.threshold[places] = table.critical_mm[places, column, entry.of - 1]
        found.duration_s[places] = duration_s
        found.forecast_value[places], found.lead_s[places] = 0.0, 0
        _say(found.outlook, entry, chance, places, now_s)


def compare(
    rule: HazardRule, table: CriticalRain, chances: Chances, rain: VillageRain, place: int
) -> Iterator[Comparison]:
    """What `take_into` compared at one place."""
    for entry, chance in known(rule, table, chances):
        duration_s = chance.asked.duration_s[int(chance.found.duration[place])]
        column = int(np.searchsorted(table.duration_s, duration_s))
        probability = float(chance.found.probability[place])
        told = "unknown" if np.isnan(probability) else f"{probability:.0%}"
        minutes = entry.within_s // 60
        note = (
            f"{entry.of.word} within {minutes} min with a probability of {told}, of {entry.probability:.0%}"
        )
        critical = [np.nan] * len(LEVELS)
        critical[entry.raises - 1] = float(table.critical_mm[place, column, entry.of - 1])
        yield Comparison(
            Indicator.RAIN,
            float(rain.over(duration_s)[place]),
            tuple(critical),
            entry.raises if chance.is_reached[place] else Level.NONE,
            duration_s=duration_s,
            note=note,
        )


def _say(outlook: Outlook, one: ExpectedLevel, chance: Chance, places: np.ndarray, now_s: int) -> None:
    passed_s = now_s - chance.at_s
    outlook.level[places], outlook.share[places] = one.of, 0.0
    outlook.probability[places] = chance.found.probability[places]
    outlook.within_s[places] = one.within_s
    for seconds, into in (
        (chance.found.early_s, outlook.onset_early_s),
        (chance.found.onset_s, outlook.onset_s),
    ):
        at = seconds[places]
        into[places] = np.where(at < 0, -1, np.maximum(at - passed_s, 0))
