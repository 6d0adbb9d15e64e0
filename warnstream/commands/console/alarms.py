"""The command ``warnstream officer-alarms``: what an officer would have heard, as a list and in numbers."""

import argparse
import csv
import sys

from rich.console import Console

from warnstream.config.load import load_configuration
from warnstream.model.hands.duty import DutyPolicy
from warnstream.model.times import HOUR_S, date_and_clock_local
from warnstream.runners.console.alarm_list import AlarmList, officer_alarms

COLUMNS = ("time", "class", "county", "township", "troubles", "level", "village", "number")


def run_officer_alarms(options: argparse.Namespace) -> int:
    """Print the list and the numbers.

    Raises
    ------
    ConfigError, ArchiveError, StoreError, OSError
        With what is wrong; nothing is changed by this command.
    """
    configuration = load_configuration(options.directory)
    directory = options.journal or configuration.storage.directory
    zone = configuration.message.time_zone
    with Console(stderr=True).status("judging the journal again") as status:
        found = officer_alarms(
            configuration,
            directory,
            lambda now_s: status.update(f"judging {date_and_clock_local(now_s, zone)}"),
        )
    rows = [
        (
            date_and_clock_local(alarm.at_s, zone),
            alarm.urgency,
            alarm.county,
            alarm.township,
            " ".join(alarm.troubles),
            alarm.level,
            alarm.village,
            str(alarm.number),
        )
        for alarm in found.raised
    ]
    if options.csv is None:
        csv.writer(sys.stdout).writerows([COLUMNS, *rows])
    else:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    print(in_numbers(found), file=sys.stderr if options.csv is None else sys.stdout)
    return 0


def in_numbers(found: AlarmList) -> str:
    """Counts by class and floods, in two lines."""
    policy = DutyPolicy()
    hours = max(found.ends_s - found.begins_s, 0) / HOUR_S
    window_min = policy.flood_window_s // 60
    return (
        f"{len(found.raised)} alarms in {hours:.1f} h: {found.of_class('A')} of class A, "
        f"{found.of_class('B')} of class B; at most {found.most_within(policy.flood_window_s)} "
        f"in {window_min} min\n"
        f"{found.floods} floods (above {policy.flood_begins} in {window_min} min), "
        f"{found.flood_s / 60:.0f} min in all"
    )
