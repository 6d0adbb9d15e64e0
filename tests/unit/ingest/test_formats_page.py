"""The examples of docs/formats.md do what the page says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.stations import stations_of
from warnstream.config.assemble import _decoder_rule
from warnstream.config.node.formats.decoders import DecoderSection
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.decoders import FORMATS, DecoderRule, default_rules
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import iso_utc

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")
STATIONS = stations_of("R0001", "R0002", "0011223344")


@dataclass(slots=True)
class Example:
    """Messages under a heading, and the readings that the page promises of each."""

    name: str
    rules: list[DecoderRule]
    messages: list[RawMessage] = field(default_factory=list)
    readings: str = ""


def examples() -> Iterator[Example]:
    """In order of the page; a ```readings block is what each message since the last one gives."""
    rules, heading, messages = list(default_rules("ws")), "", []
    blocks = re.finditer(r"^#{1,3} ([^\n]+)$|^```(\w+)[ ]?(\S*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for title, kind, topic, text in (block.groups() for block in blocks):
        if title:
            heading = title
        elif kind == "yaml" and "decoders" in yaml.safe_load(text):
            rules = [
                _decoder_rule(section, section.topic, section.format)
                for section in map(DecoderSection.model_validate, yaml.safe_load(text)["decoders"])
            ]
        elif kind in ("json", "hex"):
            payload = bytes.fromhex(text) if kind == "hex" else text.strip().encode()
            messages.append(RawMessage(topic, payload))
        elif kind == "readings":
            yield Example(heading, rules, messages, text)
            messages = []
    assert not messages, "a message without its readings"


EXAMPLES = list(examples())


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda example: f"{example.name}, {example.messages[0].topic}"
)
def test_each_message_of_the_page_gives_the_readings_beside_it(example: Example) -> None:
    assert example.messages
    expected = [line.rsplit(" ", 1) for line in example.readings.strip().splitlines()]
    for message in example.messages:
        decoded = DecoderSelection(STATIONS, example.rules).decode([message])
        found = decoded.readings
        columns = (found.station, found.observed_at_s, found.variable, found.value)
        rows = [
            (f"{STATIONS.code[station]} {iso_utc(at_s)} {Variable(variable).word}", value)
            for station, at_s, variable, value in zip(*(column.tolist() for column in columns), strict=True)
        ]
        assert sorted(rows) == sorted((what, float(value)) for what, value in expected)
        assert not decoded.refusals


def test_every_format_has_an_example() -> None:
    assert {rule.format for example in EXAMPLES for rule in example.rules} == set(FORMATS)


def test_the_page_numbers_variables_as_the_packed_form_does() -> None:
    listed = re.findall(r"(\d+) `(\w+)`", PAGE[PAGE.index("Variables: 0") :].split("Units are ours")[0])
    assert [(int(number), word) for number, word in listed] == [
        (variable.value, variable.word) for variable in Variable
    ]


def test_every_reason_is_explained_to_operators() -> None:
    page = (DOCS / "operating.md").read_text(encoding="utf-8")
    table = page[page.index("## What was refused") : page.index("## Clock")]
    assert {str(reason) for reason in RefusalReason} <= set(re.findall(r"`(\w+)`", table))
