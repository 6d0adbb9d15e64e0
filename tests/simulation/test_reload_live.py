"""A running node takes a changed configuration as a restart would; or it refuses, and nothing is changed."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.local_http import LOCAL
from tests.simulation.changed_county import County
from tests.simulation.test_carry_live import add_far_station, longer_windows, rain_by_gauge, standing
from tests.simulation.test_changed_configuration import (
    add_hazard,
    add_station,
    add_village,
    households_change,
    lower_thresholds,
    move_village,
    policies_change,
    posts_change,
    raise_thresholds,
    remove_hazard,
    remove_station,
    remove_village,
    rename_in_words,
    reorder_stations,
)
from warnstream.cli import main
from warnstream.runners.intake.intake import Intake
from warnstream.runners.live.reloading.reloads import Wish

pytestmark = pytest.mark.slow

KEPT = [
    add_far_station,
    remove_station,
    reorder_stations,
    longer_windows,
    add_village,
    add_hazard,
    rename_in_words,
]


def ready(county: County) -> dict[str, object]:
    assert county.node is not None
    found: dict[str, object] = LOCAL.get(f"http://127.0.0.1:{county.node.http.port}/readyz").json()
    return found


@pytest.mark.parametrize("change", KEPT)
def test_rain_and_warnings_are_those_of_before_the_reload(
    county: County, change: Callable[[County], None]
) -> None:
    county.rain(12)
    county.settle()
    rain, warnings, n_shown = rain_by_gauge(county), standing(county), len(county.gateway.warnings())
    change(county)
    is_live, said = county.reload()
    assert is_live, said
    county.settle()
    now = rain_by_gauge(county)
    for gauge in rain.keys() & now.keys():
        assert now[gauge] == rain[gauge], gauge
    kept = standing(county)
    assert {name: kept[name] for name in warnings} == warnings
    told = {warning.message for warning in county.gateway.warnings()[n_shown:] if warning.recipient[0] == "H"}
    assert not {message for message in told if ".V0." not in message}, "nobody is told anything by the reload"
    assert ready(county)["bundle"] == 2
    county.rain(2)
    assert county.find_faults() == []
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []


@pytest.mark.parametrize(
    "change",
    [
        add_station,
        move_village,
        lower_thresholds,
        raise_thresholds,
        households_change,
        posts_change,
        policies_change,
    ],
)
@pytest.mark.parametrize("is_killed", [False, True], ids=["runs on", "killed"])
def test_what_is_found_otherwise_is_told_once_and_a_kill_changes_nothing(
    county: County, change: Callable[[County], None], is_killed: bool
) -> None:
    county.rain(10)
    change(county)
    is_live, said = county.reload()
    assert is_live, said
    county.rain(1)
    if is_killed:
        county.kill()
        county.start()
    assert county.find_faults() == []
    county.rain(3)
    assert county.find_faults() == []
    county.rain(48, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []


def state_of(county: County) -> dict[str, np.ndarray]:
    """Everything that the engine knows, but for the wall clock of the entry of its configuration."""
    assert county.node is not None
    arrays = county.node._keeper._intake.copied().arrays
    return {name: array for name, array in arrays.items() if name not in {"configuration", "names"}}


@pytest.mark.parametrize(
    "change",
    [add_station, lower_thresholds, reorder_stations, longer_windows, posts_change, households_change],
)
def test_a_kill_right_after_the_change_leads_to_the_very_same_state(
    county: County, change: Callable[[County], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came between the newest snapshot and the change was judged by the configuration of then."""
    county.rain(6)
    county.write_snapshot()
    county.rain(3)
    rename_in_words(county)
    assert county.reload()[0]
    county.rain(2)
    change(county)
    assert county.node is not None
    monkeypatch.setattr(county.node.reloads, "_keep_state", lambda: None)  # the snapshot is older than both
    monkeypatch.setattr(county.node.reloads, "_keep_new_state", lambda _say: None)
    is_live, said = county.reload()
    assert is_live, said
    county.rain(2)
    county.settle()
    before, warnings = state_of(county), standing(county)
    county.kill()
    county.start()
    after = state_of(county)
    assert before.keys() == after.keys()
    for name, array in before.items():
        assert np.array_equal(array, after[name], equal_nan=array.dtype.kind == "f"), name
    assert standing(county) == warnings
    assert county.find_faults() == []


def test_levels_fall_only_after_the_hold_time_from_the_change_on(county: County) -> None:
    county.rain(12)
    county.settle()
    before = standing(county)
    raise_thresholds(county)
    assert county.reload()[0]
    county.rain(5, times=0.5)
    assert standing(county).keys() >= before.keys(), "the hold time is half an hour"
    county.rain(48, times=0.0)
    assert county.find_faults() == []


def test_what_is_removed_under_a_warning_is_refused_with_the_command_that_ends_it(county: County) -> None:
    county.rain(12)
    for change, gone in ((remove_village, "V1"), (remove_hazard, "storm")):
        files = {path.name: path.read_bytes() for path in county.directory.glob("*.*") if path.is_file()}
        change(county)
        is_live, said = county.reload()
        assert not is_live
        assert any("warnstream end" in line and gone in line for line in said), said
        assert said[-1] == "nothing was changed: bundle 1 runs on"
        for name, content in files.items():
            (county.directory / name).write_bytes(content)
    reasons = ready(county)["reasons"]
    assert any("was refused, bundle 1 runs on" in str(reason) for reason in list(reasons))  # type: ignore[call-overload]
    assert ready(county)["bundle"] == 1
    county.rain(48, times=0.0)
    remove_village(county)
    is_live, said = county.reload()
    assert is_live, said
    assert county.find_faults() == []
    reasons = ready(county)["reasons"]
    assert not any("refused" in str(reason) for reason in list(reasons))  # type: ignore[call-overload]


def test_more_doors_than_may_be_woken_want_a_word(county: County) -> None:
    county.replace("warnstream.yaml", "forecast:", "changes: {reload_wakes_max: 3}\nforecast:")
    assert county.reload()[0]
    county.rain(12)
    before = standing(county)
    lower_thresholds(county)
    is_live, said = county.reload(is_agreed=False)
    assert not is_live
    assert (
        "refused: 4 doors would be told now, more than changes.reload_wakes_max (3): --yes is wanted" in said
    )
    assert "4 doors in 2 villages would be told now" in said
    assert standing(county) == before
    is_live, said = county.reload()
    assert is_live, said
    county.rain(1)
    assert county.find_faults() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("warnstream.yaml", "status: Actual", "status: Exercise", "messages.status"),
        ("warnstream.yaml", "clock: simulated", "clock: system", "node.clock"),
        ("warnstream.yaml", "snapshot_every: 24h", "snapshot_every: 12h", "storage"),
        ("warnstream.yaml", "forecast:", "topics: {prefix: wx}\nforecast:", "topics.prefix"),
        ("warnstream.yaml", "forecast:", "console: {port: 0}\nforecast:", "console"),
    ],
)
def test_what_is_opened_at_a_start_needs_one(county: County, file: str, old: str, new: str, key: str) -> None:
    county.rain(2)
    county.replace(file, old, new)
    is_live, said = county.reload()
    assert not is_live
    assert f"refused: {key}: needs a restart" in said
    assert ready(county)["bundle"] == 1


def test_a_level_that_fails_its_tests_does_not_go_live(county: County) -> None:
    county.rain(2)
    folder = county.directory / "tests"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        """\
start: 2026-06-18 08:00
tests:
  - name: much rain is red
    readings: {S1 rain: 20x6}
    others: dry
    expect: [{at: 30min, level: {village: V1, hazard: flash_flood, level: blue}}]
""",
        encoding="utf-8",
    )
    is_live, said = county.reload()
    assert not is_live
    assert any(line.startswith("refused: ") and "tests/a.yaml" in line for line in said), said


def test_hostile_files_are_refused_and_the_node_judges_on(county: County) -> None:
    county.rain(3)
    path = county.directory / "stations.csv"
    good = path.read_bytes()
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nhazards: *b\n"

    def pipe() -> None:
        path.unlink()
        os.mkfifo(path)

    def huge() -> None:
        with path.open("wb") as file:
            file.truncate(2 << 30)

    for spoil, said_of in (
        (pipe, "stations.csv: expected a regular file"),
        (huge, "stations.csv: larger than 1024 MiB"),
        (lambda: path.write_bytes(b"station,latitude\nS1,2"), "stations.csv:"),
        (path.unlink, "stations.csv: no such file"),
        (lambda: county.put("thresholds.yaml", bomb), "thresholds.yaml"),
    ):
        spoil()
        is_live, said = county.reload()
        assert not is_live
        assert any(said_of in line for line in said), said
        path.unlink(missing_ok=True)
        path.write_bytes(good)
    county.rain(2)
    assert county.find_faults() == []


def test_an_older_bundle_runs_again_and_a_restart_does_not_undo_that(county: County) -> None:
    county.rain(3)
    lower_thresholds(county)
    assert county.reload()[0]
    county.rain(8)
    is_live, said = county.reload(bundle=1)
    assert is_live, said
    assert ready(county)["bundle"] == 1
    reasons = list(ready(county)["reasons"])  # type: ignore[call-overload]
    assert any("CONFIG_DIR has what was rolled back" in str(reason) for reason in reasons)
    county.rain(1)
    county.kill()
    county.start()
    assert ready(county)["bundle"] == 1, "CONFIG_DIR still has what was rolled back"
    assert county.find_faults() == []
    county.stop()
    rename_in_words(county)
    county.start()
    assert ready(county)["bundle"] == 3, "CONFIG_DIR was changed since: a restart takes it"
    county.rain(1)
    assert county.find_faults() == []


def test_the_command_speaks_to_the_running_node(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    county.rain(2)
    rename_in_words(county)
    assert main(["reload", str(county.directory), "--person", "li"]) == 0
    assert "bundle 2 is live" in capsys.readouterr().out
    manifest = json.loads(
        next((county.directory / "data/configurations").glob("2-*/manifest.json")).read_text()
    )
    assert (manifest["who"], manifest["why"]) == ("li", "reload")
    assert (county.directory / "data/reload.sock").stat().st_mode & 0o777 == 0o600
    (county.directory / "villages.csv").write_text("half")
    assert main(["reload", str(county.directory)]) == 1
    assert "refused: villages.csv" in capsys.readouterr().err
    county.stop()
    assert main(["reload", str(county.directory)]) == 1
    assert "no node answers" in capsys.readouterr().err


def test_a_signal_reloads_what_wants_no_word(county: County) -> None:
    county.rain(2)
    rename_in_words(county)
    assert county.node is not None
    county.node.reload()
    deadline = time.monotonic() + 60
    while ready(county)["bundle"] != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_what_needs_a_second_person_goes_live_only_with_their_signature(
    county: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {person: tmp_path / f"{person}.key" for person in ("li", "wang", "stranger")}
    for person, key in keys.items():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(key)]
        subprocess.run(command, check=True)
    rows = [
        f"{person},{person},officer,*,,{keys[person].with_suffix('.key.pub').read_text().strip()}"
        for person in ("li", "wang")
    ]
    table = "\n".join(["person,name,role,area,phone,public_key", *rows]) + "\n"
    county.put("operators.csv", table)
    policy = "changes: {second_person: [thresholds], reload_wakes_max: 1000}\nforecast:"
    county.replace("warnstream.yaml", "forecast:", policy)
    assert county.reload()[0], "the policy of before asks for nobody"
    county.rain(3)
    rename_in_words(county)
    assert county.reload()[0], "a name is no threshold"
    lower_thresholds(county)
    is_live, said = county.reload()
    assert not is_live
    assert any("thresholds: another person has to sign" in line for line in said), said
    folder = str(county.directory)
    assert main(["approve", folder, "4", "--person", "wang", "--key", str(keys["stranger"])]) == 1
    assert "not signed by wang" in capsys.readouterr().err
    assert main(["approve", folder, "4", "--person", "stranger", "--key", str(keys["stranger"])]) == 1
    assert "is not in operators.csv" in capsys.readouterr().err
    assert main(["approve", folder, "4", "--person", "li", "--key", str(keys["li"])]) == 0
    is_live, said = county.reload()
    assert not is_live, "li cannot be the second of their own"
    assert any("not another officer" in line for line in said), said
    said = []
    asks = Wish(4, True, "somebody else")
    assert county.node is not None
    assert not county.node.reloads.ask(asks, said.append), "li has frozen it, whoever asks for it now"
    assert any("approval by li: not another officer" in line for line in said), said
    assert main(["approve", folder, "4", "--person", "wang"]) == 0
    how = capsys.readouterr().out.splitlines()[-2]
    signature = tmp_path / "bundle.sig"
    digest = how.split()[1]
    with signature.open("wb") as file:
        command = ["ssh-keygen", "-Y", "sign", "-n", "warnstream-bundle", "-f", str(keys["wang"])]
        subprocess.run(command, input=f"{digest}\n".encode(), stdout=file, check=True)
    assert main(["approve", folder, "4", "--person", "wang", "--signature", str(signature)]) == 0
    is_live, said = county.reload(bundle=4)
    assert is_live, said
    assert "approved by wang" in said
    assert not any("rolled back" in str(reason) for reason in list(ready(county)["reasons"]))  # type: ignore[call-overload]
    county.rain(1)
    assert county.find_faults() == []
    is_live, said = county.reload(bundle=3)
    assert is_live, "what has run may run again"
    county.kill()
    county.start()
    assert ready(county)["bundle"] == 3


def test_a_fault_of_ours_before_the_change_is_a_refusal(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.rain(3)
    rename_in_words(county)
    with monkeypatch.context() as patched:
        patched.setattr(Intake, "take_over", lambda *_: 1 / 0)
        is_live, said = county.reload()
    assert not is_live
    assert "refused: ZeroDivisionError: division by zero" in said
    county.rain(2)
    assert county.find_faults() == []
    assert county.reload()[0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_within_the_change_ends_the_node_and_a_start_completes_it(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.rain(8)
    county.settle()
    lower_thresholds(county)
    assert county.node is not None
    with monkeypatch.context() as patched:
        patched.setattr(county.node.outbox.doors, "move_to", lambda *_: 1 / 0)
        with pytest.raises(SystemExit, match="a change is half made"):
            county.reload()
    county.stop()
    county.start()
    assert ready(county)["bundle"] == 2
    county.rain(2)
    assert county.find_faults() == []


def test_other_software_on_disk_needs_a_restart(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    county.rain(2)
    rename_in_words(county)
    assert county.node is not None
    monkeypatch.setattr(county.node.reloads, "_software", "of yesterday")
    is_live, said = county.reload()
    assert not is_live
    assert "refused: the software on disk is not what this node runs: it needs a restart" in said
