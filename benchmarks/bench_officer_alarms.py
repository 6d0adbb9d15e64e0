"""Alarms to the officer in a storm and a typhoon over the demo county, while nobody looks at the console.

    python -m benchmarks.bench_officer_alarms [--hours N] [--only storm|typhoon]

The county's storm goes through a node's intake minute by minute; posts answer five minutes after each digest,
a fifth of them never; no officer sees anything. Counts follow from the seed alone, whatever the machine does.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from station_sim.county.county import build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import Scenario
from station_sim.topics import is_clock
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.effects import Answer
from warnstream.model.hands.duty import DutyPolicy
from warnstream.model.times import MINUTE_S
from warnstream.runners.build import build_intake
from warnstream.runners.console.alarm_list import AlarmList, alarms_of
from warnstream.runners.intake import entries

ABSENT_SHARE, ANSWER_S = 0.2, 5 * MINUTE_S


class Heard:
    """An intake, and the digests that its steps have asked for."""

    def __init__(self, configuration: Configuration) -> None:
        self._intake = build_intake(configuration)
        self.digests: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._intake, name)

    def consume(self, kind: str, payload: bytes) -> None:
        """One entry."""
        for _, step in self._intake.consume(kind, payload).steps:
            self.digests += [(digest.identifier, digest.post) for digest in step.effects.digests]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, help="of each storm; default 8 and 30")
    parser.add_argument("--only", choices=("storm", "typhoon"))
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        build_county(1).write(Path(name))
        write_demo_config(Path(name))
        configuration = load_configuration(Path(name))
    rows: list[Row] = []
    for what, weather, usual_h in (("storm", "", 8.0), ("typhoon", "typhoon", 30.0)):
        if options.only in (None, what):
            hours = options.hours or usual_h
            found = alarms_in(configuration, weather, hours)
            rows += rows_of(f"{what} of {hours:g} h", found)
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


def alarms_in(configuration: Configuration, weather: str, hours: float) -> AlarmList:
    """Alarms of a storm."""
    heard = Heard(configuration)
    return alarms_of(heard, _entries(heard, configuration, weather, hours), configuration)  # type: ignore[arg-type]


def _entries(
    heard: Heard, configuration: Configuration, weather: str, hours: float
) -> Iterator[tuple[str, bytes]]:
    kind = {"weather": weather} if weather else {}
    posts = sorted({post.post for post in configuration.network.chain})
    away = set(Random(1).sample(posts, round(ABSENT_SHARE * len(posts))))  # no secret
    due: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    waiting: list[RawMessage] = []
    for message in Scenario(1, build_county(1), hours, **kind).messages():  # type: ignore[arg-type]
        waiting.append(RawMessage(message.topic, message.payload))
        if not is_clock(message.topic):
            continue
        yield entries.MESSAGES, entries.encode_messages(waiting)
        waiting = []
        asked, heard.digests = heard.digests, []
        due[message.time_s + ANSWER_S] += [(name, post) for name, post in asked if post not in away]
        for name, post in due.pop(message.time_s, ()):
            yield entries.ANSWER, entries.encode_answer(name, post, Answer.ACKNOWLEDGED)


def rows_of(what: str, found: AlarmList) -> list[Row]:
    policy = DutyPolicy()
    minutes = policy.flood_window_s // 60
    counts: list[tuple[str, str, float]] = [
        ("alarms of class A", "", found.of_class("A")),
        ("alarms of class B", "", found.of_class("B")),
        (f"most alarms in {minutes} min", "", found.most_within(policy.flood_window_s)),
        (f"floods (above {policy.flood_begins} in {minutes} min)", "", found.floods),
        ("time in flood", "min", found.flood_s / 60),
    ]
    return [Row(f"{what}: {name}", unit, [float(value)]) for name, unit, value in counts]


if __name__ == "__main__":
    main()
