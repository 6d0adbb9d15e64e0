"""``warnstream compare`` from the command line: a small county, thresholds changed, archives in pieces."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.rule_tests.county import FILES, write_county
from warnstream.adapters.bundles.store import BundleStore, Freezing
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc

T0 = 1_781_726_400
"""2026-06-17T20:00:00Z: 04:00 of the next day in the county."""

STEP = 300
HOURS = 8


def amounts() -> list[tuple[str, int, float]]:
    """An hour of 48 mm at R1 and of 21.6 mm at R2, an hour after the beginning; dry before and after."""
    rows = []
    for number in range(1, HOURS * 12 + 1):
        falls = 12 < number <= 24
        rows += [("R1", T0 + STEP * number, 4.0 * falls), ("R2", T0 + STEP * number, 1.8 * falls)]
    return rows


def write_archive(path: Path, rows: list[tuple[str, int, float]]) -> Path:
    lines = [f"{station},{iso_utc(at_s)},rain,{value:g}" for station, at_s, value in rows]
    path.write_text("station,observed_at,variable,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """Folders `old` and `new`: yellow from 20 and 25 mm, red from 40 and 30; and `rain.csv`."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    write_county(tmp_path / "old")
    write_county(tmp_path / "new")
    thresholds = FILES["thresholds.yaml"].replace("rain_mm: 20", "rain_mm: 25")
    (tmp_path / "new" / "thresholds.yaml").write_text(
        thresholds.replace("rain_mm: 40", "rain_mm: 30"), encoding="utf-8"
    )
    write_archive(tmp_path / "rain.csv", amounts())
    return tmp_path


@dataclass(frozen=True, slots=True)
class Done:
    """What a command ended with, and printed."""

    status: int
    out: str
    err: str


class Compare:
    """`warnstream compare old new` in a folder, in this process (with --jobs 1)."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *options: str, archives: tuple[str, ...] = ("rain.csv",)) -> Done:
        paths = [str(self.folder / name) for name in ("old", "new")]
        files = [str(self.folder / name) for name in archives]
        status = main(["compare", *paths, "--archive", *files, "--jobs", "1", *options])
        return Done(status, *self._capsys.readouterr())

    def record(self, *options: str, archives: tuple[str, ...] = ("rain.csv",)) -> dict[str, Any]:
        done = self("--json", *options, archives=archives)
        assert done.status == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found


@pytest.fixture
def compare(county: Path, capsys: pytest.CaptureFixture[str]) -> Compare:
    return Compare(county, capsys)


def without_cpu(found: dict[str, Any]) -> dict[str, Any]:
    """All that does not depend on the machine."""
    found["old"].pop("cpu_s")
    for comparison in found["comparisons"]:
        comparison["new"].pop("cpu_s")
    return found


def changed(found: dict[str, Any]) -> list[tuple[str, str, str, float | None]]:
    keys = ("village", "level", "outcome", "shift_min")
    return [tuple(episode[key] for key in keys) for episode in found["comparisons"][0]["changed"]]


def test_each_episode_is_told_as_what_the_change_makes_of_it(compare: Compare) -> None:
    found = compare.record()
    # Red at 30 instead of 40 mm comes after 8 instead of 10 intervals; at 25 instead of 20 mm yellow comes
    # after 7 instead of 5 at R1, and never at R2.
    assert changed(found) == [
        ("001", "red", "earlier", -10.0),
        ("001", "yellow", "later", 10.0),
        ("002", "yellow", "removed", None),
    ]
    told = found["comparisons"][0]["told"]
    assert told["old"]["villages"] == 2
    assert told["new"]["villages"] == 1
    # Both texts of before 06:00 are for the one door of 001: yellow and red; the other four come by day.
    assert (told["old"]["households"], told["old"]["households_at_night"]) == (6, 2)


def test_the_page_and_the_record_are_written_and_the_terminal_says_it(compare: Compare, county: Path) -> None:
    done = compare("--out", str(county / "result"))
    assert done.status == 0, done.err
    assert "flash_flood" in done.out
    assert "Lower (002) flash_flood yellow: removed" in done.out
    assert len(json.loads((county / "result" / "compare.json").read_text("utf-8"))["comparisons"]) == 1
    page = (county / "result" / "compare.html").read_text("utf-8")
    assert "<script" not in page
    assert "http://" not in page
    assert page.count("<tr><td>2026-06-18") == 3


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("removed.yellow > 0", 3),
        ("removed.flash_flood.yellow >= 1", 3),
        ("added.red > 0", 0),
        ("earlier.red == 1", 3),
        ("same.yellow < 1", 3),
    ],
)
def test_a_comparison_is_a_check_in_ci(compare: Compare, rule: str, status: int) -> None:
    done = compare("--fail-if", rule)
    assert done.status == status, done.err
    assert (f"{rule}: it is" in done.err) == (status == 3)


@pytest.mark.parametrize("cut", [17, 23])
def test_an_archive_in_pieces_is_the_archive(compare: Compare, county: Path, cut: int) -> None:
    rows = amounts()
    write_archive(county / "a.csv", rows[: 2 * cut])
    write_archive(county / "b.csv", rows[2 * cut :])
    whole, pieces = compare.record(), compare.record(archives=("b.csv", "a.csv"))
    assert without_cpu(pieces) == without_cpu(whole)


def test_the_result_does_not_depend_on_the_number_of_processes(compare: Compare) -> None:
    assert without_cpu(compare.record()) == without_cpu(compare.record("--jobs", "2"))


def test_after_a_long_gap_judging_begins_anew(compare: Compare, county: Path) -> None:
    rows = amounts()
    later = [(station, at_s + 30 * 86_400, value) for station, at_s, value in rows]
    write_archive(county / "later.csv", later)
    found = compare.record(archives=("rain.csv", "later.csv"))
    assert len(found["old"]["stretches"]) == 2
    assert len(changed(found)) == 6


def test_a_bundle_that_a_node_has_kept_is_a_configuration_by_its_number(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = load_configuration(county / "old")
    old.storage.directory.mkdir()
    store = BundleStore(old.storage.directory)
    at = "2026-06-18T00:00:00Z"
    store.freeze(Freezing(old.directory, old.sha256_of_file, old.fingerprint, "1.0", at, "zhang", "start"))
    files = ["--archive", str(county / "rain.csv"), "--storage", str(old.storage.directory)]
    assert main(["compare", "1", str(county / "new"), *files, "--jobs", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["old"]["name"] == "bundle 1"
    assert len(changed(found)) == 3


def test_a_village_that_is_only_in_one_of_them_is_named(compare: Compare, county: Path) -> None:
    villages = FILES["villages.csv"] + "003,New,28.40,119.90,East,County\n"
    (county / "new" / "villages.csv").write_text(villages, encoding="utf-8")
    found = compare.record()
    assert found["comparisons"][0]["villages_only_in_new"] == ["003"]
    assert ("003", "red", "added", None) in changed(found)


@pytest.mark.parametrize(
    ("options", "archives", "says"),
    [
        ((), ("none.csv",), "none.csv"),
        ((), ("rain.csv", "rain.csv"), "overlap"),
        (("--fail-if", "more.red > 1"), ("rain.csv",), "expected one of same, added"),
        (("--fail-if", "added.purple > 1"), ("rain.csv",), "blue, yellow, orange, red"),
        (("--fail-if", "added.landslide.red > 1"), ("rain.csv",), "expected one of flash_flood"),
        (("--fail-if", "added.red"), ("rain.csv",), "expected OUTCOME"),
        (("--night", "evening"), ("rain.csv",), "such as 22-06"),
        (("--after", "-1"), ("rain.csv",), "--after -1"),
        (("--jobs", "0"), ("rain.csv",), "--jobs 0"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_judged(
    compare: Compare, options: tuple[str, ...], archives: tuple[str, ...], says: str
) -> None:
    done = compare(*options, archives=archives)
    assert done.status == 1
    assert says in done.err
    assert "Traceback" not in done.err


def test_faults_of_all_archives_come_at_once(compare: Compare, county: Path) -> None:
    (county / "bad.csv").write_text("time,rain\n1,2\n", encoding="utf-8")
    write_archive(county / "foreign.csv", [("X9", T0, 1.0)])
    done = compare(archives=("none.csv", "bad.csv", "foreign.csv", "rain.csv"))
    assert done.status == 1
    for name in ("none.csv", "bad.csv", "foreign.csv"):
        assert name in done.err
