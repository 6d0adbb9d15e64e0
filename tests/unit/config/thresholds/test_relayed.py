"""relayed in thresholds.yaml: whose signals reach which level, and what cannot be."""

from collections.abc import Callable
from pathlib import Path

from tests.alerts import info
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.config.summary import lints, summarise
from warnstream.model.alerts.alert import DIVISION_CODE, AlertArea
from warnstream.model.alerts.relaying import RelayTable

HAZARD = """\
hazards:
  storm:
    evaluator: relayed
    title: {zh: 暴雨, en: rainstorm}
    source: met service
    issuers:
      - {sender: met@example.org, zh: 县气象台, en: County met office}
    signals:
      - {level: yellow, events: [Rainstorm], severities: [Moderate]}
      - {level: red, codes: [11B03], severities: [Red], title: {zh: 暴雨红色预警信号, en: red signal}}
      - {level: orange, parameters: {colour: "3"}}
"""
AREAS = "name,code,area\nUGC,X1,002\nUGC,X1,003\nSAME,9,County\n"


def written(directory: Path, hazard: str = HAZARD, areas: str = AREAS) -> Path:
    (directory / "thresholds.yaml").write_text(hazard + "    areas: areas.csv\n", encoding="utf-8")
    (directory / "areas.csv").write_text(areas, encoding="utf-8")
    return directory


def table_of(configuration: Configuration) -> RelayTable:
    (rule,) = configuration.rules
    assert isinstance(rule.thresholds, RelayTable)
    return rule.thresholds


def test_signals_issuers_and_areas_become_a_table(config_dir: Path) -> None:
    configuration = load_configuration(written(config_dir))
    table = table_of(configuration)
    assert [(issuer.sender, issuer.name_zh, issuer.name_en) for issuer in table.issuers] == [
        ("met@example.org", "县气象台", "County met office")
    ]
    assert [signal.level.word for signal in table.signals] == ["yellow", "red", "orange"]
    assert table.signals[0].events == {"rainstorm"}
    assert table.signals[1].title_zh == "暴雨红色预警信号"
    assert (table.margin_m, table.lasts_s, table.divisions) == (1000.0, 86_400, frozenset({DIVISION_CODE}))
    codes = configuration.network.villages.code
    for name, code, villages in (
        ("UGC", "X1", {"002", "003"}),
        ("SAME", "9", set(codes)),
        ("UGC", "9", set()),
    ):
        found = table.concerns(info(areas=(AlertArea("x", ((name, code),)),)))
        assert {codes[village] for village in range(len(codes)) if found[village]} == villages
    rule = configuration.rules[0]
    assert (rule.lowering.hold_s, rule.lowering.active_s_min, rule.is_relayed) == (0, 0, True)


def test_the_check_says_whose_signals_they_are(config_dir: Path) -> None:
    configuration = load_configuration(written(config_dir))
    said = summarise(configuration)
    assert "storm (relayed): 3 signals of County met office, in their name; source: met service" in said
    assert "yellow if rainstorm and moderate" in said
    assert "orange if colour 3" in said
    assert "red if 11B03 and red" in said
    (about,) = (line for line in lints(configuration) if line.startswith("storm"))
    assert about.startswith("storm: relayed without orders of its own: red tells everybody to leave")
    written(config_dir, HAZARD.replace("  storm:", "  rainstorm:"))
    assert not any(line.startswith("rainstorm") for line in lints(load_configuration(config_dir)))


def test_what_cannot_be_is_a_fault_at_its_place(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    nothing = HAZARD.replace('{level: orange, parameters: {colour: "3"}}', "{level: orange}")
    written(config_dir, nothing)
    assert faults() == [
        "thresholds.yaml:11: hazards.storm.signals[2]: expected events, codes, severities or parameters"
    ]
    twice = HAZARD.replace(
        "    signals:", "      - {sender: met@example.org, zh: 另, en: other}\n    signals:"
    )
    written(config_dir, twice)
    assert faults() == [
        "thresholds.yaml:8: hazards.storm.issuers[1].sender: duplicate sender 'met@example.org'"
    ]
    written(config_dir, areas=f"{AREAS}UGC,X1,002\nUGC,X2,nowhere\nUGC,,001\n")
    found = faults()
    assert found[0] == "areas.csv:5: duplicate row, first on line 2"
    assert found[1].startswith("areas.csv:6: area: unknown area 'nowhere'")
    assert found[2] == "areas.csv:7: code: expected text, got an empty cell"
    (config_dir / "areas.csv").unlink()
    (missing,) = faults()
    assert "hazards.storm.areas: no such file: 'areas.csv'" in missing
