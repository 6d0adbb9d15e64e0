"""Rules for Prometheus and the dashboard for Grafana name metrics that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

from warnstream.adapters.metrics import Metrics

FOLDER = Path(__file__).parents[3] / "configs" / "service"
RULES, DASHBOARD = FOLDER / "prometheus-rules.yaml", FOLDER / "grafana-dashboard.json"


def known() -> set[str]:
    """Names of all series of a node."""
    text = generate_latest(Metrics().registry).decode()
    types = [line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE")]
    return {name for name, _ in types} | {f"{name}_bucket" for name, kind in types if kind == "histogram"}


def rules() -> list[dict[str, str]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    board = json.loads(DASHBOARD.read_text("utf-8"))
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*shown, *(rule["expr"] for rule in rules())]


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_that_is_named_is_one(expression: str) -> None:
    named = set(re.findall(r"\bwarnstream_\w+", expression))
    assert named or expression.startswith("up{")
    assert named <= known()
    assert expression.count("(") == expression.count(")")


def test_every_alarm_says_what_it_is_and_waits_a_little() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 5
    for rule in rules():
        assert rule["annotations"]["summary"]  # type: ignore[index]
        assert re.fullmatch(r"\d+m", rule["for"])


def test_panels_of_the_dashboard_lie_beside_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(places) == len(set(places))
    assert len({panel["id"] for panel in panels}) == len(panels)
