"""What the audit says of each kind of entry, and what it leaves out."""

import json
import zlib
from dataclasses import replace

import msgspec
import pytest

from warnstream.desk import Case
from warnstream.model.alarms import AlarmSignal
from warnstream.model.bulletins import Action, Bulletin, BulletinCause, Standing
from warnstream.model.changes import Reason, Relayed
from warnstream.model.digests import Digest, DigestLine, HelpAssign, HelpClose, HelpLine
from warnstream.model.effects import Answer, ClockAccepted, OperatorAffirm, OperatorCancel
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage
from warnstream.runners.audit.facts import AUDITED, facts_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    ConfigurationEntry,
    HazardRow,
    Issued,
    SetAside,
    VillageRow,
    encode,
)

AT_S = 1_781_740_800
ISO = "2026-06-18T00:00:00Z"
REASON = Reason("rain", "S1", 61.5, 60.0, "mm", 3600, 1.5, 0, AT_S, 1.0, True, "county plan")
MESSAGE = WarningMessage(
    "ws.V1.flash_flood.20260618T000000Z.1",
    "ws.V1.flash_flood.20260618T000000Z",
    1,
    0,
    "flash_flood",
    Level.RED,
    Level.NONE,
    MessageType.ALERT,
    MessageStatus.ACTUAL,
    Cause.FIRST,
    AT_S,
    AT_S,
    AT_S,
    AT_S + 3600,
    REASON,
    False,
    (),
)
BULLETIN = Bulletin(
    "ws.V1.20260618T000000Z.1",
    0,
    AT_S,
    1,
    AT_S,
    Action.LEAVE,
    Level.RED,
    (Standing("flash_flood", Level.RED, MessageStatus.ACTUAL, REASON),),
    (),
    BulletinCause.FIRST,
    MessageStatus.ACTUAL,
    REASON,
    True,
)
DIGEST = Digest(
    "ws.P1.20260618T000000Z.1",
    "P1",
    "ws.P1.20260618T000000Z",
    AT_S,
    1,
    AT_S,
    AT_S + 300,
    MessageStatus.ACTUAL,
    Level.RED,
    (0, 0, 0, 0, 1),
    (DigestLine(0, Level.RED, True, (("flash_flood", Level.RED),), (), ()),),
    (HelpLine("h1", 0, "H1a", AT_S, ""),),
    0,
    0,
)


def said(kind: str, payload: bytes) -> list[tuple[str, dict[str, object]]]:
    """Facts as a reader of the file has them."""
    return [(fact.kind, json.loads(msgspec.json.encode(fact.content))) for fact in facts_of(kind, payload)]


def one(kind: str, payload: bytes) -> tuple[str, dict[str, object]]:
    (fact,) = said(kind, payload)
    return fact


def test_everything_issued_is_a_line_of_its_own() -> None:
    issued = Issued(4, 0, [("V1", MESSAGE)], [], [("V1", BULLETIN)], [], [DIGEST], {0: "V1"})
    warning, bulletin, digest = said(ISSUED, encode(issued))
    assert warning[0] == "warning"
    assert warning[1]["identifier"] == MESSAGE.identifier
    assert (warning[1]["level"], warning[1]["previous"], warning[1]["sent"]) == ("red", "none", ISO)
    assert warning[1]["evidence"] == {
        "indicator": "rain",
        "station": "S1",
        "value": 61.5,
        "forecast": 1.5,
        "threshold": 60.0,
        "unit": "mm",
        "duration_s": 3600,
        "observed_until": ISO,
        "coverage": 1.0,
        "confirmed": True,
        "source": "county plan",
    }
    assert (bulletin[0], bulletin[1]["action"], bulletin[1]["village"]) == ("bulletin", "leave", "V1")
    assert bulletin[1]["standing"] == {"flash_flood": "red"}
    assert (digest[0], digest[1]["post"], digest[1]["villages"]) == ("digest", "P1", {"V1": "red"})
    assert digest[1]["owed"] == {"red": 1}
    assert digest[1]["helps"] == {"h1": "V1"}


def test_of_a_relayed_signal_the_issuer_and_its_alert_are_kept() -> None:
    said_by = Relayed("县气象台", "Met office", "暴雨橙色预警", "orange signal", AT_S, "met", "A1", "x", "")
    relayed = replace(MESSAGE, reason=replace(REASON, relayed=said_by))
    kind, content = one(ISSUED, encode(Issued(4, 0, [("V1", relayed)], [])))
    evidence = content["evidence"]
    assert isinstance(evidence, dict)
    assert {name: evidence[name] for name in ("issuer", "alert", "signal")} == {
        "issuer": "met",
        "alert": "A1",
        "signal": "orange signal",
    }
    assert kind == "warning"


def test_a_message_without_evidence_says_so() -> None:
    issued = Issued(4, 0, [("V1", replace(MESSAGE, reason=None, by_hand=True))], [])
    assert one(ISSUED, encode(issued))[1]["evidence"] is None


def test_orders_and_releases_have_author_reason_and_villages() -> None:
    order = HandOrder(
        "o1", OrderKind.RAISE, "zhang", "water on the road", ("V1", "V2"), "flash_flood", Level.RED
    )
    assert one(entries.ORDER, entries.encode_order(order)) == (
        "order",
        {
            "identifier": "o1",
            "kind": "raise",
            "author": "zhang",
            "reason": "water on the road",
            "villages": ["V1", "V2"],
            "hazard": "flash_flood",
            "level": "red",
        },
    )
    release = HandOrder("o2", OrderKind.RELEASE, "li", "agreed", order="o1")
    assert one(entries.ORDER, entries.encode_order(release)) == (
        "release",
        {"identifier": "o2", "kind": "release", "author": "li", "reason": "agreed", "order": "o1"},
    )


def test_ends_affirmations_and_an_accepted_clock_are_orders() -> None:
    assert one(entries.CANCEL, entries.encode_cancel(OperatorCancel("w", "zhang", "false"))) == (
        "order",
        {"kind": "cancel", "warning": "w", "author": "zhang", "reason": "false"},
    )
    assert (
        one(entries.AFFIRM, entries.encode_affirm(OperatorAffirm("w", "zhang", "stands")))[1]["kind"]
        == "affirm"
    )
    clock = one(entries.CLOCK, entries.encode_clock(ClockAccepted("zhang", "battery")))
    assert clock[1] == {"kind": "accept_clock", "author": "zhang", "reason": "battery"}


def test_calls_for_help_are_there_from_the_call_to_the_end_and_no_other_answer() -> None:
    for answer in Answer:
        found = said(entries.ANSWER, entries.encode_answer(BULLETIN.identifier, "H1a", answer))
        assert [kind for kind, _ in found] == ["help_called"] * (answer is Answer.NEED_HELP)
    assert one(entries.HELP, entries.encode_help(HelpAssign("h1", "P1", "wang"))) == (
        "help_assigned",
        {"help": "h1", "post": "P1", "person": "wang"},
    )


def test_what_was_written_about_a_call_stays_in_the_journal() -> None:
    kind, content = one(
        entries.HELP, entries.encode_help(HelpClose("h1", "P1", "wang", "Mrs Li of house 7 is safe"))
    )
    assert (kind, content) == ("help_closed", {"help": "h1", "post": "P1", "person": "wang"})


def test_alarms_configurations_and_entries_set_aside() -> None:
    signal = AlarmSignal("disk", "the disk is full", AT_S, is_begin=True)
    assert one(entries.ALARM, entries.encode_alarm(signal)) == (
        "alarm",
        {"alarm": "disk", "begins": True, "at": ISO, "blocking": True, "text": "the disk is full"},
    )
    rows = [VillageRow("V1", "Village", "", "", 28.0, 119.0, None)]
    hazards = [HazardRow("flash_flood", "山洪", "Flash flood")]
    entry = ConfigurationEntry("f" * 64, "1.0", AT_S, MessageStatus.ACTUAL, rows, hazards)
    assert one(CONFIGURATION, encode(entry)) == (
        "configuration",
        {
            "fingerprint": "f" * 64,
            "version": "1.0",
            "status": "Actual",
            "villages": 1,
            "hazards": ["flash_flood"],
            "bundle": 0,
        },
    )
    aside = one(SET_ASIDE, encode(SetAside(7, "ValueError")))
    assert aside == ("entry_set_aside", {"entry": 7, "error": "ValueError"})


@pytest.mark.parametrize("kind", sorted(AUDITED))
def test_an_entry_that_cannot_be_read_is_a_line_all_the_same(kind: str) -> None:
    found, content = one(kind, b"\xc1nothing")
    assert found == "entry_unreadable"
    assert content["kind"] == kind
    assert len(str(content["sha256"])) == 64


def test_one_message_that_cannot_be_read_keeps_no_other_out() -> None:
    issued = Issued(4, 0, [("V1", MESSAGE)], [], [("V1", BULLETIN)])
    packed = msgspec.msgpack.decode(zlib.decompress(encode(issued)))
    packed["messages"][0][1]["level"] = "no level"
    found = said(ISSUED, zlib.compress(msgspec.msgpack.encode(packed)))
    assert [kind for kind, _ in found] == ["entry_unreadable", "bulletin"]
    assert found[0][1]["kind"] == "warning"


def test_a_warning_that_changed_without_a_word_is_no_line() -> None:
    case: list[tuple[str, Case]] = []
    assert said(ISSUED, encode(Issued(4, 0, [], case))) == []
