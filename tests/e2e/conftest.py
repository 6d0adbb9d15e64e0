"""What several nights on a running node begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.e2e import told_node as told
from tests.e2e.test_chain_live import Town


@pytest.fixture
def town(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Town]:
    opened = Town(tmp_path, mosquitto.port)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> told.ToldNode:
    """A node that has lived through a storm; nobody changes it."""
    return told.told_node(tmp_path_factory.mktemp("county"))
