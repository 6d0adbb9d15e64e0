from pathlib import Path

import pytest
import yaml

from station_sim.county.demo_config import demo_config_directory, write_demo_config
from station_sim.errors import SimulatorError


def load(folder: Path, name: str) -> dict[str, dict[str, object]]:
    content: dict[str, dict[str, object]] = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    return content


def test_without_options_the_files_are_those_of_the_demo(tmp_path: Path) -> None:
    write_demo_config(tmp_path)
    for name in ("warnstream.yaml", "thresholds.yaml", "channels.yaml"):
        assert (tmp_path / name).read_bytes() == (demo_config_directory() / name).read_bytes()


def test_options_replace_their_line_and_nothing_else(tmp_path: Path) -> None:
    write_demo_config(
        tmp_path,
        broker_port=1,
        http_port=2,
        sms_port=3,
        embedded_broker=False,
        prefix="a/b",
        data_directory="/d",
    )
    settings = load(tmp_path, "warnstream.yaml")
    expected = load(demo_config_directory(), "warnstream.yaml")
    expected["broker"] |= {"port": 1, "embedded": False}
    expected["http"] |= {"port": 2, "public_url": "http://127.0.0.1:2"}
    expected["messages"] |= {"web": "http://127.0.0.1:2"}
    expected["topics"] |= {"prefix": "a/b"}
    expected["storage"] |= {"directory": "/d"}
    assert settings == expected
    channels = load(tmp_path, "channels.yaml")["channels"]
    assert channels["sms"]["url"] == "http://127.0.0.1:3/sms"  # type: ignore[index]


def test_a_line_that_is_not_in_the_demo_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("warnstream.yaml", "thresholds.yaml", "channels.yaml"):
        (tmp_path / name).write_text("node: {}\n", encoding="utf-8")
    monkeypatch.setattr("station_sim.county.demo_config.demo_config_directory", lambda: tmp_path)
    with pytest.raises(SimulatorError, match=r"warnstream\.yaml: broker\.port: expected this line"):
        write_demo_config(tmp_path / "out", broker_port=1)
