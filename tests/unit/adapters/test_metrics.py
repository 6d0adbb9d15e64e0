import json
import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.model.level import Level

OPERATING = Path(__file__).resolve().parents[3] / "docs" / "operating.md"


def families(metrics: Metrics | StandbyMetrics | KafkaMetrics) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and labels of every metric, by its name in the exposition."""
    found = {}
    for attribute in vars(metrics).values():
        if hasattr(attribute, "_labelnames"):
            name = attribute._name + ("_total" if attribute._type == "counter" else "")
            found[name] = (attribute._type, tuple(attribute._labelnames))
    return found


def documented() -> dict[str, tuple[str, ...]]:
    """Labels by metric, from the table of the operating manual."""
    section = OPERATING.read_text(encoding="utf-8").split("## Metrics")[1].split("## Alarms")[0]
    rows = re.findall(r"^\| `(warnstream_\w+)` \| (.*?) \|", section, flags=re.MULTILINE)
    return {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_every_metric_is_documented_with_its_labels_and_no_other_is() -> None:
    node = Metrics()
    every = families(node) | families(StandbyMetrics(node.registry)) | families(KafkaMetrics(node.registry))
    assert documented() == {name: labels for name, (_, labels) in every.items()}


def test_every_metric_that_an_alarm_names_exists() -> None:
    section = OPERATING.read_text(encoding="utf-8").split("## Alarms")[1]
    named = {name.removesuffix("_bucket") for name in re.findall(r"warnstream_\w+", section)}
    assert named <= set(families(Metrics()))


def test_every_metric_that_rules_and_the_dashboard_of_kafka_name_exists() -> None:
    folder = OPERATING.parent / "monitoring"
    rules = yaml.safe_load((folder / "kafka.rules.yaml").read_text(encoding="utf-8"))
    panels = json.loads((folder / "kafka.grafana.json").read_text(encoding="utf-8"))["panels"]
    asked = [rule["expr"] for rule in rules["groups"][0]["rules"]]
    asked += [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name.removesuffix("_bucket") for text in asked for name in re.findall(r"warnstream_\w+", text)}
    assert len(named) > 10
    assert named <= set(families(KafkaMetrics(Metrics().registry)))


def test_every_metric_that_rules_of_two_boxes_name_exists() -> None:
    path = OPERATING.parent / "monitoring" / "standby.rules.yaml"
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"][0]["rules"]
    named = {name for rule in rules for name in re.findall(r"warnstream_\w+", rule["expr"])}
    assert len(named) > 5
    assert named <= set(families(StandbyMetrics(Metrics().registry)))


def test_every_metric_is_exposed() -> None:
    metrics = Metrics()
    exposed = {family.name for family in text_string_to_metric_families(metrics.exposition().decode())}
    own = {name for name in exposed if not name.endswith("_created")}  # the client library's own series
    assert {name.removesuffix("_total") for name in families(metrics)} == own


def test_a_level_without_villages_is_zero_and_not_what_it_was() -> None:
    metrics = Metrics()
    metrics.set_villages("flash_flood", {Level.RED: 3})
    metrics.set_villages("flash_flood", {Level.BLUE: 1})
    sample = metrics.registry.get_sample_value
    assert sample("warnstream_villages", {"hazard": "flash_flood", "level": "red"}) == 0
    assert sample("warnstream_villages", {"hazard": "flash_flood", "level": "blue"}) == 1


def test_a_state_that_no_notification_has_any_more_disappears() -> None:
    metrics = Metrics()
    metrics.set_notifications({("sms", "pending"): 2})
    metrics.set_notifications({("sms", "sent"): 2})
    sample = metrics.registry.get_sample_value
    assert sample("warnstream_notifications", {"channel": "sms", "state": "pending"}) is None
    assert sample("warnstream_notifications", {"channel": "sms", "state": "sent"}) == 2


def test_stations_are_counted_by_condition() -> None:
    metrics = Metrics()
    metrics.set_stations(reporting=690, silent=10)
    assert metrics.registry.get_sample_value("warnstream_stations", {"condition": "silent"}) == 10


def test_two_nodes_in_one_process_do_not_share_numbers() -> None:
    first, second = Metrics(), Metrics()
    first.messages_received.inc()
    assert second.registry.get_sample_value("warnstream_messages_received_total") == 0
