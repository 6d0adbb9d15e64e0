"""A minimal right configuration on disk, and what becomes of it after one change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError

FILES = {
    "warnstream.yaml": """\
node:
  name: county
broker:
  host: broker.county.example
messages:
  sender: warnings@county.example
windows:
  longest: 24h
""",
    "thresholds.yaml": """\
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: county plan
    levels:
      - {level: yellow, duration: 1h, rain_mm: 45}
      - {level: red, duration: 1h, rain_mm: 80}
      - {level: red, duration: 3h, rain_mm: 120}
    table: thresholds.csv
  river_flood:
    evaluator: river_stage
    title: {zh: 洪水, en: River flood}
    table: thresholds.csv
""",
    "channels.yaml": """\
channels:
  device:
    kind: mqtt
  sms:
    kind: webhook
    url: http://127.0.0.1:18081/sms
""",
    "stations.csv": """\
station,latitude,longitude,elevation_m,variables,interval_s,county
S1,28.40,119.90,120,rain,300,County
G1,28.41,119.91,,rain stage,300,County
""",
    "villages.csv": """\
village,name,latitude,longitude,township,county
001,上村,28.40,119.90,East,County
002,下村,28.50,119.90,East,County
003,Hill,28.45,119.95,West,County
""",
    "households.csv": """\
household,village,channel,address
h2,002,device,h2
h1,001,sms,+8610
h3,003,device,h3
h4,002,sms,+8611
""",
    "chain.csv": """\
post,role,rank,area,channel,address
p1,grid member,1,001,sms,+8620
p2,leader,2,East,sms,+8621
p3,county leader,3,County,device,p3
""",
    "thresholds.csv": """\
village,hazard,duration,level,value,unit,station,source
002,flash_flood,1h,orange,30,mm,,survey 2024
002,flash_flood,1h,red,50,mm,,survey 2024
001,river_flood,,yellow,10.5,m,G1,hydrology office
001,river_flood,,red,12,m,G1,hydrology office
""",
}


@pytest.fixture
def config_dir(tmp_path: Path) -> Path:
    """A configuration folder without fault."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _faults(directory: Path) -> list[str]:
    try:
        load_configuration(directory)
    except ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.fixture
def faults(config_dir: Path) -> Callable[[], list[str]]:
    """Faults of the folder as it is now, as they are printed."""
    return lambda: _faults(config_dir)


@pytest.fixture
def faults_after(config_dir: Path) -> Callable[[str, str, str], list[str]]:
    """Replace one text of one file, and see the faults."""

    def change(file: str, old: str, new: str) -> list[str]:
        path = config_dir / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} must be in {file} once"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return _faults(config_dir)

    return change


@pytest.fixture
def faults_with(config_dir: Path) -> Callable[[str, str], list[str]]:
    """Replace one file, and see the faults."""

    def change(file: str, text: str) -> list[str]:
        (config_dir / file).write_text(text, encoding="utf-8")
        return _faults(config_dir)

    return change
