"""Results as JUnit XML, which every CI reads."""

from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from warnstream.runners.rule_tests.suite import Outcome


def write_junit(path: Path, outcomes: Sequence[Outcome], told: Callable[[Outcome], str]) -> None:
    """Write a suite for each file of tests.

    Parameters
    ----------
    path : Path
    outcomes : sequence of Outcome
    told : callable
        What is said of a failed test.
    """
    root = ET.Element("testsuites")
    for file in dict.fromkeys(outcome.test.file for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.test.file == file]
        suite = ET.SubElement(root, "testsuite", name=file, tests=str(len(own)), errors="0", skipped="0")
        suite.set("failures", str(sum(bool(outcome.misses) for outcome in own)))
        suite.set("time", f"{sum(outcome.wall_s for outcome in own):.3f}")
        for outcome in own:
            _add_case(suite, outcome, told)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add_case(suite: ET.Element, outcome: Outcome, told: Callable[[Outcome], str]) -> None:
    test = outcome.test
    case = ET.SubElement(
        suite, "testcase", classname=test.file, name=test.name, file=test.file, line=str(test.line)
    )
    case.set("time", f"{outcome.wall_s:.3f}")
    if outcome.misses:
        text = _printable(told(outcome))
        failure = ET.SubElement(case, "failure", message=text.partition("\n")[0].strip())
        failure.text = text


def _printable(text: str) -> str:
    """Without characters that XML 1.0 forbids."""
    return "".join(character for character in text if character in "\n\t" or ord(character) >= 0x20)
