"""On the machine of a box: whether what is read and given there counts."""

from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.config.conftest import FILES
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.standby.leadership import Leadership, write_leadership
from warnstream.adapters.standby.messages import LEADS, STANDS_BY
from warnstream.commands.standby.takeover import demand_leading
from warnstream.commands.standby.which import why_not_of_now
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError

LEADER = Leadership("north", LEADS, 1, "north", "log", [(1, 1)])
STANDBY = """
standby:
  first: north
  boxes:
    north: {host: 127.0.0.1, port: 18443}
    south: {host: 127.0.0.2, port: 18443}
"""


@pytest.fixture
def county(tmp_path: Path) -> Configuration:
    """Of two boxes; its storage is there."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text + STANDBY * (name == "warnstream.yaml"), encoding="utf-8")
    configuration = load_configuration(tmp_path)
    configuration.storage.directory.mkdir(parents=True, exist_ok=True)
    return configuration


def test_a_box_whose_node_works_and_leads_takes_orders(county: Configuration) -> None:
    write_leadership(county.storage.directory, LEADER)
    with closing(Journal(county.storage.directory)):
        assert why_not_of_now(county) == ""
        demand_leading(county)


def test_where_no_node_works_the_other_box_may_lead(county: Configuration) -> None:
    """What was left in the log of a stopped box went aside with it once the other one had taken over."""
    write_leadership(county.storage.directory, LEADER)
    assert why_not_of_now(county) == "no node works on this box (north), and south may lead by now"
    with pytest.raises(WarnstreamError, match=r"south may lead by now.*give it there, or start this one"):
        demand_leading(county)


def test_a_box_that_stands_by_names_the_one_that_leads(county: Configuration) -> None:
    write_leadership(county.storage.directory, structs.replace(LEADER, role=STANDS_BY, leader="south"))
    with closing(Journal(county.storage.directory)):
        assert why_not_of_now(county) == "this box (north) stands by: south leads"
        with pytest.raises(WarnstreamError, match="give it there, or `warnstream takeover` first"):
            demand_leading(county)


def test_a_node_without_a_second_box_takes_orders_for_its_next_start(county: Configuration) -> None:
    demand_leading(county)  # has never run
    write_leadership(county.storage.directory, LEADER)
    (county.directory / "warnstream.yaml").write_text(FILES["warnstream.yaml"], encoding="utf-8")
    alone = load_configuration(county.directory)
    assert why_not_of_now(alone) == ""
    demand_leading(alone)
