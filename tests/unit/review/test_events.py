from pathlib import Path

import pytest

from warnstream.model.errors import ArchiveError
from warnstream.model.level import Level
from warnstream.review.events import read_events

HEADER = "event,time,latitude,longitude,kind,village,source"
T0 = 1_554_758_100


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "events.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_event_with_a_moment_and_a_place(tmp_path: Path) -> None:
    (event,) = read_events(write(tmp_path, "e1,2019-04-08T18:15:00-03:00,-22.9,-43.2,landslide,,press"))
    assert (event.name, event.at_s, event.window_s, event.kind) == ("e1", T0, None, "landslide")
    assert (event.latitude, event.longitude, event.villages) == (-22.9, -43.2, ())


def test_window_is_kept_as_begin_and_end(tmp_path: Path) -> None:
    (event,) = read_events(write(tmp_path, "e1,2019-04-08T21:15:00Z/2019-04-08T21:16:00Z,,,siren,urca,"))
    assert (event.at_s, event.window_s) == (None, (T0, T0 + 60))


@pytest.mark.parametrize("time", ["evening", "2019-04-08 evening", "2019-04-08T21:15:00", "a/b", ""])
def test_time_without_a_zone_or_in_words_is_no_moment(tmp_path: Path, time: str) -> None:
    (event,) = read_events(write(tmp_path, f"e1,{time},,,siren,urca,"))
    assert (event.at_s, event.window_s, event.time) == (None, None, time)


def test_event_may_name_several_villages(tmp_path: Path) -> None:
    (event,) = read_events(write(tmp_path, "e1,night,,,siren,urca; rocinha,"))
    assert event.villages == ("urca", "rocinha")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("e1,night,-22.9,,siren,,", r"events\.csv:2: expected both latitude and longitude"),
        ("e1,night,south,-43,siren,,", r"events\.csv:2: latitude: 'south' is not a number"),
        ("e1,night,-22,-443,siren,,", r"events\.csv:2: longitude: -443 is not within -180 and 180"),
        ("e1,night,nan,nan,siren,,", r"latitude: nan is not within"),
        ("e1,night,,,,,", r"events\.csv:2: event and kind must not be empty"),
        ("e1", r"events\.csv:2: event and kind must not be empty"),
    ],
)
def test_wrong_row_is_named_with_what_was_expected(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        read_events(write(tmp_path, row))


def test_missing_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, header="event,time,kind")
    with pytest.raises(ArchiveError, match=r"events\.csv:1: column latitude, longitude is missing"):
        read_events(path)


def test_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "e1,night,,,siren,urca,", "e1,dawn,,,siren,urca,")
    with pytest.raises(ArchiveError, match="'e1' stands there twice"):
        read_events(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"nothing\.csv: cannot be read as events"):
        read_events(tmp_path / "nothing.csv")


def test_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER.encode() + "\nGávea,night,,,siren,urca,\n".encode("latin-1"))
    with pytest.raises(ArchiveError, match="cannot be read as events"):
        read_events(path)


def test_an_event_may_be_one_of_a_level(tmp_path: Path) -> None:
    header = "event,time,latitude,longitude,kind,level"
    rows = read_events(write(tmp_path, "e1,night,,,rainstorm,orange", "e2,night,,,siren,", header=header))
    assert [row.level for row in rows] == [Level.ORANGE, None]
    with pytest.raises(ArchiveError, match=r"events\.csv:2: level: expected one of blue, .* got 'purple'"):
        read_events(write(tmp_path, "e1,night,,,rainstorm,purple", header=header))
