"""The notation of readings in tests of rules: read as it was written, or refused; nothing else."""

import math

from hypothesis import given
from hypothesis import strategies as st

from warnstream.config.rule_tests.series import Series, parse_series

amounts = st.integers(-9_000_000, 9_000_000).map(lambda thousandths: thousandths / 1000)
counts = st.integers(1, 50)
values = st.tuples(amounts, counts).map(lambda one: (f"{one[0]:g}x{one[1]}", [float(f"{one[0]:g}")] * one[1]))
single = amounts.map(lambda amount: (f"{amount:.3f}", [float(f"{amount:.3f}")]))
missing = counts.map(lambda count: (f"_x{count}", [math.nan] * count))
tokens = st.lists(st.one_of(values, single, missing, st.just(("_", [math.nan]))), min_size=1, max_size=8)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def equal(series: Series, expected: list[float]) -> bool:
    return len(series.values) == len(expected) and all(map(same, series.values, expected))


@given(tokens, st.sampled_from([" ", "  ", "\t"]))
def test_a_series_is_its_tokens_one_after_another(parts: list[tuple[str, list[float]]], blank: str) -> None:
    series = parse_series(blank.join(text for text, _ in parts))
    assert equal(series, [value for _, own in parts for value in own])
    assert not series.goes_on


@given(tokens, amounts, st.integers(0, 200))
def test_a_rest_fills_up_whatever_is_asked_for_and_cuts_nothing_off(
    parts: list[tuple[str, list[float]]], rest: float, count: int
) -> None:
    series = parse_series(" ".join([*(text for text, _ in parts), f"{rest:.3f}x*"]))
    own = [value for _, values in parts for value in values]
    wanted = [*own, *[float(f"{rest:.3f}")] * count][:count]
    assert all(map(same, series.up_to(count), wanted))
    assert len(series.up_to(count)) == count


@given(amounts, amounts, st.integers(2, 60))
def test_a_ramp_begins_and_ends_as_written_and_never_turns(first: float, last: float, count: int) -> None:
    ramp = parse_series(f"{first:.3f}..{last:.3f}x{count}").values
    assert len(ramp) == count
    assert (ramp[0], ramp[-1]) == (float(f"{first:.3f}"), float(f"{last:.3f}"))
    assert list(ramp) == sorted(ramp, reverse=ramp[-1] < ramp[0])
    step = (ramp[-1] - ramp[0]) / (count - 1)
    assert all(abs(value - (ramp[0] + step * place)) < 1e-5 for place, value in enumerate(ramp))


@given(st.text(alphabet="0123456789.x_*+- e", max_size=30))
def test_whatever_somebody_writes_is_a_series_or_refused_with_what_was_expected(text: str) -> None:
    try:
        series = parse_series(text)
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017  # either of the two is right
    else:
        assert all(math.isnan(value) or math.isfinite(value) for value in series.values)
