"""All drills of a node as a page shows them: those that are on, and what came of the newest ones."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.runners.drill.folders import SCORES, drill_folders
from warnstream.runners.drill.scores import DrillScores, last_drills, scores_of

SCORES_MAX = 20
"""Drills whose scores a page has; of older ones `warnstream drill` knows."""


class DrillsSeen(msgspec.Struct, frozen=True):
    """Drills of a node: those that are on or take late answers, and scores of the newest ones.

    `last` is when each village (by code) had its last drill, ISO 8601 in UTC; `unread` are drills whose
    scores cannot be read, with the reason.
    """

    on: list[DrillRecord]
    scores: list[DrillScores]
    last: dict[str, str]
    unread: dict[str, str] = {}


def seen_of(configuration: Configuration, records: list[DrillRecord]) -> DrillsSeen:
    """Drills as a page shows them; reads files, so it is for a thread beside the loop."""
    storage, unread = configuration.storage.directory, {}
    scores = []
    for folder in drill_folders(storage)[:SCORES_MAX]:
        try:
            scores.append(_scores_in(folder, configuration))
        except (StoreError, ValueError) as error:
            unread[folder.name] = str(error)
    return DrillsSeen(records, scores, last_drills(storage) | dict(_told(scores)), unread)


def _told(scores: list[DrillScores]) -> Iterator[tuple[str, str]]:
    """Village and begin of drills that are still on, oldest first."""
    for drill in reversed(scores):
        for village in drill.villages:
            if village.first_told is not None or village.posts:
                yield village.village, drill.begun


def _scores_in(folder: Path, configuration: Configuration) -> DrillScores:
    """Of a drill that is over what was kept, else what its log says now. StoreError, ValueError."""
    try:
        return msgspec.json.decode((folder / SCORES).read_bytes(), type=DrillScores)
    except (OSError, msgspec.MsgspecError):
        return scores_of(folder, configuration)
