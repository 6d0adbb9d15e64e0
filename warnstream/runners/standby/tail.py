"""What a box wrote and the other one never had: kept aside in a file, told, and never lost in silence."""

import base64
import logging
from collections import Counter
from pathlib import Path

import msgspec

from warnstream.adapters.journal.conversion import FOLDER
from warnstream.adapters.journal.disk import disk_error
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.model.errors import StoreError
from warnstream.runners.standby.sowing import put_aside

TAIL = "tail.jsonl"

log = logging.getLogger(__name__)


def keep_tail(directory: Path, common: int) -> str:
    """Put a log aside, with everything that rests on it; what of it the other box never had, in words.

    Parameters
    ----------
    directory : Path
        The storage directory; nothing in it may be open.
    common : int
        Newest entry that both boxes have; -1: not known, then all entries are told.

    Returns
    -------
    str
        One sentence. The entries after `common` are lines of ``tail.jsonl`` beside the log: number, kind
        and payload (base64).

    Raises
    ------
    StoreError
        If the disk refuses: nothing was put aside, or all of it.
    """
    aside = put_aside(directory)
    if aside is None:
        return ""
    counts: Counter[str] = Counter()
    try:
        extent = find_extent(aside / FOLDER)
        first = max(common + 1, extent.segments[0].first_sequence if extent.segments else 1)
        tail = read_entries(extent, first) if extent.segments else iter(())
        with (aside / TAIL).open("wb") as file:
            for number, kind, payload in tail:
                counts[kind] += 1
                content = {"entry": number, "kind": kind, "payload": base64.b64encode(payload).decode()}
                file.write(msgspec.json.encode(content) + b"\n")
    except OSError as error:
        raise disk_error(aside / TAIL, error) from error
    except StoreError as error:
        log.error("the tail of the log cannot be read; it is whole aside", extra={"error": str(error)})  # noqa: TRY400
        return f"this box's own log is kept in {aside}; what the other one never had of it cannot be read"
    n_entries = sum(counts.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    text = (
        f"{n_entries} entries of this box that the other one never had ({kinds}) are kept in {aside / TAIL}"
    )
    log.critical("entries that the other box never had are kept aside", extra={"text": text})
    return text if n_entries else f"this box's own log is kept in {aside}; the other one has all of it"
