"""objects.csv and shelters.csv: what must be empty or safe before a hazard, and where its people go.

Objects share the names of households and posts: a row of a transfer list is found by its code alone.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import (
    CHAIN_FILE,
    FACT_COLUMNS,
    HOUSEHOLDS_FILE,
    Register,
)
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.network import Households, Zone
from warnstream.model.transfers.objects import (
    GRADE_OF_KIND,
    GRADES,
    UNKNOWN,
    HouseholdFacts,
    ObjectKind,
    Shelter,
    TransferObject,
)

OBJECTS_FILE = "objects.csv"
SHELTERS_FILE = "shelters.csv"
OBJECT_COLUMNS = Columns(
    ("object", "village", "kind"),
    ("name", "zone", "class", "persons", "helpless", "helper", "shelter"),
)
SHELTER_COLUMNS = Columns(("shelter", "name", "village", "capacity"), ("key_holder", "phone"))

PERSONS_MAX = 100_000
"""More than any one place holds."""

KINDS = tuple(str(kind) for kind in ObjectKind)


@dataclass(frozen=True, slots=True)
class People:
    """What rows of people are checked against; None: that file could not be read, nothing is checked."""

    zones: Collection[Zone]
    posts: Collection[str] | None
    shelters: Collection[str] | None


def read_shelters(folder: Folder, register: Register, faults: FaultLog) -> tuple[Shelter, ...]:
    """Rows of shelters.csv in the order of the file; none without it. Rows with a fault are left out."""
    if not folder.has(SHELTERS_FILE) or (data := folder.read(SHELTERS_FILE)) is None:
        return ()
    lines: dict[str, int] = {}
    found = (
        _shelter_of(row, register, lines, faults)
        for row in read_rows(SHELTERS_FILE, data, SHELTER_COLUMNS, faults)
    )
    return tuple(shelter for shelter in found if shelter is not None)


def _shelter_of(row: Row, register: Register, lines: dict[str, int], faults: FaultLog) -> Shelter | None:
    n_before = len(faults)
    code, name = row.code("shelter"), row.text("name")
    if code in lines:
        row.fault("shelter", f"duplicate shelter {code!r}, first on line {lines[code]}")
    lines.setdefault(code, row.line)
    village = _village_of(row, register, faults)
    capacity = row.whole("capacity", 0, PERSONS_MAX)
    if capacity is None or len(faults) > n_before:
        return None
    return Shelter(code, name, village, capacity, row.cell("key_holder"), row.cell("phone"))


def read_objects(
    folder: Folder, register: Register, people: People, faults: FaultLog
) -> tuple[TransferObject, ...]:
    """Rows of objects.csv in the order of the file; none without it. Rows with a fault are left out."""
    if not folder.has(OBJECTS_FILE) or (data := folder.read(OBJECTS_FILE)) is None:
        return ()
    lines: dict[str, int] = {}
    village_of_zone = {zone.code: zone.village for zone in people.zones}
    found = (
        _object_of(row, register, people, village_of_zone, lines, faults)
        for row in read_rows(OBJECTS_FILE, data, OBJECT_COLUMNS, faults)
    )
    return tuple(listed for listed in found if listed is not None)


def _object_of(
    row: Row,
    register: Register,
    people: People,
    village_of_zone: dict[str, int],
    lines: dict[str, int],
    faults: FaultLog,
) -> TransferObject | None:
    n_before = len(faults)
    code = row.code("object")
    _check_code(row, code, register, lines)
    village = _village_of(row, register, faults)
    _check_zone(row, row.cell("zone"), village, village_of_zone)
    kind, grade = row.cell("kind"), row.cell("class")
    if kind not in KINDS:
        row.fault("kind", f"expected {choice_of(list(KINDS))}, got {kind!r}")
    if grade and grade not in GRADES:
        row.fault("class", f"expected {choice_of(list(GRADES))} or nothing, got {grade!r}")
    persons, helpless = _people_of(row)
    _check_known(row, "helper", people.posts, CHAIN_FILE)
    _check_known(row, "shelter", people.shelters, SHELTERS_FILE)
    if len(faults) > n_before:
        return None
    known = ObjectKind(kind)
    return TransferObject(
        code,
        row.cell("name"),
        village,
        row.cell("zone"),
        known,
        grade or GRADE_OF_KIND[known],
        persons,
        helpless,
        row.cell("helper"),
        row.cell("shelter"),
    )


def _check_code(row: Row, code: str, register: Register, lines: dict[str, int]) -> None:
    others = ((HOUSEHOLDS_FILE, register.line_of_household), (CHAIN_FILE, register.line_of_post))
    if code in lines:
        row.fault("object", f"duplicate object {code!r}, first on line {lines[code]}")
    for file, line_of in others:
        if code in line_of:
            row.fault("object", f"{code!r} is in {file} already, line {line_of[code]}: codes are shared")
    lines.setdefault(code, row.line)


def _village_of(row: Row, register: Register, faults: FaultLog) -> int:
    code = row.text("village")
    if code and register.villages is not None and code not in register.village_of_code:
        faults.add_unknown(row.file, row.line, "village", code, register.village_of_code)
    return register.village_of_code.get(code, -1)


def _check_zone(row: Row, zone: str, village: int, village_of_zone: dict[str, int]) -> None:
    if not zone:
        return
    if zone not in village_of_zone:
        row.fault("zone", f"no zone {zone!r} in zones.csv")
    elif village >= 0 and village_of_zone[zone] != village:
        row.fault("zone", f"zone {zone!r} is of another village")


def _people_of(row: Row) -> tuple[int, int]:
    """Persons and those of them who cannot go alone; `UNKNOWN` where the cell is empty."""
    persons = row.whole("persons", 0, PERSONS_MAX) if row.cell("persons") else UNKNOWN
    helpless = row.whole("helpless", 0, PERSONS_MAX) if row.cell("helpless") else UNKNOWN
    if persons is None or helpless is None:
        return UNKNOWN, UNKNOWN
    if UNKNOWN < persons < helpless:
        row.fault("helpless", f"expected at most the {persons} persons, got {helpless}")
    return persons, helpless


def _check_known(row: Row, column: str, known: Collection[str] | None, file: str) -> None:
    word = row.cell(column)
    if word and known is not None and word not in known:
        row.fault(column, f"{word!r} is not in {file}")


def read_facts(households: Households, register: Register, people: People, faults: FaultLog) -> Households:
    """Doors with what households.csv says of their people; call it after `read_households` and `read_chain`.

    A cell that is wrong is a fault and counts as unknown.
    """
    if not register.fact_rows:
        return households
    villages = np.repeat(
        np.arange(len(households.first_of_village) - 1), np.diff(households.first_of_village)
    )
    village_of_zone = {zone.code: zone.village for zone in people.zones}
    columns: list[list[object]] = [[] for _ in FACT_COLUMNS]
    for (line, cells), village in zip(register.fact_rows, villages.tolist(), strict=True):
        row = Row(HOUSEHOLDS_FILE, line, dict(zip(FACT_COLUMNS, cells, strict=True)), faults)
        grade, zone = row.cell("class"), row.cell("zone")
        if grade and grade not in GRADES:
            row.fault("class", f"expected {choice_of(list(GRADES))} or nothing, got {grade!r}")
        _check_zone(row, zone, village, village_of_zone)
        _check_known(row, "helper", people.posts, CHAIN_FILE)
        _check_known(row, "shelter", people.shelters, SHELTERS_FILE)
        persons, helpless = _people_of(row)
        said = (grade, persons, helpless, zone, row.cell("helper"), row.cell("shelter"))
        for column, value in zip(columns, said, strict=True):
            column.append(value)
    return replace(households, facts=HouseholdFacts(*(tuple(column) for column in columns)))  # type: ignore[arg-type]
