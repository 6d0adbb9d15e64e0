"""What happens when nobody reads the rest of what a command prints."""

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
