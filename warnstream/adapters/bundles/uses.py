"""Which bundle a node ran from which journal entry on: lines that are appended and never changed."""

import os
from pathlib import Path

import msgspec

from warnstream.adapters.journal.disk import disk_error, sync_directory

USES = "uses.jsonl"


class Use(msgspec.Struct, frozen=True):
    """From the entry after `entry` on the node ran with this bundle.

    Attributes
    ----------
    number : int
    entry : int
        Newest entry of the journal then; 0 in a new one.
    at, who, why : str
    instead : str
        Fingerprint of the configuration that was rolled back by it: a restart does not take that one again,
        while CONFIG_DIR still has it. Empty where nothing was.
    """

    number: int
    entry: int
    at: str
    who: str
    why: str
    instead: str = ""


def read_uses(folder: Path) -> list[Use]:
    """Oldest first; a line that a crash cut off is passed over.

    Raises
    ------
    StoreError
        If the file is there and cannot be read.
    """
    path, uses = folder / USES, []
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise disk_error(path, error) from error
    for line in lines:
        try:
            uses.append(msgspec.json.decode(line, type=Use))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return uses


def note_use(folder: Path, use: Use) -> None:
    """Append one, durable when it returns. StoreError if the disk refuses."""
    path = folder / USES
    try:
        with path.open("ab") as file:
            # A line of its own, whatever a crash left of the one before.
            file.write(b"\n" * (file.tell() > 0) + msgspec.json.encode(use))
            file.flush()
            os.fsync(file.fileno())
        sync_directory(folder)
    except OSError as error:
        raise disk_error(path, error) from error


def needed_since(uses: list[Use], first_entry: int) -> set[int]:
    """Bundles under which an entry from `first_entry` on was taken, the present one included.

    >>> uses = [Use(1, 0, "", "", ""), Use(2, 70, "", "", ""), Use(3, 90, "", "", "")]
    >>> needed_since(uses, 71), needed_since(uses, 70)
    ({2, 3}, {1, 2, 3})
    """
    ends = [use.entry for use in uses[1:]]
    return {
        use.number for use, end in zip(uses, [*ends, None], strict=True) if end is None or end >= first_entry
    }
