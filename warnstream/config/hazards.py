"""The hazards of thresholds.yaml with all their tables: checked as far as they are right, built later."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from pydantic import TypeAdapter, ValidationError

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.rules.tables import RuleBook
from warnstream.config.thresholds.build import build_rule
from warnstream.config.thresholds.context import Build, HazardContext, ValidationContext
from warnstream.config.thresholds.document import AnyHazard, HazardDocument
from warnstream.config.thresholds.rows import Threshold, rows_of_places
from warnstream.config.thresholds.signs import SignsSection
from warnstream.config.thresholds.table import read_table
from warnstream.config.yaml.tree import YamlTree, entries_under, path_text
from warnstream.model.bulletins import TRANSFER
from warnstream.model.network import Places, Stations
from warnstream.model.rules.rules import HazardRule


@dataclass(frozen=True, slots=True)
class Hazards:
    """Hazards by name: sections, what builds their thresholds, rows of all tables, and names of before."""

    sections: Mapping[str, HazardDocument]
    builds: Mapping[str, Build]
    rows: tuple[Threshold, ...]
    were: Mapping[str, str] = field(default_factory=dict)

    def build(self, places: Places, stations: Stations) -> Iterator[HazardRule]:
        """Every hazard with its thresholds over all places, once nothing is wrong."""
        rows = rows_of_places(list(self.rows), places)
        for name, hazard in self.sections.items():
            own = [row for row in rows if row.hazard == name]
            yield build_rule(name, hazard, self.builds[name], own, places.site, stations)


def hazards_were(
    sections: Mapping[str, HazardDocument], names: Collection[str], tree: YamlTree | None, faults: FaultLog
) -> dict[str, str]:
    """By a name that a hazard had before, its name now; what cannot be is a fault.

    Parameters
    ----------
    sections : mapping of str to HazardDocument
        Those that are right.
    names : collection of str
        Of all hazards.
    tree : YamlTree or None
    faults : FaultLog
    """
    was: dict[str, str] = {}
    for name, section in sections.items():
        before = section.was
        if not before:
            continue
        if before in names or before == TRANSFER:
            problem = f"{before!r} is a hazard: expected an earlier name"
        elif before in was:
            problem = f"{before!r} is what {was[before]!r} was called"
        else:
            was[before] = name
            continue
        assert tree is not None, "it has the section"
        location = ("hazards", name, "was")
        faults.add(tree.file, tree.line_of(location), path_text(location), problem)
    return was


def read_hazards(
    tree: YamlTree | None,
    signs: SignsSection,
    folder: Folder,
    around: ValidationContext,
    faults: FaultLog,
) -> Hazards:
    """Check every hazard and every row of every table.

    Parameters
    ----------
    tree : YamlTree or None
        thresholds.yaml; None where it cannot be read.
    signs : SignsSection
    folder : Folder
    around : ValidationContext
    faults : FaultLog
        Receives every fault, but not those of the sections themselves.

    Returns
    -------
    Hazards
        Only those whose sections are right.
    """
    entries = entries_under(tree, "hazards")
    if tree is None or entries is None:
        return Hazards({}, {}, ())
    sections = {name: _section(entry) for name, entry in entries.items()}
    right = {name: section for name, section in sections.items() if section is not None}
    rows, whole = _read_tables(sections, folder, around, faults)
    rules = RuleBook(tuple(sections), tuple(signs.kinds))
    evaluators = frozenset(section.evaluator for section in right.values())
    builds = {}
    for name, section in right.items():
        own, table = tuple(row for row in rows if row.hazard == name), getattr(section, "table", None)
        context = HazardContext(name, tree, folder, around, own, table in whole, evaluators, rules, faults)
        context.require("table", table)
        _check_signs(section, signs, context)
        builds[name] = section.read(context)
    rules.check_cycles(tree, faults)
    return Hazards(right, builds, rows, hazards_were(right, sections, tree, faults))


@cache
def _adapter() -> TypeAdapter[HazardDocument]:
    """Made once: pydantic takes longer to make it than to check a whole county's hazards with it."""
    return TypeAdapter(AnyHazard)


def _section(entry: object) -> HazardDocument | None:
    try:
        return _adapter().validate_python(entry)
    except ValidationError:
        return None


def _read_tables(
    sections: Mapping[str, HazardDocument | None], folder: Folder, around: ValidationContext, faults: FaultLog
) -> tuple[tuple[Threshold, ...], frozenset[str]]:
    """Rows of all tables, and which tables have no fault."""
    rows: list[Threshold] = []
    whole: set[str] = set()
    for table in dict.fromkeys(getattr(section, "table", None) for section in sections.values()):
        if table is not None and folder.has(table):
            n_before = len(faults)
            rows += read_table(table, folder, sections, around, faults)
            whole |= {table} if len(faults) == n_before else set()
    return tuple(rows), frozenset(whole)


def _check_signs(section: HazardDocument, signs: SignsSection, context: HazardContext) -> None:
    """Kinds of signs that raise a hazard are among those that may be reported."""
    for index, kind in enumerate(section.signs.kinds if section.signs else ()):
        if kind not in signs.kinds:
            context.fault(("signs", "kinds", index), unknown("kind of sign", kind, signs.kinds))
