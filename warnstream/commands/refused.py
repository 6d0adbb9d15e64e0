"""The command ``warnstream refused``: what was kept aside, why, and how to have it taken again.

When the cause is mended (a station added, a unit declared, a variable
mapped), ``--reinject`` asks the node to take kept messages again: as they
came, on their own topic, the way of all readings; duplicates stay duplicates.
The node does so within seconds, or at its next start.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from warnstream.adapters.refused.reinjections import Choice, RefusedMessage, RefusedRequests
from warnstream.adapters.refused.store import RefusedStore
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import parse_duration_s
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import iso_utc, parse_iso

WAIT_S_MAX = 10.0
"""How long the command waits for a running node."""

SHOWN_BYTES = 200


def moment(text: str, now_s: float) -> float:
    """Seconds UTC of an ISO 8601 time with a zone, or of a span back from now (``90min``, ``6h``, ``2d``).

    >>> moment("2h", 10_000), moment("1970-01-01T01:00:00Z", 0)
    (2800.0, 3600.0)

    Raises
    ------
    WarnstreamError
        If it is neither.
    """
    try:
        return now_s - parse_duration_s(text)
    except ValueError:
        pass
    try:
        return float(parse_iso(text))
    except ValueError as error:
        raise WarnstreamError(f"{error}, or a span back from now such as 90min, 6h or 2d") from None


def list_refused(configuration: Configuration, choice: Choice, limit: int, *, as_json: bool) -> int:
    """Print the newest refusals of a choice, oldest of them first; returns how many."""
    directory = _directory(configuration)
    with closing(RefusedRequests(directory)) as requests:
        rows = requests.find(choice, limit)
        waiting = requests.n_waiting()
    for row in reversed(rows):
        sys.stdout.write((_as_json(row) if as_json else as_text(row)) + "\n")
    if not as_json:
        with closing(RefusedStore(directory, configuration.storage.refused_max)) as store:
            counts, dropped = store.counts(), store.dropped()
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"
        sys.stdout.write(f"refused since the beginning: {told}; {dropped} no longer kept\n")
        if waiting:
            sys.stdout.write(f"{waiting} wait for the node to take them again\n")
    return len(rows)


def reinject(configuration: Configuration, choice: Choice, limit: int | None) -> tuple[str, bool]:
    """Ask the node to take refusals of a choice again that it has not yet.

    Returns
    -------
    tuple of (str, bool)
        What became of it, and whether all were or will be taken.
    """
    with closing(RefusedRequests(_directory(configuration))) as requests:
        wanted = [row.number for row in requests.find(choice) if row.reinjected_at is None][:limit]
        if not wanted:
            return "nothing to take again", True
        requests.ask(wanted, time.time())
        for left in _waiting(requests):
            if not left:
                break
        done = {row.number for row in requests.find(choice) if row.reinjected_at is not None}
        taken, left = len(done & set(wanted)), requests.n_waiting()
    told = f"{taken} of {len(wanted)} taken again{_no_longer_kept(configuration)}"
    if left:
        return f"{told}, {left} wait: the node takes them when it runs", True
    if taken < len(wanted):
        return f"{told}; the others were cut when they were kept, and the journal no longer has them", False
    return told, True


def _no_longer_kept(configuration: Configuration) -> str:
    """Words on refusals that cannot be taken again because newer ones had their place."""
    with closing(RefusedStore(_directory(configuration), configuration.storage.refused_max)) as store:
        dropped = store.dropped()
    return f" ({dropped} more were refused and are no longer kept)" if dropped else ""


def _waiting(requests: RefusedRequests) -> Iterator[int]:
    """How many wait, until none does or the time is over."""
    deadline = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < deadline:
        yield requests.n_waiting()
        time.sleep(0.2)


def _directory(configuration: Configuration) -> Path:
    directory: Path = configuration.storage.directory
    if not (directory / "refused.sqlite3").exists():
        raise WarnstreamError(f"{directory}: no node has kept anything there yet")
    return directory


def printable(text: str) -> str:
    r"""Text that a terminal shows as it is: control characters, which could move its cursor, are escaped.

    >>> printable("rain\x1b[2J\n")
    'rain\\x1b[2J\\n'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _shown(payload: bytes) -> str:
    """The beginning of a payload: text where it is text, else hexadecimal."""
    head = payload[:SHOWN_BYTES]
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut at the end; anything else is binary.
        if len(payload) <= SHOWN_BYTES or error.start < len(head) - 3:
            return head.hex(" ")
        text = head[: error.start].decode()
    return printable(text)


def as_text(row: RefusedMessage) -> str:
    """Two lines for people."""
    again = f" [taken again {iso_utc(int(row.reinjected_at))}]" if row.reinjected_at else ""
    where = printable(row.topic) or "(reading)"
    size = f" … {row.payload_bytes} bytes" if row.payload_bytes > SHOWN_BYTES else ""
    head = f"{iso_utc(int(row.received_at))} {row.reason} {where}: {printable(row.detail)}{again}"
    return f"{head}\n    {_shown(row.payload)}{size}"


def _as_json(row: RefusedMessage) -> str:
    try:
        text: str | None = row.payload.decode()
    except UnicodeDecodeError:
        text = None
    return json.dumps(
        {
            "number": row.number,
            "received_at": iso_utc(int(row.received_at)),
            "reason": row.reason,
            "detail": row.detail,
            "topic": row.topic,
            "payload": text,
            "payload_hex": None if text is not None else row.payload.hex(),
            "payload_bytes": row.payload_bytes,
            "taken_again_at": iso_utc(int(row.reinjected_at)) if row.reinjected_at else None,
        },
        ensure_ascii=False,
    )
