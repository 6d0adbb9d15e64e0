"""The life of alerts of another service: what stands, and what is refused for a named reason."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.alerts import ELSEWHERE, SENDER, alert, arrived, info, relay_table
from tests.networks import HOUR, T0, network_of
from warnstream.lifecycle.alerts import (
    EARLY_S_MAX,
    ENDED_KEPT_MAX,
    ENDED_KEPT_S,
    STANDING_MAX,
    AlertBook,
    AlertOutcome,
    AlertPolicy,
)
from warnstream.model.alerts.alert import Alert, AlertReference
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import MessageStatus, MessageType

TABLE = relay_table(network_of(2, 2).villages)
UPDATE, CANCEL = MessageType.UPDATE, MessageType.CANCEL


class Desk:
    """A book and its clock, in minutes after T0."""

    def __init__(self, policy: AlertPolicy | None = None) -> None:
        self.policy = policy
        self.book = AlertBook([TABLE], policy)

    def at(self, minute: int, *alerts: Alert) -> list[str]:
        """One step; identifiers in force after it."""
        self.book.step([arrived(alert) for alert in alerts], T0 + minute * MINUTE_S)
        return [info.alert.identifier for info in self.book.in_force().infos]

    def restarted(self, minute: int) -> "Desk":
        """The same from a snapshot."""
        other = Desk(self.policy)
        other.book.restore(self.book.snapshot(), T0 + minute * MINUTE_S)
        return other

    @property
    def reasons(self) -> list[RefusalReason]:
        return [refused.reason for refused in self.book.refused]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_alert_stands_until_it_expires(desk: Desk) -> None:
    assert desk.at(1, alert()) == ["A1"]
    assert desk.book.outcomes == {AlertOutcome.TAKEN: 1}
    assert desk.at(359) == ["A1"]
    assert desk.at(360) == []
    assert desk.reasons == []


def test_one_that_says_no_end_stands_as_long_as_the_table_says(desk: Desk) -> None:
    desk.at(1, alert("A1", 0, MessageType.ALERT, info(expires_s=-1)))
    assert desk.at(24 * 60 - 1) == ["A1"]
    assert desk.at(24 * 60) == []


def test_one_that_takes_effect_later_waits(desk: Desk) -> None:
    later = alert("A1", 0, MessageType.ALERT, info(effective_s=T0 + HOUR))
    assert desk.at(1, later) == []
    assert desk.restarted(1).at(60) == ["A1"]
    assert desk.at(60) == ["A1"]


def test_the_same_alert_twice_changes_nothing_and_is_counted(desk: Desk) -> None:
    desk.at(1, alert())
    before = desk.book.in_force()
    assert desk.at(2, alert()) == ["A1"]
    assert desk.book.in_force() is before
    assert desk.book.outcomes == {AlertOutcome.REPEATED: 1}


def test_an_update_takes_the_place_of_what_it_names(desk: Desk) -> None:
    desk.at(1, alert())
    assert desk.at(10, alert("A2", 9, UPDATE, names=("A1",))) == ["A2"]
    assert desk.book.outcomes == {AlertOutcome.UPDATED: 1}
    assert desk.at(11, alert()) == ["A2"]
    assert desk.reasons == [RefusalReason.SUPERSEDED]


def test_an_update_of_something_unknown_counts_by_itself(desk: Desk) -> None:
    assert desk.at(10, alert("A2", 9, UPDATE, names=("A1",))) == ["A2"]
    assert desk.book.outcomes == {AlertOutcome.UNKNOWN_REFERENCE: 1}


def test_a_cancel_ends_what_it_names_and_keeps_it_out_when_it_comes_after(desk: Desk) -> None:
    desk.at(1, alert())
    assert desk.at(10, alert("C1", 9, CANCEL, names=("A1",))) == []
    assert desk.book.outcomes == {AlertOutcome.CANCELLED: 1}
    early = Desk()
    assert early.at(1, alert("C1", 1, CANCEL, names=("A1",))) == []
    assert early.book.outcomes == {AlertOutcome.UNKNOWN_REFERENCE: 1}
    assert early.restarted(1).at(2, alert()) == []
    assert early.at(2, alert()) == []
    assert early.reasons == [RefusalReason.SUPERSEDED]
    assert early.at(3, alert("C1", 1, CANCEL, names=("A1",))) == []
    assert early.book.outcomes == {AlertOutcome.REPEATED: 1}


def test_a_name_may_be_used_again_after_a_cancel(desk: Desk) -> None:
    desk.at(1, alert())
    desk.at(10, alert("C1", 9, CANCEL, names=("A1",)))
    assert desk.at(20, alert("A1", 19)) == ["A1"]


def test_an_update_under_its_own_name_takes_its_own_place(desk: Desk) -> None:
    """The British flood service does so."""
    desk.at(1, alert())
    second = alert("A1", 9, UPDATE, info("Extreme"), names=("A1",))
    assert desk.at(10, second) == ["A1"]
    assert desk.book.in_force().infos[0].info.severity == "Extreme"
    assert desk.at(11, alert()) == ["A1"]
    assert desk.reasons == [RefusalReason.SUPERSEDED]
    assert desk.at(12, second) == ["A1"]
    assert desk.book.outcomes == {AlertOutcome.REPEATED: 1}


def national(one: Alert) -> Alert:
    """References of national messages have no time, and name the first message of the event."""
    named = tuple(AlertReference(reference.sender, "N1", -1) for reference in one.references)
    return replace(one, references=named)


def test_national_updates_name_the_first_message_and_replace_the_last(desk: Desk) -> None:
    desk.at(1, alert("N1"))
    assert desk.at(10, national(alert("N2", 9, UPDATE, names=("N1",)))) == ["N2"]
    assert desk.at(20, national(alert("N3", 19, UPDATE, names=("N1",)))) == ["N3"]
    assert desk.at(21, national(alert("N2", 9, UPDATE, names=("N1",)))) == ["N3"]
    assert desk.reasons == [RefusalReason.SUPERSEDED]
    assert desk.at(30, national(alert("N4", 29, CANCEL, names=("N1",)))) == []


def test_a_cap_message_ends_only_what_it_names_so_that_an_alert_may_be_split(desk: Desk) -> None:
    """Services update one alert by several, each for a part of its area."""
    desk.at(1, alert())
    desk.at(10, alert("A2", 9, UPDATE, names=("A1",)))
    assert desk.at(11, alert("A3", 10, UPDATE, names=("A1",))) == ["A2", "A3"]
    assert desk.at(20, alert("C1", 19, CANCEL, names=("A1",))) == ["A2", "A3"]
    assert desk.book.outcomes == {AlertOutcome.UNKNOWN_REFERENCE: 1}
    assert desk.at(30, alert("C2", 29, CANCEL, names=("A2",))) == ["A3"]


def test_an_update_that_comes_after_a_later_one_is_refused(desk: Desk) -> None:
    desk.at(1, alert())
    desk.at(20, alert("A3", 19, UPDATE, names=("A1", "A2")))
    assert desk.at(21, alert("A2", 9, UPDATE, names=("A1",))) == ["A3"]
    assert desk.reasons == [RefusalReason.SUPERSEDED]


def test_nobody_ends_what_another_has_issued() -> None:
    other = replace(TABLE.issuers[0], sender="other@example.org")
    book = AlertBook([replace(TABLE, issuers=(*TABLE.issuers, other))])
    book.step([arrived(alert())], T0)
    end = replace(alert("C1", 1, CANCEL, sender=other.sender), references=(AlertReference(SENDER, "A1", T0),))
    book.step([arrived(end)], T0 + MINUTE_S)
    assert [info.alert.identifier for info in book.in_force().infos] == ["A1"]


@pytest.mark.parametrize(
    ("one", "minute", "reason", "said"),
    [
        (
            alert("A1", 0, MessageType.ALERT, info(expires_s=T0 + HOUR), info(event="Gale")),
            60,
            RefusalReason.EXPIRED,
            "what is relayed of it has ended",
        ),
        (alert(), 360, RefusalReason.EXPIRED, "every part of it has ended by 2026-06-18T06:00:00Z"),
        (
            alert("A1", 11),
            0,
            RefusalReason.FUTURE,
            "sent at 2026-06-18T00:11:00Z, it is 2026-06-18T00:00:00Z",
        ),
        (alert(sender="who@example.org"), 1, RefusalReason.UNKNOWN_ISSUER, "'who@example.org'"),
        (alert(status=MessageStatus.EXERCISE), 1, RefusalReason.EXERCISE, "on a node that warns for real"),
        (
            alert("A1", 0, MessageType.ALERT, info(event="Gale"), info("Unknown")),
            1,
            RefusalReason.NOT_RELAYED,
            "no hazard has a signal for 'Gale' (Severe), 'Rainstorm' (Unknown)",
        ),
        (
            alert("A1", 0, MessageType.ALERT, info(areas=(ELSEWHERE,))),
            1,
            RefusalReason.ELSEWHERE,
            "no village of this county is in Atlantis",
        ),
        (alert("A1", 0, MessageType.ALERT, info(areas=())), 1, RefusalReason.ELSEWHERE, "no area"),
    ],
)
def test_what_is_not_for_us_is_refused_for_a_named_reason_and_kept_aside_once(
    desk: Desk, one: Alert, minute: int, reason: RefusalReason, said: str
) -> None:
    assert desk.at(minute, one) == []
    (refused,) = desk.book.refused
    assert refused.reason is reason
    assert said in refused.detail
    assert desk.restarted(minute).at(minute, one) == []
    desk.at(minute, one)
    assert desk.reasons == []
    assert desk.book.outcomes == {AlertOutcome.REPEATED: 1}


def test_a_clock_a_little_ahead_is_no_fault_and_one_far_ahead_is_mended_by_time(desk: Desk) -> None:
    assert desk.at(0, alert("A1", EARLY_S_MAX // MINUTE_S)) == ["A1"]
    assert desk.at(0, alert("A2", 30)) == ["A1"]
    assert desk.at(25, alert("A2", 30)) == ["A1", "A2"]


def test_an_exercise_never_passes_for_real_nor_the_reverse() -> None:
    drill = Desk(AlertPolicy(MessageStatus.EXERCISE))
    assert drill.at(1, alert(status=MessageStatus.EXERCISE)) == ["A1"]
    assert drill.at(2, alert("A2")) == ["A1"]
    assert [refused.detail for refused in drill.book.refused] == ["a real alert, on a node in exercise"]


def test_what_this_node_has_issued_does_not_come_back() -> None:
    desk = Desk(AlertPolicy(own_sender=SENDER))
    assert desk.at(1, alert()) == []
    assert "this node itself" in desk.book.refused[0].detail


def test_an_update_that_leaves_this_county_ends_what_it_names(desk: Desk) -> None:
    desk.at(1, alert())
    assert TABLE.concerns(info()).tolist() == [True, False]
    moved = alert("A2", 9, UPDATE, info(areas=(ELSEWHERE,)), names=("A1",))
    desk.at(10, moved)
    assert [warning.identifier for warning in desk.book.standing()] == ["A2"]
    late = Desk()
    late.at(10, moved)
    assert late.reasons == [RefusalReason.ELSEWHERE]
    assert late.at(11, alert()) == []
    assert late.reasons == [RefusalReason.SUPERSEDED]


def test_each_block_of_an_alert_ends_by_itself(desk: Desk) -> None:
    desk.at(1, alert("A1", 0, MessageType.ALERT, info(expires_s=T0 + HOUR), info("Minor")))
    assert [info.info.severity for info in desk.book.in_force().infos] == ["Severe", "Minor"]
    assert desk.at(60) == ["A1"]
    assert [info.info.severity for info in desk.book.in_force().infos] == ["Minor"]


def test_what_has_expired_and_stands_in_a_feed_still_is_no_news(desk: Desk) -> None:
    desk.at(1, alert())
    desk.at(360)
    desk.at(361, alert())
    assert (desk.reasons, desk.book.outcomes) == ([], {AlertOutcome.REPEATED: 1})


def test_a_restart_at_any_step_changes_nothing() -> None:
    story = [
        (1, (alert(),)),
        (5, (alert("A2", 4, UPDATE, names=("A1",)), alert("B1", 5))),
        (6, (alert(), alert("X", sender="who@example.org"))),
        (9, (alert("C1", 8, CANCEL, names=("B1",)), alert("B1", 5))),
        (300, (alert("A2", 4, UPDATE, names=("A1",)),)),
        (361, ()),
    ]
    for cut in range(len(story)):
        whole, parts = Desk(), Desk()
        for number, (minute, alerts) in enumerate(story):
            assert parts.at(minute, *alerts) == whole.at(minute, *alerts)
            assert parts.book.refused == whole.book.refused
            assert parts.book.outcomes == whole.book.outcomes
            if number == cut:
                parts = parts.restarted(minute)
        assert parts.book.snapshot() == whole.book.snapshot()


def test_a_changed_table_judges_what_stands_anew(desk: Desk) -> None:
    desk.at(1, alert())
    other = AlertBook([])
    other.restore(desk.book.snapshot(), T0 + MINUTE_S)
    assert other.in_force().infos == ()


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot of alerts"):
        Desk().book.restore(b"x", T0)


def test_what_is_remembered_has_limits(desk: Desk) -> None:
    many = [alert(f"A{n}") for n in range(STANDING_MAX)]
    desk.at(1, *many)
    desk.at(2, alert("one more"))
    assert desk.reasons == [RefusalReason.TOO_LARGE]
    desk.at(3, *(alert(f"X{n}", sender="who@example.org") for n in range(ENDED_KEPT_MAX + 10)))
    assert Counter(desk.reasons) == {RefusalReason.UNKNOWN_ISSUER: ENDED_KEPT_MAX + 10}
    desk.at(4, alert("X0", sender="who@example.org"))
    assert desk.reasons == [RefusalReason.UNKNOWN_ISSUER]  # forgotten, and kept aside again
    desk.at(4 + ENDED_KEPT_S // MINUTE_S, alert("X9", sender="who@example.org"))
    assert desk.reasons == [RefusalReason.UNKNOWN_ISSUER]
