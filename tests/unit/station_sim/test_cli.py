import argparse
import json
import re
from pathlib import Path

import pytest
import yaml

from station_sim.cli import main
from station_sim.commands.people import post_habits
from station_sim.errors import CountyFileError
from station_sim.people.answers import is_simulated_post
from station_sim.weather.climate import PARAMETERS_FILE


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
        "teams.csv",
        "objects.csv",
        "operators.csv",
        "shelters.csv",
        "thresholds.csv",
        "warnstream.yaml",
        "thresholds.yaml",
        "channels.yaml",
    }


def test_storm_writes_what_radar_and_model_make_of_a_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import xarray as xr

    main(["county", "--out", str(tmp_path / "county"), "--stations", "4", "--villages", "5"])
    capsys.readouterr()
    files = {name: tmp_path / f"{name}.nc" for name in ("netcdf", "radar", "nwp")}
    options = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    arguments = ["storm", "--kind", "plum_rain", "--config", str(tmp_path / "county"), "--hours", "2"]
    assert main([*arguments, *options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "plum_rain"
    sizes = {}
    for name, file in files.items():
        with xr.open_dataset(
            file, engine=xr.backends.H5netcdfBackendEntrypoint, decode_timedelta=False
        ) as dataset:
            sizes[name] = dataset.sizes["time"]
    assert sizes == {"netcdf": 24, "radar": 24, "nwp": 2}


def test_storm_without_a_file_to_write_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["storm"]) == 2
    assert "expected --netcdf, --radar, --nwp or --picture" in capsys.readouterr().err


@pytest.mark.slow
def test_storm_draws_frames_and_a_contact_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra warnstream[plots]")
    main(["county", "--out", str(tmp_path / "county"), "--stations", "9", "--villages", "12"])
    capsys.readouterr()
    arguments = ["storm", "--config", str(tmp_path / "county"), "--hours", "4", "--json"]
    assert main([*arguments, "--picture", str(tmp_path / "pictures")]) == 0
    pictures = json.loads(capsys.readouterr().out)["pictures"]
    assert [Path(picture).name for picture in pictures[:2]] == ["sheet.png", "frame-1.png"]
    assert all(Path(picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.slow
def test_calibrate_says_which_target_is_missed_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A climate with thrice the storms rains far too much."""
    text = PARAMETERS_FILE.read_text(encoding="utf-8")
    wet = re.sub(r"per_year: ([\d.]+)", lambda found: f"per_year: {3 * float(found[1])}", text)
    (tmp_path / "wet.yaml").write_text(wet, encoding="utf-8")
    arguments = ["calibrate", "--years", "1", "--climate", str(tmp_path / "wet.yaml"), "--no-plots", "--json"]
    assert main([*arguments, "--out", str(tmp_path / "report")]) == 1
    summary = json.loads(capsys.readouterr().out)
    assert "yearly rain" in summary["not_met"]
    assert "Not met:" in (tmp_path / "report" / "calibration.md").read_text(encoding="utf-8")


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
    with xr.open_dataset(file, engine=xr.backends.H5netcdfBackendEntrypoint) as dataset:
        assert str(dataset["time"].values[-1]).startswith("2026-06-18T06:30:00")


@pytest.mark.parametrize("command", [[], ["county"], ["run"], ["replay"], ["people"], ["calibrate"]])
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


def test_the_posts_of_a_folder_are_those_that_its_chain_names(tmp_path: Path) -> None:
    main(["county", "--out", str(tmp_path), "--stations", "4", "--villages", "5", "--json"])
    options = argparse.Namespace(config=tmp_path, posts_absent=0.3, posts_wrong_numbers=0.1)
    found = post_habits(options)
    assert (found["absent_share"], found["wrong_post_share"]) == (0.3, 0.1)
    assert found["posts"] is not None
    assert all(is_simulated_post(post) for post in found["posts"])
    rows = (tmp_path / "chain.csv").read_text(encoding="utf-8").splitlines()[1:]
    teams = (tmp_path / "teams.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert found["posts"] == {row.split(",")[0] for row in (*rows, *teams)}
    (tmp_path / "chain.csv").unlink()
    assert post_habits(options)["posts"] is None
    with pytest.raises(CountyFileError, match=r"chain\.csv: cannot be read"):
        post_habits(options, needs_chain=True)


def _clock(folder: Path) -> object:
    return yaml.safe_load((folder / "warnstream.yaml").read_text("utf-8"))["node"]["clock"]


def test_a_county_is_for_real_stations_unless_it_is_asked_for_a_simulated_clock(tmp_path: Path) -> None:
    size = ["--stations", "4", "--villages", "5"]
    main(["county", "--out", str(tmp_path / "real"), *size])
    main(["county", "--out", str(tmp_path / "drill"), *size, "--clock", "simulated"])
    assert (_clock(tmp_path / "real"), _clock(tmp_path / "drill")) == ("system", "simulated")


@pytest.mark.parametrize("how", [["--speed", "240"], ["--speed", "1"], ["--speed", "240", "--start", "now"]])
def test_a_storm_of_another_time_is_not_sent_to_a_node_of_the_system_s_clock(
    how: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["county", "--out", str(tmp_path), "--stations", "4", "--villages", "5"])
    assert main(["run", "--config", str(tmp_path), *how]) == 2
    assert "node.clock is system" in capsys.readouterr().err
