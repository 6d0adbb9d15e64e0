"""What a node tells people of its county: stations, villages by level, open warnings, as records."""

from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.adapters.http.models.county import (
    BlindnessRecord,
    ChannelRecord,
    DoubtedGaugeRecord,
    DoubtsRecord,
    SilenceRecord,
    WarningRecord,
)
from warnstream.assessment.villages import GaugeAvailability
from warnstream.delivery.dispatch.finishing import Prospect
from warnstream.desk import WarningStatus
from warnstream.lifecycle.identity import message_name
from warnstream.model.arrays import BoolArray
from warnstream.model.level import Level
from warnstream.model.network import Network, Villages
from warnstream.model.observations.station_quality import STATION_FLAGS, WHY, StationFlag, StationQuality
from warnstream.model.times import iso_utc

CODES_SHOWN_MAX = 50
"""Silent stations and blind villages that are named; the count is always complete."""


def describe_stations(network: Network, silent: np.ndarray) -> SilenceRecord:
    """Stations by whether they report; `silent` are the numbers of those that do not."""
    total = len(network.stations)
    named = [network.stations.code[index] for index in silent[:CODES_SHOWN_MAX]]
    return SilenceRecord(total=total, reporting=total - len(silent), silent=named)


def describe_doubts(network: Network, quality: StationQuality, is_reporting: BoolArray) -> DoubtsRecord:
    """Gauges that are doubted and why, least confidence first; isolated ones are counted only."""
    doubted = np.flatnonzero(quality.confidence < 1.0)
    order = doubted[np.lexsort((doubted, quality.confidence[doubted]))]
    return DoubtsRecord(
        doubted=len(doubted),
        doubted_why=[_doubt(network, quality, is_reporting, int(index)) for index in order[:CODES_SHOWN_MAX]],
        isolated=int(quality.has(StationFlag.ISOLATED).sum()),
    )


def _doubt(
    network: Network, quality: StationQuality, is_reporting: BoolArray, station: int
) -> DoubtedGaugeRecord:
    """One doubted gauge; `spare` is the code of a spare that reports and measures, None if it has none."""
    measures = is_reporting & ~quality.is_clogged
    spares = (spare for gauge, spare in network.stations.spares if gauge == station and measures[spare])
    spare = next(spares, None)
    flags = [flag for flag in STATION_FLAGS if quality.flags[station] & flag]
    since_s = int(quality.since_s[station])
    return DoubtedGaugeRecord(
        station=network.stations.code[station],
        flags=[flag.word for flag in flags],
        why="; ".join(WHY[flag] for flag in flags),
        confidence=round(float(quality.confidence[station]), 2),
        since=iso_utc(since_s) if since_s >= 0 else None,
        spare=None if spare is None else network.stations.code[spare],
    )


def describe_villages(network: Network, sight: GaugeAvailability) -> BlindnessRecord:
    """Villages that hear none of their own gauges, or too few."""
    blind, partly = np.flatnonzero(sight.is_blind), np.flatnonzero(sight.is_partly_blind)
    codes = network.villages.code
    return BlindnessRecord(
        total=len(codes),
        blind=len(blind),
        blind_codes=[codes[index] for index in blind[:CODES_SHOWN_MAX]],
        partly_blind=len(partly),
        partly_blind_codes=[codes[index] for index in partly[:CODES_SHOWN_MAX]],
    )


def count_levels(level: np.ndarray) -> dict[Level, int]:
    """Villages at each level, those without one too."""
    counts = np.bincount(level, minlength=len(Level))
    return {level: int(counts[level]) for level in Level}


def describe_warnings(warnings: Sequence[WarningStatus], villages: Villages) -> list[WarningRecord]:
    """Open warnings in the order given."""
    return [
        WarningRecord(
            warning=warning.warning,
            village=villages.code[warning.village],
            name=villages.name[warning.village],
            hazard=warning.hazard,
            level=warning.level.word,
            state=str(warning.state),
            version=warning.version,
            crossed_at=iso_utc(warning.crossed_at_s),
            expires=iso_utc(warning.expires_s),
            posts_called=len(warning.posts_called),
            posts_answered=len(warning.posts_answered),
            answer_by=iso_utc(warning.answer_by_s) if warning.answer_by_s else None,
            waits_for_affirmation=warning.unaffirmed_s > 0,
            message=message_name(warning.warning, warning.version),
            found=warning.found.word,
            bound=str(warning.bound.kind) if warning.bound else None,
            bound_expires=iso_utc(warning.bound.expires_s) if warning.bound else None,
        )
        for warning in warnings
    ]


def describe_channels(prospects: Mapping[str, Prospect]) -> list[ChannelRecord]:
    """Every channel by name, actions from the most urgent one on."""
    return [_channel(name, prospect) for name, prospect in sorted(prospects.items())]


def _channel(name: str, prospect: Prospect) -> ChannelRecord:
    ordered = sorted(prospect.waiting.items(), reverse=True)
    needs = [(urgency, prospect.needs_s(urgency)) for urgency, count in ordered if count]
    return ChannelRecord(
        channel=name,
        waiting={urgency.name.lower(): count for urgency, count in ordered if count},
        needs_s={
            urgency.name.lower(): round(needs_s, 1) for urgency, needs_s in needs if needs_s is not None
        },
        per_s=None if prospect.per_s is None else round(prospect.per_s, 3),
        stopped=None if prospect.stopped_s is None else iso_utc(prospect.stopped_s),
    )
