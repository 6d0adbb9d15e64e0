"""The example of docs/warnings-in.md is a hazard, and its table of areas is read."""

import re
from pathlib import Path

from warnstream.config.load import load_configuration
from warnstream.config.orders import order_table
from warnstream.model.alerts.relaying import RelayTable

PAGE = (Path(__file__).parents[3] / "docs" / "warnings-in.md").read_text(encoding="utf-8")


def block(after: str) -> str:
    found = re.search(rf"{after}.*?^```\w*\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_example_loads_and_relays_four_colours_of_one_issuer(config_dir: Path) -> None:
    areas = block("`divisions:`").replace("Davidson", "County")
    (config_dir / "areas.csv").write_text(areas, encoding="utf-8")
    hazard = f"{block('Warnings of other services')}    areas: areas.csv\n"
    (config_dir / "thresholds.yaml").write_text(hazard, encoding="utf-8")
    configuration = load_configuration(config_dir)
    (rule,) = configuration.rules
    table = rule.thresholds
    assert isinstance(table, RelayTable)
    assert [signal.level.word for signal in table.signals] == ["blue", "yellow", "orange", "red"]
    assert table.codes["SAME", "047037"] == {"001", "002", "003"}
    assert rule.name in order_table(None).of_hazard
