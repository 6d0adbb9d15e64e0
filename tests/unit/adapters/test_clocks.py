from warnstream.adapters.sending.clocks import UnsettableClock

START_S = 1_700_000_000.0


def test_a_wall_clock_that_is_set_puts_no_retry_off() -> None:
    wall_s, steady_s = [START_S], [50.0]
    clock = UnsettableClock(lambda: wall_s[0], lambda: steady_s[0])
    wall_s[0] += 86_400
    steady_s[0] += 12
    assert clock() == START_S + 12
