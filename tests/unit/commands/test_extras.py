"""A plain installation says which extra a command needs, and shows no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from station_sim.cli import main as station_sim
from tests.plain_installation import without
from tests.unit.config.conftest import FILES
from warnstream.cli import main


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only extras bring cannot be imported, and what imports it is not loaded yet."""
    lacking = ("pandas", "pyarrow", "xarray", "h5netcdf", "matplotlib")
    ours = ("warnstream.review", "warnstream.runners", "warnstream.commands", "station_sim.commands")
    without(monkeypatch, *lacking, anew=ours)


@pytest.mark.usefixtures("plain")
def test_an_edge_node_checks_its_configuration_and_lays_hands_on_warnings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    assert main(["end", str(tmp_path), "001", "flash_flood", "--author", "Li", "--reason", "over"]) == 1
    assert "stands" in capsys.readouterr().err


@pytest.mark.usefixtures("plain")
def test_the_demo_names_its_extra(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--hours", "1"]) == 1
    assert "pip install 'warnstream[demo]'" in capsys.readouterr().err


@pytest.mark.usefixtures("plain")
def test_pictures_name_their_extra(capsys: pytest.CaptureFixture[str], tmp_path: str) -> None:
    assert station_sim(["storm", "--seed", "1", "--hours", "1", "--out", f"{tmp_path}/storm.png"]) == 2
    assert "warnstream[" in capsys.readouterr().err


def test_a_module_that_no_extra_brings_is_a_fault_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "warnstream.commands.demo.command", raising=False)
    monkeypatch.setitem(sys.modules, "station_sim.county.county", None)
    with pytest.raises(ModuleNotFoundError):
        main(["demo", "--hours", "1"])


HEAVY = (
    "pydantic",
    "pandas",
    "pyarrow",
    "shapely",
    "httpx",
    "rich.console",
    "uvicorn",
    "warnstream.config.settings",
)


def test_the_command_line_is_there_before_what_commands_need() -> None:
    """`--help` and a completion take a tenth of what all commands together would load."""
    code = "import sys, warnstream.cli as cli; cli.parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert [name for name in HEAVY if name in done.stdout.split()] == []
