"""The command ``warnstream warnings``: what a node has issued, as warnings.jsonl."""

import sys
from contextlib import closing
from pathlib import Path

from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError


def export_warnings(configuration: Configuration, out: Path | None) -> int:
    """Write every message of the node's outbox, oldest first; returns how many.

    A running node is not disturbed. `out` None writes to standard output.

    Raises
    ------
    WarnstreamError
        If there is no outbox yet.
    """
    from warnstream.review.report import warning_lines

    directory = configuration.storage.directory
    if not (directory / "outbox.sqlite3").exists():
        raise WarnstreamError(f"{directory}: no node has kept anything there yet")
    with closing(Outbox(directory)) as outbox:
        messages = [message_of(record) for record in outbox.records()]
    lines = [line + "\n" for line in warning_lines(messages, configuration)]
    if out is None:
        sys.stdout.writelines(lines)
    else:
        out.write_text("".join(lines), encoding="utf-8")
    return len(lines)
