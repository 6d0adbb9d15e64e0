"""What a broker really does with a session."""

import pytest

from tests.alarms import RecordedAlarms
from warnstream.adapters.mqtt.session_watch import LOST_TOLD_S, SHORT_MAX, STEADY_S, TAKEN_OVER, SessionWatch

WEEK_S = 7 * 86_400


def watching(*, expects_session: bool = False) -> tuple[SessionWatch, RecordedAlarms]:
    alarms = RecordedAlarms()
    return SessionWatch(alarms, "node", WEEK_S, expects_session=expects_session), alarms


def connect(watch: SessionWatch, at_s: float, *, is_present: bool = True, is_v5: bool = False) -> None:
    watch.connected(at_s, is_present=is_present, is_v5=is_v5, expiry_s=None)


def test_connections_that_end_again_and_again_are_a_loop_that_is_told_once() -> None:
    watch, alarms = watching()
    for n in range(10):
        connect(watch, n * 2.0)
        watch.disconnected(n * 2.0 + 1, 7, "connection lost")
        assert len(alarms.texts()) == (n + 1 >= SHORT_MAX)
    assert alarms.begun == ["broker:node reconnecting"]
    assert "ended 10 times in a row" in alarms.texts()[0]
    connect(watch, 100.0)
    watch.look(100.0 + STEADY_S - 1)
    assert alarms.texts()
    watch.look(100.0 + STEADY_S)
    assert alarms.texts() == []


def test_a_broker_that_names_a_second_client_is_believed_at_once() -> None:
    watch, alarms = watching()
    connect(watch, 0.0, is_v5=True)
    watch.disconnected(1_000.0, TAKEN_OVER, "session taken over")
    assert "another client connects as node" in alarms.texts()[0]


def test_one_lost_connection_a_day_is_no_loop() -> None:
    watch, alarms = watching()
    for day in range(10):
        connect(watch, day * 86_400.0)
        watch.disconnected(day * 86_400.0 + 80_000, 7, "connection lost")
    assert alarms.texts() == []


def test_a_session_that_was_lost_is_told_for_an_hour_if_the_broker_never_shows_one() -> None:
    watch, alarms = watching(expects_session=True)
    connect(watch, 0.0, is_present=False)
    watch.look(LOST_TOLD_S - 1)
    assert "forgotten" in alarms.texts()[0]
    watch.look(LOST_TOLD_S)
    assert alarms.texts() == []


@pytest.mark.parametrize(
    ("is_present", "is_v5", "is_kept"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_kept_there_needs_a_proof(is_present: bool, is_v5: bool, is_kept: bool) -> None:
    watch, _ = watching()
    connect(watch, 0.0, is_present=is_present, is_v5=is_v5)
    assert watch.disconnected(100.0, 7, "lost").endswith("is kept there") == is_kept
