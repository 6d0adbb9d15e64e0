"""A node's journal as an archive of readings: what stations sent, decoded again.

The journal holds messages as they came, so a replay may decode them by other
rules than the node did: a mapped variable, an added station. The node may be
running, and the folder may be a copy; nothing is changed.

All readings are held in memory, 25 bytes each.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.config.settings import Configuration
from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.grids import digest_of_points, in_order_of_time
from warnstream.model.observations.readings import ReadingBatch, concatenate
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import Frame
from warnstream.review.archive import ArchiveReadings
from warnstream.runners.build import build_decoder
from warnstream.runners.intake import entries, topics
from warnstream.runners.intake.grid_entries import decode_any
from warnstream.runners.replay.journal_entries import alerts_of, journal_folder, observations_between_times


def read_journal(configuration: Configuration, directory: Path) -> ArchiveReadings:
    """Readings of a journal in the order of time observed; equal times in the order of arrival by station.

    Parameters
    ----------
    configuration : Configuration
        Its stations and decoders read the messages; its topic prefix tells observations from the rest.
    directory : Path
        A node's storage directory, its folder ``journal``, or a copy of either.

    Raises
    ------
    ArchiveError
        If there is no journal.
    StoreError
        If an entry is missing or damaged; names file, byte and entry.
    """
    extent = find_extent(journal_folder(directory))
    decoder, known = build_decoder(configuration), topics.Topics(configuration.topic_prefix)
    batches: list[ReadingBatch] = []
    frames: list[Frame] = []
    points = digest_of_points(configuration.network)
    alerts: list[tuple[int, AlertArrived]] = []
    n_refused: Counter[str] = Counter()
    now_s = -1
    for _, kind, payload in read_entries(extent, extent.segments[0].first_sequence):
        if kind == entries.TICK:
            now_s = max(now_s, entries.decode_tick(payload))
        if kind in (entries.GRID, entries.FIELD, entries.RUN):
            try:
                frames.append(decode_any(kind, payload, points))
            except ValueError:
                n_refused[str(RefusalReason.BAD_GRID)] += 1
        if kind != entries.MESSAGES:
            continue
        alerts += [
            (now_s + 1, alert) for alert in alerts_of(payload, known)
        ]  # for the step after that of now
        for told_s, messages in observations_between_times(payload, known):
            decoded = decoder.decode(messages, now_s)
            batches.append(decoded.readings)
            n_refused.update(str(refusal.reason) for refusal in decoded.refusals)
            now_s = max(now_s, told_s)
    readings = concatenate(batches)
    order = np.lexsort((readings.station, readings.observed_at_s))
    return ArchiveReadings(
        readings.select(order), (), dict(n_refused), in_order_of_time(frames), tuple(alerts)
    )
