"""`was` of a hazard: a name that no hazard has, of one hazard alone; its orders go on."""

from pathlib import Path

import pytest

from tests.unit.rule_tests.county import THRESHOLDS, write_county
from warnstream.config.differences.thresholds import threshold_differences
from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError
from warnstream.model.level import Level

SECOND = THRESHOLDS[THRESHOLDS.index("  flash_flood:") :].replace("flash_flood", "storm")


def county(folder: Path, thresholds: str) -> Path:
    folder.mkdir()
    write_county(folder)
    (folder / "thresholds.yaml").write_text(thresholds, encoding="utf-8")
    return folder


def test_a_hazard_says_what_it_was_called_and_keeps_its_orders(tmp_path: Path) -> None:
    before = load_configuration(county(tmp_path / "before", THRESHOLDS))
    renamed = THRESHOLDS.replace("  flash_flood:\n", "  torrent:\n    was: flash_flood\n")
    now = load_configuration(county(tmp_path / "now", renamed))
    assert now.network.hazards_were == {"flash_flood": "torrent"}
    assert now.orders.order("torrent", Level.RED) == before.orders.order("flash_flood", Level.RED)
    assert list(threshold_differences(before, now)) == ["torrent: the hazard was flash_flood"]


@pytest.mark.parametrize(
    ("was", "said"),
    [
        ("storm", "hazards.flash_flood.was: 'storm' is a hazard: expected an earlier name"),
        ("transfer", "hazards.flash_flood.was: 'transfer' is a hazard: expected an earlier name"),
        ("a b", "hazards.flash_flood.was"),
    ],
)
def test_a_name_that_is_taken_is_a_fault(tmp_path: Path, was: str, said: str) -> None:
    text = (THRESHOLDS + SECOND).replace("  flash_flood:\n", f"  flash_flood:\n    was: {was}\n")
    with pytest.raises(ConfigError) as error:
        load_configuration(county(tmp_path / "county", text))
    assert said in str(error.value)


def test_two_hazards_cannot_have_been_one(tmp_path: Path) -> None:
    text = (THRESHOLDS + SECOND).replace("    evaluator:", "    was: gale\n    evaluator:")
    with pytest.raises(ConfigError) as error:
        load_configuration(county(tmp_path / "county", text))
    assert "hazards.storm.was: 'gale' is what 'flash_flood' was called" in str(error.value)
