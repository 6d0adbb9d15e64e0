"""The page of changes as an operator works through it: diff, preview, restart; real commands and kills."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.live import LiveNode, command

pytestmark = pytest.mark.slow


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LiveNode]:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    http = free_port()
    broker = free_port()
    write_demo_config(tmp_path, broker_port=broker, http_port=http, embedded_broker=True)
    found = LiveNode(tmp_path, http)
    found.spawn()
    found.wait_for(lambda: configuration(found).get("bundle") == 1)
    time = json.dumps({"time": "2026-06-18T00:00:00Z"})
    publish.single("ws/clock", time, qos=1, hostname="127.0.0.1", port=broker)
    found.wait_for(lambda: found.get("/api/v1/state").get("now"))
    yield found
    found.end()


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([command("warnstream"), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def configuration(node: LiveNode) -> dict[str, Any]:
    found: dict[str, Any] = node.get("/api/v1/state").get("configuration", {})
    return found


def tick(node: LiveNode, minute: int) -> None:
    """The clock of the node goes on."""
    port = int(re.findall(r"port: (\d+)", (node.directory / "warnstream.yaml").read_text("utf-8"))[0])
    time = json.dumps({"time": f"2026-06-18T00:{minute:02d}:00Z"})
    publish.single("ws/clock", time, qos=1, hostname="127.0.0.1", port=port)


def test_an_operator_changes_one_cell(node: LiveNode) -> None:
    directory = str(node.directory)
    status, said = run("diff", "live", directory)
    assert status == 0
    assert "are the same" in said
    rows = (node.directory / "thresholds.csv").read_text("utf-8").splitlines()
    number, row = next((at, row) for at, row in enumerate(rows) if ",flash_flood,1h,orange," in row)
    village, _, _, _, value, *rest = row.split(",")
    lower = f"{float(value) - 5:g}"
    rows[number] = ",".join([village, "flash_flood", "1h", "orange", lower, *rest])
    (node.directory / "thresholds.csv").write_text("\n".join(rows) + "\n", "utf-8")
    status, said = run("diff", "live", directory)
    assert status == 0
    assert f"flash_flood: 1 village ({village}), orange 1h: {value} -> {lower} mm\n" in said
    assert "file thresholds.csv: changed" in said
    status, said = run("preview", directory, "--json", "--wakes-max", "0")
    assert (status, json.loads(said)["doors_told"]) == (0, 0)
    assert configuration(node)["bundle"] == 1, "nothing has been changed yet"
    node.kill()
    node.spawn()
    node.wait_for(lambda: configuration(node).get("bundle") == 2)
    node.kill()
    node.spawn()
    node.wait_for(lambda: configuration(node).get("bundle") == 2)
    node.stop()
    storage = node.directory / "data"
    status, said = run("diff", "1", "2", "--storage", str(storage), "--json")
    record = json.loads(said)
    assert record["meaning"] == [f"flash_flood: 1 village ({village}), orange 1h: {value} -> {lower} mm"]
    assert record["files"] == {"thresholds.csv": "changed"}
    status, said = run("audit", "show", directory)
    assert '"bundle":2' in said.replace(" ", "")


def test_a_hazard_gets_another_name_while_a_warning_of_it_stands(node: LiveNode) -> None:
    directory = str(node.directory)
    operators = (node.directory / "operators.csv").read_text("utf-8").splitlines()
    person = next(row.partition(",")[0] for row in operators if ",officer," in row)
    village = (node.directory / "villages.csv").read_text("utf-8").splitlines()[1].partition(",")[0]
    by = ("--author", person, "--reason", "the river is up")
    status, said = run("issue", directory, "flash_flood", "yellow", village, *by)
    assert status == 0, said

    def standing() -> list[tuple[str, str, str]]:
        found = node.get("/api/v1/warnings")
        rows = found if isinstance(found, list) else []  # not while it starts
        return [(row["warning"], row["hazard"], row["level"]) for row in rows]

    tick(node, 1)
    node.wait_for(standing)
    ((name, hazard, level),) = standing()
    assert hazard == "flash_flood"
    for file in ("thresholds.yaml", "thresholds.csv"):
        text = (node.directory / file).read_text("utf-8")
        text = text.replace("  flash_flood:\n", "  torrent:\n    was: flash_flood\n")
        (node.directory / file).write_text(text.replace(",flash_flood,", ",torrent,"), "utf-8")
    status, said = run("check", directory)
    assert status == 0, said
    status, said = run("diff", "live", directory)
    assert "torrent: the hazard was flash_flood\n" in said
    assert "the hazard is gone" not in said
    status, said = run("reload", directory, "--yes")
    assert status == 0, said
    assert "0 doors in 0 villages would be told now" in said
    node.wait_for(lambda: standing() == [(name, "torrent", level)])
    node.kill()
    node.spawn()
    node.wait_for(lambda: standing() == [(name, "torrent", level)])
    status, said = run("end", directory, village, "flash_flood", *by)
    assert status == 0, said
    tick(node, 2)
    node.wait_for(lambda: not standing())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "1", "2"), "give a folder beside it, or --storage"),
        (("diff", "nowhere", "nothing"), "no such folder"),
        (("preview", "nowhere"), "no such folder"),
        (("diff", "live", "3", "--storage", "/nonexistent"), "no configuration has run here yet"),
    ],
)
def test_what_is_not_there_is_named(arguments: tuple[str, ...], said: str) -> None:
    status, printed = run(*arguments)
    assert status in (1, 2)
    assert said in printed
    assert "Traceback" not in printed
