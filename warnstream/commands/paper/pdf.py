"""HTML pages as PDF, by weasyprint (extra ``report``)."""

import subprocess
from pathlib import Path

from warnstream.model.errors import WarnstreamError

PACKAGE = "fonts-noto-cjk"
"""Debian's package with a font for Chinese."""


def write_pdf(file: Path) -> Path:
    """The page beside itself as PDF.

    Raises
    ------
    WarnstreamError
        If no font of this machine has Chinese characters: they would be empty boxes on paper.
    """
    demand_chinese_font()
    from weasyprint import HTML

    target = file.with_suffix(".pdf")
    HTML(filename=str(file)).write_pdf(str(target))
    return target


def demand_chinese_font() -> None:
    """WarnstreamError where this machine has no font for Chinese."""
    try:
        found = subprocess.run(
            ["fc-list", ":lang=zh-cn", "family"],  # noqa: S607  # of the system, wherever it is
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        found = ""
    if not found:
        raise WarnstreamError(
            f"no font with Chinese characters is installed; on Debian: apt install {PACKAGE} fontconfig"
        )
