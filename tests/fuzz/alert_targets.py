"""Documents with alerts: read or refused with a reason, and what is read of one reads the same by itself."""

from collections.abc import Sequence
from random import Random

import msgspec

from tests.alerts import cap
from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import DETAIL_CHARACTERS_MAX, Target
from warnstream.ingest.cap.reader import ALERTS_MAX, read_alerts
from warnstream.model.alerts.alert import Alert

_ONE = cap()
_SHAPES = cap(
    msg_type="Update",
    references="met@example.org,A0,2026-06-18T07:00:00+08:00",
    area="<areaDesc>x</areaDesc><polygon>1,2 3,4 5,6 1,2</polygon><circle>1,2 3.5</circle>",
)
_NATIONAL = """<alert xmlns="http://com.icss.amp"><identifier>3303_1</identifier><senderCode>3303</senderCode>
<sendTime>2026-06-18 08:00:00+08:00</sendTime><status>Actual</status><msgType>Alert</msgType>
<info><eventType>11B03</eventType><severity>Orange</severity><area><geocode>330329000000,330328</geocode>
<polygon>1,2 3,4</polygon><circle>1,2 3</circle></area></info></alert>"""
SEEDS = [
    _ONE.encode(),
    _SHAPES.encode(),
    _NATIONAL.encode(),
    f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{_ONE}</entry><entry>{_SHAPES}</entry></feed>".encode(),
]
WORDS = [
    b"<!DOCTYPE a>",
    b"<!ENTITY x 'y'>",
    b"&x;",
    b"&#0;",
    b"<![CDATA[",
    b"<?xml version='1.0' encoding='gbk'?>",
    b"NaN",
    b"inf",
    b"1e9",
    b"2026-06-18T08:00:00+08:00",
    b"now",
    b"Test",
    b"Cancel",
    b"<info>",
    b"</info>",
    b"<entry/>",
    b" ",
    b",",
    b"9" * 400,
]


def check_alerts(payload: bytes, _: Random) -> Sequence[str]:
    """Nothing raises; an alert by itself is the same alert; it survives a snapshot."""
    read = read_alerts(payload)
    assert len(read.alerts) <= ALERTS_MAX
    for alert, content in read.alerts:
        ((again, _content),) = read_alerts(content).alerts
        assert again == alert
        assert alert.sent_s >= 0
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(alert), type=Alert) == alert
    for fault in read.faults:
        assert 0 < len(fault.detail) <= DETAIL_CHARACTERS_MAX
        fault.detail.encode()
    reasons = sorted({str(fault.reason) for fault in read.faults})
    return [*reasons, f"messages {min(len(read.alerts), 5)}"]


def alert_targets() -> list[Target]:
    """CAP, national messages and feeds."""
    return [Target("alerts", SEEDS, Mutator("bytes", WORDS), check_alerts)]
