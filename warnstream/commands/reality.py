"""What ``warnstream check`` says where a node has run: what is written against what stations send.

The node's journal shows how often each station reports and what its stage has
been. Messages are decoded as the node would; the node may be running, and nothing
is changed.

Limit: the newest `BYTES_MAX` of the journal are read (some days of a county).
"""

from collections.abc import Iterator

import numpy as np

from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.commands.renamed import renamed_looks
from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, name_some
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.errors import ArchiveError
from warnstream.model.observations.readings import ReadingBatch, Variable, concatenate
from warnstream.model.rules.rules import CriticalStage
from warnstream.runners.build import build_decoder, topics_of
from warnstream.runners.intake import entries
from warnstream.runners.replay.journal_entries import journal_folder, observations_between_times

BYTES_MAX = 32_000_000
REPORTS_MIN = 12
"""Fewer reports of a station say nothing of its interval, or of its usual stage."""

TIMES_OFF = 1.5
"""A station that reports so many times as often as declared, or as seldom, is asked about."""

USUAL_SHARE = 0.9
"""A level below the stage in which a gauge has stood for that share of its reports stands always."""

APART_M = 30.0
"""Stages farther from a gauge's history than floods have risen in gorges are over another datum."""


def reality_looks(configuration: Configuration) -> list[str]:
    """Sentences about what the journal shows to be otherwise than written; none without a journal.

    Raises
    ------
    StoreError
        If the journal is damaged.
    """
    readings = _heard(configuration)
    found = (_intervals(configuration, readings), _stages(configuration, readings))
    return [*found[0], *found[1], *renamed_looks(configuration)]


def _heard(configuration: Configuration) -> ReadingBatch:
    """Readings of the newest part of the journal."""
    try:
        extent = find_extent(journal_folder(configuration.storage.directory))
    except ArchiveError:
        return concatenate([])
    first, n_bytes = extent.last_sequence + 1, 0
    for segment in reversed(extent.segments):
        if n_bytes and n_bytes + segment.n_bytes > BYTES_MAX:
            break
        first, n_bytes = segment.first_sequence, n_bytes + segment.n_bytes
    decoder, known, now_s = build_decoder(configuration), topics_of(configuration), -1
    batches = []
    for _, kind, payload in read_entries(extent, first):
        if kind == entries.TICK:
            now_s = max(now_s, entries.decode_tick(payload))
        elif kind == entries.MESSAGES:
            for told_s, messages in observations_between_times(payload, known):
                batches.append(decoder.decode(messages, now_s).readings)
                now_s = max(now_s, told_s)
    return concatenate(batches)


def _intervals(configuration: Configuration, readings: ReadingBatch) -> Iterator[str]:
    """Stations that report otherwise than ``interval`` says, by the interval that they have."""
    stations = configuration.network.stations
    found: dict[tuple[int, int], list[str]] = {}
    order = np.lexsort((readings.observed_at_s, readings.station))
    station, observed_s = readings.station[order], readings.observed_at_s[order]
    for number in np.unique(station).tolist():
        gaps_s = np.diff(np.unique(observed_s[station == number]))
        if len(gaps_s) < REPORTS_MIN:
            continue
        declared_s, usual_s = int(stations.interval_s[number]), int(np.median(gaps_s))
        if not 1 / TIMES_OFF < usual_s / declared_s < TIMES_OFF:
            found.setdefault((declared_s, usual_s), []).append(stations.code[number])
    for (declared_s, usual_s), codes in sorted(found.items()):
        verb = "reports" if len(codes) == 1 else "report"
        yield (
            f"stations.csv: {count_of(len(codes), 'station', 'stations')} {verb} every "
            f"{format_duration(usual_s)}, interval says {format_duration(declared_s)}: {name_some(codes)}"
        )


def _stages(configuration: Configuration, readings: ReadingBatch) -> Iterator[str]:
    """Levels of a gauge that its own history reaches always, or lies far from."""
    of_stage = readings.select(np.flatnonzero(readings.variable == Variable.STAGE))
    codes = configuration.network.stations.code
    for rule in configuration.rules:
        table = rule.thresholds
        if not isinstance(table, CriticalStage):
            continue
        for number in np.unique(table.station).tolist():
            stage_m = of_stage.value[of_stage.station == number]
            own = table.critical_m[table.station == number]
            if len(stage_m) < REPORTS_MIN or np.isnan(own).all():
                continue
            lowest_m, highest_m = float(np.nanmin(own)), float(np.nanmax(own))
            seen = f"{len(stage_m)} stages from {stage_m.min():g} to {stage_m.max():g} m"
            levels = f"{rule.name}: levels of gauge {codes[number]} from {lowest_m:g} to {highest_m:g} m"
            if lowest_m - stage_m.max() > APART_M or stage_m.min() - highest_m > APART_M:
                yield f"{levels}, the journal has {seen}: is one over another datum?"
            elif np.quantile(stage_m, 1 - USUAL_SHARE) >= lowest_m:
                yield f"{levels}, the journal has {seen}: the lowest is reached nearly always"
