"""Heads by number beside people by name, the five counters, and marks of people with an area."""

from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.unit.desk.county import T0
from tests.unit.desk.transfers_county import FIRST, Orders, mark, moving_desk
from warnstream.commands.transfers.command import lines
from warnstream.config.load import load_configuration
from warnstream.delivery.ledger.states import People
from warnstream.desk import WarningDesk
from warnstream.desk.transfers.rows import Row
from warnstream.model.digests import FieldReport
from warnstream.model.hands.orders import SAFE, OrderKind
from warnstream.model.hands.requests import OrderFaultsError
from warnstream.model.times import UTC
from warnstream.runners.transfers.counters import counters_of
from warnstream.runners.transfers.describe import describe_transfers
from warnstream.runners.transfers.figures import figures_of
from warnstream.runners.transfers.marking import mark_of


def rows() -> list[Row]:
    return [
        Row("h1", "V", "", "household", "", persons=4, people=People.SAFE),
        Row("h2", "V", "", "household", "", persons=3, people=People.SAID_SAFE),
        Row("h3", "V", "", "household", "", persons=5),
    ]


@pytest.mark.parametrize(
    ("heads", "out", "said"),
    [
        ({}, 7, []),
        ({"moved": 9}, 9, []),
        ({"moved": 5}, 7, ["V: 7 out by name, 5 by number"]),
        ({"moved": 30}, 12, ["V: 30 moved by number, the list has 12 persons"]),
        ({"to_move": 20, "moved": 8}, 8, ["V: 20 to move by number, the list has 12 persons"]),
        (
            {"to_move": 12, "moved": 10, "refused": 2},
            10,
            ["V: by number nobody is left, 2 rows are open by name"],
        ),
    ],
)
def test_numbers_and_names_are_shown_beside_each_other(
    heads: dict[str, int], out: int, said: list[str]
) -> None:
    found = figures_of(rows(), heads)
    assert (found.open, found.out_by_name, found.confirmed, found.out) == (2, 7, 4, out)
    assert found.contradictions == said


def test_a_list_with_uncounted_rows_takes_the_number_as_it_is() -> None:
    found = figures_of([*rows(), Row("hut", "V", "", "hut", "A")], {"moved": 30})
    assert (found.persons, found.uncounted, found.out) == (12, 1, 30)


def opened() -> WarningDesk:
    desk = moving_desk()
    desk.step([Orders()(OrderKind.TRANSFER, by="11:00")], T0)
    return desk


def test_the_five_counters_name_who_is_missing() -> None:
    desk = opened()
    posts, boats, zones, outdoor, places = counters_of(desk)
    assert (posts.done, posts.total, posts.missing) == (0, 4, ["grid-a", "grid-b", "town", "leader"])
    assert (boats.total, boats.missing) == (1, ["boat"])
    assert zones.missing == ["door-0", "door-1", "door-2", "door-3", "pond"]
    assert (outdoor.persons_total, outdoor.missing) == (6, ["hut"])
    assert places.missing == ["Z-stream", "Z-slope"]
    orders = Orders()
    orders.n = 9
    desk.step(
        [
            FieldReport("grid-a", on_duty=True),
            mark("safe", "boat", "hut"),
            orders(OrderKind.TRANSFER_OVER),
            orders(OrderKind.ASSESS, verdict=SAFE, zones=("Z-slope",)),
        ],
        T0 + 60,
    )
    posts, boats, zones, outdoor, places = counters_of(desk)
    assert posts.missing == ["grid-b", "town", "leader"]
    assert (boats.done, outdoor.done, outdoor.persons_done) == (1, 1, 6)
    assert places.missing == ["Z-stream"]


def test_numbers_of_before_the_list_do_not_count() -> None:
    desk = moving_desk()
    desk.step([FieldReport("grid-a", to_move=9, moved=9)], T0)
    desk.step([Orders()(OrderKind.TRANSFER, by="11:00")], T0 + 60)
    assert describe_transfers(desk).lists[0].figures.heads == {}
    desk.step([FieldReport("grid-a", moved=4)], T0 + 120)
    assert describe_transfers(desk).lists[0].figures.heads == {"moved": 4}


def test_the_command_says_the_hour_the_advice_and_who_is_open() -> None:
    import msgspec

    desk = opened()
    desk.step([mark("refused", "door-2", note="the goats")], T0 + 60)
    said = "\n".join(lines(msgspec.to_builtins(describe_transfers(desk, "o1")), UTC))
    assert "transfer o1 moving: by 2019-04-09 03:00, 344 min left; to the shelter; zhang: why" in said
    assert f"door-2 {FIRST} household, ? persons: refused, town 2019-04-08 21:16: the goats" in said
    assert "hut 331124001001 hut A, 6 persons, 1 helpless, helper grid-a: silent" in said
    assert "boats in port: 0 of 1, 0 of 3 persons; missing: boat" in said


def test_who_marks_answers_for_the_rows(tmp_path: Path) -> None:
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=1883, http_port=8080)
    configuration = load_configuration(tmp_path)
    codes = configuration.network.households.code
    assert mark_of(configuration, [codes[0], codes[0]], "safe", "officer-1").rows == (codes[0],)
    post = next(post for post in configuration.network.chain if post.rank == 1)
    own = [code for code in codes if post.area in code]
    assert mark_of(configuration, own, "moving", post.post, is_post=True).is_post
    wrong = {
        "by: 'nobody' is no person of operators.csv": ([codes[0]], "safe", "nobody", False),
        "by: 'nobody' is no post of chain.csv": ([codes[0]], "safe", "nobody", True),
        "word: expected moving": ([codes[0]], "flown", "officer-1", False),
        "rows: expected 1 to 1000, got 0": ([], "safe", "officer-1", False),
        f"rows: {codes[-1]} is outside the area": ([codes[-1]], "safe", post.post, True),
    }
    for expected, (rows_, word, by, is_post) in wrong.items():
        with pytest.raises(OrderFaultsError) as refused:
            mark_of(configuration, rows_, word, by, is_post=is_post)
        assert refused.value.faults[0].startswith(expected)
