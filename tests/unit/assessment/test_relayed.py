"""An alert through the intake: a level in its villages, in its issuer's name, until its end."""

import json
from dataclasses import replace

import pytest

from tests.alerts import SENDER, cap, relayed_rule
from tests.networks import HOUR, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain_rule
from tests.unit.desk.county import AT_ONCE, MESSAGE_POLICY, desk_of
from tests.unit.runners.intake.test_intake import ROUTING, clock, issued, rain, take
from warnstream.adapters.mqtt.listener.access import Permissions
from warnstream.assessment import Assessment, Weights
from warnstream.config.orders import order_table
from warnstream.delivery.bulletin_record import bulletin_record
from warnstream.delivery.bulletin_texts import BulletinWording, bulletin_texts
from warnstream.delivery.digest_texts import digest_texts
from warnstream.delivery.render import render
from warnstream.engine import Engine
from warnstream.ingest.cap.reader import read_alerts
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.lifecycle.alerts import AlertPolicy
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.changes import Change
from warnstream.model.hands.orders import MANUAL, ReleasePolicy, ReleaseRule
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import fixed_zone
from warnstream.model.warning import Cause, MessageStatus, WarningMessage
from warnstream.routing.audience import Audience
from warnstream.routing.chains import Chains
from warnstream.runners.explain.one_line import describe_reason
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.topics import Topics
from warnstream.runners.replay.journal_entries import observations_between_times

NETWORK = network_of(2, 2)
RULES = (rain_rule(2, (15, 25, 40, 80)), relayed_rule(NETWORK.villages, "rainstorm"))
POLICY = replace(MESSAGE_POLICY, time_zone=fixed_zone(8 * HOUR), status=MessageStatus.ACTUAL)
TOPIC = "ws/cap/in/met-service"


def intake(bulletins: BulletinPolicy = AT_ONCE) -> Intake:
    weights = nearest_weights(2, 2)
    assessment = Assessment(
        NETWORK,
        RULES,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        alerts=AlertPolicy(POLICY.status, POLICY.sender),
    )
    desk = desk_of(NETWORK, RULES, POLICY, ROUTING, bulletins)
    return Intake(Engine(assessment, desk), NETWORK, Topics("ws", has_alerts=True), clock="simulated")


def brings(document: str | bytes) -> RawMessage:
    return RawMessage(TOPIC, document if isinstance(document, bytes) else document.encode())


def texts(message: WarningMessage) -> tuple[str, str]:
    rendered = render(message, NETWORK, RULES, POLICY)
    return rendered.text_zh, rendered.text_en


def test_a_signal_becomes_a_warning_in_its_issuers_name_and_ends_with_it() -> None:
    node = intake()
    take(node, brings(cap(sent_s=T0, expires_s=T0 + HOUR)))
    (first,) = issued(take(node, clock(60)))
    assert (first.hazard, first.village, first.level, first.cause) == (
        "rainstorm",
        0,
        Level.ORANGE,
        Cause.FIRST,
    )
    zh, en = texts(first)
    assert "县气象台08:00发布暴雨橙色预警。" in zh
    assert "County met office, 08:00: orange rainstorm warning." in en
    assert first.crossed_at_s == T0
    assert issued(take(node, clock(3599))) == []
    (end,) = issued(take(node, clock(3600)))
    assert (end.level, end.cause) == (Level.NONE, Cause.ENDED)
    zh, en = texts(end)
    assert "发布单位的预警已解除或到期。" in zh
    assert "监测值" not in zh
    assert "The warning of its issuer has been cancelled or has expired." in en


def test_an_update_that_is_lower_falls_at_once_and_names_no_level_between() -> None:
    node = intake()
    take(node, brings(cap(severity="Extreme")))
    take(node, clock(60))
    lower = cap(
        identifier="A2",
        sent_s=T0 + 300,
        msg_type="Update",
        severity="Minor",
        references=f"{SENDER},A1,2026-06-18T08:00:00+08:00",
    )
    take(node, brings(lower))
    (message,) = issued(take(node, clock(360)))
    assert (message.level, message.previous, message.cause) == (Level.BLUE, Level.RED, Cause.LOWERED)
    assert "县气象台08:05发布暴雨蓝色预警。" in texts(message)[0]


def test_a_cancel_ends_it() -> None:
    node = intake()
    take(node, brings(cap()))
    take(node, clock(60))
    end = cap(
        identifier="C1",
        sent_s=T0 + 300,
        msg_type="Cancel",
        references=f"{SENDER},A1,2026-06-18T08:00:00+08:00",
    )
    take(node, brings(end))
    (message,) = issued(take(node, clock(360)))
    assert (message.level, message.cause) == (Level.NONE, Cause.ENDED)


def test_what_the_gauges_say_beside_it_goes_on_by_itself() -> None:
    node = intake()
    take(node, brings(cap()), rain(0, 300, 50.0))
    hazards = {message.hazard: message.level for message in issued(take(node, clock(360)))}
    assert hazards == {"flash_flood": Level.ORANGE, "rainstorm": Level.ORANGE}


def test_it_survives_a_restart_before_and_after_the_step_that_takes_it() -> None:
    node, before, after = intake(), intake(), intake()
    take(node, brings(cap(expires_s=T0 + HOUR)))
    before.restore(node.snapshot())
    assert issued(take(before, clock(60))) == issued(take(node, clock(60)))
    after.restore(node.snapshot())
    assert after.engine.assessment.alerts.in_force().infos
    ends = [issued(take(each, clock(3600))) for each in (node, before, after)]
    assert ends[0] == ends[1] == ends[2]
    assert len(ends[0]) == 1


def test_everything_that_is_refused_is_kept_with_its_reason_and_can_be_sent_again() -> None:
    node = intake()
    feed = (
        "<feed xmlns='http://www.w3.org/2005/Atom'>"
        f"<entry>{cap(identifier='gone', expires_s=T0 + 30)}</entry>"
        f"<entry>{cap(identifier='drill', status='Exercise')}</entry>"
        f"<entry>{cap(identifier='test', status='Test')}</entry>"
        f"<entry>{cap(identifier='mine', sender=POLICY.sender)}</entry>"
        f"<entry>{cap()}</entry></feed>"
    )
    read = take(node, brings(feed))
    assert [(refusal.reason, refusal.topic) for refusal in read.refusals] == [
        (RefusalReason.NOT_ACTUAL, TOPIC)
    ]
    judged = take(node, clock(60))
    assert [refusal.reason for refusal in judged.refusals] == [
        RefusalReason.EXPIRED,
        RefusalReason.EXERCISE,
        RefusalReason.UNKNOWN_ISSUER,
    ]
    assert {refusal.topic for refusal in judged.refusals} == {TOPIC}
    for refusal, name in zip(judged.refusals, ("gone", "drill", "mine"), strict=True):
        ((again, _),) = read_alerts(refusal.payload).alerts
        assert again.identifier == name
        assert name in refusal.detail
    assert len(issued(judged)) == 1


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"\xff\xfe", RefusalReason.NOT_XML),
        (b"<!DOCTYPE a><a/>", RefusalReason.FORBIDDEN_XML),
        (b" " * 10_000_000, RefusalReason.TOO_LARGE),
    ],
)
def test_a_document_that_cannot_be_read_is_kept_aside_and_keeps_no_reading_out(
    document: bytes, reason: RefusalReason
) -> None:
    node = intake()
    outcome = take(node, brings(document), rain(0, 300, 50.0))
    assert [(refusal.reason, refusal.topic) for refusal in outcome.refusals] == [(reason, TOPIC)]
    assert [message.hazard for message in issued(take(node, clock(360)))] == ["flash_flood"]


def test_a_book_that_fails_keeps_the_levels_and_silences_no_gauge(monkeypatch: pytest.MonkeyPatch) -> None:
    node = intake()
    take(node, brings(cap()))
    take(node, clock(60))

    def broken(*_: object) -> None:
        raise RuntimeError("seeded fault")

    monkeypatch.setattr(node.engine.assessment.alerts, "_take", broken)
    take(node, brings(cap(identifier="A2")), rain(0, 300, 50.0))
    outcome = take(node, clock(360))
    (step,) = (step for _, step in outcome.steps)
    assert "alerts" in step.assessment.failures
    assert [message.hazard for message in issued(outcome)] == ["flash_flood"]
    assert node.engine.assessment.level("rainstorm").level.tolist() == [3, 0]


def test_doors_read_the_issuer_and_its_time_before_the_order() -> None:
    node = intake()
    take(node, brings(cap()))
    outcome = take(node, clock(60))
    (bulletin,) = (bulletin for _, step in outcome.steps for bulletin in step.effects.bulletins)
    wording = BulletinWording(
        NETWORK, RULES, order_table(None), BulletinPolicy(signature="某县防指"), POLICY.time_zone
    )
    told = bulletin_texts(bulletin, wording)
    assert told.faults == ()
    assert told.zh.startswith("【某县防指】县气象台08:00发布暴雨橙色预警。V0")
    assert told.en.startswith("County met office, 08:00: orange rainstorm warning. V0")
    record = json.loads(bulletin_record(bulletin, "V0", told))
    assert (record["evidence"]["relayed"]["sender"], record["evidence"]["relayed"]["sent"]) == (
        SENDER,
        "2026-06-18T00:00:00Z",
    )


def test_posts_read_the_issuer_and_its_time_too() -> None:
    posts = (ChainPost("p1", "grid member", 1, "V0", "sms", ""),)
    network = replace(NETWORK, chain=posts)
    chains = Chains(network, Audience(network), ROUTING, lambda _status, post, _at_s: f"ws.@post.{post}")
    node = intake()
    take(node, brings(cap()))
    inputs = [chain for message in issued(take(node, clock(60))) for chain in chains.of_message(message)]
    other = Chains(network, Audience(network), ROUTING, lambda _status, post, _at_s: f"ws.@post.{post}")
    (digest,) = chains.step(inputs, T0 + 60)
    wording = BulletinWording(network, RULES, order_table(None), BulletinPolicy(), POLICY.time_zone)
    told = digest_texts(digest, wording)
    assert told.faults == ()
    assert told.zh.startswith("V0：暴雨橙（新，县气象台08:00发布）。")
    assert told.en.startswith("V0: Rainstorm ORANGE new (County met office 08:00).")
    other.restore(chains.snapshot())
    assert other.of[POLICY.status].turns[0].relayed == chains.of[POLICY.status].turns[0].relayed != {}


def test_the_step_explains_itself() -> None:
    node = intake()
    take(node, brings(cap()))
    outcome = take(node, clock(60))
    ((_, step),) = outcome.steps
    (change,) = step.assessment.changes
    assert change.kind is Change.RISE
    assert change.reason is not None
    assert describe_reason(change.reason) == (
        "County met office: orange rainstorm warning of 2026-06-18T00:00:00Z (A1)"
    )
    view = node.engine.assessment.view(0)
    hazard = next(hazard for hazard in view.hazards if hazard.hazard == "rainstorm")
    assert (hazard.found, hazard.holds, hazard.adds_up) == (Level.ORANGE, Level.ORANGE, True)
    calm = next(hazard for hazard in node.engine.assessment.view(1).hazards if hazard.hazard == "rainstorm")
    assert (calm.found, calm.reason, calm.adds_up) == (Level.NONE, None, True)


def test_our_own_messages_read_back_equal_in_what_they_carry() -> None:
    node = intake()
    take(node, rain(0, 300, 50.0))
    (first,) = issued(take(node, clock(360)))
    take(node, rain(0, 600, 80.0))
    (second,) = issued(take(node, clock(660)))
    for message in (first, second):
        document = render(message, NETWORK, RULES, POLICY).cap_xml
        ((alert, content),) = read_alerts(document.encode()).alerts
        assert content == document.encode()
        assert (alert.identifier, alert.sender, alert.sent_s) == (
            message.identifier,
            POLICY.sender,
            message.sent_s,
        )
        assert (alert.status, alert.msg_type) == (message.status, message.msg_type)
        assert [(reference.identifier, reference.sent_s) for reference in alert.references] == [
            (reference.identifier, reference.sent_s) for reference in message.references
        ]
        assert [info.language for info in alert.infos] == ["zh-CN", "en"]
        for info in alert.infos:
            assert (info.onset_s, info.expires_s) == (message.onset_s, message.expires_s)
            assert dict(info.parameters)["level"] == message.level.word
            (area,) = info.areas
            assert area.geocodes == (("village", "V0"),)
            assert area.has_shape


def test_alerts_are_listened_for_only_where_a_hazard_relays_them() -> None:
    assert "ws/cap/in/#" in Topics("ws", has_alerts=True).subscriptions
    assert "ws/cap/in/#" not in Topics("ws").subscriptions
    assert Topics("ws").bringer_of("ws/cap/in/a/b") == "a/b"
    assert Topics("ws").bringer_of("ws/cap/V0") is None


def test_at_our_own_listener_only_trusted_users_bring_alerts() -> None:
    permissions = Permissions("ws", is_open=False, gateways=frozenset({"gw"}), trusted=frozenset({"feed"}))
    assert permissions.may_publish("feed", TOPIC)
    for user in ("gw", "met-service", "R0001", None):
        assert not permissions.may_publish(user, TOPIC)


def test_a_replay_of_a_journal_reads_no_alert_as_an_observation() -> None:
    payload = entries.encode_messages([brings(cap()), rain(0, 300, 50.0)])
    ((_, messages),) = observations_between_times(payload, Topics("ws"))
    assert [message.topic for message in messages] == [rain(0, 300, 50.0).topic]


def test_a_relayed_signal_waits_for_an_officer_where_its_release_says_so() -> None:
    release = ReleasePolicy(of_hazard={"rainstorm": ReleaseRule(rise=(MANUAL,) * 5)})
    node = intake(BulletinPolicy(release=release))
    take(node, brings(cap()))
    outcome = take(node, clock(60))
    assert len(issued(outcome)) == 1  # posts know at once
    assert [bulletin for _, step in outcome.steps for bulletin in step.effects.bulletins] == []
    alone = intake(BulletinPolicy(release=ReleasePolicy()))
    take(alone, brings(cap()))
    assert [bulletin for _, step in take(alone, clock(60)).steps for bulletin in step.effects.bulletins]
