"""What the entries of a node's journal say to those who only read it: observations, and the times between."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from warnstream.adapters.journal.conversion import FOLDER, OLD_FILE
from warnstream.adapters.journal.extents import list_segments
from warnstream.ingest.cap.reader import read_alerts
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.errors import ArchiveError
from warnstream.model.times import parse_iso
from warnstream.runners.intake import entries, topics


def observations_between_times(
    payload: bytes, topics: topics.Topics
) -> Iterator[tuple[int, list[RawMessage]]]:
    """Observations of an entry up to each time told by a simulator (-1 after the last), all else left out."""
    own = topics.recipient_of, topics.observer_of, topics.reporter_of, topics.grid_of, topics.bringer_of
    messages: list[RawMessage] = []
    for topic, content in entries.decode_messages(payload):
        if topic == topics.clock:
            yield told_s(content), messages
            messages = []
        elif not any(of(topic) is not None for of in own):
            messages.append(RawMessage(topic, content))
    yield -1, messages


def alerts_of(payload: bytes, topics: topics.Topics) -> Iterator[AlertArrived]:
    """Alerts of other services in an entry, as far as they can be read."""
    for topic, content in entries.decode_messages(payload):
        if (source := topics.bringer_of(topic)) is not None:
            yield from (AlertArrived(alert, source, xml) for alert, xml in read_alerts(content).alerts)


def told_s(content: bytes) -> int:
    """Time that a simulator's message tells; -1 if it tells none."""
    try:
        return parse_iso(msgspec.json.decode(content, type=dict[str, str])["time"])
    except (msgspec.MsgspecError, ValueError, KeyError):
        return -1  # the node refused it too


def journal_folder(directory: Path) -> Path:
    """Where the segments are: the folder itself or its ``journal``. ArchiveError if there are none."""
    for folder in (directory / FOLDER, directory):
        if folder.is_dir() and list_segments(folder):
            return folder
    if (directory / OLD_FILE).exists():
        raise ArchiveError(
            f"{directory / OLD_FILE}: the journal of an earlier version; start the node once to convert it"
        )
    raise ArchiveError(f"{directory}: expected a node's journal (entries-*.wsj in it or in its {FOLDER}/)")
