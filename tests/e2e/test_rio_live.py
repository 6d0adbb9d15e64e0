"""The storm of 2019-04-08 through a broker into a live node, against its replay from the archive."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Mosquitto, free_port
from tests.e2e.live import LiveNode, command
from warnstream.commands.replay import replay_archive
from warnstream.commands.warnings import export_warnings
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc, parse_iso
from warnstream.review.report import read_warnings, same_warnings

DATE = "2019-04-08"
LAST_READING = "2019-04-11T02:45:00Z"

pytestmark = [pytest.mark.real_data, pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def rio(shared_data: Path, tmp_path: Path) -> Path:
    """The Rio folder, made as its README says."""
    prepare = runpy.run_path(str(REPOSITORY / "configs" / "rio" / "prepare.py"))
    prepare["prepare"](shared_data / "rio_alerta_gauges", tmp_path / "rio")
    return tmp_path / "rio"


def replayed(rio: Path) -> Path:
    out = rio / "out"
    replay_archive(
        load_configuration(rio),
        rio / f"readings_{DATE}.parquet",
        out,
        events=rio / f"events_{DATE}.csv",
        after_s=0,
        as_json=True,
    )
    return out / "warnings.jsonl"


def test_jardim_botanico_crosses_the_siren_rule_at_a_quarter_past_six(rio: Path) -> None:
    villages = load_configuration(rio).network.villages
    messages = read_warnings(replayed(rio), villages)
    first = next(message for message in messages if message.level.word == "orange")
    assert villages.name[first.village] == "Jardim Botânico"
    assert iso_utc(first.crossed_at_s) == "2019-04-08T21:15:00Z"  # 18:15 local
    assert first.reason is not None
    assert (first.reason.value, first.reason.threshold, first.reason.duration_s) == (47.4, 40.0, 3600)


def test_the_archive_through_a_broker_gives_the_warnings_of_its_replay(
    rio: Path, mosquitto: Mosquitto
) -> None:
    live = rio.parent / "live"
    shutil.copytree(rio, live)
    settings = live / "warnstream.yaml"
    http_port = free_port()
    text = settings.read_text(encoding="utf-8").replace("port: 1883 ", f"port: {mosquitto.port} ")
    text = text.replace("port: 1883\n", f"port: {mosquitto.port}\n").replace(
        "port: 18090", f"port: {http_port}"
    )
    settings.write_text(text, encoding="utf-8")
    node = LiveNode(live, http_port)
    node.start()
    replay = [command("station-sim"), "replay", str(live / f"readings_{DATE}.parquet")]
    subprocess.run([*replay, "--speed", "0", "--port", str(mosquitto.port)], check=True, timeout=280)
    node.wait_until(iso_utc(parse_iso(LAST_READING)), timeout_s=120)
    assert node.stop() == 0, node.log()
    exported = live / "warnings.jsonl"
    assert export_warnings(load_configuration(live), exported) > 100
    assert same_warnings(exported, replayed(rio)) == []
