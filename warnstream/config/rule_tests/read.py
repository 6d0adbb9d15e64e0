"""CONFIG_DIR/tests/*.yaml -> tests with their configuration, or every fault of all files at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from warnstream.config.faults import FaultLog
from warnstream.config.folder import is_utf8
from warnstream.config.load import load_configuration
from warnstream.config.rule_tests.document import TestsDocument, TestSection, step_form
from warnstream.config.rule_tests.expected import answers_of, expectations_of, signs_of
from warnstream.config.rule_tests.moments import parse_start
from warnstream.config.rule_tests.plan import RuleTest
from warnstream.config.rule_tests.scene import Scene
from warnstream.config.rule_tests.sending import batch_of_test, sources_of
from warnstream.config.rule_tests.timing import Timing
from warnstream.config.settings import Configuration
from warnstream.config.tables.households_and_chain import (
    CHAIN_COLUMNS,
    CHAIN_FILE,
    HOUSEHOLD_COLUMNS,
    HOUSEHOLDS_FILE,
)
from warnstream.config.yaml.check import check_document
from warnstream.config.yaml.tree import Location, YamlTree, entries_under, path_text, read_yaml
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.times import MINUTE_S

FOLDER = "tests"
ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, eq=False)
class TestFile:
    """One file.

    Attributes
    ----------
    file : str
        As it was named, for people.
    configuration : Configuration
        That of the folder, the same object for all files without `places`.
    tables : mapping of str to bytes, or None
        The tables of `places`.
    tests : tuple of RuleTest
    """

    __test__ = False  # nothing of pytest's

    file: str
    configuration: Configuration
    tables: Mapping[str, bytes] | None
    tests: tuple[RuleTest, ...]


def files_of(directory: Path) -> list[Path]:
    """Files of tests of a folder, by name."""
    return sorted(
        path for path in (directory / FOLDER).glob("*") if path.suffix in ENDINGS and path.is_file()
    )


def read_tests(directory: Path, files: Sequence[Path]) -> list[TestFile]:
    """Read and check files of tests with the configuration that they are about.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    files : sequence of Path

    Raises
    ------
    ConfigError
        With every fault of every file, and of the configuration.
    """
    faults, found, more = FaultLog(), [], set[Fault]()
    of_folder: list[Configuration | None] = []
    for path in files:
        tree = _tree_of(path, faults)
        if tree is None:
            continue
        check_document(TestsDocument, tree, faults)
        tables = _tables_of(tree)
        try:
            if tables is None and not of_folder:
                of_folder.append(None)
                of_folder[0] = load_configuration(directory)
            configuration = of_folder[0] if tables is None else load_configuration(directory, tables)
        except ConfigError as error:
            more.update(_faults_of(error, tree, tables))
            continue
        if configuration is not None:
            tests = tuple(_tests_of(Scene(configuration, tree, faults)))
            found.append(TestFile(tree.file, configuration, tables, tests))
    _raise_all(faults, more)
    return found


def _raise_all(faults: FaultLog, more: set[Fault]) -> None:
    try:
        faults.raise_if_any()
    except ConfigError as error:
        more = more | set(error.faults)
    if more:
        raise ConfigError(list(more))


def _tree_of(path: Path, faults: FaultLog) -> YamlTree | None:
    file = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.add(file, 0, "", f"cannot be read: {error.strerror}")
        return None
    return read_yaml(file, data.decode("utf-8-sig"), faults) if is_utf8(file, data, faults) else None


def _tables_of(tree: YamlTree) -> dict[str, bytes] | None:
    """Tables of `places`; posts and households that it does not give are none."""
    places = entries_under(tree, "places")
    if places is None:
        return None
    tables = {name: text.encode() for name, text in places.items() if isinstance(text, str)}
    for file, columns in ((HOUSEHOLDS_FILE, HOUSEHOLD_COLUMNS), (CHAIN_FILE, CHAIN_COLUMNS)):
        tables.setdefault(file, f"{','.join(columns.required)}\n".encode())
    return tables


def _faults_of(error: ConfigError, tree: YamlTree, tables: Mapping[str, bytes] | None) -> Iterator[Fault]:
    """Faults of tables at the lines of the file that brings them; all others where they are."""
    for fault in error.faults:
        if tables is None or not fault.file.endswith((".csv", ".geojson")):
            yield fault
            continue
        location = ("places", fault.file)
        line = tree.line_of(location) + (fault.line if fault.file in tables else 0)
        path = path_text(("places",)) + f"[{fault.file}]" + (f".{fault.path}" if fault.path else "")
        yield Fault(tree.file, line, path, fault.expected)


def _tests_of(scene: Scene) -> Iterator[RuleTest]:
    """Every test of a file that is right; of one with faults those that are right by themselves."""
    whole = scene.tree.plain if isinstance(scene.tree.plain, dict) else {}
    entries, others = whole.get("tests"), str(whole.get("others", "dry"))
    start_s, step_s = _start_of(whole.get("start")), _step_of(whole.get("step", "1min"))
    names: dict[str, int] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        try:
            section = TestSection.model_validate(entry)
        except ValidationError:
            continue  # told by the check of the whole file
        place: Location = ("tests", number)
        first = names.setdefault(section.name, scene.line_of(place))
        if first != scene.line_of(place):
            scene.fault((*place, "name"), f"duplicate name, first on line {first}")
        shared = section.start or start_s, section.others or others, section.step or step_s
        test = _test_of(section, place, scene, shared)
        if test is not None:
            yield test


def _start_of(value: object) -> int | None:
    """When all tests of a file begin; None where that is not said, or wrong, which is told elsewhere."""
    try:
        return parse_start(str(value))
    except ValueError:
        return None


def _step_of(value: object) -> int:
    """How often tests of a file step; a minute where that is wrong, which is told elsewhere."""
    try:
        return int(step_form().parse(value))
    except ValueError:
        return MINUTE_S


def _test_of(
    section: TestSection, place: Location, scene: Scene, shared: tuple[int | None, str, int]
) -> RuleTest | None:
    start_s, others, step_s = shared
    if start_s is None:
        if ("start",) not in scene.tree.line:
            scene.fault(
                (*place, "start"), "missing. When the test, or all of this file, begins, with its zone"
            )
        return None
    timing = Timing(scene, start_s)
    timing.take_in(section, place)
    sources = sources_of(section.readings, (*place, "readings"), timing)
    answers = tuple(answers_of(section.answers, (*place, "answers"), timing))
    signs = tuple(signs_of(section.signs, (*place, "signs"), timing))
    if timing.end_s == start_s:
        scene.fault(place, "this test lasts no minute: expected a series that ends, a time or until")
    expectations = tuple(expectations_of(section.expect, (*place, "expect"), timing))
    batch, sent_s = batch_of_test(sources, others, timing)
    return RuleTest(
        scene.tree.file,
        scene.line_of(place),
        section.name,
        start_s,
        timing.end_s,
        step_s,
        batch,
        sent_s,
        expectations,
        answers,
        signs,
    )
