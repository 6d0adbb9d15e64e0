"""A plain installation says which extra a command needs, and shows no traceback."""

import sys

import pytest

from station_sim.cli import main as station_sim
from warnstream.cli import main


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only extras bring cannot be imported, and what imports it is not loaded yet."""
    lacking = ("pandas", "pyarrow", "xarray", "h5netcdf", "matplotlib")
    for name in list(sys.modules):
        if name.startswith(("warnstream.review", "warnstream.commands", "station_sim.commands")):
            monkeypatch.delitem(sys.modules, name)
    for name in lacking:
        monkeypatch.setitem(sys.modules, name, None)


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
