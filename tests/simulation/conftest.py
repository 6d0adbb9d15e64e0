"""What several changes of a county begin with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forks
from tests.simulation.changed_county import County, phones
from warnstream.runners.live.reloading import preparing


@pytest.fixture(autouse=True, scope="session")
def _children_are_forks() -> Iterator[None]:
    """What prepares a change for a node of this process has been loaded once."""
    with pytest.MonkeyPatch.context() as patched:
        if not os.environ.get("WARNSTREAM_FRESH"):
            patched.setattr(preparing, "begin", forks.begin_preparing)
        yield


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        found.start()
        yield found
        if found.node is not None:
            found.stop()
