"""The command ``warnstream test``: tests of CONFIG_DIR/tests in, a line each out, and why some failed."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from warnstream.commands.rule_tests.junit import write_junit
from warnstream.config.rule_tests.read import FOLDER, TestFile, files_of, read_tests
from warnstream.config.wording import count_of
from warnstream.model.errors import ConfigError, Fault
from warnstream.runners.rule_tests.coverage import coverage_lines
from warnstream.runners.rule_tests.keep import READINGS_FILE, config_folder, keep, name_of
from warnstream.runners.rule_tests.suite import Outcome, outcomes_of
from warnstream.runners.rule_tests.tell import Teller

KEPT = Path("kept")
"""Where failed tests are said to be kept when nobody asked for it."""


@dataclass(frozen=True, slots=True)
class TestOptions:
    """What was asked for on the command line."""

    __test__ = False  # nothing of pytest's

    directory: Path
    files: Sequence[Path] = ()
    word: str = ""
    junit: Path | None = None
    keep: Path | None = None
    coverage: bool = False
    quiet: bool = False


def run_tests(options: TestOptions, out: TextIO | None = None) -> int:
    """Run tests and print what became of them.

    Returns
    -------
    int
        Exit status: 0 if all have passed, 1 otherwise.

    Raises
    ------
    ConfigError
        With every fault of the tests and the configuration; where there is no test at all.
    """
    out = out or sys.stdout
    files = read_tests(options.directory, _chosen(options))
    found: list[Outcome] = []
    for outcome in outcomes_of(files, options.word):
        found.append(outcome)
        for line in _lines_of(outcome, options):
            print(line, file=out)
        out.flush()
        if outcome.misses and options.keep:
            keep(outcome.of, outcome.test, options.keep)
    _refuse_none(found, files, options)
    if options.junit:
        write_junit(options.junit, found, lambda outcome: "\n".join(failure_lines(outcome, options)))
    if options.coverage:
        for line in coverage_lines(options.directory, found):
            print(line, file=out)
    n_failed = sum(bool(outcome.misses) for outcome in found)
    print(_summary(found, n_failed), file=out)
    return 1 if n_failed else 0


def _chosen(options: TestOptions) -> list[Path]:
    """Files that were named, as they are or in the folder of tests; else all of the folder."""
    if not options.files:
        files = files_of(options.directory)
        if not files:
            where = str(options.directory / FOLDER)
            raise ConfigError([Fault(where, 0, "", "no tests: expected *.yaml there (docs/rule-tests.md)")])
        return files
    inside = options.directory / FOLDER
    return [path if path.exists() else inside / path.name for path in options.files]


def _refuse_none(found: list[Outcome], files: list[TestFile], options: TestOptions) -> None:
    if not found:
        n_tests = sum(len(file.tests) for file in files)
        expected = f"no name of {count_of(n_tests, 'test', 'tests')} has {options.word!r} in it"
        raise ConfigError([Fault(str(options.directory / FOLDER), 0, "-k", expected)])


def _lines_of(outcome: Outcome, options: TestOptions) -> Iterator[str]:
    if outcome.misses:
        yield f"FAILED {_title(outcome)}"
        yield from failure_lines(outcome, options)
    elif not options.quiet:
        yield f"passed {_title(outcome)}"


def _title(outcome: Outcome) -> str:
    return f"{outcome.test.file}:{outcome.test.line}: {outcome.test.name} ({outcome.wall_s:.2f} s)"


def failure_lines(outcome: Outcome, options: TestOptions) -> Iterator[str]:
    """Everything that a failed test says, indented below its name."""
    kept = options.keep or KEPT
    folder = config_folder(outcome.of, outcome.test, options.directory, kept)
    readings = kept / name_of(outcome.test) / READINGS_FILE
    record, configuration = outcome.record, outcome.of.configuration
    teller = Teller(outcome.test, record, configuration, outcome.texts, str(readings), str(folder))
    for miss in outcome.misses:
        yield from (f"  {line}" for line in teller.lines(miss))
    yield from (f"  {line}" for line in teller.refused())
    if options.keep is None and any(miss.expectation is not None for miss in outcome.misses):
        yield f"    (for explain: the same command with --keep {KEPT})"


def _summary(found: list[Outcome], n_failed: int) -> str:
    wall_s = sum(outcome.wall_s for outcome in found)
    said = f"{count_of(len(found), 'test', 'tests')}, {n_failed} failed" if n_failed else ""
    return f"{said or count_of(len(found), 'test passed', 'tests passed')} ({wall_s:.1f} s)"


def tests_looks(directory: Path) -> list[str]:
    """What `warnstream check` says of a folder without tests."""
    if files_of(directory):
        return []
    return [f"no tests of the rules in {FOLDER}/: what a change would break, nobody would notice"]
