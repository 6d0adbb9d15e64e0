import json
from pathlib import Path

import pytest

from station_sim.cli import main


def test_county_writes_a_complete_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "county"
    arguments = ["county", "--out", str(folder), "--stations", "20", "--villages", "12", "--json"]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["rain_stations"], summary["villages"], summary["households"]) == (20, 12, 48)
    assert {path.name for path in folder.iterdir()} == {
        "stations.csv",
        "villages.csv",
        "households.csv",
        "chain.csv",
        "thresholds.csv",
        "warnstream.yaml",
        "thresholds.yaml",
        "channels.yaml",
    }


def test_storm_writes_the_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import xarray as xr

    main(["county", "--out", str(tmp_path / "county"), "--stations", "4", "--villages", "5"])
    capsys.readouterr()
    file = tmp_path / "storm.nc"
    arguments = [
        "storm",
        "--out",
        str(file),
        "--config",
        str(tmp_path / "county"),
        "--hours",
        "0.5",
        "--json",
    ]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 6
    with xr.open_dataset(file, engine="h5netcdf") as dataset:
        assert str(dataset["time"].values[-1]).startswith("2026-06-18T06:30:00")


@pytest.mark.parametrize("command", [[], ["county"], ["run"], ["replay"], ["people"], ["storm"]])
def test_every_help_page_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert f"\n  station-sim {' '.join(command)}" in capsys.readouterr().out


def test_a_missing_county_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("station-sim: ")
    assert "stations.csv: cannot be read" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--config", "c", "--faults", "rust"], "expected mild, harsh, none or some of silence"),
        (["run", "--config", "c", "--start", "noon"], "has no time zone"),
        (["run", "--config", "c", "--speed", "-1"], "expected 0 or more"),
        (["replay", "r.csv", "--after", "soon"], "expected a duration such as 90s, 30min, 2h or 1d"),
        (["people", "--off-share", "2"], "expected a share of at least 0 and below 1"),
    ],
)
def test_wrong_options_say_what_was_expected(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert expected in capsys.readouterr().err


def test_a_storm_step_that_does_not_fit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["storm", "--out", str(tmp_path / "s.nc"), "--hours", "1", "--step-min", "7"]
    assert main(arguments) == 2
    assert "--step-min 7 does not divide 60 minutes" in capsys.readouterr().err
