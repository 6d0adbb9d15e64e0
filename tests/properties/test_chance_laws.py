"""Probabilities against a plain reading of the law: member by member, step by step."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.table import KNOTS, LEADS, N_MEMBERS, ChanceTable, bend, unbend
from warnstream.hazards.expected.chances import AGE_S_MAX, Asked, ChanceBook
from warnstream.hazards.expected.crossing import NEVER, Crossing, crossing
from warnstream.model.forecast import RainMembers

STEP = 900
DURATIONS = (900, 1800, 3600)
T0 = 1_781_740_800

steps_mm = st.lists(st.sampled_from([0.0, 1.0, 2.5, 8.0, 20.0]), min_size=6, max_size=6)
members_mm = st.lists(steps_mm, min_size=1, max_size=7)
past_mm = st.lists(st.sampled_from([0.0, 0.0, 1.0, 4.0, 9.0, 30.0]), min_size=4, max_size=4)
"""Rain of the last quarter hours, the newest first."""
thresholds_mm = st.lists(
    st.sampled_from([nan, 2.0, 5.0, 9.0, 10.0, 28.0, 41.0]), min_size=len(DURATIONS), max_size=len(DURATIONS)
)
within_steps = st.integers(1, 6)


def members_of(amounts: list[list[float]], n_places: int = 1) -> RainMembers:
    ahead = np.cumsum(np.array(amounts), axis=1)[:, :, None]
    return RainMembers(np.repeat(ahead, n_places, axis=2).astype(np.float32), STEP, T0, "gauges", "record")


def found(amounts: list[list[float]], past: list[float], critical: list[float], within: int) -> Crossing:
    observed = {STEP * n: np.array([sum(past[:n])]) for n in range(1, 5)}
    return crossing(
        members_of(amounts), observed.__getitem__, DURATIONS, np.array(critical)[:, None], within * STEP
    )


def first_step(ahead: list[float], past: list[float], critical: list[float], within: int) -> int | None:
    """The first step at whose end some window comes up to its threshold; 0: it has been reached."""
    rain = [*reversed(past), *ahead]
    for step in range(within + 1):
        end = len(past) + step
        for duration, threshold in zip(DURATIONS, critical, strict=True):
            if sum(rain[end - duration // STEP : end]) >= threshold:
                return step
    return None


@given(members_mm, past_mm, thresholds_mm, within_steps)
def test_the_probability_is_the_share_of_members_that_reach_it(
    amounts: list[list[float]], past: list[float], critical: list[float], within: int
) -> None:
    result = found(amounts, past, critical, within)
    if all(map(isnan, critical)):
        assert np.isnan(result.probability[0])
        return
    first = [first_step(ahead, past, critical, within) for ahead in amounts]
    reached = sorted(step for step in first if step is not None)
    expected = 1.0 if reached[:1] == [0] else len(reached) / len(first)
    assert result.probability[0] == pytest.approx(expected)
    early, half = int(np.ceil(0.2 * len(first))), int(np.ceil(0.5 * len(first)))
    assert result.early_s[0] == (reached[early - 1] * STEP if len(reached) >= early else NEVER)
    assert result.onset_s[0] == (reached[half - 1] * STEP if len(reached) >= half else NEVER)


@given(members_mm, past_mm, thresholds_mm, within_steps, st.sampled_from([0.0, 0.5, 3.0]))
def test_it_never_falls_when_a_threshold_falls_or_the_time_grows(
    amounts: list[list[float]], past: list[float], critical: list[float], within: int, less: float
) -> None:
    before = found(amounts, past, critical, within).probability[0]
    lower = found(amounts, past, [critical_mm - less for critical_mm in critical], within).probability[0]
    longer = found(amounts, past, critical, min(within + 1, 6)).probability[0]
    assert np.isnan(before) or (lower >= before and longer >= before)


@given(members_mm, thresholds_mm, within_steps)
def test_what_has_been_observed_is_certain(
    amounts: list[list[float]], critical: list[float], within: int
) -> None:
    result = found(amounts, [50.0, 50.0, 50.0, 50.0], critical, within)
    assert all(map(isnan, critical)) or (result.probability[0], result.early_s[0]) == (1.0, 0)


def test_a_place_of_which_nothing_is_known_is_not_dry() -> None:
    silent = members_of([[5.0] * 6, [9.0] * 6], n_places=2)
    silent.rain_mm[:, :, 1] = np.nan
    observed = np.array([3.0, 3.0])
    result = crossing(silent, lambda _s: observed, (1800,), np.array([[10.0, 10.0]]), 3600)
    assert result.probability[0] == 1.0
    assert np.isnan(result.probability[1])
    unobserved = crossing(
        members_of([[5.0] * 6]), lambda _s: np.array([nan]), (1800,), np.array([[50.0]]), 3600
    )
    assert np.isnan(unobserved.probability[0])


STRAIGHT = np.tile(np.array(KNOTS), (LEADS, 1))
coefficients = st.lists(st.floats(-2, 2), min_size=len(FEATURES), max_size=len(FEATURES))


@given(coefficients, coefficients, st.lists(st.floats(0, 4), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_members_say_what_the_formula_says(a: list[float], c: list[float], x: list[float]) -> None:
    table = ChanceTable(np.tile(a, (LEADS, 1)), np.tile(c, (LEADS, 1)), STRAIGHT, "", (0, 0, 1, 1), "")
    features = np.array([x])
    members = table.members(features)[:, 0, 0]
    assert (np.diff(members) >= 0).all()
    intercept, slope = (float(term[0, 0]) for term in table.terms(features))
    assert slope <= -0.3
    for amount in (0.5, 5.0, 40.0, 200.0):
        probability = 1 / (1 + np.exp(-np.clip(intercept + slope * np.log(amount), -500, 500)))
        assert (members >= amount).mean() == pytest.approx(probability, abs=0.5 / N_MEMBERS + 1e-4)


@given(st.lists(st.floats(0.02, 3.0), min_size=len(KNOTS), max_size=len(KNOTS)), st.floats(-20, 20))
def test_what_is_bent_is_unbent(rises: list[float], bracket: float) -> None:
    bent = np.cumsum(rises) - 6.0
    there = bend(np.array([bracket]), bent)
    assert unbend(there, bent)[0] == pytest.approx(bracket, abs=1e-6)


def test_members_follow_the_bent_probability() -> None:
    a, c = np.zeros((LEADS, len(FEATURES))), np.zeros((LEADS, len(FEATURES)))
    a[:, 0], c[:, 0] = 4.0, -1.0
    flat = np.tile(np.array(KNOTS) * 0.5, (LEADS, 1))
    members = ChanceTable(a, c, flat, "", (0, 0, 1, 1), "").members(np.eye(1, len(FEATURES)))[:, 0, 0]
    # a + c ln q = 2 at q = e^2, bent to 1: probability 0.731.
    assert (members >= np.exp(2.0)).mean() == pytest.approx(0.731, abs=0.5 / N_MEMBERS)


def test_members_never_fall_along_the_leads_and_are_unknown_where_features_are() -> None:
    a = np.zeros((LEADS, len(FEATURES)))
    a[:, 0] = np.linspace(3.0, -3.0, LEADS)  # less with every lead, as no fit would have it
    c = np.zeros_like(a)
    c[:, 0] = -1.5
    features = np.ones((2, len(FEATURES)))
    features[1] = np.nan
    members = ChanceTable(a, c, STRAIGHT, "", (0, 0, 1, 1), "").members(features)
    assert (np.diff(members[:, :, 0], axis=1) >= 0).all()
    assert np.isnan(members[:, :, 1]).all()


ASKED = Asked("key", (3600,), 3600, 0.4)


class Ticks:
    """A book that is stepped every five minutes with members of which a share reaches 10 mm."""

    def __init__(self) -> None:
        self.book = ChanceBook([ASKED], 1)
        self.now_s = T0

    def tick(self, share: float | None, *, restart: bool = False) -> tuple[bool, bool] | None:
        members = None
        if share is not None:
            n = 0 if isnan(share) else round(10 * share)
            members = members_of([[20.0] * 6] * n + [[0.0 * share] * 6] * (10 - n))
        if restart:
            state, self.book = self.book.snapshot(), ChanceBook([ASKED], 1)
            self.book.restore(state)
        self.book.step(members, lambda _s: np.zeros(1), lambda _a: np.array([[10.0]]), self.now_s)
        self.now_s += 300
        chance = self.book.known.get("key")
        return None if chance is None else (bool(chance.is_reached[0]), bool(chance.is_holding[0]))


@pytest.mark.parametrize("restart", [False, True])
def test_it_holds_until_it_has_been_below_half_for_three_cycles(restart: bool) -> None:
    ticks = Ticks()
    said = [ticks.tick(share, restart=restart) for share in (0.1, 0.4, 0.3, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1)]
    assert said == [
        (False, False),
        (True, True),
        (False, True),
        (False, True),
        (False, True),
        (False, True),  # a half again: the count begins anew
        (False, True),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize("restart", [False, True])
def test_a_gauge_that_is_late_for_a_cycle_lets_no_level_go(restart: bool) -> None:
    """Nothing known is a cycle below, not the end at once: a silent gauge is not a dry one."""
    ticks = Ticks()
    said = [ticks.tick(share, restart=restart) for share in (0.4, nan, 0.4, nan, nan, 0.2, nan, nan, nan)]
    assert said == [(share, True) for share in (True, False, True, *[False] * 5)] + [(False, False)]


def test_without_new_members_it_stands_and_is_not_known_after_half_an_hour() -> None:
    ticks = Ticks()
    assert ticks.tick(0.5) == (True, True)
    n_stands = AGE_S_MAX // 300
    assert [ticks.tick(None, restart=n == 3) for n in range(n_stands)] == [(True, True)] * n_stands
    version = ticks.book.version
    assert ticks.tick(None) is None
    assert ticks.book.version > version


def test_times_count_from_now_and_end_at_nothing() -> None:
    ticks = Ticks()
    ticks.tick(0.5)
    chance = ticks.book.known["key"]
    from warnstream.model.level import Level

    told = chance.expected(Level.RED, 0, T0 + 600)
    assert (told.onset_early_s, told.onset_s, told.probability) == (300, 300, 0.5)
    assert chance.expected(Level.RED, 0, T0 + 1800).onset_s == 0
