"""Which of two boxes this machine is."""

from pathlib import Path

from warnstream.adapters.standby.leadership import read_leadership
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
