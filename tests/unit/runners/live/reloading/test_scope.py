"""What a running node cannot take is named by its key."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests.model_runs import settings_of
from tests.unit.rule_tests.county import FILES, write_county
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.warning import MessageStatus
from warnstream.runners.live.reloading.scope import AT_START, WHOLE_AT_START, restart_faults

TAKEN_AT_ONCE = {
    "fingerprint", "sha256_of_file", "node", "message", "decoders", "windows", "quality", "counters",
    "forecast", "village", "routing", "rules", "network", "signs", "orders", "bulletins", "past_days",
    "logger_files", "hands", "operators", "feeds", "changes", "directory", "chance_table", "paper",
    "shards", "part", "channels", "test_calls",
}  # fmt: skip
"""Parts that the engine, the desk or a view takes whole; `directory` has a sentence of its own.

A node of its own is of no shard: a cut is a matter of the bridge and the judges of Kafka.
"""


OTHER = {
    MessageStatus.ACTUAL: MessageStatus.EXERCISE,
    MessageStatus.EXERCISE: MessageStatus.ACTUAL,
}


@pytest.fixture
def county(tmp_path: Path) -> Configuration:
    write_county(tmp_path)
    return load_configuration(tmp_path)


def test_every_part_is_taken_at_once_or_needs_a_restart() -> None:
    parts = {field.name for field in fields(Configuration)}
    assert parts == TAKEN_AT_ONCE | set(WHOLE_AT_START)
    assert not TAKEN_AT_ONCE & set(WHOLE_AT_START)
    assert set(AT_START) <= TAKEN_AT_ONCE


def test_the_same_configuration_needs_none(county: Configuration, tmp_path: Path) -> None:
    assert restart_faults(county, load_configuration(tmp_path)) == []


def test_each_key_is_named(county: Configuration) -> None:
    changed = replace(
        county,
        node=replace(county.node, tick_s=7, clock_jump_s_max=30, duty_posts=("p2",)),
        message=replace(county.message, status=OTHER[county.message.status]),
        storage=replace(county.storage, refused_max=5),
    )
    assert restart_faults(county, changed) == [
        "storage: needs a restart",
        "node.tick: needs a restart",
        "node.clock_jump_max: needs a restart",
        "messages.status: needs a restart",
    ]


def test_another_folder_is_another_node(county: Configuration) -> None:
    other = replace(county, directory=Path("/elsewhere"))
    assert restart_faults(county, other) == [f"the node runs from {county.directory}, not from /elsewhere"]


def test_other_topics_are_subscribed_to_at_a_start(county: Configuration, tmp_path: Path) -> None:
    more = "decoders: [{topic: 'x/+/obs', format: flat_json}]\n"
    (tmp_path / "warnstream.yaml").write_text(FILES["warnstream.yaml"] + more, encoding="utf-8")
    assert restart_faults(county, load_configuration(tmp_path)) == [
        "decoders (other topics): needs a restart"
    ]


def test_files_of_models_are_opened_at_a_start(county: Configuration) -> None:
    changed = replace(county, models=(settings_of(county.directory),))
    assert restart_faults(county, changed) == ["forecasts: needs a restart"]
