"""What several changes of a county begin with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forks
from tests.simulation.changed_county import County, phones
from warnstream.runners.live.reloading import preparing


@pytest.fixture(autouse=True)
def _children_are_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What prepares a change for a node of this process has been loaded once."""
    if not os.environ.get("WARNSTREAM_FRESH"):
        monkeypatch.setattr(preparing, "begin", forks.begin_preparing)


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        found.start()
        yield found
        if found.node is not None:
            found.stop()
