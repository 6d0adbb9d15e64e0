"""Files of grids on disk: what is read, what is refused and why, and how a folder is watched."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from station_sim.county.county import County, CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.live_radar import LiveRadar
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS
from station_sim.topics import is_clock
from warnstream.adapters.grids.files import GridFileError, read_grid_file
from warnstream.adapters.grids.frames import GridReader
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration, GridSettings
from warnstream.model.errors import StoreError
from warnstream.model.grids import GridPolicy, digest_of_points
from warnstream.model.observations.refusals import RefusalReason
from warnstream.runners.intake.grid_entries import decode_frame
from warnstream.runners.live.watches.grid_watch import SETTLE_S, GridWatch

LIMIT = 20.0
SETTINGS = GridSettings(
    policy=GridPolicy("radar"),
    folder=Path(),
    pattern="*.nc",
    variable="precipitation_amount",
    unit=None,
    interval_s=None,
    time_is_end=True,
    seen_min=0.5,
    look_s=1.0,
)


def dataset(
    rain: Any = None, *, units: str | None = "mm", bounds: bool = True, minutes: int = 5, n_times: int = 2
) -> xr.Dataset:
    """A right file of 3 rows and 4 columns; tests spoil it."""
    values = np.ones((n_times, 3, 4)) if rain is None else np.asarray(rain, dtype=np.float64)
    ends = np.datetime64("2026-06-18T06:05:00", "ns") + np.arange(n_times) * np.timedelta64(minutes, "m")
    found = xr.Dataset(
        {"precipitation_amount": (("time", "lat", "lon"), values, {"units": units} if units else {})},
        {"time": ends, "lat": [28.0, 28.1, 28.2], "lon": [119.0, 119.1, 119.2, 119.3]},
    )
    if bounds:
        found["time"].attrs["bounds"] = "time_bounds"
        found["time"].encoding["units"] = "seconds since 1970-01-01"
        begins = ends - np.timedelta64(minutes, "m")
        found["time_bounds"] = (("time", "bounds"), np.stack([begins, ends], axis=-1))
    return found


def saved(folder: Path, content: xr.Dataset) -> Path:
    path = folder / "rain.nc"
    content.to_netcdf(path, engine="h5netcdf")
    return path


def refusal_of(path: Path, settings: GridSettings = SETTINGS) -> GridFileError:
    with pytest.raises(GridFileError) as caught:
        read_grid_file(path, settings, LIMIT)
    return caught.value


def test_amounts_times_and_places_are_read(tmp_path: Path) -> None:
    rain = np.arange(24.0).reshape(2, 3, 4)
    rain[0, 0, 0] = np.nan
    found = read_grid_file(saved(tmp_path, dataset(rain)), SETTINGS, LIMIT)
    assert [(frame.end_s, frame.interval_s) for frame in found.frames] == [
        (DEFAULT_START_S + 300, 300),
        (DEFAULT_START_S + 600, 300),
    ]
    np.testing.assert_array_equal(found.frames[0].rain_mm, rain[0])
    assert found.centres.latitude[:, 0].tolist() == [28.0, 28.1, 28.2]
    assert found.centres.longitude[0].tolist() == pytest.approx([119.0, 119.1, 119.2, 119.3])


@pytest.mark.parametrize(
    ("units", "expected_mm"),
    [("kg m-2", 6.0), ("mm/h", 0.5), ("m", 6_000.0), ("kg m-2 s-1", 1_800.0), ("mm hr-1", 0.5)],
)
def test_rates_and_amounts_become_millimetres(tmp_path: Path, units: str, expected_mm: float) -> None:
    path = saved(tmp_path, dataset(np.full((2, 3, 4), 6.0), units=units))
    found = read_grid_file(path, SETTINGS, 1e9)
    assert found.frames[0].rain_mm[0, 0] == pytest.approx(expected_mm)


def test_a_file_without_bounds_needs_the_interval_and_says_which_end_its_times_are(tmp_path: Path) -> None:
    path = saved(tmp_path, dataset(bounds=False))
    assert refusal_of(path).reason is RefusalReason.BAD_TIME
    ends = replace(SETTINGS, interval_s=300)
    assert read_grid_file(path, ends, LIMIT).frames[0].end_s == DEFAULT_START_S + 300
    begins = replace(ends, time_is_end=False)
    assert read_grid_file(path, begins, LIMIT).frames[0].end_s == DEFAULT_START_S + 600


def test_rows_may_run_either_way_and_dimensions_may_come_in_any_order(tmp_path: Path) -> None:
    rain = np.arange(24.0).reshape(2, 3, 4)
    turned = dataset(rain).isel(lat=slice(None, None, -1)).transpose("lon", "time", "lat", "bounds")
    found = read_grid_file(saved(tmp_path, turned), SETTINGS, LIMIT)
    for row, latitude in enumerate((28.0, 28.1, 28.2)):
        for column, longitude in enumerate((119.0, 119.1, 119.2, 119.3)):
            is_cell = np.isclose(found.centres.latitude, latitude)
            is_cell &= np.isclose(found.centres.longitude, longitude)
            assert found.frames[1].rain_mm[is_cell].tolist() == [rain[1, row, column]]


def test_single_cells_that_cannot_be_were_not_seen(tmp_path: Path) -> None:
    rain = np.ones((1, 30, 40))
    rain[0, 0, 0], rain[0, 1, 1] = -1.0, 400.0
    content = xr.Dataset(
        {"precipitation_amount": (("time", "lat", "lon"), rain, {"units": "mm"})},
        {
            "time": [np.datetime64("2026-06-18T06:05:00", "ns")],
            "lat": np.linspace(28, 29, 30),
            "lon": np.linspace(119, 120, 40),
        },
    )
    settings = replace(SETTINGS, interval_s=300)
    (frame,) = read_grid_file(saved(tmp_path, content), settings, LIMIT).frames
    assert np.isnan(frame.rain_mm).sum() == 2


@pytest.mark.parametrize(
    ("spoil", "reason", "said"),
    [
        (lambda d: d.rename(precipitation_amount="RR"), RefusalReason.UNKNOWN_VARIABLE, "the file has RR"),
        (lambda _: dataset(units="dBZ"), RefusalReason.WRONG_UNIT, "unit 'dBZ'"),
        (lambda _: dataset(units=None), RefusalReason.WRONG_UNIT, "unit ''"),
        (lambda d: d.drop_vars("lat"), RefusalReason.WRONG_SHAPE, "no latitude"),
        (lambda d: d.drop_vars("time").drop_vars("time_bounds"), RefusalReason.BAD_TIME, "no time"),
        (lambda d: d.assign_coords(time=[0.5, 1.5]), RefusalReason.BAD_TIME, "no time of the standard"),
        (lambda d: d.expand_dims(level=2), RefusalReason.WRONG_SHAPE, "level 2"),
        (lambda _: dataset(np.full((2, 3, 4), 500.0)), RefusalReason.OUT_OF_RANGE, "is the unit right?"),
        (lambda d: d.assign_coords(lat=[280.0, 281.0, 282.0]), RefusalReason.BAD_GRID, "expected degrees"),
    ],
)
def test_a_wrong_file_is_refused_and_says_what_is_wrong(
    tmp_path: Path, spoil: Callable[[xr.Dataset], xr.Dataset], reason: RefusalReason, said: str
) -> None:
    error = refusal_of(saved(tmp_path, spoil(dataset())))
    assert error.reason is reason
    assert said in str(error)


def test_intervals_that_end_within_a_minute_are_refused(tmp_path: Path) -> None:
    content = dataset()
    content["time_bounds"] = content["time_bounds"] - np.timedelta64(30, "s")
    assert refusal_of(saved(tmp_path, content)).reason is RefusalReason.BAD_TIME


@pytest.mark.parametrize(
    "content", [b"", b"CDF\x01" + bytes(100), b"no grid", b"\x89HDF\r\n\x1a\n" + bytes(64)]
)
def test_bytes_that_are_no_netcdf_4_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rain.nc"
    path.write_bytes(content)
    with pytest.raises((GridFileError, OSError)):
        read_grid_file(path, SETTINGS, LIMIT)


# The simulator's radar, and a folder that is watched.


@pytest.fixture(scope="module")
def county() -> County:
    return build_county(5, CountyPlan(n_stations=20, n_villages=40))


@pytest.fixture
def configuration(county: County, tmp_path: Path) -> Configuration:
    county.write(tmp_path)
    write_demo_config(tmp_path, radar=True)
    return load_configuration(tmp_path)


@pytest.fixture
def radar(county: County, tmp_path: Path, configuration: Configuration) -> LiveRadar:
    return LiveRadar(Scenario(5, county, 1.0, DEFAULT_START_S, NO_FAULTS), tmp_path / "radar")


class Kept:
    """A journal that takes everything, or nothing."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.refuses = False

    def __call__(self, kind: str, payload: bytes) -> Future[None]:
        assert kind == "grid"
        done: Future[None] = Future()
        if self.refuses:
            done.set_exception(StoreError("disk full", retryable=True))
            return done
        self.payloads.append(payload)
        done.set_result(None)
        return done


def watch_of(configuration: Configuration) -> tuple[GridWatch, GridReader, Kept, Metrics]:
    kept, metrics = Kept(), Metrics()
    reader = GridReader(configuration.grids[0], configuration.network, LIMIT)
    return GridWatch(configuration, kept, metrics), reader, kept, metrics


def reads(metrics: Metrics) -> float:
    """Files that were read and usable, each time counted."""
    return next(
        sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "warnstream_grid_read_seconds_count"
    )


def test_a_file_of_the_simulator_gives_villages_the_rain_of_their_cells(
    configuration: Configuration, radar: LiveRadar, county: County
) -> None:
    path = radar.write_all()[-1]
    (frame,) = GridReader(configuration.grids[0], configuration.network, LIMIT).read(path)
    with xr.open_dataset(path, engine="h5netcdf") as content:
        rain = content["precipitation_amount"].to_numpy()[0]
        latitude, longitude = content["latitude"].to_numpy(), content["longitude"].to_numpy()
    site = configuration.network.places.site
    for place in range(len(site)):
        away = np.hypot(
            latitude - site.latitude[place],
            (longitude - site.longitude[place]) * np.cos(np.radians(site.latitude[place])),
        )
        nearest = rain[np.unravel_index(np.argmin(away), away.shape)]
        np.testing.assert_allclose(frame.rain_mm[place], nearest, rtol=1e-6)


def test_each_file_becomes_one_entry_and_is_read_once(configuration: Configuration, radar: LiveRadar) -> None:
    watch, reader, kept, metrics = watch_of(configuration)
    written = radar.write_all()
    watch.look(reader)
    watch.look(reader)
    assert reads(metrics) == len(written)
    frames = [decode_frame(payload, digest_of_points(configuration.network)) for payload in kept.payloads]
    assert len(frames) == len(written)
    assert [frame.end_s for frame in frames] == sorted(frame.end_s for frame in frames)


def test_grids_that_share_a_folder_each_read_their_files_once(
    configuration: Configuration, radar: LiveRadar, tmp_path: Path
) -> None:
    """One reads another variable of the same files, one other files beside them."""
    (one,) = configuration.grids
    twin = replace(one, policy=replace(one.policy, name="twin"))
    beside = replace(one, policy=replace(one.policy, name="beside"), pattern="other*.nc")
    shared = replace(configuration, grids=(one, twin, beside))
    kept, metrics = Kept(), Metrics()
    watch = GridWatch(shared, kept, metrics)
    written = radar.write_all()
    other = tmp_path / "radar" / "other.nc"
    other.write_bytes(written[0].read_bytes())
    readers = [GridReader(settings, configuration.network, LIMIT) for settings in shared.grids]
    for _ in range(3):
        for reader in readers:
            watch.look(reader)
    frames = [decode_frame(payload, digest_of_points(configuration.network)) for payload in kept.payloads]
    told = {name: sum(frame.grid == name for frame in frames) for name in ("county_radar", "twin", "beside")}
    assert told == {"county_radar": len(written), "twin": len(written), "beside": 1}
    # The first two take the copy for one more file; its frame they have already.
    assert reads(metrics) == 2 * (len(written) + 1) + 1


def test_a_file_told_again_under_another_name_is_no_new_entry(
    configuration: Configuration, radar: LiveRadar
) -> None:
    watch, reader, kept, metrics = watch_of(configuration)
    path = radar.write_all()[0]
    watch.look(reader)
    n_entries = len(kept.payloads)
    (path.parent / "again.nc").write_bytes(path.read_bytes())
    watch.look(reader)
    assert len(kept.payloads) == n_entries
    assert metrics.grid_frames_repeated.labels("county_radar")._value.get() == 1


def test_a_file_that_is_still_written_is_read_when_it_is_whole(
    configuration: Configuration, radar: LiveRadar, tmp_path: Path
) -> None:
    watch, reader, kept, _ = watch_of(configuration)
    whole = radar.write_all()[0].read_bytes()
    for path in (tmp_path / "radar").iterdir():
        path.unlink()
    growing = tmp_path / "radar" / "growing.nc"
    growing.write_bytes(whole[: len(whole) // 3])
    watch.look(reader)
    assert (kept.payloads, watch.take_refusals()) == ([], [])
    growing.write_bytes(whole)
    watch.look(reader)
    assert len(kept.payloads) == 1


def test_a_broken_file_is_refused_once_and_the_next_one_is_read(
    configuration: Configuration, radar: LiveRadar, tmp_path: Path
) -> None:
    watch, reader, kept, metrics = watch_of(configuration)
    broken = tmp_path / "radar" / "broken.nc"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    os.utime(broken, (time.time() - SETTLE_S - 1,) * 2)
    n_files = len(radar.write_all())
    watch.look(reader)
    watch.look(reader)
    (refusal,) = watch.take_refusals()
    assert refusal.reason is RefusalReason.BAD_GRID
    assert "broken.nc" in refusal.detail
    assert len(kept.payloads) == n_files
    assert metrics.grid_files_refused.labels("county_radar", "bad_grid")._value.get() == 1


def test_what_the_disk_refuses_is_read_again(configuration: Configuration, radar: LiveRadar) -> None:
    watch, reader, kept, _ = watch_of(configuration)
    n_files = len(radar.write_all())
    kept.refuses = True
    with pytest.raises(StoreError):
        watch.look(reader)
    kept.refuses = False
    watch.look(reader)
    assert len(kept.payloads) == n_files


def test_a_radar_beside_the_stations_announces_each_file_before_the_clock_goes_on(
    radar: LiveRadar, county: County
) -> None:
    scenario = Scenario(5, county, 1.0, DEFAULT_START_S, NO_FAULTS)
    messages: list[Message] = list(radar.beside(scenario.messages()))
    announced = [number for number, message in enumerate(messages) if message.topic == "ws/grid/county_radar"]
    assert len(announced) == radar.n_files > 5
    for number in announced:
        beacon = messages[number + 1]
        assert is_clock(beacon.topic)
        assert beacon.time_s == messages[number].time_s
    assert [message for message in messages if "/grid/" not in message.topic] == list(scenario.messages())


def test_cells_of_a_mask_are_not_seen(configuration: Configuration, radar: LiveRadar, tmp_path: Path) -> None:
    path = radar.write_all()[-1]
    with xr.open_dataset(path, engine="h5netcdf") as content:
        shape = content["precipitation_amount"].shape[1:]
    (one,) = configuration.grids
    (open_frame,) = GridReader(one, configuration.network, LIMIT).read(path)
    blocked = np.zeros(shape)
    blocked[:, : shape[1] // 2] = 1.0
    mask = tmp_path / "blocked.nc"
    xr.Dataset({"mask": (("y", "x"), blocked)}).to_netcdf(mask, engine="h5netcdf")
    (masked,) = GridReader(replace(one, mask=mask), configuration.network, LIMIT).read(path)
    west = np.isnan(masked.rain_mm) & ~np.isnan(open_frame.rain_mm)
    assert 0 < west.sum() < len(west)
    np.testing.assert_array_equal(masked.rain_mm[~west], open_frame.rain_mm[~west])
    xr.Dataset({"mask": (("y", "x"), blocked[1:])}).to_netcdf(mask, engine="h5netcdf")
    with pytest.raises(GridFileError, match=r"mask of .* rows and columns") as caught:
        GridReader(replace(one, mask=mask), configuration.network, LIMIT).read(path)
    assert caught.value.reason is RefusalReason.WRONG_SHAPE


def test_a_shifted_grid_is_believed_when_three_files_say_so(
    configuration: Configuration, radar: LiveRadar
) -> None:
    first, *others = radar.write_all()
    reader = GridReader(configuration.grids[0], configuration.network, LIMIT)
    assert reader.read(first)
    outcomes: list[RefusalReason] = []
    for path in others[:4]:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            content = opened.load()
        content.assign_coords(latitude=content["latitude"] + 0.02).to_netcdf(path, engine="h5netcdf")
        if len(outcomes) < 2:
            for _ in range(2):  # the same file again is no second witness
                with pytest.raises(GridFileError, match=r"up to 2\.2 km") as caught:
                    reader.read(path)
            outcomes.append(caught.value.reason)
        else:
            assert reader.read(path)
    assert outcomes == [RefusalReason.SHIFTED] * 2


def test_running_totals_of_single_files_become_amounts(
    configuration: Configuration, radar: LiveRadar, tmp_path: Path
) -> None:
    """Without `accumulated` the third of them is refused; with it two of three are differences."""
    path = radar.write_all()[0]
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        content = opened.load()
    names = []
    for number, total in enumerate((1.0, 3.0, 6.0)):
        later = content.drop_vars("time_bounds").assign_coords(
            time=content["time"] + np.timedelta64(5 * number, "m")
        )
        later["time"].attrs.pop("bounds", None)
        later["time"].encoding = {}
        rain = content["precipitation_amount"]
        later["precipitation_amount"] = (rain.dims, rain.to_numpy() * 0 + total, rain.attrs)
        names.append(tmp_path / f"total{number}.nc")
        later.to_netcdf(names[-1], engine="h5netcdf")
    plain = replace(configuration.grids[0], interval_s=300)
    reader = GridReader(plain, configuration.network, LIMIT)
    assert reader.read(names[0])
    assert reader.read(names[1])
    with pytest.raises(GridFileError) as caught:
        reader.read(names[2])
    assert caught.value.reason is RefusalReason.RUNNING_TOTAL
    declared = GridReader(replace(plain, accumulated="since_start"), configuration.network, LIMIT)
    frames = [frame for name in names for frame in declared.read(name)]
    assert [float(np.nanmax(frame.rain_mm)) for frame in frames] == pytest.approx([2.0, 3.0])
    before_last_s = frames[-1].end_s - 1
    reader = GridReader(declared.settings, configuration.network, LIMIT, lambda: before_last_s)
    with pytest.raises(GridFileError) as caught:  # of the future: no difference begins there
        reader.read(names[2])
    assert caught.value.reason is RefusalReason.FUTURE
    assert len([frame for name in names[:2] for frame in reader.read(name)]) == 1
