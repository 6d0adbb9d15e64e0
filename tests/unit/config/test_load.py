from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.config.load import load_configuration
from warnstream.config.settings import BrokerSettings, NodeSettings, StorageSettings
from warnstream.model.digests import Need
from warnstream.model.errors import ConfigError
from warnstream.model.level import Level
from warnstream.model.rules.policies import (
    ForecastPolicy,
    MessagePolicy,
    QualityPolicy,
    RetryPolicy,
    RoutingPolicy,
    VillagePolicy,
    WindowPolicy,
)
from warnstream.model.rules.rules import DowngradePolicy
from warnstream.model.times import fixed_zone
from warnstream.model.warning import MessageStatus

FaultsAfter = Callable[[str, str, str], list[str]]
DEMO = Path(__file__).parents[3] / "configs" / "demo"


def test_what_is_not_written_has_its_default(config_dir: Path) -> None:
    loaded = load_configuration(config_dir)
    assert loaded.node == NodeSettings("county", "system", 5)
    assert loaded.topic_prefix == "ws"
    assert loaded.storage == StorageSettings(
        config_dir / "data", 600, 604_800, 20_000_000_000, 16_777_216, 100_000, 315_619_200
    )
    assert (loaded.http.host, loaded.http.port) == ("127.0.0.1", 18_080)
    assert loaded.windows == WindowPolicy(86_400, 21_600, 120, 900, 120)
    assert loaded.quality == QualityPolicy(20, (-500, 9000), 3, 6)
    assert loaded.forecast == ForecastPolicy("advection", 300, 5000, 3600)
    assert loaded.village == VillagePolicy("inverse_distance", 3, 8000, 4, 20_000)
    assert loaded.routing == RoutingPolicy(Level.YELLOW, Level.BLUE, (0, 3600, 1800, 600, 300))
    sender = "warnings@county.example"
    written = ("ws", sender, sender, MessageStatus.EXERCISE, fixed_zone(28_800), 21_600, 1800, "")
    assert loaded.message == MessagePolicy(*written, extension_s_max=86_400, orders=loaded.orders)
    device = loaded.channels["device"]
    assert device.policy == RetryPolicy(40, 2, 120)
    assert (device.timeout_s, device.rate_per_s) == (5, None)
    assert loaded.rules[0].lowering == DowngradePolicy(0.8, 1800, 3600, 0.8)
    assert loaded.rules[0].forecast_level_max is Level.NONE


def test_the_chain_is_read_as_the_county_wrote_it(config_dir: Path) -> None:
    node = config_dir / "warnstream.yaml"
    written = (
        "chain:\n  need: {blue: none, yellow: all, red: one}\n  all_ranks_from: red\n"
        "  again: [3min, 1h]\n  digest_every: 90s\n"
    )
    node.write_text(node.read_text("utf-8") + written, encoding="utf-8")
    routing = load_configuration(config_dir).routing
    assert routing.need == (Need.NONE, Need.NONE, Need.ALL, Need.EACH_RANK, Need.ONE)
    assert (routing.all_ranks_from, routing.again_s, routing.digest_every_s) == (Level.RED, (180, 3600), 90)


def test_rain_may_be_kept_by_the_minute_for_a_part_of_the_time(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 24h\n  by_minute: 4h") == []
    assert load_configuration(config_dir).windows.by_minute_s == 4 * 3600


def test_a_broker_has_the_port_of_its_kind(config_dir: Path, faults_after: FaultsAfter) -> None:
    broker = load_configuration(config_dir).broker
    assert broker == BrokerSettings(
        False, "broker.county.example", 1883, "3.1.1", "warnstream-county", None, None, None, 0.02, 500
    )
    (config_dir / "ca.pem").touch()
    assert (
        faults_after("warnstream.yaml", ".county.example\nm", ".county.example\n  tls: {ca: ca.pem}\nm") == []
    )
    secured = load_configuration(config_dir).broker
    assert secured.port == 8883
    assert secured.tls is not None
    assert secured.tls.ca == config_dir / "ca.pem"


def test_an_embedded_broker_needs_no_address(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "host: broker.county.example", "embedded: true") == []
    broker = load_configuration(config_dir).broker
    assert (broker.embedded, broker.host, broker.port) == (True, "127.0.0.1", 18_830)


def test_a_password_file_is_found_beside_the_configuration(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    (config_dir / "pw").touch()
    assert faults_after("warnstream.yaml", "host: b", "username: u\n  password_file: pw\n  host: b") == []
    assert load_configuration(config_dir).broker.password_file == config_dir / "pw"


def test_the_demo_loads_as_it_is_written(config_dir: Path) -> None:
    for path in DEMO.glob("*.yaml"):
        (config_dir / path.name).write_bytes(path.read_bytes())
    demo = load_configuration(config_dir)
    assert [rule.name for rule in demo.rules] == ["rainstorm", "flash_flood", "river_flood", "landslide"]
    assert list(demo.channels) == ["device", "sms", "terminal"]
    assert (demo.node.clock, demo.broker.embedded, demo.windows.longest_s) == ("simulated", True, 259_200)
    sms = demo.channels["sms"]
    assert isinstance(sms, WebhookChannelSection)
    assert sms.url == "http://127.0.0.1:18081/sms"


def test_a_missing_folder_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such folder: expected one with warnstream\.yaml"):
        load_configuration(tmp_path / "nowhere")


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert [fault.file for fault in caught.value.faults] == [
        "chain.csv",
        "channels.yaml",
        "households.csv",
        "stations.csv",
        "thresholds.yaml",
        "villages.csv",
        "warnstream.yaml",
    ]


def test_a_folder_in_place_of_a_file_is_named(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    (config_dir / "chain.csv").unlink()
    (config_dir / "chain.csv").mkdir()
    assert faults() == ["chain.csv: cannot be read: Is a directory"]


def test_faults_of_all_files_come_at_once(config_dir: Path, faults_after: FaultsAfter) -> None:
    for file, old, new in [
        ("thresholds.yaml", "rain_mm: 45", "rain_mm: 85"),
        ("channels.yaml", "kind: mqtt", "kind: smoke"),
        ("stations.csv", "S1,28.40", "S1,98.40"),
        ("villages.csv", "下村", ""),
        ("households.csv", "h3,003", "h3,03"),
        ("chain.csv", "leader,2", "leader,two"),
        ("thresholds.csv", "red,50", "red,fifty"),
    ]:
        path = config_dir / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    found = faults_after("warnstream.yaml", "longest: 24h", "longst: 24h")
    assert [fault.split(": ")[0] for fault in found] == [
        "chain.csv:3",
        "channels.yaml:3",
        "households.csv:4",
        "stations.csv:2",
        "thresholds.csv:3",
        "thresholds.yaml:8",
        "villages.csv:3",
        "warnstream.yaml:8",
    ]


def test_the_fingerprint_changes_with_any_file(config_dir: Path) -> None:
    before = {load_configuration(config_dir).fingerprint}
    for path in sorted(config_dir.iterdir()):
        path.write_bytes(path.read_bytes() + (b"# more\n" if path.suffix == ".yaml" else b"\n"))
        before.add(load_configuration(config_dir).fingerprint)
    assert len(before) == 1 + 8


def test_the_fingerprint_does_not_depend_on_the_folder(
    config_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for path in config_dir.iterdir():
        (elsewhere / path.name).write_bytes(path.read_bytes())
    assert load_configuration(config_dir).fingerprint == load_configuration(elsewhere).fingerprint


def test_faults_carry_file_line_path_and_expectation(config_dir: Path, faults_after: FaultsAfter) -> None:
    faults_after("warnstream.yaml", "longest: 24h", "longest: 24")
    with pytest.raises(ConfigError) as caught:
        load_configuration(config_dir)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.path) == ("warnstream.yaml", 8, "windows.longest")


def test_a_file_beyond_the_limit_is_not_read(
    config_dir: Path, faults: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 1 << 20
    monkeypatch.setattr("warnstream.config.folder.FILE_BYTES_MAX", limit)
    (config_dir / "chain.csv").write_bytes(b" " * (limit + 1))
    assert faults() == ["chain.csv: larger than 1 MiB: is this the right file?"]


def test_a_file_name_that_no_disk_takes_is_a_missing_file(faults_after: FaultsAfter) -> None:
    name = "x" * 900
    (found,) = faults_after("warnstream.yaml", "host: b", f"username: u\n  password_file: {name}\n  host: b")
    assert found.startswith(f"warnstream.yaml:5: broker.password_file: no such file: '{name}'")


def test_a_folder_in_place_of_a_table_is_named(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    (config_dir / "thresholds.csv").unlink()
    (config_dir / "thresholds.csv").mkdir()
    assert faults() == ["thresholds.csv: cannot be read: Is a directory"]


def test_an_empty_web_address_is_none(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert (
        faults_after("warnstream.yaml", "county.example\nwindows", 'county.example\n  web: ""\nwindows') == []
    )
    assert not load_configuration(config_dir).message.web


def test_text_on_several_lines_is_refused(faults_after: FaultsAfter) -> None:
    assert faults_after("thresholds.yaml", "source: county plan", "source: |\n      county\n      plan") == [
        "thresholds.yaml:5: hazards.flash_flood.source: expected text on one line of at most 1000 characters"
    ]
