"""Pictures of pages to look at, kept in the folder that WARNSTREAM_PICTURES names, else nowhere."""

import os
from pathlib import Path
from typing import Any

FOLDER = "WARNSTREAM_PICTURES"


def keep_picture(page: Any, name: str) -> None:
    """A picture of what the page shows now, where somebody has asked for them."""
    if folder := os.environ.get(FOLDER):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
