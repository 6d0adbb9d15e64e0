from warnstream.adapters.sending.clocks import EventClock, UnsettableClock

START_S = 1_700_000_000.0


class Clocks:
    """An engine and a steady clock that a test moves."""

    def __init__(self, engine_s: float) -> None:
        self.engine_s = engine_s
        self.steady_s = 50.0

    def clock(self, start_s: float | None) -> EventClock:
        return EventClock(lambda: self.engine_s, start_s, lambda: self.steady_s)


def test_until_the_first_step_it_is_the_time_of_the_start_and_not_of_the_last_entry_before_it() -> None:
    clocks = Clocks(engine_s=START_S - 43_200)
    clock = clocks.clock(START_S)
    clocks.steady_s += 3
    assert clock() == START_S + 3


def test_a_step_sets_it() -> None:
    clocks = Clocks(engine_s=START_S - 43_200)
    clock = clocks.clock(START_S)
    clocks.engine_s = START_S + 5
    assert clock() == START_S + 5


def test_it_runs_on_while_the_engine_stands_still() -> None:
    clocks = Clocks(engine_s=START_S)
    clock = clocks.clock(START_S)
    clocks.engine_s += 5
    clock()
    clocks.steady_s += 7_200
    assert clock() == START_S + 7_205


def test_a_simulated_time_stands_between_its_beacons() -> None:
    clocks = Clocks(engine_s=START_S)
    clock = clocks.clock(None)
    clocks.steady_s += 7_200
    assert clock() == START_S
    clocks.engine_s += 60
    assert clock() == START_S + 60


def test_a_wall_clock_that_is_set_puts_no_retry_off() -> None:
    wall_s, steady_s = [START_S], [50.0]
    clock = UnsettableClock(lambda: wall_s[0], lambda: steady_s[0])
    wall_s[0] += 86_400
    steady_s[0] += 12
    assert clock() == START_S + 12
