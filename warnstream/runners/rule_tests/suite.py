"""All tests of a folder, one after another: what is shared is derived once, each has an engine of its own."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from warnstream.config.rule_tests.plan import RuleTest
from warnstream.config.rule_tests.read import TestFile
from warnstream.runners.build import Derived, bulletin_wording, derive
from warnstream.runners.rule_tests.judge import Miss, Texts, misses_of
from warnstream.runners.rule_tests.run import Record, run_test


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one test.

    Attributes
    ----------
    of : TestFile
    test : RuleTest
    record : Record
    misses : list of Miss
        Empty: it has passed.
    texts : Texts
    wall_s : float
    """

    of: TestFile
    test: RuleTest
    record: Record
    misses: list[Miss]
    texts: Texts
    wall_s: float


def outcomes_of(files: list[TestFile], word: str = "") -> Iterator[Outcome]:
    """Run every test whose name has a word in it, in the order of the files."""
    derived: dict[int, Derived] = {}
    for of in files:
        chosen = [test for test in of.tests if word.casefold() in test.name.casefold()]
        if not chosen:
            continue
        key = id(of.configuration)
        if key not in derived:
            derived[key] = derive(of.configuration)
        texts = Texts(bulletin_wording(of.configuration), of.configuration.message)
        for test in chosen:
            began = time.monotonic()
            record = run_test(test, derived[key])
            misses = misses_of(test, record, texts)
            yield Outcome(of, test, record, misses, texts, time.monotonic() - began)
