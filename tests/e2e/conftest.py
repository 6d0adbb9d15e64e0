"""What several nights on a running node begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.e2e.test_chain_live import Town


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Town]:
    opened = Town(tmp_path, mosquitto.port)
    try:
        yield opened
    finally:
        opened.close()
