"""How early and how false: probabilities and shares of thresholds on years that nothing was fitted on.

    python -m benchmarks.bench_chances [--data FOLDER] [--fit 2005 2014] [--score 2014 2018] [--every N]

Rio de Janeiro, 33 gauges (Alerta Rio): coefficients of the first years, episodes of the others. An episode
begins when the rule holds and ends when it has not for three quarter hours; it is false where
no crossing follows within 3 h (6 h for windows of 6 h and more). Leads run from the
beginning of the episode to the crossing. Intervals: 90 %, days drawn with replacement.
The very code of a node works the probabilities out. Five minutes; ``--every 4`` for a quick look.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rio_record import FIRST_S, QUARTER_S, RioRecord, read_rio_record
from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.chances import read_chances, table_text
from warnstream.forecast.chances.table import ChanceTable
from warnstream.hazards.expected.crossing import crossing
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.forecast import RainMembers
from warnstream.review.chance_fit import (
    Decile,
    GaugeArchive,
    Sums,
    active_rows,
    fit_chances,
    own_features,
    reliability,
)

REPOSITORY = Path(__file__).resolve().parent.parent
AT_ONCE = 400
"""Quarter hours whose members are in memory at once."""
ACTIVE_MM = 1.0
CLEAR_STEPS = 3
LEADS_MIN = (15, 30, 60, 120)
DRAWS = 1000
CASES_SHOWN = 500
DAY = 96
BOX = (-23.1, -43.8, -22.7, -43.1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold, and what announces it: a probability within a time, or a share of it.

    `hours` is the window; `within_h` 0: a share of `level`; a probability of `level` else.
    """

    hours: int
    threshold_mm: float
    within_h: int
    level: float

    @property
    def false_after(self) -> int:
        """Quarter hours after which an episode without crossing is false."""
        return 4 * (6 if self.hours >= 6 else 3)

    @property
    def words(self) -> str:
        """As in the table."""
        if self.within_h:
            return f"probability within {self.within_h} h, {self.level:.0%}"
        return f"{self.level:.0%} of the threshold observed"


RULES = (
    Rule(1, 40, 1, 0.3),
    Rule(3, 50, 1, 0.3),
    Rule(3, 50, 0, 0.8),
    Rule(6, 80, 1, 0.2),
    Rule(6, 80, 0, 0.9),
    Rule(12, 50, 3, 0.3),
    Rule(12, 50, 0, 0.7),
    Rule(24, 100, 3, 0.3),
    Rule(24, 100, 0, 0.9),
)
"""Those of the table that was measured before, so that figures can be held against it."""


@dataclass(frozen=True, slots=True)
class Score:
    """Episodes and onsets of one rule.

    Attributes
    ----------
    episode_day : Int64Array, shape (n_episodes,)
    is_false : BoolArray, shape (n_episodes,)
    onset_day : Int64Array, shape (n_onsets,)
    lead_min : Float64Array, shape (n_onsets,)
        From the beginning of the episode; negative: none.
    """

    episode_day: Int64Array
    is_false: BoolArray
    onset_day: Int64Array
    lead_min: Float64Array

    @property
    def far(self) -> float:
        """False episodes over all; NaN where there is none."""
        return float(self.is_false.mean()) if len(self.is_false) else float("nan")

    def warned(self, lead_min: int) -> float:
        """Share of the onsets that were announced so early."""
        return float((self.lead_min >= lead_min).mean()) if len(self.lead_min) else float("nan")

    def intervals(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """90 % of the false ratio and of the share announced 30 min ahead, by days drawn with replacement."""
        random = np.random.default_rng(1)
        days = np.union1d(self.episode_day, self.onset_day)
        weight = np.stack(
            [
                np.bincount(np.searchsorted(days, self.episode_day), minlength=len(days)),
                np.bincount(
                    np.searchsorted(days, self.episode_day), weights=self.is_false, minlength=len(days)
                ),
                np.bincount(np.searchsorted(days, self.onset_day), minlength=len(days)),
                np.bincount(
                    np.searchsorted(days, self.onset_day), weights=self.lead_min >= 30, minlength=len(days)
                ),
            ]
        )
        draws = random.multinomial(len(days), np.full(len(days), 1 / len(days)), size=DRAWS)
        n_episodes, n_false, n_onsets, n_early = weight @ draws.T
        far, early = n_false / np.maximum(n_episodes, 1), n_early / np.maximum(n_onsets, 1)
        return _ninety(far), _ninety(early)


def _ninety(values: Float64Array) -> tuple[float, float]:
    low, high = np.quantile(values, [0.05, 0.95]).tolist()
    return low, high


class Scorer:
    """Scores rules on one archive, with one table.

    Parameters
    ----------
    archive : GaugeArchive
    table : ChanceTable
    """

    def __init__(self, archive: GaugeArchive, table: ChanceTable) -> None:
        self._archive = archive
        self._table = table
        self._sums = Sums(archive)
        self._row = active_rows(archive, self._sums, ACTIVE_MM)
        at_s = archive.first_s + self._row * QUARTER_S
        self._features = own_features(archive).of(self._sums.gauge_sums(self._row), at_s)
        self._values: dict[Rule, Float64Array] = {}

    def total(self, row: Int64Array, duration_s: int) -> Float64Array:
        """Rain over a duration, shape (n, n_gauges); a window that begins before the archive has its part."""
        return self._sums.before(np.maximum(row, duration_s // QUARTER_S), duration_s // QUARTER_S)

    def value(self, rule: Rule) -> Float64Array:
        """What is compared with `Rule.level` at every quarter hour, shape (n_quarters, n_gauges)."""
        if rule not in self._values:
            self._values = {rule: self._value(rule)}
        return self._values[rule]

    def _value(self, rule: Rule) -> Float64Array:
        every = np.arange(len(self._archive.rain_mm))
        if not rule.within_h:
            return np.asarray(self.total(every, rule.hours * 3600) / rule.threshold_mm)
        found: Float64Array = np.zeros(self._archive.rain_mm.shape)
        for part in np.array_split(np.arange(len(self._row)), max(len(self._row) // AT_ONCE, 1)):
            found[self._row[part]] = self._probability(rule, part)
        return found

    def score(self, rule: Rule) -> Score:
        """Episodes and onsets of a rule."""
        value = self.value(rule)
        low = rule.level / 2 if rule.within_h else rule.level * 0.8
        every = np.arange(len(value))
        reached: BoolArray = np.asarray(self.total(every, rule.hours * 3600) >= rule.threshold_mm)
        episodes, onsets = [], []
        for gauge in range(value.shape[1]):
            onset = onsets_of(reached[:, gauge], rule.false_after)
            own = list(episodes_of(value[:, gauge], rule.level, low))
            for begin, _ in own:
                crosses = bool(((onset >= begin) & (onset <= begin + rule.false_after)).any())
                if crosses or not reached[begin, gauge]:
                    episodes.append((begin // DAY, not crosses))
            for at in onset.tolist():
                leads = [at - begin for begin, _ in own if 0 <= at - begin <= rule.false_after]
                onsets.append((at // DAY, 15.0 * max(leads, default=-1)))
        day, is_false = zip(*episodes, strict=True) if episodes else ((), ())
        onset_day, lead = zip(*onsets, strict=True) if onsets else ((), ())
        return Score(
            np.array(day, np.int64),
            np.array(is_false, bool),
            np.array(onset_day, np.int64),
            np.array(lead, float),
        )

    def brier_skill(self, rule: Rule) -> float:
        """Of "crosses within the time" while it has not: 1 less the error over that of the mean frequency."""
        said, came = self.said_and_came(rule)
        return float(1 - ((said - came) ** 2).mean() / ((came.mean() - came) ** 2).mean())

    def said_and_came(self, rule: Rule) -> tuple[Float64Array, Float64Array]:
        """Probabilities where the threshold has not been reached, and whether it then was in time."""
        value, every = self.value(rule), np.arange(len(self._archive.rain_mm))
        reached: BoolArray = np.asarray(self.total(every, rule.hours * 3600) >= rule.threshold_mm)
        steps = 4 * rule.within_h
        row = self._row[self._row < len(every) - steps]
        ahead: BoolArray = np.any([reached[row + step] for step in range(1, steps + 1)], axis=0)
        case = ~reached[row] & ~np.isnan(value[row])
        return value[row][case], ahead[case].astype(np.float64)

    def _probability(self, rule: Rule, part: Int64Array) -> Float64Array:
        row, n_gauges = self._row[part], self._archive.rain_mm.shape[1]
        features = self._features[part].reshape(-1, self._features.shape[-1])
        members = RainMembers(self._table.members(features), QUARTER_S, 0, "gauges", "")

        def past_mm(duration_s: int) -> Float64Array:
            return self.total(row, duration_s).ravel()

        critical = np.full((1, len(features)), rule.threshold_mm)
        found = crossing(members, past_mm, (rule.hours * 3600,), critical, rule.within_h * 3600)
        return np.nan_to_num(found.probability.astype(np.float64)).reshape(len(row), n_gauges)


def onsets_of(reached: BoolArray, apart: int) -> Int64Array:
    """Quarter hours at which a threshold is reached that has not been for `apart` before."""
    at = np.flatnonzero(reached)
    return at[np.diff(at, prepend=-apart - 1) > apart]


def episodes_of(value: Float64Array, level: float, low: float) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of stretches that reach `level` and have not been below `low` for three steps."""
    end = -1
    for begin in np.flatnonzero(value >= level).tolist():
        if begin <= end:
            continue
        below, end = 0, begin
        while below < CLEAR_STEPS and end < len(value) - 1:
            end += 1
            below = 0 if value[end] >= low else below + 1
        yield begin, end


def read_table(path: Path) -> ChanceTable:
    """A table that was written before."""
    faults = FaultLog()
    table = read_chances(path.name, Folder(path.absolute().parent, faults), faults)
    faults.raise_if_any()
    assert table is not None
    return table


def part_of(record: RioRecord, first: str, end: str) -> GaugeArchive:
    """Some years of the record."""
    begin, stop = (min(record.row_at(f"{year}-01-01"), len(record.rain_mm)) for year in (first, end))
    return GaugeArchive(record.rain_mm[begin:stop], FIRST_S + begin * QUARTER_S, record.xy_m)


def lines_of(scorer: Scorer, reliable: dict[Rule, list[Decile]]) -> Iterator[str]:
    """The table; `reliable` takes what was said by each probability, and what came."""
    head = ("window, threshold (onsets)", "rule", "FAR (90 %)", ">=15", ">=30 (90 %)", ">=60", ">=120")
    yield f"| {' | '.join((*head, 'median', 'Brier skill'))} |"
    yield f"|{'---|' * (len(head) + 2)}"
    for rule in RULES:
        score = scorer.score(rule)
        far, early = score.intervals()
        shares = [f"{score.warned(lead):.2f}" for lead in LEADS_MIN]
        shares[1] += f" ({early[0]:.2f}-{early[1]:.2f})"
        skill = f"{scorer.brier_skill(rule):.2f}" if rule.within_h else "-"
        cells = [
            f"{rule.hours} h {rule.threshold_mm:g} mm ({len(score.lead_min)})",
            rule.words,
            f"{score.far:.2f} ({far[0]:.2f}-{far[1]:.2f})",
            *shares,
            f"{max(float(np.median(score.lead_min)), 0.0):.0f}",
            skill,
        ]
        yield f"| {' | '.join(cells)} |"
        if rule.within_h:
            said, came = scorer.said_and_came(rule)
            reliable[rule] = [
                decile for decile in reliability(said, came, 0) if decile.n_cases >= CASES_SHOWN
            ]


def reliable_lines(reliable: dict[Rule, list[Decile]]) -> Iterator[str]:
    """What was said in the years that were scored, and what came."""
    yield "| window, threshold, time | said (came; cases) |"
    yield "|---|---|"
    for rule, deciles in reliable.items():
        cells = [f"{decile.said:.2f} ({decile.came:.2f}; {decile.n_cases})" for decile in deciles]
        yield f"| {rule.hours} h {rule.threshold_mm:g} mm within {rule.within_h} h | {', '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("WARNSTREAM_SHARED_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the real data sets")
    parser.add_argument("--fit", nargs=2, default=("2005", "2014"), metavar=("FROM", "UNTIL"))
    parser.add_argument("--score", nargs=2, default=("2014", "2018"), metavar=("FROM", "UNTIL"))
    parser.add_argument("--every", type=int, default=1, help="fit on every so many-th quarter hour")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--table", type=Path, help="also write the table there")
    parser.add_argument("--use", type=Path, help="a table written before, instead of a fit")
    options = parser.parse_args()
    record = read_rio_record(options.data / "rio_alerta_gauges")
    if options.use:
        table, fit = read_table(options.use), None
        print(f"table of {table.calibrated_on}")
    else:
        fit = fit_chances(part_of(record, *options.fit), folds=options.folds, every=options.every)
        table = fit.table(f"Alerta Rio, 33 gauges, {options.fit[0]} to {int(options.fit[1]) - 1}", BOX)
        print(f"fitted on {table.calibrated_on}: {fit.n_cases} cases, {fit.n_storms} storms")
    if options.table:
        options.table.write_text(table_text(table), encoding="utf-8")
    print(f"scored on {options.score[0]} to {int(options.score[1]) - 1}\n")
    reliable: dict[Rule, list[Decile]] = {}
    for line in lines_of(Scorer(part_of(record, *options.score), table), reliable):
        print(line, flush=True)
    print("\nwhat was said in those years while the threshold had not been reached, what came\n")
    for line in reliable_lines(reliable):
        print(line)
    if fit is None:
        return
    print("\nstorms left out: what was said of 15 min to 3 h, what came\n")
    print("| lead | cases | said | came |\n|---|---|---|---|")
    for decile in fit.deciles:
        if decile.lead_min in (30, 60, 180) and decile.n_cases >= CASES_SHOWN:
            print(f"| {decile.lead_min} min | {decile.n_cases} | {decile.said:.2f} | {decile.came:.2f} |")


if __name__ == "__main__":
    main()
