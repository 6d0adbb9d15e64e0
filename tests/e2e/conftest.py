"""What several nights on a running node begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.e2e import told_node as told
from tests.e2e.consoles import Watched, people_of
from tests.e2e.test_chain_live import Town
from tests.e2e.two_boxes import Pair, pair_of_boxes
from tests.simulation.changed_county import Phones, phones


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


@pytest.fixture
def office(town: Town) -> Iterator[Watched]:
    """A console with an officer, another one, a second person and a reader; the node is not started yet."""
    opened = Watched(town.directory, town.node)
    people_of(opened)
    yield opened
    opened.close()


@pytest.fixture
def watched(office: Watched, town: Town) -> Watched:
    """The office, and the node feeds its console."""
    town.node.start()
    town.node.wait_for(office.is_fed)
    return office


@pytest.fixture
def gateway() -> Iterator[Phones]:
    with phones() as shown:
        yield shown


@pytest.fixture
def pair(tmp_path: Path, gateway: Phones) -> Iterator[Pair]:
    with pair_of_boxes(tmp_path, gateway) as both:
        yield both
