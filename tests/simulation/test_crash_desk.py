"""A tenth of the kills for every run of the suite; the two hundred are ``make crash-desk``."""

from dataclasses import replace

import pytest

from tests.conftest import find_mosquitto
from tests.integration.smsc import program
from tests.simulation.crash_desk import Key, Told, faults_of, main
from tests.unit.adapters.county import bulletin, network

DOOR = "V1-H0"
FIRST, SECOND = bulletin(n=1), bulletin(n=2)


def told(*shown: tuple[float, int], way: str = "web", kills: tuple[float, ...] = (5.0,)) -> Told:
    """What one door was shown of two bulletins, and when; no post is there."""
    town = replace(network((1, 0), channel=way), chain=())
    keys: list[tuple[float, Key]] = [(at, ((FIRST, SECOND)[n - 1].identifier, DOOR, way)) for at, n in shown]
    issued = {issued.identifier: issued for issued in (FIRST, SECOND)}
    return Told(issued, {}, {way: keys}, set(), set(), set(), town, list(kills))


@pytest.mark.parametrize(
    ("shown", "way", "fault"),
    [
        (((1, 1), (2, 2)), "web", ""),
        (((1, 1),), "web", "not its last word"),
        ((), "web", "were never told anything"),
        (((1, 2), (2, 1)), "web", "something older after something newer"),
        (((1, 1), (2, 2), (3, 2)), "sms", "twice without a kill between"),
        (((1, 1), (2, 2), (9, 2)), "sms", ""),
        (((1, 1), (2, 2), (9, 2)), "web", ""),
    ],
)
def test_what_kills_may_do_and_what_not(shown: tuple[tuple[float, int], ...], way: str, fault: str) -> None:
    killed = told(*shown, way=way)
    faults = faults_of(killed, killed).faults
    assert any(fault in found for found in faults) if fault else not faults


def test_another_bulletin_or_an_answer_that_is_not_in_the_log_is_a_fault() -> None:
    whole, killed = told((1, 1), (2, 2)), told((1, 1), (2, 2))
    killed.bulletins = {**killed.bulletins, SECOND.identifier: replace(SECOND, issued_s=7)}
    killed.by_device = {(FIRST.identifier, DOOR)}
    faults = faults_of(killed, whole).faults
    assert faults[0].startswith("1 bulletins are not those that come without kills")
    assert faults[1] == "1 answers that the broker has acknowledged are not in the log"
    assert len(faults) == 2


@pytest.mark.server
@pytest.mark.slow
def test_nothing_is_lost_twice_or_out_of_order_and_timers_go_on_whenever_the_node_is_killed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    program()
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    status = main(["--kills", "8", "--doors", "5"])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "8 kills" in printed
    assert "nothing lost, nothing shown twice, nothing older after newer, timers as without kills" in printed
