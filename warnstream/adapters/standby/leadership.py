"""What a box remembers of who leads: ``standby.json`` in its storage directory.

Written before anything is done by it: a box that says that it leads has it on disk,
and a box that has learnt of a later leadership never forgets it.
"""

import logging
import os
from pathlib import Path

import msgspec

from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.standby.messages import LEADS, STANDS_BY
from warnstream.model.errors import StoreError

FILE = "standby.json"

log = logging.getLogger(__name__)


class Leadership(msgspec.Struct, frozen=True):
    """Who one is, and what one knows of leading.

    Attributes
    ----------
    box : str
        Which of the two this machine is.
    role : str
        ``leads`` or ``standby``.
    term : int
        The latest leadership that one knows of; 0: nobody has ever led.
    leader : str
        The box that leads or led in that term.
    log : str
        Identity of the log.
    began : list of (int, int)
        Terms and the numbers of the entries with which they began, oldest first; as far as one knows.
    kept_aside : str
        What of this box's own log the other one never had, in words; empty: nothing.
    """

    box: str
    role: str = STANDS_BY
    term: int = 0
    leader: str = ""
    log: str = ""
    began: list[tuple[int, int]] = []
    kept_aside: str = ""

    @property
    def is_leading(self) -> bool:
        """It leads, or led when it ended and has heard of nobody since."""
        return self.role == LEADS

    def knows_begin(self, term: int) -> bool:
        """Whether it is known with which entry a term began."""
        return any(known == term for known, _ in self.began)

    def common_with(self, term: int, last: int) -> int:
        """Newest entry up to which a log that knows no later term than `term` can be the same as this one."""
        later = [entry - 1 for known, entry in self.began if known > term]
        return min([last, *later])


def read_leadership(directory: Path) -> Leadership | None:
    """What a storage directory says; None where it says nothing yet.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    path = directory / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Leadership)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise StoreError(f"{path}: cannot be read: {error}", retryable=False) from None
    except OSError as error:
        raise disk_error(path, error) from error


def write_leadership(directory: Path, leadership: Leadership) -> None:
    """Keep it, durable when this returns.

    Raises
    ------
    StoreError
        If the disk refuses; what was there before stays.
    """
    path = directory / FILE
    unfinished = path.with_suffix(".new")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(leadership), indent=1))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_directory(directory)
    except OSError as error:
        raise disk_error(path, error) from error


def who_leads_instead(directory: Path) -> str:
    """That the box of a storage directory stands by, and who leads; empty: it leads, or has never run."""
    known = read_leadership(directory)
    if known is None or known.is_leading:
        return ""
    leads = f"{known.leader} leads" if known.leader else "it follows the other one"
    return f"this box ({known.box}) stands by: {leads}"


def why_not_here(directory: Path) -> str:
    """Why nobody may write into the log of a storage directory by hand: another box leads; empty: one may."""
    instead = who_leads_instead(directory)
    return f"{instead}; give it there, or `warnstream takeover` first" if instead else ""
