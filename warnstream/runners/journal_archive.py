"""A node's journal as an archive of readings: what stations sent, decoded again.

The journal holds messages as they came, so a replay may decode them by other
rules than the node did: a mapped variable, an added station. The node may be
running, and the folder may be a copy; nothing is changed.

All readings are held in memory, 25 bytes each.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from warnstream.adapters.journal_conversion import FOLDER, OLD_FILE
from warnstream.adapters.journal_segments import find_extent, list_segments, read_entries
from warnstream.config.settings import Configuration
from warnstream.ingest.decode import RawMessage
from warnstream.model.errors import ArchiveError
from warnstream.model.readings import ReadingBatch, concatenate
from warnstream.model.times import parse_iso
from warnstream.review.archive import ArchiveReadings
from warnstream.runners import intake
from warnstream.runners.build import build_decoder


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
    extent = find_extent(_folder(directory))
    decoder, topics = build_decoder(configuration), intake.Topics(configuration.topic_prefix)
    batches: list[ReadingBatch] = []
    n_refused: Counter[str] = Counter()
    now_s = -1
    for _, kind, payload in read_entries(extent, extent.segments[0].first_sequence):
        if kind == intake.TICK:
            now_s = max(now_s, msgspec.msgpack.decode(payload, type=int))
        if kind != intake.MESSAGES:
            continue
        for told_s, messages in _between_times(payload, topics):
            decoded = decoder.decode(messages, now_s)
            batches.append(decoded.readings)
            n_refused.update(str(refusal.reason) for refusal in decoded.refusals)
            now_s = max(now_s, told_s)
    readings = concatenate(batches)
    order = np.lexsort((readings.station, readings.observed_at_s))
    return ArchiveReadings(readings.select(order), (), dict(n_refused))


def _between_times(payload: bytes, topics: intake.Topics) -> Iterator[tuple[int, list[RawMessage]]]:
    """Observations of an entry up to each time told by a simulator (-1 after the last), answers left out."""
    messages: list[RawMessage] = []
    for topic, content in intake.decode_messages(payload):
        if topic == topics.clock:
            yield _told_s(content), messages
            messages = []
        elif topics.recipient_of(topic) is None:
            messages.append(RawMessage(topic, content))
    yield -1, messages


def _told_s(content: bytes) -> int:
    try:
        return parse_iso(msgspec.json.decode(content, type=dict[str, str])["time"])
    except (msgspec.MsgspecError, ValueError, KeyError):
        return -1  # the node refused it too


def _folder(directory: Path) -> Path:
    for folder in (directory / FOLDER, directory):
        if folder.is_dir() and list_segments(folder):
            return folder
    if (directory / OLD_FILE).exists():
        raise ArchiveError(
            f"{directory / OLD_FILE}: the journal of an earlier version; start the node once to convert it"
        )
    raise ArchiveError(f"{directory}: expected a node's journal (entries-*.wsj in it or in its {FOLDER}/)")
