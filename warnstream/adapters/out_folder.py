"""Where results go is looked at before hours are spent on them."""

import os
from pathlib import Path

from warnstream.model.errors import WarnstreamError


def demand_folder(folder: Path | None, option: str = "--out") -> None:
    """A folder that is there or can be made, and written into; nothing is made. WarnstreamError if not."""
    if folder is None:
        return
    at = folder.absolute()
    while not at.exists() and at != at.parent:
        at = at.parent
    if not at.is_dir():
        raise WarnstreamError(f"{option} {folder}: expected a folder, {at} is none")
    if not os.access(at, os.W_OK | os.X_OK):
        raise WarnstreamError(f"{option} {folder}: nothing can be written in {at}")


def demand_file(path: Path, option: str = "--out") -> None:
    """A file that can be written; nothing is made. WarnstreamError if not."""
    if path.is_dir():
        raise WarnstreamError(f"{option} {path}: expected a file, this is a folder")
    demand_folder(path.absolute().parent, option)
