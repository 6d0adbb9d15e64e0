"""The commands ``warnstream warnings`` and ``bulletins``: what a node has issued, as JSON lines."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from warnstream.adapters.outbox.outbox import Outbox
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.runners.build import topics_of
from warnstream.runners.history.doors import doors_of_folder


def export_warnings(configuration: Configuration, out: Path | None) -> int:
    """Write every message of the node's outbox, oldest first; returns how many.

    As it was issued: villages by their codes of then, with the texts that were sent, whatever the
    configuration says now. A running node is not disturbed. `out` None writes to standard output.

    Raises
    ------
    WarnstreamError
        If there is no outbox yet.
    """
    from warnstream.review.report import warning_line

    with closing(_outbox(configuration)) as outbox:
        lines = [
            warning_line(issued.message, issued.village, issued.text_zh, issued.text_en)
            for issued in outbox.issued_warnings()
        ]
    return _write(lines, out)


def export_bulletins(configuration: Configuration, out: Path | None) -> int:
    """Write every bulletin of the node's outbox, oldest first; returns how many.

    Raises
    ------
    WarnstreamError
        If there is no outbox yet.
    """
    from warnstream.review.bulletins import bulletin_line

    with closing(_outbox(configuration)) as outbox:
        directory, network = configuration.storage.directory, configuration.network
        doors = doors_of_folder(directory, network, topics_of(configuration))
        lines = [
            bulletin_line(record, doors.tally(identifier).addressed)
            for identifier, record in outbox.bulletin_records()
        ]
    return _write(lines, out)


def _outbox(configuration: Configuration) -> Outbox:
    directory = configuration.storage.directory
    if not (directory / "outbox.sqlite3").exists():
        raise WarnstreamError(f"{directory}: no node has kept anything there yet")
    return Outbox(directory)


def _write(lines: Sequence[str], out: Path | None) -> int:
    text = "".join(line + "\n" for line in lines)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
    return len(lines)
