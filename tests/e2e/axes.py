"""axe-core in a page; skipped where the package that carries it is not installed, a failure in CI."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def source() -> str:
    """axe-core, as axe-playwright-python carries it (MPL-2.0; nothing of it is ours)."""
    try:
        import axe_playwright_python
    except ImportError:
        reason = "axe-playwright-python is not installed"
        if os.environ.get("WARNSTREAM_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def findings(page: Any) -> list[tuple[str, str]]:
    """What axe-core finds in a page: the rule, and the first element that breaks it."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(source())
    found = page.evaluate("axe.run()")["violations"]
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found]
