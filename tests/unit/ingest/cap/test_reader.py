"""Alerts that are read, and documents that are refused for a named reason."""

import pytest

from tests.alerts import SENDER, cap
from tests.networks import HOUR, T0
from warnstream.ingest.cap.reader import AlertsRead, read_alerts
from warnstream.ingest.cap.tree import BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX
from warnstream.model.alerts.alert import (
    DIVISION_CODE,
    Alert,
    AlertArea,
    AlertReference,
    Circle,
)
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.warning import MessageStatus, MessageType

SQUARE = "28.0,119.0 28.0,120.0 29.0,120.0 29.0,119.0 28.0,119.0"


def one(document: str | bytes) -> Alert:
    read = read_alerts(document if isinstance(document, bytes) else document.encode())
    assert read.faults == []
    ((found, _),) = read.alerts
    return found


def fault(document: str | bytes) -> tuple[RefusalReason, str]:
    read = read_alerts(document if isinstance(document, bytes) else document.encode())
    assert read.alerts == []
    (found,) = read.faults
    return found.reason, found.detail


def area(inside: str) -> str:
    return cap(area=f"<areaDesc>x</areaDesc>{inside}")


def test_everything_that_is_used_is_read() -> None:
    read = one(
        cap(
            msg_type="Update",
            references=f"{SENDER},A0,2026-06-18T07:00:00+08:00",
            area=f"<areaDesc>County</areaDesc><polygon>{SQUARE}</polygon><circle>28.5,119.5 2.5</circle>"
            "<geocode><valueName>UGC</valueName><value>X1</value></geocode>",
        )
    )
    assert (read.identifier, read.sender, read.sent_s) == ("A1", SENDER, T0)
    assert (read.status, read.msg_type) == (MessageStatus.ACTUAL, MessageType.UPDATE)
    assert read.references == (AlertReference(SENDER, "A0", T0 - HOUR),)
    (block,) = read.infos
    assert (block.event, block.severity, block.certainty, block.urgency) == (
        "Rainstorm",
        "Severe",
        "Likely",
        "Immediate",
    )
    assert (block.effective_s, block.expires_s, block.sender_name) == (-1, T0 + 6 * HOUR, "县气象台")
    ring = ((28.0, 119.0), (28.0, 120.0), (29.0, 120.0), (29.0, 119.0), (28.0, 119.0))
    assert block.areas == (
        AlertArea("County", (("UGC", "X1"),), (ring,), (), (Circle((28.5, 119.5), 2500.0),)),
    )


@pytest.mark.parametrize(
    ("document", "reason", "said"),
    [
        ("", RefusalReason.NOT_XML, "no element"),
        ("{}", RefusalReason.NOT_XML, "not well-formed"),
        ("<a><b></a>", RefusalReason.NOT_XML, "mismatched"),
        (cap().encode("gbk"), RefusalReason.NOT_XML, "invalid token"),
        (b"<?xml version='1.0' encoding='klingon'?><alert/>", RefusalReason.NOT_XML, "encoding"),
        (b"<?xml version='1.0' encoding='gbk'?><alert>\xff\xff</alert>", RefusalReason.NOT_XML, "declares"),
        ("<!DOCTYPE alert><alert/>", RefusalReason.FORBIDDEN_XML, "document type"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', RefusalReason.FORBIDDEN_XML, "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', RefusalReason.FORBIDDEN_XML, "document type"),
        ("<html/>", RefusalReason.NO_ALERT, "neither an alert nor a feed"),
        ("<alert/>", RefusalReason.WRONG_SHAPE, "namespace ''"),
        (cap().replace("cap:1.2", "cap:1.0"), RefusalReason.WRONG_SHAPE, "cap:1.0"),
        (cap(status="Test"), RefusalReason.NOT_ACTUAL, "'Test'"),
        (cap(status="Draft"), RefusalReason.NOT_ACTUAL, "'Draft'"),
        (cap(status="System"), RefusalReason.NOT_ACTUAL, "'System'"),
        (cap(msg_type="Ack"), RefusalReason.WRONG_SHAPE, "'Ack'"),
        (cap(msg_type="Cancel"), RefusalReason.WRONG_SHAPE, "what does it cancel"),
        (cap(identifier=""), RefusalReason.WRONG_SHAPE, "identifier is missing"),
        (cap(identifier="a,b"), RefusalReason.WRONG_SHAPE, "identifier 'a,b'"),
        (cap(references="a,b"), RefusalReason.WRONG_SHAPE, "sender,identifier,sent"),
        (cap(references="a,b,yesterday"), RefusalReason.BAD_TIME, "references"),
        (cap(expires_s=T0 - 1), RefusalReason.BAD_TIME, "expires lies before"),
        (cap().replace("2026-06-18T08:00:00+08:00", "2026-06-18T08:00:00"), RefusalReason.BAD_TIME, "sent"),
        (cap().replace("2026-06-18T08:00:00+08:00", "now"), RefusalReason.BAD_TIME, "sent 'now'"),
        (cap().replace("2026-06-18T08:00:00+08:00", "1926-06-18T08:00:00Z"), RefusalReason.BAD_TIME, "sent"),
        (
            area(f"<polygon>{SQUARE.replace('28.0,119.0', 'NaN,119.0')}</polygon>"),
            RefusalReason.BAD_AREA,
            "NaN",
        ),
        (area("<polygon>1,2 3,4 5,6 7,8</polygon>"), RefusalReason.BAD_AREA, "polygon of 4 points"),
        (area(f"<polygon>{SQUARE} 91,0 28.0,119.0</polygon>"), RefusalReason.BAD_AREA, "not on the Earth"),
        (area("<circle>28,119 inf</circle>"), RefusalReason.BAD_AREA, "'inf'"),
        (area("<circle>28,119 -1</circle>"), RefusalReason.BAD_AREA, "no such radius"),
        (area("<circle>28,119</circle>"), RefusalReason.BAD_AREA, "a point and a radius"),
        (area("<polygon>{{ area }}</polygon>"), RefusalReason.BAD_AREA, "point '{{'"),
    ],
)
def test_what_cannot_be_read_is_refused_for_a_named_reason(
    document: str | bytes, reason: RefusalReason, said: str
) -> None:
    found, detail = fault(document)
    assert found is reason
    assert said in detail


def test_what_would_fill_the_memory_is_refused() -> None:
    deep = "<a>" * (DEPTH_MAX + 1) + "</a>" * (DEPTH_MAX + 1)
    for document in (" " * (BYTES_MAX + 1), deep, f"<a>{'<b/>' * ELEMENTS_MAX}</a>"):
        assert fault(document)[0] is RefusalReason.TOO_LARGE
    assert fault(" " * 10_000_000)[1] == "10000000 bytes, expected at most 2097152"


def test_a_severity_that_is_no_word_of_the_list_is_unknown_and_missing_words_keep_nothing_out() -> None:
    bare = cap(severity="dreadful").replace("<category>Met</category>", "")
    (block,) = one(bare).infos
    assert (block.severity, block.categories) == ("Unknown", ())


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb2312", "gb18030", "utf-16"])
def test_every_encoding_that_services_use_is_read(encoding: str) -> None:
    document = f"<?xml version='1.0' encoding='{encoding}'?>{cap()}"
    assert one(document.encode(encoding)).infos[0].headline == "暴雨橙色预警"


def in_atom(*entries: str) -> str:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id>{inside}</feed>"


def test_a_feed_gives_every_alert_by_itself_and_names_what_it_only_links_to() -> None:
    good = f"<content type='text/xml'>{cap()}</content>"
    bad = f"<content>{cap(identifier='A2', status='Test')}</content>"
    link = "<link href='https://met.example/a3.cap' type='application/cap+xml'/><link href='https://met.example/'/>"
    read = read_alerts(in_atom(good, bad, link, "<title>none</title>").encode())
    assert [alert.identifier for alert, _ in read.alerts] == ["A1"]
    assert [(fault.reason, fault.detail) for fault in read.faults] == [
        (RefusalReason.NOT_ACTUAL, "status 'Test': expected Actual or Exercise"),
        (RefusalReason.LINK_ONLY, "the alert is at https://met.example/a3.cap: send it itself"),
        (RefusalReason.NO_ALERT, "an entry without alert and link"),
    ]


def test_the_xml_of_an_alert_of_a_feed_is_the_alert_alone_and_reads_the_same() -> None:
    feed = in_atom(*(f"<content>{cap(identifier=name)}</content>" for name in ("A1", "A2")))
    for alert, content in read_alerts(feed.encode()).alerts:
        assert one(content) == alert


def test_rss_and_edxl_have_alerts_too_and_an_empty_feed_has_none() -> None:
    rss = f"<rss version='2.0'><channel><item><description>{cap()}</description></item></channel></rss>"
    edxl = (
        "<d:EDXLDistribution xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><d:contentObject>"
        f"<d:xmlContent><d:embeddedXMLContent>{cap()}</d:embeddedXMLContent></d:xmlContent></d:contentObject>"
        "</d:EDXLDistribution>"
    )
    assert one(rss) == one(edxl) == one(cap())
    assert read_alerts(in_atom().encode()) == AlertsRead()


NATIONAL = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="http://com.icss.amp"><identifier>33032941600000_20260618080000</identifier>
<sender>泰顺县气象台</sender><senderCode>33032941600000</senderCode>
<sendTime>2026-06-18 08:00:00+08:00</sendTime><status>Actual</status><msgType>{type}</msgType>
<scope>Public</scope><secClassification>None</secClassification>{references}
<effective>2026-06-18 08:00:00+08:00</effective><expires>2026-06-18 14:00:00+08:00</expires>
<info><eventType>11B03</eventType><urgency>Unknown</urgency><severity>Orange</severity>
<certainty>VeryLikely</certainty><headline>泰顺县气象台发布暴雨橙色预警</headline>
<area><areaDesc>泰顺县</areaDesc><geocode>330329000000,330328001000</geocode>
<polygon>27.5,119.6 27.6,119.7</polygon><polygon>27,119 27,120 28,120 27,119</polygon>
<circle>27.5,119.7 1500</circle></area></info></alert>"""


def test_a_national_message_is_read_with_its_colour_its_codes_and_its_own_units() -> None:
    read = one(NATIONAL.format(type="Update", references="<references>33032941600000_1</references>"))
    assert (read.sender, read.sent_s) == ("33032941600000", T0)
    assert read.references == (AlertReference("33032941600000", "33032941600000_1", -1),)
    (block,) = read.infos
    assert (block.event_codes, block.severity, block.certainty) == (("11B03",), "Orange", "Likely")
    assert (block.sender_name, block.expires_s) == ("泰顺县气象台", T0 + 6 * HOUR)
    (where,) = block.areas
    assert where.geocodes == ((DIVISION_CODE, "330329000000"), (DIVISION_CODE, "330328001000"))
    assert (len(where.polygons), len(where.lines), where.circles[0].radius_m) == (1, 1, 1500.0)


def test_national_messages_are_refused_for_the_same_reasons() -> None:
    plain = NATIONAL.format(type="Alert", references="")
    assert fault(plain.replace("Actual", "Test"))[0] is RefusalReason.NOT_ACTUAL
    assert fault(plain.replace("Alert<", "Cancel<"))[0] is RefusalReason.WRONG_SHAPE
    assert fault(plain.replace("08:00:00+08:00", "08:00:00"))[0] is RefusalReason.BAD_TIME
    assert fault(plain.replace("27.5,119.6 27.6,119.7", "27.5,119.6"))[0] is RefusalReason.BAD_AREA
    assert fault(plain.replace("<eventType>11B03</eventType>", ""))[0] is RefusalReason.WRONG_SHAPE
