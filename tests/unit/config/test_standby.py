"""The section `standby`: two boxes, one of them first, and nothing of people in plain over a network."""

from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.settings import WitnessSettings
from warnstream.model.errors import ConfigError

BOXES = "north: {host: 127.0.0.1, port: 18443}, south: {host: 127.0.0.2, port: 18443, bind: 127.0.0.2}"


def written(config_dir: Path, section: str) -> Path:
    path = config_dir / "warnstream.yaml"
    path.write_text(path.read_text("utf-8") + section, encoding="utf-8")
    return config_dir


def faults(config_dir: Path, section: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load_configuration(written(config_dir, section))
    return str(raised.value)


def test_without_the_section_there_is_one_box(config_dir: Path) -> None:
    assert load_configuration(config_dir).standby is None


def test_two_boxes_are_read(config_dir: Path) -> None:
    read = load_configuration(written(config_dir, f"standby: {{first: north, boxes: {{{BOXES}}}}}\n")).standby
    assert read is not None
    assert (read.first, read.wait_s, read.tls) == ("north", 2.0, None)
    assert read.other("north").name == "south"
    assert (read.boxes["south"].bind, read.boxes["south"].listens) == ("127.0.0.2", ("127.0.0.2", 18443))


def test_a_witness_is_read(config_dir: Path) -> None:
    witness = "witness: {host: 127.0.0.1, port: 18444, patience: 30s}"
    read = load_configuration(
        written(config_dir, f"standby: {{first: north, {witness}, boxes: {{{BOXES}}}}}\n")
    )
    assert read.standby is not None
    assert read.standby.witness == WitnessSettings("127.0.0.1", 18444, 15.0, 30.0)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (f"first: east, boxes: {{{BOXES}}}", "standby.first: expected one of the boxes (north, south)"),
        ("first: north, boxes: {north: {host: 127.0.0.1, port: 1}}", "expected 2 boxes, got 1"),
        (
            "first: a, boxes: {a: {host: 127.0.0.1, port: 1}, b: {host: 127.0.0.1, port: 1}}",
            "expected another host or port for each box",
        ),
        (
            "first: a, boxes: {a: {host: 10.1.0.1, port: 1}, b: {host: 127.0.0.1, port: 1}}",
            "standby.boxes.a.host: expected tls beside it",
        ),
        (f"first: north, wait: 1min, boxes: {{{BOXES}}}", "standby.wait"),
        (
            f"first: north, witness: {{host: 10.1.0.13, port: 18444}}, boxes: {{{BOXES}}}",
            "standby.witness.host: expected tls beside it",
        ),
        (
            f"first: north, witness: {{host: 127.0.0.1, port: 18444, lease: 1s}}, boxes: {{{BOXES}}}",
            "standby.witness.lease",
        ),
        (f"first: north, wait: 50ms, boxes: {{{BOXES}}}", "standby.wait"),
        (f"first: north, bokses: {{}}, boxes: {{{BOXES}}}", "bokses"),
        (
            f"first: north, tls: {{ca: a.pem, certificate: b.pem, key: c.key}}, boxes: {{{BOXES}}}",
            "standby.tls.ca: no such file",
        ),
        (f"first: north, tls: {{ca: a.pem}}, boxes: {{{BOXES}}}", "standby.tls.certificate"),
        (
            "first: north, boxes: {north: {host: 127.0.0.1, port: 70000}, s: {host: x}}",
            "standby.boxes.north.port",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(config_dir: Path, section: str, words: str) -> None:
    said = faults(config_dir, f"standby: {{{section}}}\n")
    assert words in said
    assert "warnstream.yaml:" in said
