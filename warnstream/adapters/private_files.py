"""What a node keeps is for its own user only: phones, answers, secrets."""

import logging
import os
from pathlib import Path

from warnstream.model.errors import StoreError

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
KEYS = ".key"
PRIVATE_UMASK = 0o077
"""For the whole process of a node: what it creates is for its user."""

log = logging.getLogger(__name__)


def make_private(directory: Path) -> None:
    """Create a storage directory that nobody else can read, or take the rights of others from one.

    Files of an earlier version are set too; one that belongs to somebody else is logged and left.

    Raises
    ------
    StoreError
        If the directory cannot be made.
    """
    try:
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{directory}: cannot be made ({error.strerror})", retryable=False) from error
    for folder, _, names in os.walk(directory):
        _allow(Path(folder), DIRECTORY_MODE)
        for name in names:
            # A secret that others could read is not mended: who reads it refuses it.
            if name.endswith(KEYS):
                continue
            _allow(Path(folder) / name, FILE_MODE)


def _allow(path: Path, mode: int) -> None:
    try:
        if path.stat().st_mode & 0o777 & ~mode and not path.is_symlink():
            path.chmod(mode)
    except OSError as error:
        log.warning(
            "rights of others cannot be taken",
            extra={"file": str(path), "error": error.strerror or str(error)},
        )
