"""What several changes of a county begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.changed_county import County, phones


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        found.start()
        yield found
        if found.node is not None:
            found.stop()
