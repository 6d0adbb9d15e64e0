"""The warning desk: what people hear when levels change, time passes, or somebody answers."""

from dataclasses import replace
from typing import cast

import pytest

from tests.unit.desk.county import (
    MESSAGE_POLICY,
    ROUTING_POLICY,
    RULES,
    T0,
    answer,
    called,
    change,
    county,
    desk_of,
    fall,
    lose_sight,
    new_desk,
    reason,
    regain_sight,
    rise,
)
from warnstream.desk import WarningDesk
from warnstream.lifecycle.machine import State
from warnstream.lifecycle.voice import Voice
from warnstream.model.bulletins import Action
from warnstream.model.changes import Change
from warnstream.model.digests import CallFailed, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, Effects, OperatorCancel
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

NONE, BLUE, YELLOW, ORANGE, RED = Level
NAME = "ws.331124001001.flash_flood.20190408T211500Z"


def only_message(effects: Effects) -> WarningMessage:
    (message,) = effects.messages
    return message


def warned(level: Level = ORANGE) -> WarningDesk:
    """A desk with one warning of that level, issued at T0."""
    desk = new_desk()
    desk.step([rise(level)], T0)
    return desk


class TestMessages:
    def test_a_rise_opens_a_warning_with_an_alert(self) -> None:
        message = only_message(new_desk().step([rise(ORANGE)], T0 + 5))
        assert (message.identifier, message.msg_type, message.level) == (
            f"{NAME}.1",
            MessageType.ALERT,
            ORANGE,
        )

    def test_a_further_rise_updates_and_refers_to_the_alert(self) -> None:
        message = only_message(warned().step([rise(RED, ORANGE, at_s=T0 + 300)], T0 + 300))
        assert (message.cause, message.previous, message.version) == (Cause.RAISED, ORANGE, 2)
        assert [(r.identifier, r.sent_s) for r in message.references] == [(f"{NAME}.1", T0)]

    def test_a_fall_to_a_lower_level_updates(self) -> None:
        message = only_message(warned().step([fall(YELLOW, ORANGE)], T0 + 300))
        assert (message.msg_type, message.cause, message.level) == (MessageType.UPDATE, Cause.LOWERED, YELLOW)

    def test_a_fall_to_none_cancels_and_refers_to_everything_said(self) -> None:
        desk = warned()
        desk.step([fall(YELLOW, ORANGE)], T0 + 300)
        message = only_message(desk.step([fall(NONE, YELLOW)], T0 + 600))
        assert (message.msg_type, message.level, message.previous) == (MessageType.CANCEL, NONE, YELLOW)
        assert [r.identifier for r in message.references] == [f"{NAME}.1", f"{NAME}.2"]

    def test_an_observed_crossing_is_the_onset(self) -> None:
        message = only_message(new_desk().step([rise(ORANGE)], T0 + 60))
        assert (message.crossed_at_s, message.onset_s, message.sent_s) == (T0, T0, T0 + 60)

    def test_a_forecast_crossing_has_its_onset_in_the_future(self) -> None:
        ahead = change(Change.RISE, YELLOW, NONE, why=reason(lead_s=2 * HOUR_S, forecast_value=30.0))
        assert only_message(new_desk().step([ahead], T0)).onset_s == T0 + 2 * HOUR_S

    def test_hazards_of_one_village_have_warnings_of_their_own(self) -> None:
        desk = warned()
        desk.step([change(Change.RISE, BLUE, NONE, hazard="rainstorm", why=reason())], T0)
        assert [status.hazard for status in desk.open_warnings()] == ["flash_flood", "rainstorm"]

    def test_a_new_rise_after_the_end_is_a_new_warning_even_in_the_same_second(self) -> None:
        desk = warned()
        effects = desk.step([fall(NONE, ORANGE), rise(YELLOW)], T0)
        cancel, alert = effects.messages
        assert (cancel.warning, alert.warning) == (NAME, f"{NAME}-2")
        assert (alert.version, alert.references, alert.previous) == (1, (), NONE)

    def test_without_inputs_and_before_its_time_nothing_is_said(self) -> None:
        assert not warned().step([], T0 + 60)


class TestSight:
    def test_lost_sight_says_that_the_level_is_held(self) -> None:
        message = only_message(warned().step([lose_sight(ORANGE)], T0 + 60))
        assert (message.cause, message.blind, message.level, message.reason) == (
            Cause.SIGHT_LOST,
            True,
            ORANGE,
            None,
        )

    def test_regained_sight_says_so(self) -> None:
        desk = warned()
        desk.step([lose_sight(ORANGE)], T0 + 60)
        message = only_message(desk.step([regain_sight(ORANGE)], T0 + 120))
        assert (message.cause, message.blind, message.level) == (Cause.SIGHT_REGAINED, False, ORANGE)

    @pytest.mark.parametrize("seen", [lose_sight(NONE), regain_sight(NONE)])
    def test_without_a_warning_sight_is_nobodys_news(self, seen: object) -> None:
        assert not new_desk().step([seen], T0)  # type: ignore[list-item]

    @pytest.mark.parametrize("level", [NONE, YELLOW])
    def test_a_held_warning_refuses_to_fall_and_the_refusal_is_counted(self, level: Level) -> None:
        desk = warned()
        desk.step([lose_sight(ORANGE)], T0 + 60)
        assert not desk.step([fall(level, ORANGE)], T0 + 120).messages
        assert (desk.refused_inputs, desk.open_warnings()[0].level) == (1, ORANGE)

    def test_a_fall_missed_while_held_follows_when_sight_is_regained(self) -> None:
        desk = warned()
        desk.step([lose_sight(ORANGE)], T0 + 60)
        effects = desk.step([regain_sight(YELLOW)], T0 + 120)
        assert [(m.cause, m.level) for m in effects.messages] == [
            (Cause.SIGHT_REGAINED, ORANGE),
            (Cause.LOWERED, YELLOW),
        ]

    def test_a_held_warning_still_rises_and_may_fall_later(self) -> None:
        desk = warned()
        desk.step([lose_sight(ORANGE)], T0 + 60)
        raised = only_message(desk.step([rise(RED, ORANGE)], T0 + 120))
        assert (raised.cause, raised.blind, raised.reason) == (Cause.RAISED, False, reason())
        assert only_message(desk.step([fall(ORANGE, RED)], T0 + 180)).cause is Cause.LOWERED

    def test_a_held_warning_is_renewed_and_still_says_that_it_is_held(self) -> None:
        desk = warned()
        desk.step([lose_sight(ORANGE)], T0 + 60)
        message = only_message(desk.step([], T0 + 7 * HOUR_S))
        assert (message.cause, message.blind, message.reason) == (Cause.RENEWED, True, None)


class TestTime:
    def test_a_message_is_renewed_exactly_when_its_end_comes_near(self) -> None:
        desk = warned()
        due_s = T0 + 6 * HOUR_S - 30 * MINUTE_S
        assert not [m for m in desk.step([], due_s - 1).messages if m.cause is Cause.RENEWED]
        message = only_message(desk.step([], due_s))
        assert (message.cause, message.expires_s, message.reason) == (
            Cause.RENEWED,
            due_s + 6 * HOUR_S,
            reason(),
        )

    def test_a_warning_that_ended_is_not_renewed(self) -> None:
        desk = warned()
        desk.step([fall(NONE, ORANGE)], T0 + 60)
        desk.step([], T0 + 120)  # the posts hear of the end
        assert not desk.step([], T0 + 48 * HOUR_S)

    def test_a_desk_that_slept_past_the_end_of_validity_renews_once(self) -> None:
        assert only_message(warned().step([], T0 + 48 * HOUR_S)).version == 2

    def test_time_only_moves_forward(self) -> None:
        with pytest.raises(ValueError, match="only moves forward"):
            warned().step([], T0 - 1)


class TestHouseholds:
    def test_a_hazard_for_posts_alone_calls_posts_and_no_household(self) -> None:
        rules = tuple(replace(rule, calls_households=False) for rule in RULES)
        desk = desk_of(rules=rules)
        effects = desk.step([rise(RED)], T0)
        assert called(effects)
        assert not effects.bulletins

    def test_households_that_know_of_a_warning_hear_its_end_though_the_hazard_is_for_posts_now(self) -> None:
        before = warned(RED)
        rules = tuple(replace(rule, calls_households=False) for rule in RULES)
        desk = desk_of(rules=rules)
        desk.restore(before.snapshot())
        effects = desk.step([fall(NONE, RED)], T0 + 60)
        assert [bulletin.action for bulletin in effects.bulletins] == [Action.CLEAR]

    def test_doors_are_called_from_the_household_level_on(self) -> None:
        assert [len(new_desk().step([rise(level)], T0).bulletins) for level in (BLUE, YELLOW)] == [0, 1]

    def test_doors_hear_what_is_asked_of_them_and_neither_sight_nor_renewals(self) -> None:
        desk = warned(ORANGE)
        later = [
            desk.step([lose_sight(ORANGE)], T0 + 120),
            desk.step([regain_sight(ORANGE)], T0 + 180),
            desk.step([], T0 + 7 * HOUR_S),
            desk.step([fall(BLUE, ORANGE)], T0 + 8 * HOUR_S),
            desk.step([fall(NONE, BLUE)], T0 + 9 * HOUR_S),
        ]
        assert [len(effects.messages) for effects in later] == [1, 1, 1, 1, 1]
        assert [bulletin.action for effects in later for bulletin in effects.bulletins] == [
            Action.STAY,
            Action.CLEAR,
        ]

    def test_doors_that_were_never_told_are_not_woken_for_the_end(self) -> None:
        assert not warned(BLUE).step([fall(NONE, BLUE)], T0 + 60).bulletins

    def test_a_new_warning_does_not_remember_whom_the_last_one_told(self) -> None:
        desk = warned(YELLOW)
        desk.step([fall(NONE, YELLOW)], T0 + 60)
        assert not desk.step([rise(BLUE, at_s=T0 + 120)], T0 + 120).bulletins

    def test_one_bulletin_speaks_for_all_hazards_of_a_village(self) -> None:
        rain = change(Change.RISE, YELLOW, NONE, hazard="rainstorm", why=reason())
        effects = new_desk().step([rain, rise(RED)], T0)
        (bulletin,) = effects.bulletins
        assert len(effects.messages) == 2
        assert [warning.hazard for warning in bulletin.standing] == ["flash_flood", "rainstorm"]

    def test_an_answer_of_a_door_to_its_bulletin_is_welcome_and_of_anybody_else_ignored(self) -> None:
        desk = new_desk()
        (bulletin,) = desk.step([rise(RED)], T0).bulletins
        desk.step([answer(bulletin.identifier, "door-0")], T0 + 60)
        assert desk.ignored_answers == 0
        desk.step([answer(bulletin.identifier, "door-5"), answer(f"{bulletin.episode}.2", "door-0")], T0 + 60)
        assert desk.ignored_answers == 2

    def test_a_village_whose_bulletin_fails_is_counted_and_silences_no_other(self) -> None:
        desk = new_desk()
        desk.bulletins._voices[0] = cast("Voice", object())
        effects = desk.step([rise(RED), rise(RED, village=1)], T0)
        assert [bulletin.village for bulletin in effects.bulletins] == [1]
        assert [message.village for message in effects.messages] == [0, 1]
        assert desk.refused_inputs == 1
        assert "bulletin of village 331124001001" in desk.last_refusal


class TestChain:
    def test_an_alert_is_one_digest_for_each_post_with_the_levels_time_to_answer(self) -> None:
        effects = new_desk().step([rise(YELLOW)], T0)
        assert called(effects) == ["grid-a", "grid-b"]
        assert {digest.answer_by_s for digest in effects.digests} == {T0 + 1800}
        assert effects.digests[0].identifier == "ws.@drill.grid-a.20190408T211500Z.1"

    def test_two_hazards_of_a_village_are_one_digest(self) -> None:
        rain = change(Change.RISE, YELLOW, NONE, hazard="rainstorm", why=reason())
        effects = new_desk().step([rain, rise(RED)], T0)
        assert called(effects) == ["grid-a", "grid-b", "leader", "town"]
        assert effects.digests[0].lines[0].standing == (("flash_flood", RED), ("rainstorm", YELLOW))

    def test_silence_climbs_rank_by_rank_and_the_top_silent_is_dry(self) -> None:
        desk = warned(YELLOW)
        climbs = [desk.step([], T0 + 1800 * rank) for rank in (1, 2, 3, 4)]
        assert [called(effects) for effects in climbs] == [["town"], ["leader"], [], []]
        assert desk.chains.dry == [0]
        (status,) = desk.open_warnings()
        assert (status.is_dry, status.answer_by_s) == (True, 0)

    def test_an_answer_to_the_digest_ends_the_waiting(self) -> None:
        desk = new_desk()
        digest = desk.step([rise(YELLOW)], T0).digests[0]
        desk.step([answer(digest.identifier, digest.post)], T0 + 60)
        assert not desk.step([], T0 + 4 * HOUR_S)
        assert desk.ignored_answers == 0

    def test_an_answer_of_a_door_does_not_stop_the_climb(self) -> None:
        desk = warned(YELLOW)
        desk.step([answer(f"{NAME}.1", "door-0")], T0 + 60)
        assert (called(desk.step([], T0 + 1800)), desk.ignored_answers) == (["town"], 0)

    @pytest.mark.parametrize("names_bulletin", [True, False])
    def test_a_door_that_calls_for_help_rings_the_lowest_rank_with_its_name(
        self, names_bulletin: bool
    ) -> None:
        desk = new_desk()
        effects = desk.step([rise(YELLOW)], T0)
        message = effects.bulletins[0].identifier if names_bulletin else f"{NAME}.1"
        help_ = replace(answer(message, "door-0"), answer=Answer.NEED_HELP)
        rung = desk.step([help_], T0 + 120)
        assert called(rung) == ["grid-a", "grid-b"]
        assert rung.digests[0].helps[0].caller == "door-0"

    def test_a_call_for_help_is_taken_and_closed_by_two_people(self) -> None:
        desk = new_desk()
        effects = desk.step([rise(YELLOW)], T0)
        help_ = replace(answer(effects.bulletins[0].identifier, "door-0"), answer=Answer.NEED_HELP)
        desk.step([help_], T0 + 120)
        (call,) = desk.chains.calls
        desk.step([HelpAssign(call.name, "town", "Li")], T0 + 180)
        desk.step([HelpClose(call.name, "town", "Li")], T0 + 240)
        assert (desk.refused_inputs, len(desk.chains.calls)) == (1, 1)
        assert "another person must close it" in desk.last_refusal
        desk.step([HelpClose(call.name, "town", "Wang", "home again")], T0 + 240)
        assert desk.chains.calls == []

    def test_an_unknown_call_for_help_is_refused(self) -> None:
        desk = warned()
        desk.step([HelpAssign("h-nothing", "town", "Li")], T0 + 60)
        assert "no call for help 'h-nothing' is open" in desk.last_refusal

    def test_a_digest_that_could_not_be_brought_lets_its_village_climb(self) -> None:
        desk = new_desk()
        digests = desk.step([rise(YELLOW)], T0).digests
        failed = [CallFailed(digest.identifier, digest.post) for digest in digests]
        assert called(desk.step(failed, T0 + 10)) == ["town"]

    def test_the_end_reaches_everybody_called(self) -> None:
        desk = warned(YELLOW)
        assert called(desk.step([fall(NONE, YELLOW)], T0 + 120)) == ["grid-a", "grid-b"]
        assert not desk.step([], T0 + HOUR_S)

    def test_below_the_chains_level_nobody_is_called(self) -> None:
        policy = replace(ROUTING_POLICY, chain_level_min=ORANGE)
        desk = desk_of(routing=policy)
        assert not desk.step([rise(YELLOW)], T0).digests
        assert called(desk.step([rise(ORANGE, YELLOW)], T0 + 60)) == ["grid-a", "grid-b", "leader", "town"]
        desk.step([fall(YELLOW, ORANGE)], T0 + 120)
        desk.step([], T0 + 240)
        assert not desk.step([], T0 + 4 * HOUR_S)

    def test_a_level_without_a_time_demands_no_answer(self) -> None:
        desk = desk_of(routing=RoutingPolicy(YELLOW, BLUE, (0, 0, 0, 0, 0)))
        assert {digest.needs_answer for digest in desk.step([rise(RED)], T0).digests} == {False}
        assert not desk.step([], T0 + HOUR_S)

    def test_without_any_post_nobody_is_missed(self) -> None:
        network = county()
        alone = Network(network.stations, network.villages, network.households, ())
        desk = desk_of(alone)
        assert not desk.step([rise(RED)], T0).digests
        assert desk.chains.dry == []

    def test_what_is_real_and_what_is_an_exercise_are_two_digests(self) -> None:
        drill = warned(YELLOW)
        real = desk_of(messages=replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL))
        real.restore(drill.snapshot())
        effects = real.step([rise(RED, village=1)], T0 + 60)
        assert {digest.status for digest in effects.digests} == {MessageStatus.ACTUAL}
        assert {line.village for digest in effects.digests for line in digest.lines} == {1}

    def test_status_says_who_was_called_and_who_answered(self) -> None:
        desk = warned(YELLOW)
        (town,) = desk.step([], T0 + 1800).digests
        desk.step([answer(town.identifier, "town")], T0 + 1860)
        (status,) = desk.open_warnings()
        assert status.posts_called == ("grid-a", "grid-b", "town")
        assert (status.posts_answered, status.answer_by_s) == (("town",), 0)


class TestStrangers:
    @pytest.mark.parametrize(
        ("message", "recipient"),
        [
            ("", "grid-a"),
            ("hello", "grid-a"),
            ("ws.nobody.flash_flood.20190408T211500Z.1", "grid-a"),
            (f"{NAME}.2", "grid-a"),
            (f"{NAME}.1", "nobody"),
            (f"{NAME}.1", "leader"),
            ("ws.@drill.grid-a.20190408T211500Z.1", "grid-b"),
            ("ws.@drill.grid-a.20190408T211500Z.2", "grid-a"),
            ("ws.@post.grid-a.20190408T211500Z.1", "grid-a"),
            (f"{NAME}.1", "door-4"),
        ],
    )
    def test_an_answer_of_somebody_who_was_not_asked_is_ignored_and_counted(
        self, message: str, recipient: str
    ) -> None:
        desk = warned(YELLOW)
        desk.step([answer(message, recipient)], T0 + 60)
        assert (desk.ignored_answers, called(desk.step([], T0 + 1800))) == (1, ["town"])

    def test_an_answer_to_a_warning_that_ended_is_ignored_and_counted(self) -> None:
        desk = warned()
        desk.step([fall(NONE, ORANGE)], T0 + 60)
        desk.step([answer(f"{NAME}.1", "grid-a")], T0 + 120)
        assert desk.ignored_answers == 1

    @pytest.mark.parametrize(
        "impossible",
        [
            fall(NONE, ORANGE),
            rise(NONE),
            change(Change.RISE, RED, NONE, hazard="volcano"),
            rise(RED, village=3),
            rise(RED, village=-1),
            OperatorCancel("ws.unknown", "duty", "typing error"),
        ],
    )
    def test_what_cannot_be_is_refused_and_the_next_village_is_still_warned(self, impossible: object) -> None:
        desk = new_desk()
        effects = desk.step([impossible, rise(RED, village=1)], T0)  # type: ignore[list-item]
        assert [message.village for message in effects.messages] == [1]
        assert desk.refused_inputs == 1
        assert desk.last_refusal

    def test_a_rise_that_does_not_rise_is_refused(self) -> None:
        desk = warned(RED)
        assert not desk.step([rise(ORANGE, YELLOW)], T0 + 60)
        assert "told red" in desk.last_refusal


class TestOperator:
    def test_the_duty_officer_ends_a_warning_and_the_reason_is_kept(self) -> None:
        desk = warned()
        message = only_message(desk.step([OperatorCancel(NAME, "Wang", "gauge broken")], T0 + 60))
        status = desk.status(NAME)
        assert (message.msg_type, message.cause) == (MessageType.CANCEL, Cause.CANCELLED)
        assert status is not None
        assert (status.state, status.operator, status.note) == (State.ENDED, "Wang", "gauge broken")

    def test_everybody_who_was_told_hears_of_the_end(self) -> None:
        effects = warned(YELLOW).step([OperatorCancel(NAME, "Wang", "")], T0 + 120)
        assert (called(effects), len(effects.bulletins)) == (["grid-a", "grid-b"], 1)

    def test_a_level_that_still_stands_says_nothing_more_until_it_rises(self) -> None:
        desk = warned(YELLOW)
        desk.step([OperatorCancel(NAME, "Wang", "")], T0 + 60)
        assert not desk.step(
            [lose_sight(YELLOW), regain_sight(YELLOW), fall(BLUE, YELLOW)], T0 + 120
        ).messages
        message = only_message(desk.step([rise(ORANGE, BLUE, at_s=T0 + 180)], T0 + 180))
        assert (message.msg_type, message.version, message.previous) == (MessageType.ALERT, 1, NONE)
        assert desk.refused_inputs == 0

    def test_ending_twice_is_refused(self) -> None:
        desk = warned()
        twice = [OperatorCancel(NAME, "Wang", "a"), OperatorCancel(NAME, "Li", "b")]
        assert len(desk.step(twice, T0 + 60).messages) == 1
        assert desk.refused_inputs == 1


class TestViews:
    def test_open_warnings_come_worst_first(self) -> None:
        desk = new_desk()
        desk.step([rise(YELLOW), rise(RED, village=2), rise(ORANGE, village=1)], T0)
        assert [status.level for status in desk.open_warnings()] == [RED, ORANGE, YELLOW]

    def test_the_last_message_is_known_until_a_new_warning_takes_its_place(self) -> None:
        desk = warned()
        cancel = only_message(desk.step([fall(NONE, ORANGE)], T0 + 60))
        assert desk.latest_message(NAME) == cancel
        desk.step([rise(BLUE, at_s=T0 + 120)], T0 + 120)
        assert desk.latest_message(NAME) is None


class TestPolicies:
    def test_a_message_that_would_be_renewed_at_once_is_refused_at_start(self) -> None:
        policy = replace(MESSAGE_POLICY, validity_s=60, renew_before_s=60)
        with pytest.raises(ValueError, match="shorter than validity"):
            desk_of(messages=policy)

    @pytest.mark.parametrize("sender", ["", "flood office", "a,b", "a&b", "a<b", "a\x00"])
    def test_a_sender_that_cap_forbids_is_refused_at_start(self, sender: str) -> None:
        with pytest.raises(ValueError, match="one word"):
            desk_of(messages=replace(MESSAGE_POLICY, sender=sender))


@pytest.mark.parametrize("happened_s", [1, T0 + HOUR_S])
def test_a_report_of_a_time_that_cannot_be_is_refused_as_it_comes(happened_s: int) -> None:
    desk = new_desk()
    desk.step([], T0)
    report = FieldReport("grid-a", moved=3, happened_s=happened_s)
    assert "the time that it tells" in desk.report_fault(report)
    assert desk.report_fault(FieldReport("grid-a", moved=3, happened_s=T0 - HOUR_S)) == ""


def test_a_code_that_nobody_awaits_any_more_keeps_no_number_from_counting() -> None:
    desk = new_desk()
    desk.step([rise(Level.ORANGE)], T0)
    assert "no spot check" in desk.report_fault(FieldReport("grid-a", code="37"))
    late = FieldReport("grid-a", moved=20, code="37")
    assert desk.report_fault(late) == ""
    desk.step([late], T0 + 60)
    (chain,) = [chain for chain in desk.chains.of.values() if chain.turns]
    assert dict(chain.reports.heads_of(0)) == {"moved": 20}
    assert "no spot check" in chain.reports.state.unclear[0].why
