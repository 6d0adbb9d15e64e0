"""What happens when nobody reads the rest of what a command prints, or a terminal lacks its characters."""

import os
import subprocess
import sys
from pathlib import Path

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config


def test_a_reader_that_has_seen_enough_ends_a_command_without_a_traceback(tmp_path: Path) -> None:
    build_county(1, plan=CountyPlan(n_stations=10, n_villages=20)).write(tmp_path)
    write_demo_config(tmp_path)
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from warnstream.cli import main; raise SystemExit(main())",
            "check",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        errors = command.stderr.read()
        status = command.wait(timeout=60)
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    assert status == 1


def test_a_name_that_a_terminal_has_no_characters_for_is_written_out(tmp_path: Path) -> None:
    build_county(1, plan=CountyPlan(n_stations=10, n_villages=20)).write(tmp_path)
    write_demo_config(tmp_path)
    rules = tmp_path / "thresholds.yaml"
    rules.write_text(rules.read_text("utf-8").replace("National rainstorm", "暴雨 rainstorm"), "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from warnstream.cli import main; raise SystemExit(main())",
            "check",
            str(tmp_path),
        ],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert "\\u66b4\\u96e8 rainstorm" in done.stdout
