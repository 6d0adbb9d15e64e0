"""State is carried to a changed configuration: what both know is the same to the bit, the rest begins anew.

Beside each carried state stands one of a node that ran under the changed configuration from the beginning
and got the same readings.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from tests.unit.runners.carry.county import (
    FILES,
    T0,
    carried,
    differing,
    fed,
    feed,
    readings,
    write,
)
from warnstream.model.arrays import Arrays
from warnstream.model.level import Level
from warnstream.runners.build import build_intake
from warnstream.runners.carry.axes import axes_of
from warnstream.runners.carry.names import decode_names
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.state_file import StateFile
from warnstream.windows.antecedent import StationAntecedent

pytestmark = pytest.mark.slow

Change = tuple[str, str, str]
BEFORE, AFTER = range(1, 150), range(150, 160)
HAZARDS = ("flash_flood", "river_flood", "landslide", "slope", "fire", "own")

NEW_GAUGE = ("stations.csv", "S3,", "S0,28.0,119.02,10,rain,300,County,\nS3,")
NO_S3 = ("stations.csv", "S3,28.00,119.15,10,rain,300,County,\n", "")
NEW_VILLAGE = ("villages.csv", "V3,", "V0,village 0,28.0,119.2,Town,County\nV3,")
NO_V3 = ("villages.csv", "V3,village 3,28.00,119.15,Town,County\n", "")
OWN_HAZARD = FILES["thresholds.yaml"][FILES["thresholds.yaml"].index("  own:") :]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Snapshot of a node after half a day."""
    intake = fed(write(tmp_path_factory.mktemp("county") / "before"), BEFORE)
    return intake.snapshot()


def taken(before: bytes, folder: Path, *changes: Change) -> tuple[Intake, Intake, list[str]]:
    """Carried to the changed configuration, beside a node that always had it; and what begins anew."""
    configuration = write(folder / "after", *changes)
    intake, notes = carried(before, configuration)
    return intake, fed(configuration, BEFORE), notes


def rain_of(intake: Intake) -> tuple[Arrays, dict[str, int]]:
    stations = intake._stations
    return intake.engine.assessment.snapshot()["rain"], stations.index_of_code()


def test_every_array_of_the_state_says_what_it_is_counted_by(before: bytes, tmp_path: Path) -> None:
    intake, _, _ = taken(before, tmp_path)
    state = intake.engine.assessment.snapshot()
    for part, arrays in state.items():
        for name, array in arrays.items():
            axes = axes_of(part, name)
            assert not axes or len(axes) == array.ndim, f"{part}/{name}"
    with pytest.raises(KeyError, match="no axes are declared"):
        axes_of("rain", "something_new")


def test_without_a_change_nothing_is_different_and_nothing_is_told(before: bytes, tmp_path: Path) -> None:
    intake, other, notes = taken(before, tmp_path)
    assert (differing(intake, other), notes) == ([], [])


def of_hazards(*names: str) -> set[str]:
    return {f"{part}.{name}" for name in names for part in ("level", "late")}


NO_FALL = "    source: test\n    levels: [{level: orange, fwi"
ROUTING = "routing: {chain_level_min: orange}\nnode: "
TERMINAL = "device: {kind: mqtt}, t: {kind: terminal}"


@pytest.mark.parametrize(
    ("change", "of_parts"),
    [
        (("thresholds.yaml", "rain_mm: 20", "rain_mm: 25"), of_hazards("flash_flood")),
        (("rivers.csv", "yellow,10,m", "yellow,11,m"), of_hazards("river_flood")),
        (("thresholds.yaml", NO_FALL, NO_FALL.replace("test", "test\n    lowering: {hold: 2h}")), set()),
        (("warnstream.yaml", "node: ", ROUTING), set()),
        (("villages.csv", "village 3", "Shangcun"), set()),
        (("channels.yaml", "device: {kind: mqtt}", TERMINAL), set()),
        (("households.csv", "h1,V1", "h2,V2"), set()),
    ],
    ids=["threshold", "row", "lowering", "routing", "texts", "channels", "people"],
)
def test_what_only_judges_or_tells_costs_no_past(
    before: bytes, tmp_path: Path, change: Change, of_parts: set[str]
) -> None:
    intake, other, notes = taken(before, tmp_path, change)
    assert {path.partition("/")[0] for path in differing(intake, other)} <= of_parts
    assert notes == []
    levels, known = intake.engine.assessment.snapshot(), snapshot_of(before)
    for hazard in HAZARDS:
        assert np.array_equal(levels[f"level.{hazard}"]["level"], known[f"level.{hazard}"]["level"])


def snapshot_of(before: bytes) -> dict[str, Arrays]:
    return StateFile(before).arrays_by_part()


TIPS = [
    ("stations.csv", "spare_of\n", "spare_of,resolution_mm\n"),
    ("stations.csv", "County,\n", "County,,0.1\n"),
    ("stations.csv", "County,S1\n", "County,S1,\n"),
]
FAR = ("stations.csv", "S3,28.00,119.15", "S3,28.00,119.17")


@pytest.mark.parametrize(
    ("changes", "silent"),
    [([NEW_GAUGE], ()), ([NO_S3], ()), ([FAR], ("S3",)), (TIPS, ())],
    ids=["added", "removed", "moved far", "tips known"],
)
def test_a_gauge_more_or_less_costs_no_other_gauge_a_bit_of_its_past(
    before: bytes, tmp_path: Path, changes: list[Change], silent: Collection[str]
) -> None:
    configuration = write(tmp_path / "after", *changes)
    intake, notes = carried(before, configuration)
    other = fed(configuration, BEFORE, silent)
    assert bool(notes) == (len(changes) == 1), "knowing the tips of a gauge does not exchange it"
    gauges = {"gauges/sums", "gauges/wet", "gauges/weight", "gauges/is_outlier", "gauges/is_judged"}
    followed = {f"{part}/{name}" for part in ("level.own", "level.flash_flood", "level.landslide")
                for name in ("level", "since_s", "reached_at_s", "below_since_s", "is_blind")}  # fmt: skip
    by_place = {path for path in differing(intake, other) if path.startswith("conditions/")}
    allowed = (
        gauges | followed | by_place | {"villages/ahead_mm", "gauges/neighbour_mm", "gauges/stuck_since_s"}
    )
    allowed |= {
        f"gauges/{name}" for name in ("dry_run", "missed_mm", "zero_since_s", "is_faulty_zero", "influx_at_s")
    }
    assert set(differing(intake, other)) <= allowed
    rain, number = rain_of(intake)
    known, before_number = snapshot_of(before)["rain"], index_of(before)
    for code in number.keys() & before_number.keys() - set(silent):
        for name in ("rain_um", "observed_min"):
            assert np.array_equal(rain[name][:, number[code]], known[name][:, before_number[code]]), code


def index_of(before: bytes) -> dict[str, int]:
    names = decode_names(StateFile(before).bytes_of("names"))
    return {gauge.code: number for number, gauge in enumerate(names.stations)}


def test_a_new_gauge_and_one_that_has_moved_have_no_rain_before_their_first_reading(
    before: bytes, tmp_path: Path
) -> None:
    moved = ("stations.csv", "S7,28.00,119.35", "S7,28.00,119.37")
    intake, _, notes = taken(before, tmp_path, NEW_GAUGE, moved)
    rain, number = rain_of(intake)
    for code in ("S0", "S7"):
        assert not rain["observed_min"][:, number[code]].any()
        assert rain["last_s"][number[code]] == -1
    assert notes == [
        "stations that have moved or were exchanged and begin anew: S7",
        "stations that are new and begin without a past: S0",
    ]
    feed(intake, AFTER[:1])
    rain, number = rain_of(intake)
    assert np.diff(rain["rain_um"][:, number["S7"]]).max() <= 0, "a total has no difference before its second"


def test_a_gauge_with_another_code_keeps_its_past_and_is_heard_by_both_codes(
    before: bytes, tmp_path: Path
) -> None:
    head, *rows = FILES["stations.csv"].splitlines()
    rows = [f"{row}," if not row.startswith("S3,") else f"T{row[1:]},S3" for row in rows]
    stations = "\n".join([f"{head},was", *rows, ""])
    configuration = write(tmp_path / "after", more={"stations.csv": stations})
    (intake, notes), other = carried(before, configuration), fed(configuration, BEFORE)
    assert (differing(intake, other), notes) == ([], [])
    assert differing(feed(intake, AFTER), feed(other, AFTER)) == []


def test_a_rollback_of_a_gauge_with_another_code_keeps_its_past(before: bytes, tmp_path: Path) -> None:
    head, *rows = FILES["stations.csv"].splitlines()
    rows = [f"{row}," if not row.startswith("S3,") else f"T{row[1:]},S3" for row in rows]
    stations = "\n".join([f"{head},was", *rows, ""])
    there, _ = carried(before, write(tmp_path / "after", more={"stations.csv": stations}))
    intake, notes = carried(there.snapshot(), write(tmp_path / "back"))
    assert (differing(intake, fed(write(tmp_path / "same"), BEFORE)), notes) == ([], [])


def test_a_village_with_another_code_keeps_its_levels_there_and_back(before: bytes, tmp_path: Path) -> None:
    head, *rows = FILES["villages.csv"].splitlines()
    rows = [f"{row}," if not row.startswith("V1,") else f"W{row[1:]},V1" for row in rows]
    others = {name: text for name, text in FILES.items() if name != "villages.csv" and "V1" in text}
    more = {name: text.replace("V1", "W1") for name, text in others.items()}
    more["villages.csv"] = "\n".join([f"{head},was", *rows, ""])
    configuration = write(tmp_path / "after", more=more)
    (intake, notes), other = carried(before, configuration), fed(configuration, BEFORE)
    assert (differing(intake, other), notes) == ([], [])
    back, notes = carried(intake.snapshot(), write(tmp_path / "back"))
    assert (differing(back, fed(write(tmp_path / "same"), BEFORE)), notes) == ([], [])


def test_a_gauge_moved_by_a_few_steps_keeps_its_rain(before: bytes, tmp_path: Path) -> None:
    intake, _, notes = taken(before, tmp_path, ("stations.csv", "S3,28.00,119.15", "S3,28.001,119.15"))
    rain, number = rain_of(intake)
    assert rain["observed_min"][:, number["S3"]].any()
    assert notes == []


def test_a_gauge_whose_tips_are_of_another_size_was_exchanged_and_begins_anew(tmp_path: Path) -> None:
    snapshot = fed(write(tmp_path / "before", *TIPS), range(1, 30)).snapshot()
    row = "S3,28.00,119.15,10,rain,300,County,,"
    configuration = write(tmp_path / "after", *TIPS, ("stations.csv", f"{row}0.1", f"{row}0.2"))
    intake, notes = carried(snapshot, configuration)
    assert notes == ["stations that have moved or were exchanged and begin anew: S3"]
    rain, number = rain_of(intake)
    assert not rain["observed_min"][:, number["S3"]].any()
    assert rain["observed_min"][:, number["S4"]].any()


MOVED_VILLAGE = ("villages.csv", "V3,village 3,28.00,119.15", "V3,village 3,28.01,119.22")


@pytest.mark.parametrize("change", [NEW_VILLAGE, NO_V3, MOVED_VILLAGE], ids=["added", "removed", "moved"])
def test_a_village_more_or_less_costs_no_other_village_its_level(
    before: bytes, tmp_path: Path, change: Change
) -> None:
    intake, other, notes = taken(before, tmp_path, change)
    state, known, always = (
        intake.engine.assessment.snapshot(), snapshot_of(before), other.engine.assessment.snapshot()
    )  # fmt: skip
    codes = intake._network.villages.code
    for hazard in HAZARDS:
        for at, code in enumerate(codes):
            level = state[f"level.{hazard}"]["level"][at]
            was = 0 if code == "V0" else known[f"level.{hazard}"]["level"][int(code[1:]) - 1]
            assert level == was, (hazard, code)
    stations = ("rain", "antecedent", "days", "counters", "stages", "quality", "gauges", "duplicates", "fire")
    assert not [path for path in differing(intake, other) if path.partition("/")[0] in stations]
    assert notes == []
    assert always.keys() == state.keys()


def test_a_village_that_is_divided_costs_no_other_place_what_its_conditions_remember(
    before: bytes, tmp_path: Path
) -> None:
    zones = "zone,village,name,latitude,longitude\nZ1,V3,east,28.00,119.15\nZ2,V3,west,28.00,119.14\n"
    configuration = write(tmp_path / "after", more={"zones.csv": zones})
    intake, _ = carried(before, configuration)
    other = fed(configuration, BEFORE)
    place = {code: number for number, code in enumerate(configuration.network.places.site.code)}
    ours, theirs = (each.engine.assessment.snapshot() for each in (intake, other))
    followed = [name for name in ours["conditions"] if name.startswith(("since_s.", "first_at_s."))]
    assert len(followed) == 2
    for name in followed:
        for code, number in place.items():
            expected = -1 if code in ("Z1", "Z2") else theirs["conditions"][name][number]
            assert ours["conditions"][name][number] == expected, (name, code)
    assert np.array_equal(ours["level.own"]["level"], snapshot_of(before)["level.own"]["level"])


def test_a_hazard_more_begins_and_costs_no_other_its_level(before: bytes, tmp_path: Path) -> None:
    more = OWN_HAZARD.replace("  own:", "  more:").replace(
        "rain: 1h, at_least: 10mm", "rain: 2h, at_least: 10mm"
    )
    change = ("thresholds.yaml", OWN_HAZARD, OWN_HAZARD + more)
    intake, other, _ = taken(before, tmp_path, change)
    parts = {path.partition("/")[0] for path in differing(intake, other)}
    assert parts <= {"level.more", "late.more", "conditions"}
    assert not intake.engine.assessment.level("more").level.any()


def test_a_hazard_less_costs_no_other_its_level(before: bytes, tmp_path: Path) -> None:
    intake, other, notes = taken(before, tmp_path, ("thresholds.yaml", OWN_HAZARD, ""))
    assert (differing(intake, other), notes) == ([], [])


def test_a_changed_condition_begins_anew_and_the_others_remember(before: bytes, tmp_path: Path) -> None:
    intake, other, notes = taken(
        before,
        tmp_path,
        ("thresholds.yaml", "rain: 1h, at_least: 10mm, for: 20min", "rain: 1h, at_least: 10mm, for: 25min"),
    )
    changed = [path for path in differing(intake, other) if path.startswith("conditions/")]
    assert len(changed) == 1
    assert changed[0].startswith("conditions/since_s.")
    assert notes == ["1 condition of own rules begin anew"]


@pytest.mark.parametrize(
    "change",
    [("windows: {longest: 12h", "windows: {longest: 24h"), ("lateness_max: 2h", "lateness_max: 4h"),
     ("windows: {longest: 12h", "windows: {grace: 10min, longest: 12h")],
    ids=["longest", "lateness", "grace"],
)  # fmt: skip
def test_longer_windows_keep_what_was_held_and_older_minutes_are_unknown_not_dry(
    before: bytes, tmp_path: Path, change: tuple[str, str]
) -> None:
    intake, other, _ = taken(before, tmp_path, ("warnstream.yaml", *change))
    now_s, duration_s = T0 + 300 * BEFORE[-1], np.array([3600, 6 * 3600, 12 * 3600], dtype=np.int32)
    ours, theirs = (
        each.engine.assessment._stations.rain.accumulate(duration_s, now_s) for each in (intake, other)
    )
    assert np.array_equal(ours.rain_mm, theirs.rain_mm, equal_nan=True)
    assert np.array_equal(ours.coverage, theirs.coverage)


def test_minutes_before_a_shorter_ring_are_not_observed_in_a_longer_one(
    before: bytes, tmp_path: Path
) -> None:
    short = (
        "warnstream.yaml",
        "windows: {longest: 12h, lateness_max: 2h}",
        "windows: {longest: 3h, lateness_max: 1h}",
    )
    no_days = ("thresholds.yaml", "        daily_rain: [{level: blue, days: 5, mm: 600}]\n", "")
    no_fire = FILES["thresholds.yaml"][
        FILES["thresholds.yaml"].index("  fire:") : FILES["thresholds.yaml"].index("  own:")
    ]
    changes = (no_days, ("thresholds.yaml", no_fire, ""))
    snapshot = fed(write(tmp_path / "short", short, *changes), BEFORE).snapshot()
    intake, _ = carried(snapshot, write(tmp_path / "long", *changes))
    coverage = intake.engine.assessment._stations.rain.accumulate(
        np.array([3 * 3600, 12 * 3600], dtype=np.int32), T0 + 300 * BEFORE[-1]
    ).coverage[0]
    assert coverage[0] == 1.0
    assert 0.3 < coverage[1] < 0.9


def test_days_that_begin_at_another_time_are_taken_from_the_minutes_held(
    before: bytes, tmp_path: Path
) -> None:
    change = ("warnstream.yaml", "windows: {", "windows: {day_begins: 2h, ")
    intake, other, notes = taken(before, tmp_path, change)
    assert "windows.day_begins was changed" in notes[0]
    assert not [path for path in differing(intake, other) if path.startswith("rain/")]
    for each in (intake, other):
        feed(each, AFTER[:1])
    assert not [path for path in differing(intake, other) if path.startswith("days/")]


def test_another_forecast_begins_its_nowcast_and_keeps_the_rain(before: bytes, tmp_path: Path) -> None:
    intake, _, notes = taken(
        before, tmp_path, ("warnstream.yaml", "method: advection", "method: persistence")
    )
    assert notes == ["the nowcast begins anew: forecast was changed"]
    assert np.isnan(intake.engine.assessment.snapshot()["villages"]["ahead_mm"]).all()


def test_neighbours_that_are_compared_otherwise_begin_anew_and_flags_stay(
    before: bytes, tmp_path: Path
) -> None:
    change = ("warnstream.yaml", "node: ", "quality: {neighbours: {zero_intervals: 9}}\nnode: ")
    intake, other, _ = taken(before, tmp_path, change)
    state = intake.engine.assessment.snapshot()["gauges"]
    assert not state["sums"].any()
    assert not [
        path for path in differing(intake, other) if path.partition("/")[0] in ("rain", "quality", "days")
    ]


def states_of(intake: Intake) -> StationAntecedent:
    antecedent = intake.engine.assessment._stations.antecedent
    assert antecedent is not None
    return antecedent.states()


def test_a_new_value_of_earlier_rain_is_worked_out_of_the_rain_held(before: bytes, tmp_path: Path) -> None:
    change = ("thresholds.yaml", "    territories:", "    half_life: 3h\n    territories:")
    intake, other, notes = taken(before, tmp_path, change)
    assert notes == ["1 value of earlier rain begin with the rain held"]
    ours, theirs = states_of(intake), states_of(other)
    assert np.array_equal(ours.tanks_mm, theirs.tanks_mm)
    assert ours.effective_mm == pytest.approx(theirs.effective_mm, rel=0.1)
    assert (theirs.effective_mm > 0).any()


def test_earlier_rain_that_nobody_asked_for_begins_with_the_rain_held(tmp_path: Path) -> None:
    text = FILES["thresholds.yaml"]
    landslide = text[text.index("  landslide:") : text.index("  slope:")]
    before = fed(write(tmp_path / "before", ("thresholds.yaml", landslide, "")), BEFORE).snapshot()
    configuration = write(tmp_path / "after")
    intake, notes = carried(before, configuration)
    assert "earlier rain begins with the rain held: no rule read it before" in notes
    feed(intake, AFTER[:2])
    ours, theirs = states_of(intake), states_of(fed(configuration, range(1, 152)))
    assert ours.tanks_mm == pytest.approx(theirs.tanks_mm, rel=0.2)
    assert (ours.coverage > 0).any()


def test_readings_that_wait_go_with_their_stations(before: bytes, tmp_path: Path) -> None:
    intake = build_intake(write(tmp_path / "before"))
    intake.restore(before)
    intake.consume(entries.MESSAGES, entries.encode_messages(list(readings(AFTER[0]))))
    assert intake.newest_waiting(), "they are decoded"
    after, _ = carried(intake.snapshot(), write(tmp_path / "after", NEW_GAUGE, NO_S3))
    after.consume(entries.TICK, entries.encode_tick(T0 + 300 * AFTER[0]))
    rain, number = rain_of(after)
    last_s = {code: int(rain["last_s"][at]) for code, at in number.items()}
    assert last_s["S4"] == last_s["S6"] == T0 + 300 * AFTER[0]
    assert last_s["S0"] == -1


def test_after_a_carry_the_course_is_that_of_a_node_that_always_had_the_configuration(
    before: bytes, tmp_path: Path
) -> None:
    intake, other, _ = taken(before, tmp_path, ("households.csv", "h1,V1", "h2,V2"))
    for each in (intake, other):
        feed(each, AFTER)
    assert differing(intake, other) == []
    levels = intake.engine.assessment.level("flash_flood").level
    assert levels.max() >= Level.YELLOW


def test_a_snapshot_that_does_not_say_what_its_numbers_mean_fits_the_same_places_alone(
    before: bytes, tmp_path: Path
) -> None:
    older = StateFile(before)
    del older._arrays["names"]
    build_intake(write(tmp_path / "same")).restore_judged(older)
    with pytest.raises(ValueError, match="stations or villages are others"):
        build_intake(write(tmp_path / "other", NEW_GAUGE)).restore_judged(older)
