import math
from dataclasses import replace

import pytest

from tests.unit.review.messages import T0, VILLAGES, course, message
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import WarningMessage
from warnstream.review.events import Event
from warnstream.review.verification import (
    ANY_HAZARD,
    HazardScore,
    VerificationPolicy,
    score_warnings,
)

POLICY = VerificationPolicy(hazards=("landslide", "flash_flood"))
WEST, MIDDLE, EAST = 0, 1, 2


def event(
    at_s: int | None = T0,
    name: str = "e1",
    kind: str = "landslide",
    longitude: float | None = 0.0,
    villages: tuple[str, ...] = (),
    window_s: tuple[int, int] | None = None,
) -> Event:
    latitude = None if longitude is None else 0.0
    return Event(name, "as written", at_s, window_s, latitude, longitude, kind, villages)


def score_of(
    warnings: list[WarningMessage],
    events: list[Event],
    hazard: str = "landslide",
    level: Level = Level.ORANGE,
    policy: VerificationPolicy = POLICY,
) -> HazardScore:
    verification = score_warnings(warnings, events, VILLAGES, policy)
    (score,) = [score for score in verification.scores if (score.hazard, score.level) == (hazard, level)]
    return score


def test_warning_before_the_event_is_a_hit_with_its_lead() -> None:
    score = score_of([message(WEST, Level.ORANGE, T0 - 45 * MINUTE_S)], [event()])
    assert (score.hits, score.misses, score.late, score.false_alarms) == (1, 0, 0, 0)
    assert score.leads_min == (45.0,)


def test_earliest_of_several_warnings_gives_the_lead() -> None:
    warnings = [message(WEST, Level.ORANGE, T0 - 600), message(MIDDLE, Level.ORANGE, T0 - 1200)]
    score = score_of(warnings, [event()])
    assert score.outcomes[0].village == "middle"
    assert score.leads_min == (20.0,)
    assert (score.warnings, score.verified) == (2, 2)


def test_warning_shortly_after_the_event_is_a_late_hit() -> None:
    score = score_of([message(WEST, Level.ORANGE, T0 + 10 * MINUTE_S)], [event()])
    assert (score.hits, score.late) == (1, 1)
    assert score.leads_min == (-10.0,)


def test_warning_at_the_very_moment_came_late() -> None:
    assert score_of([message(WEST, Level.ORANGE, T0)], [event()]).late == 1


def test_warning_long_after_the_event_is_a_miss_and_a_false_alarm() -> None:
    score = score_of([message(WEST, Level.ORANGE, T0 + 31 * MINUTE_S)], [event()])
    assert (score.hits, score.misses, score.false_alarms) == (0, 1, 1)


def test_missed_event_has_no_lead_instead_of_zero() -> None:
    events = [event(), event(name="e2", at_s=T0, longitude=0.5)]
    score = score_of([message(WEST, Level.ORANGE, T0 - 600)], events)
    assert score.leads_min == (10.0,)
    assert score.lead_min_median == 10.0
    assert score.outcomes[1].lead_min is None


def test_warning_that_ended_less_than_six_hours_before_still_counts() -> None:
    ended = course(WEST, (T0 - 5 * HOUR_S, Level.ORANGE), (T0 - 3 * HOUR_S, Level.NONE))
    assert score_of(ended, [event()]).hits == 1


def test_warning_that_began_and_ended_long_before_is_no_hit() -> None:
    ended = course(WEST, (T0 - 9 * HOUR_S, Level.ORANGE), (T0 - 7 * HOUR_S, Level.NONE))
    score = score_of(ended, [event()])
    assert (score.hits, score.false_alarms) == (0, 1)


def test_long_warning_that_still_stands_counts_with_its_whole_lead() -> None:
    steps = [(T0 - 10 * HOUR_S, Level.ORANGE), (T0 - 5 * HOUR_S, Level.ORANGE)]
    assert score_of(course(WEST, *steps), [event()]).leads_min == (600.0,)


def test_warning_ends_when_its_last_message_expires() -> None:
    """Valid for six hours, begun nine hours before: it stood no more."""
    assert score_of([message(WEST, Level.ORANGE, T0 - 9 * HOUR_S)], [event()]).hits == 0


def test_village_out_of_the_radius_was_not_warned_of_the_event() -> None:
    score = score_of([message(EAST, Level.ORANGE, T0 - 600)], [event()])
    assert (score.hits, score.false_alarms) == (0, 1)


def test_event_in_named_villages_needs_no_position() -> None:
    named = event(longitude=None, villages=("east", "west"))
    assert score_of([message(EAST, Level.ORANGE, T0 - 600)], [named]).hits == 1


def test_level_counts_from_when_it_was_reached() -> None:
    steps = [(T0 - 3600, Level.YELLOW), (T0 - 1200, Level.ORANGE), (T0 + 60, Level.YELLOW)]
    warnings = course(WEST, *steps)
    assert score_of(warnings, [event()], level=Level.YELLOW).leads_min == (60.0,)
    assert score_of(warnings, [event()], level=Level.ORANGE).leads_min == (20.0,)
    assert score_of(warnings, [event()], level=Level.RED).misses == 1


def test_level_that_was_left_and_reached_again_is_two_warnings() -> None:
    steps = [(T0, Level.ORANGE), (T0 + 3600, Level.YELLOW), (T0 + 7200, Level.ORANGE)]
    assert score_of(course(EAST, *steps), []).warnings == 2
    assert score_of(course(EAST, *steps), [], level=Level.YELLOW).warnings == 1


def test_hazard_that_does_not_warn_of_the_kind_neither_hits_nor_misses() -> None:
    warnings = [message(WEST, Level.ORANGE, T0 - 600, hazard="flash_flood")]
    score = score_of(warnings, [event()], hazard="flash_flood")
    assert (score.hits, score.misses, score.false_alarms) == (0, 0, 1)
    assert score_of(warnings, [event()]).misses == 1


def test_any_hazard_counts_each_event_once() -> None:
    warnings = [
        message(WEST, Level.ORANGE, T0 - 600, hazard="flash_flood"),
        message(WEST, Level.ORANGE, T0 - 1200),
    ]
    score = score_of(warnings, [event(kind="debris flow")], hazard=ANY_HAZARD)
    assert (score.hits, score.verified) == (1, 2)
    assert score.leads_min == (20.0,)


def test_events_of_one_place_less_than_half_an_hour_apart_are_one() -> None:
    events = [event(T0, "e1"), event(T0 + 29 * MINUTE_S, "e2"), event(T0 + 80 * MINUTE_S, "e3")]
    verification = score_warnings([], events, VILLAGES, POLICY)
    assert verification.scores[0].misses == 2
    assert [event.event for event in verification.unscored] == ["e2"]
    assert "less than 30 min after e1" in verification.unscored[0].reason


def test_events_of_two_places_at_one_time_are_two() -> None:
    assert score_of([], [event(name="e1"), event(name="e2", longitude=0.5)]).misses == 2


def test_warning_inside_a_window_is_neither_hit_nor_false_alarm() -> None:
    vague = event(None, window_s=(T0, T0 + 6 * HOUR_S))
    score = score_of([message(WEST, Level.ORANGE, T0 + HOUR_S)], [vague])
    assert (score.hits, score.misses, score.false_alarms, score.undecided) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("unscorable", "reason"),
    [
        (event(kind="warning"), "context"),
        (event(kind="earthquake"), "no configured hazard warns of kind 'earthquake'"),
        (event(None), "no exact time: 'as written'"),
        (event(None, window_s=(T0, T0 + 60)), "only a window is known"),
        (event(longitude=0.25), "no village is named or within 5 km"),
        (event(longitude=None, villages=("atlantis",)), "no village is named or within 5 km"),
    ],
)
def test_event_that_cannot_be_scored_is_listed_with_the_reason(unscorable: Event, reason: str) -> None:
    verification = score_warnings([], [unscorable], VILLAGES, POLICY)
    assert all(score.hits + score.misses == 0 for score in verification.scores)
    assert reason in verification.unscored[0].reason


def test_verification_says_that_false_alarms_are_an_upper_bound() -> None:
    assert "upper bounds" in score_warnings([], [], VILLAGES, POLICY).note


def test_two_warned_villages_make_one_hit_and_two_verified_warnings() -> None:
    """NWS: POD counts events (1 of 2), FAR counts warnings (1 of 3); CSI = 1 / (2 + 1.5 - 1) = 0.4."""
    warnings = [message(village, Level.ORANGE, T0 - 600) for village in (WEST, MIDDLE)]
    warnings.append(message(EAST, Level.ORANGE, T0 + 20 * HOUR_S))
    events = [event(), event(T0 - 5 * HOUR_S, "e2", longitude=0.5)]
    score = score_of(warnings, events)
    assert score.pod == 0.5
    assert score.far == pytest.approx(1 / 3)
    assert score.csi == pytest.approx(0.4)
    assert score.bias == pytest.approx(0.75)


def test_scores_without_events_and_warnings_are_unknown() -> None:
    score = score_of([], [])
    assert all(math.isnan(value) for value in (score.pod, score.far, score.csi, score.bias))
    assert math.isnan(score.lead_min_median)


def test_all_missed_is_zero_skill_and_not_unknown() -> None:
    score = score_of([], [event()])
    assert (score.pod, score.csi) == (0.0, 0.0)


def of_level(level: Level | None, name: str = "e1", at_s: int = T0) -> Event:
    return replace(event(at_s, name), level=level)


def test_an_event_of_a_level_is_an_event_of_that_row_alone() -> None:
    """50 mm in 12 h (blue) and in 3 h (orange) are two rules: neither is judged by the other's event."""
    events = [of_level(Level.BLUE, "blue", T0 - 7200), of_level(Level.ORANGE, "orange")]
    steps = [(T0 - 3 * HOUR_S, Level.BLUE), (T0 - 600, Level.ORANGE)]
    rows = {level: score_of(course(WEST, *steps), events, level=level) for level in Level if level}
    assert {level: (row.hits, row.misses) for level, row in rows.items()} == {
        Level.BLUE: (1, 0),
        Level.YELLOW: (0, 0),
        Level.ORANGE: (1, 0),
        Level.RED: (0, 0),
    }
    assert rows[Level.BLUE].leads_min == (60.0,)
    assert rows[Level.ORANGE].leads_min == (10.0,)


def test_events_of_several_levels_at_one_time_and_place_are_not_one() -> None:
    events = [of_level(level, level.word) for level in (Level.BLUE, Level.YELLOW)]
    assert score_warnings([], events, VILLAGES, POLICY).unscored == ()
    assert [score_of([], events, level=level).misses for level in (Level.BLUE, Level.YELLOW)] == [1, 1]


def test_a_red_warning_without_a_red_event_is_a_false_alarm() -> None:
    score = score_of([message(WEST, Level.RED, T0 - 600)], [of_level(Level.ORANGE)], level=Level.RED)
    assert (score.hits, score.misses, score.false_alarms) == (0, 0, 1)


def test_minutes_ahead_are_those_of_warnings_in_time() -> None:
    events = [event(), event(name="e2", longitude=0.5)]
    warnings = [message(WEST, Level.ORANGE, T0 - 1200), message(EAST, Level.ORANGE, T0 + 600)]
    score = score_of(warnings, events)
    assert (score.hits, score.late, score.early_min_median) == (2, 1, 20.0)
    assert math.isnan(score_of([], events).early_min_median)
