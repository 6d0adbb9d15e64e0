"""What a failed test sent, as an archive, and the folder that it was about: for `explain` and `replay`.

An archive knows of readings alone, and has each at the time it was observed: answers, signs and late
arrivals are not in it.
"""

import csv
import re
from pathlib import Path

from warnstream.config.folder import TABLE_ENDINGS
from warnstream.config.rule_tests.plan import RuleTest
from warnstream.config.rule_tests.read import TestFile
from warnstream.model.observations.readings import Variable
from warnstream.model.times import iso_utc

NAME_CHARACTERS_MAX = 60
READINGS_FILE = "readings.csv"


def name_of(test: RuleTest) -> str:
    """A folder's name for a test: its file, line and words.

    >>> from types import SimpleNamespace
    >>> name_of(SimpleNamespace(file="c/tests/a.yaml", line=7, name="60 mm, orange!"))
    'a-7-60-mm-orange'
    """
    words = re.sub(r"[^\w]+", "-", test.name).strip("-")[:NAME_CHARACTERS_MAX]
    return f"{Path(test.file).stem}-{test.line}-{words}"


def config_folder(of: TestFile, test: RuleTest, directory: Path, kept: Path) -> Path:
    """Where `explain` finds the configuration of a test: a copy where the test has tables of its own."""
    return directory if of.tables is None else kept / name_of(test)


def keep(of: TestFile, test: RuleTest, kept: Path) -> None:
    """Write the readings of a test, and its configuration where it has tables of its own."""
    folder = kept / name_of(test)
    folder.mkdir(parents=True, exist_ok=True)
    codes = of.configuration.network.stations.code
    batch = test.readings
    columns = (batch.station, batch.observed_at_s, batch.variable, batch.value)
    with (folder / READINGS_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("station", "observed_at", "variable", "value"))
        for station, at_s, variable, value in zip(*(column.tolist() for column in columns), strict=True):
            writer.writerow((codes[station], iso_utc(at_s), Variable(variable).word, f"{value:.6g}"))
    if of.tables is None:
        return
    for name in of.configuration.files_read:
        if not name.endswith(TABLE_ENDINGS):
            (folder / name).write_bytes((of.configuration.directory / name).read_bytes())
    for name, table in of.tables.items():
        (folder / name).write_bytes(table)
