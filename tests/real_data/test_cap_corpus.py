"""Every file of the corpus of alerts is read, or refused for the reason that stands here.

Files of Google's cap-library and of the British government, and 38 alerts of the US weather service as JSON,
which are written as CAP here: their text, codes and areas are real, times are words in most of them.
"""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from warnstream.ingest.cap.reader import AlertsRead, read_alerts
from warnstream.model.observations.refusals import RefusalReason

pytestmark = pytest.mark.real_data

REFUSED = {
    "alphagov_WITH_TWO_PLACEHOLDERS_FOR_AREAS.xml": ["bad_area"],
    "google_bushfire_invalid.edxlde.xml": ["wrong_shape"],
    "google_earthquake_index.atom.xml": ["link_only"],
    "google_invalid.rss.xml": ["no_alert"],
    "google_invalid_element.atom.xml": ["no_alert"],
    "google_no_id.atom.xml": ["no_alert"],
    "google_no_link.atom.xml": ["no_alert"],
    "google_no_optional_fields.cap.xml": ["wrong_shape"],
    "google_no_title.atom.xml": ["no_alert"],
    "google_noaa_errors.cap.xml": ["bad_area"],
    "google_ny_index.rss.xml": ["link_only", "link_only"],
    "google_weather_index.atom.xml": ["link_only", "link_only"],
    "google_weather_invalid.atom.xml": ["wrong_shape"],
    "google_xee.atom.xml": ["forbidden_xml"],
    "google_xee.cap.xml": ["forbidden_xml"],
}
"""Reasons by file; all others are read whole."""


@pytest.fixture
def corpus(shared_data: Path) -> Path:
    folder = shared_data / "parser_corpora" / "cap"
    if not folder.is_dir():
        pytest.skip("the corpus of alerts is not on this machine")
    return folder


@pytest.fixture
def index(corpus: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads((corpus / "INDEX.json").read_text(encoding="utf-8"))
    return {row["file"]: row for row in rows if row["file"].endswith(".xml")}


def read(corpus: Path, name: str) -> AlertsRead:
    return read_alerts((corpus / name).read_bytes())


def test_every_file_is_read_or_refused_for_its_reason(corpus: Path, index: dict[str, dict[str, Any]]) -> None:
    files = sorted(path.name for path in corpus.glob("*.xml"))
    assert set(files) == index.keys()
    refused = {name: [str(fault.reason) for fault in read(corpus, name).faults] for name in files}
    assert {name: reasons for name, reasons in refused.items() if reasons} == REFUSED


def test_what_is_read_agrees_with_the_index(corpus: Path, index: dict[str, dict[str, Any]]) -> None:
    n_read = 0
    for name, row in index.items():
        alerts = read(corpus, name).alerts
        assert len(alerts) == row["alerts"] - len(
            [reason for reason in REFUSED.get(name, []) if row["alerts"]]
        )
        if name in REFUSED or not alerts:
            continue
        first = alerts[0][0]
        n_read += 1
        assert (first.sender, first.status, first.msg_type) == (row["sender"], row["status"], row["msgType"])
        assert (first.infos[0].event, len(first.infos)) == (row["event"], row["info_blocks"])
        shapes = [shape for info in first.infos for area in info.areas for shape in area.polygons]
        assert len(shapes) == row["polygon"]
    assert n_read >= 15


def as_cap(alert: dict[str, Any], *, is_dated: bool) -> str:
    """The JSON of the weather service as CAP; dated: with times where it has words."""

    def time(said: str) -> str:
        return "2024-01-08T13:48:00-06:00" if is_dated and said.startswith("date:") else said

    def element(name: str, value: object) -> str:
        return f"<{name}>{escape(str(value))}</{name}>" if value else ""

    def pair(kind: str, name: str, value: object) -> str:
        return f"<{kind}>{element('valueName', name)}{element('value', value)}</{kind}>"

    references = " ".join(
        f"{reference['sender']},{reference['identifier']},{time(reference['sent'])}"
        for reference in alert["references"]
    )
    times = "" if is_dated else element("onset", alert["onset"]) + element("expires", alert["expires"])
    info = [element("category", alert["category"])]
    info += [element(name, alert[name]) for name in ("event", "urgency", "severity", "certainty")]
    info += [times, element("senderName", alert["senderName"]), element("headline", alert["headline"])]
    info += [element(name, alert[name]) for name in ("description", "instruction")]
    info += [pair("parameter", name, value) for name, all_ in alert["parameters"].items() for value in all_]
    codes = [pair("geocode", name, code) for name, all_ in alert["geocode"].items() for code in all_]
    area = f"<area>{element('areaDesc', alert['areaDesc'])}{''.join(codes)}</area>"
    head = element("identifier", alert["id"]) + element("sender", alert["sender"])
    head += element("sent", time(alert["sent"])) + element("status", alert["status"])
    head += element("msgType", alert["messageType"]) + "<scope>Public</scope>"
    head += element("references", references)
    block = f"<info>{''.join(info)}{area}</info>"
    return f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{head}{block}</alert>'


@pytest.fixture
def american(corpus: Path) -> list[dict[str, Any]]:
    with gzip.open(corpus / "nws_active_alerts.json.gz", "rt", encoding="utf-8") as file:
        return [feature["properties"] for feature in json.load(file)["features"]]


def test_alerts_of_the_weather_service_keep_their_words_and_codes(american: list[dict[str, Any]]) -> None:
    events: Counter[str] = Counter()
    for said in american:
        found = read_alerts(as_cap(said, is_dated=True).encode())
        assert found.faults == []
        ((alert, _),) = found.alerts
        (info,) = alert.infos
        assert (alert.identifier, info.event, info.severity) == (said["id"], said["event"], said["severity"])
        assert [reference.identifier for reference in alert.references] == [
            reference["identifier"] for reference in said["references"]
        ]
        codes = [(name, code) for name, all_ in said["geocode"].items() for code in all_]
        assert info.areas[0].geocodes == tuple(codes)
        events[info.event] += 1
    assert sum(events.values()) == 38
    assert len(events) > 5


def test_a_time_in_words_is_refused_and_never_guessed(american: list[dict[str, Any]]) -> None:
    reasons = Counter(
        fault.reason
        for said in american
        for fault in read_alerts(as_cap(said, is_dated=False).encode()).faults
    )
    assert reasons == {RefusalReason.BAD_TIME: 38}
