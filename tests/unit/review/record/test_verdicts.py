"""What became of each warning, by the same rules as the scores."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.review.messages import T0, VILLAGES, message
from warnstream.model.level import Level
from warnstream.model.times import MINUTE_S
from warnstream.review.events import Event
from warnstream.review.record.verdicts import judge_each
from warnstream.review.verification import ANY_HAZARD, VerificationPolicy, score_warnings

POLICY = VerificationPolicy(hazards=("landslide", "flash_flood"))


def event(name: str, at_s: int | None, villages: tuple[str, ...], level: Level | None = None) -> Event:
    window_s = (T0 - 600, T0 + 600) if at_s is None else None
    return Event(name, "as written", at_s, window_s, None, None, "landslide", villages, level)


def test_a_hit_a_late_one_a_false_one_and_a_miss() -> None:
    warnings = [
        message(0, Level.ORANGE, T0 - 45 * MINUTE_S),
        message(1, Level.ORANGE, T0 + 10 * MINUTE_S),
        message(1, Level.ORANGE, T0 - 20 * 3600, hazard="flash_flood"),
    ]
    events = [event("a", T0, ("west",)), event("b", T0, ("middle",)), event("c", T0, ("east",))]
    found = judge_each(warnings, events, VILLAGES, POLICY)
    verdicts = [found.of_warning[warning.warning] for warning in warnings]
    assert [(verdict.word, verdict.lead_min) for verdict in verdicts] == [
        ("hit", 45.0),
        ("late", -10.0),
        ("false", None),
    ]
    assert found.missed == {"east": ["c"]}


def test_an_event_of_one_level_is_met_by_a_warning_at_that_level() -> None:
    events = [event("a", T0, ("west",), Level.RED)]
    found = judge_each([message(0, Level.ORANGE, T0 - 600)], events, VILLAGES, POLICY)
    assert found.missed == {"west": ["a"]}
    assert {verdict.word for verdict in found.of_warning.values()} == {"false"}


def test_an_event_of_which_a_window_is_known_decides_nothing() -> None:
    found = judge_each([message(0, Level.ORANGE, T0 - 600)], [event("a", None, ("west",))], VILLAGES, POLICY)
    assert {verdict.word for verdict in found.of_warning.values()} == {"undecided"}
    assert found.missed == {}


WARNINGS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([Level.BLUE, Level.RED]), st.integers(-900, 60)),
    unique_by=lambda one: (one[0], one[2]),
    max_size=8,
)
EVENTS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-300, 300)), st.sampled_from(VILLAGES.code)), max_size=6
)


@given(WARNINGS, EVENTS)
def test_verdicts_add_up_to_the_scores_of_all_levels(
    warned: list[tuple[int, Level, int]], happened: list[tuple[int | None, str]]
) -> None:
    warnings = [message(village, level, T0 + minute * MINUTE_S) for village, level, minute in warned]
    events = [
        event(f"e{number}", None if minute is None else T0 + minute * MINUTE_S, (village,))
        for number, (minute, village) in enumerate(happened)
    ]
    found = judge_each(warnings, events, VILLAGES, POLICY)
    scores = score_warnings(warnings, events, VILLAGES, POLICY).scores
    (score,) = [score for score in scores if (score.hazard, score.level) == (ANY_HAZARD, Level.BLUE)]
    counts = Counter(verdict.word for verdict in found.of_warning.values())
    assert counts["hit"] + counts["late"] == score.verified
    assert counts["false"] == score.false_alarms
    assert counts["undecided"] == score.undecided
    assert sum(map(len, found.missed.values())) == score.misses
