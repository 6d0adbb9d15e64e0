"""Rows that a configuration has lost under a warning are kept as the log knows them."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.warning import MessageStatus
from warnstream.runners.history.kept import keep_rows
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake.history_entries import ConfigurationEntry, HazardRow, VillageRow


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_configuration(tmp_path)


def test_nothing_is_kept_where_nothing_is_lost(configuration: Configuration) -> None:
    kept = keep_rows(configuration, [("001", "flash_flood")], None)
    assert kept.configuration is configuration
    assert (kept.villages, kept.hazards) == ((), ())


def test_a_lost_village_stands_behind_the_judged_ones_with_its_names_and_nobody_registered(
    configuration: Configuration,
) -> None:
    before = replace_villages(configuration, VillageRow("009", "Old", "East", "County", 28.4, 119.9, None))
    kept = keep_rows(configuration, [("009", "flash_flood"), ("001", "flash_flood")], before)
    network = kept.configuration.network
    assert kept.villages == ("009",)
    assert network.villages.code == ("001", "002", "003", "009")
    assert (network.villages.name[3], network.villages.latitude[3]) == ("Old", 28.4)
    assert list(network.households.of_village(3)) == []
    assert [list(network.households.of_village(v)) for v in range(3)] == [
        list(configuration.network.households.of_village(v)) for v in range(3)
    ]


def test_a_lost_hazard_keeps_its_titles(configuration: Configuration) -> None:
    entry = entry_of(configuration, "0.1", 0)
    row = HazardRow("dam_break", "溃坝", "Dam break")
    before = msgspec.structs.replace(entry, hazards=[*entry.hazards, row])
    kept = keep_rows(configuration, [("001", "dam_break")], before)
    rule = kept.configuration.rules[-1]
    assert (rule.name, rule.title_zh, rule.title_en) == ("dam_break", "溃坝", "Dam break")
    assert len(configuration.rules) == 2


def test_what_the_log_does_not_know_either_is_named_by_its_code(configuration: Configuration) -> None:
    kept = keep_rows(configuration, [("077", "dam_break")], None)
    assert kept.configuration.network.villages.name[-1] == "077"
    assert kept.configuration.rules[-1].title_en == "dam_break"


def test_the_entry_of_a_configuration_is_the_same_for_the_same_files_and_software(
    configuration: Configuration,
) -> None:
    entry = entry_of(configuration, "0.1", 5)
    assert entry.is_same_as(entry_of(configuration, "0.1", 99))
    assert not entry.is_same_as(entry_of(configuration, "0.2", 5))
    assert not entry.is_same_as(entry_of(replace(configuration, fingerprint="other"), "0.1", 5))
    assert not entry.is_same_as(None)
    assert entry.status is MessageStatus.EXERCISE


def replace_villages(configuration: Configuration, row: VillageRow) -> ConfigurationEntry:
    entry = entry_of(configuration, "0.1", 0)
    return msgspec.structs.replace(entry, villages=[*entry.villages, row])
