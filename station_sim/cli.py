"""The command ``station-sim``: build a county, run a storm over it, replay an archive, play people.

Exit codes: 0 done, 1 a load fell short or `calibrate` missed a target, 2 wrong arguments, files or
no broker, 130 stopped by Ctrl-C.
Results go to standard output (``--json`` for machines), progress to standard error.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence

from station_sim.commands.county import COUNTY_HELP, add_county_options, run_county
from station_sim.commands.load import LOAD_HELP, add_load_options, run_load, write_config
from station_sim.commands.options import (
    add_broker_options,
    add_storm_time_options,
    broker_address,
    duration_s,
    stop_on_signals,
)
from station_sim.commands.people import PEOPLE_HELP, add_people_options, play_people
from station_sim.commands.send import (
    REPLAY_HELP,
    RUN_HELP,
    add_replay_options,
    add_run_options,
    run_replay,
    run_storm_over,
)
from station_sim.commands.weather import (
    CALIBRATE_HELP,
    STORM_HELP,
    add_calibrate_options,
    add_storm_options,
    run_calibrate,
    run_storm,
)
from station_sim.errors import SimulatorError
from warnstream.model.errors import ArchiveError

_EXIT_SHORT = 1
_EXTRA_OF_MODULE = {
    "matplotlib": "plots",
    **dict.fromkeys(("pandas", "pyarrow", "xarray", "h5netcdf", "h5py"), "demo"),
}
"""What a plain installation lacks, and the extra that brings it."""

_EXIT_WRONG = 2
_EXIT_STOPPED = 130

_MAIN_HELP = """\
Simulates what surrounds warnstream: a county's stations under a storm, archives
that are sent again, and people who answer. Everything follows from --seed.

A first run, beside a broker on port 1883:
  station-sim county --out county --stations 60 --villages 200 \\
      --broker-port 1883 --external-broker --clock simulated
  warnstream run county &                       # evaluates what stations send
  station-sim people --port 1883 --speed 240 &  # households answer
  station-sim run --config county --port 1883 --speed 240
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        code: int = options.command(options)
    except (SimulatorError, ArchiveError) as error:
        _tell(f"station-sim: {error}")
        return _EXIT_WRONG
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA_OF_MODULE:
            raise
        extra = _EXTRA_OF_MODULE[error.name]
        _tell(f"station-sim: this command needs {error.name}: pip install 'warnstream[{extra}]'")
        return _EXIT_WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _described(argparse.ArgumentParser, prog="station-sim", description=_MAIN_HELP)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, summary: str, text: str, run: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        added = _described(commands.add_parser, name=name, help=summary, description=text)
        added.set_defaults(command=run)
        added.add_argument("--json", action="store_true", help="print the summary as JSON")
        return added

    add_county_options(command("county", "build a county's CONFIG_DIR", COUNTY_HELP, _county))
    add_run_options(command("run", "send a storm over a county", RUN_HELP, _run))
    add_replay_options(command("replay", "send a readings archive again", REPLAY_HELP, _replay))
    people = command("people", "receive notifications and answer", PEOPLE_HELP, _people)
    add_people_options(people, duration_s, add_broker_options)
    load = command("load", "send a whole network's readings at a rate", LOAD_HELP, _load)
    add_load_options(load, duration_s, add_broker_options)
    storm = command("storm", "write the weather: truth, radar, forecast, pictures", STORM_HELP, _storm)
    add_storm_time_options(storm)
    add_storm_options(storm)
    add_calibrate_options(
        command("calibrate", "compare the climate with a real network", CALIBRATE_HELP, _calibrate)
    )
    return parser


def _described(make: Callable[..., argparse.ArgumentParser], **settings: str) -> argparse.ArgumentParser:
    name = settings.pop("name", None)
    names = [name] if name else []
    return make(*names, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)


def _print_summary(options: argparse.Namespace, summary: dict[str, object]) -> None:
    if options.json:
        _say(json.dumps(summary, ensure_ascii=False))
        return
    for name, value in summary.items():
        if isinstance(value, dict):
            _say(f"{name.replace('_', ' ')}: " + (", ".join(f"{k} {v}" for k, v in value.items()) or "none"))
        else:
            _say(f"{name.replace('_', ' ')}: {value}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def _county(options: argparse.Namespace) -> int:
    _print_summary(options, run_county(options))
    return 0


def _run(options: argparse.Namespace) -> int:
    summary, is_finished = run_storm_over(options)
    _print_summary(options, summary)
    return 0 if is_finished else _EXIT_STOPPED


def _replay(options: argparse.Namespace) -> int:
    summary, is_finished = run_replay(options)
    _print_summary(options, summary)
    return 0 if is_finished else _EXIT_STOPPED


def _people(options: argparse.Namespace) -> int:
    with stop_on_signals() as stop:
        summary = play_people(options, broker_address(options), stop, _tell)
    _print_summary(options, summary)
    return 0


def _storm(options: argparse.Namespace) -> int:
    _print_summary(options, run_storm(options))
    return 0


def _load(options: argparse.Namespace) -> int:
    if options.write_config is not None:
        _print_summary(options, write_config(options))
        return 0
    told, summary = run_load(options, broker_address(options), _tell)
    _print_summary(options, told)
    return 0 if summary.is_complete else _EXIT_SHORT


def _calibrate(options: argparse.Namespace) -> int:
    summary, code = run_calibrate(options)
    _print_summary(options, summary)
    return code


if __name__ == "__main__":
    sys.exit(main())
