from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable

FaultsAfter = Callable[[str, str, str], list[str]]

GATEWAY = """\
decoders:
  - topic: gw/+/up
    format: sl651
    variables:
      DRZ1: {variable: stage, offset: 10}
      H: {variable: stage, unit: cm, factor: 2}
    stations:
      "0012345678": S1
windows:
"""


def test_without_decoders_stations_publish_flat_json_below_the_prefix(config_dir: Path) -> None:
    assert load_configuration(config_dir).decoders == (DecoderRule("ws/+/+/+/obs", "flat_json", {}, {}),)


def test_names_and_units_of_a_gateway_are_mapped(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "windows:\n", GATEWAY) == []
    (rule,) = load_configuration(config_dir).decoders
    assert rule.format == "sl651"
    assert rule.stations == {"0012345678": "S1"}
    assert rule.variables == {
        "DRZ1": VariableMapping(Variable.STAGE, 1.0, 10.0),
        "H": VariableMapping(Variable.STAGE, 0.02, 0.0),
    }


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("gw/+/up", "gw/#/up", "warnstream.yaml:8: decoders[0].topic: expected # as the last level only"),
        ("sl651", "sl652", "warnstream.yaml:9: decoders[0].format: expected flat_json"),
        ("cm", "ml", "warnstream.yaml:12: decoders[0].variables.H.unit: expected m, dm, cm, mm, ft or in"),
        ("S1", "S9", "warnstream.yaml:14: decoders[0].stations.0012345678: station 'S9' is not in"),
        ("variable: stage, unit", "variable: snow, unit", "decoders[0].variables.H.variable: expected rain"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(
    old: str, new: str, fault: str, faults_after: FaultsAfter
) -> None:
    text = GATEWAY.replace(old, new)
    (found,) = faults_after("warnstream.yaml", "windows:\n", text)
    assert fault in found
