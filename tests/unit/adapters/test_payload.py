import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.payload import (
    VERSION,
    DeviceNotification,
    VillageNotification,
    WebhookNotification,
    device_payload,
    schema_text,
    village_payload,
    webhook_payload,
)

DOCS = Path(__file__).parents[3] / "docs"
FORMS = (VillageNotification, DeviceNotification, WebhookNotification)
MESSAGE = replace(
    outgoing_message(), answer_by_s=1_700_000_600, answer_url="http://node.example/a/tt", late_s=700
)
PAYLOADS = {
    VillageNotification: village_payload(MESSAGE),
    DeviceNotification: device_payload(MESSAGE, "ws"),
    WebhookNotification: webhook_payload(MESSAGE),
}


def test_the_schema_in_the_documentation_is_fresh() -> None:
    """If this fails, write `payload.schema_text()` to docs/notification.schema.json."""
    assert (DOCS / "notification.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sent_has_the_documented_fields_and_no_other(form: type[msgspec.Struct]) -> None:
    content = msgspec.json.decode(PAYLOADS[form])
    assert set(content) == set(form.__struct_fields__)
    msgspec.convert(content, type=form, strict=True)


def test_every_field_stands_in_the_page_of_messages() -> None:
    page = (DOCS / "messages.md").read_text(encoding="utf-8")
    section = page.partition("## What machines are sent")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.replace("\\|", "").splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == {name for form in FORMS for name in form.__struct_fields__}
    assert f"`version` is {VERSION};" in section


def test_times_are_utc_and_the_level_is_a_word() -> None:
    content = msgspec.json.decode(PAYLOADS[WebhookNotification])
    assert (content["version"], content["sent"], content["expires"], content["answer_by"]) == (
        2,
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:13:20Z",
        "2023-11-14T22:23:20Z",
    )
    assert (content["level"], content["village"], content["late_s"]) == ("red", "V1", 700)
    assert content["answer_url"] == "http://node.example/a/tt"
    assert content["text"] == content["text_zh"]


def test_a_node_that_does_not_know_its_address_sends_no_link_and_nobody_s_answer_is_waited_for() -> None:
    content = msgspec.json.decode(webhook_payload(outgoing_message()))
    assert (content["answer_url"], content["answer_by"]) == (None, None)


def test_a_device_answers_on_its_own_topic() -> None:
    assert msgspec.json.decode(PAYLOADS[DeviceNotification])["answer_topic"] == "ws/answer/V1-H0"


def test_a_village_s_message_names_nobody() -> None:
    assert b"13800000" not in PAYLOADS[VillageNotification]
    assert b'"token"' not in PAYLOADS[VillageNotification]
