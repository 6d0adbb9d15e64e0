"""Which of two boxes this machine is."""

from pathlib import Path

from warnstream.adapters.journal.journal import DirectoryLock
from warnstream.adapters.standby.leadership import read_leadership, who_leads_instead
from warnstream.config.http_address import storage_directory
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError


def remembered_box(directory: Path) -> str:
    """The box that the storage of a configuration folder belongs to; empty if it says none."""
    try:
        known = read_leadership(storage_directory(directory))
    except StoreError:
        return ""  # whoever uses it says what is wrong
    return "" if known is None else known.box


def box_of(configuration: Configuration, box: str) -> str:
    """The name of this machine's box.

    Raises
    ------
    WarnstreamError
        If it is not known, or there is none of that name.
    """
    standby = configuration.standby
    if standby is None:
        raise WarnstreamError("there is no second box: warnstream.yaml has no section standby")
    names = ", ".join(standby.boxes)
    if not box:
        raise WarnstreamError(f"which box is this machine? Say it once: --box NAME, one of {names}")
    if box not in standby.boxes:
        raise WarnstreamError(f"there is no box {box!r} in standby.boxes: {names}")
    return box


def why_not_of_now(configuration: Configuration) -> str:
    """Why what this machine has may not be how things stand; empty: its node leads, or there is no other box.

    Of two boxes one that ended or was stopped cannot know what the other one did since.
    """
    directory = configuration.storage.directory
    known = None if configuration.standby is None else read_leadership(directory)
    if configuration.standby is None or known is None:
        return ""
    if instead := who_leads_instead(directory):
        return instead
    try:
        DirectoryLock(directory).release()
    except StoreError:  # its node works
        return ""
    other = configuration.standby.other(known.box).name
    return f"no node works on this box ({known.box}), and {other} may lead by now"
