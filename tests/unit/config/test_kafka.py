"""The section `kafka`: brokers, the partition of a county, and nothing of people in plain over a network."""

from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError

HERE = 'servers: ["127.0.0.1:9092"]'


def written(config_dir: Path, section: str) -> Path:
    path = config_dir / "warnstream.yaml"
    path.write_text(f"{path.read_text('utf-8')}kafka: {{{section}}}\n", encoding="utf-8")
    return config_dir


def test_without_the_section_the_log_is_the_nodes_own(config_dir: Path) -> None:
    assert load_configuration(config_dir).kafka is None


def test_a_county_is_a_partition(config_dir: Path) -> None:
    read = load_configuration(written(config_dir, f"{HERE}, partition: 3, session: 8s")).kafka
    assert read is not None
    assert (read.servers, read.partition, read.prefix) == (("127.0.0.1:9092",), 3, "ws")
    assert (read.partitions, read.copies, read.session_s, read.tls) == (12, 3, 8, None)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (HERE, "kafka.partition: missing"),
        ("servers: [], partition: 0", "kafka.servers: expected at least one broker as host:port"),
        ('servers: ["127.0.0.1"], partition: 0', "kafka.servers[0]: expected host:port, got '127.0.0.1'"),
        (f"{HERE}, partition: 12", "kafka.partition: expected a number below partitions (12)"),
        ('servers: ["10.1.0.5:9092"], partition: 0', "kafka.servers[0]: expected tls beside it"),
        (f"{HERE}, partition: 0, username: u", "kafka.username: expected password_file beside it"),
        (f"{HERE}, partition: 0, password_file: p", "kafka.password_file"),
        (f"{HERE}, partition: 0, tls: {{ca: ca.pem}}", "kafka.tls.ca: no such file"),
        (f"{HERE}, partition: 0, session: 1s", "kafka.session"),
        (f"{HERE}, partition: 0, topik: x", "topik"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(config_dir: Path, section: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_configuration(written(config_dir, section))
    assert words in str(raised.value)
    assert "warnstream.yaml:" in str(raised.value)


def test_the_log_is_kafkas_or_that_of_two_boxes(config_dir: Path) -> None:
    boxes = "a: {host: 127.0.0.1, port: 1}, b: {host: 127.0.0.1, port: 2}"
    path = written(config_dir, f"{HERE}, partition: 0") / "warnstream.yaml"
    path.write_text(f"{path.read_text('utf-8')}standby: {{first: a, boxes: {{{boxes}}}}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="kafka: expected no standby beside it"):
        load_configuration(config_dir)
