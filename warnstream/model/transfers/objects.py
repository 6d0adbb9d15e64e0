"""What must be empty or safe before a hazard, beside households: huts, sites, guests, boats and others.

Rows of objects.csv and shelters.csv. Grades A to D say who goes first; the default of a kind is a draft
policy's, to be signed by the county: A who cannot help themselves or sleeps in what the water takes, B
dangerous houses, C below ponds and in river beds, D the rest of a danger zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = -1
"""Persons that nobody has counted."""

GRADES = ("A", "B", "C", "D")
"""In the order of leaving."""


class ObjectKind(StrEnum):
    """Kinds of rows of objects.csv."""

    HUT = "hut"
    SITE = "site"
    GUESTS = "guests"
    BOAT = "boat"
    SCHOOL = "school"
    CARE_HOME = "care_home"
    CAMP = "camp"
    BELOW_POND = "below_pond"
    RIVER_WORK = "river_work"
    DANGEROUS_HOUSE = "dangerous_house"
    OTHER = "other"


HOUSEHOLD = "household"
"""Kind of a row that is a door of households.csv."""

WHOLE_VILLAGE = "village"
"""Kind of the one row of a village of which neither doors nor objects are known."""

GRADE_OF_KIND: Mapping[ObjectKind, str] = {
    ObjectKind.HUT: "A",
    ObjectKind.SITE: "A",
    ObjectKind.GUESTS: "A",
    ObjectKind.BOAT: "A",
    ObjectKind.SCHOOL: "A",
    ObjectKind.CARE_HOME: "A",
    ObjectKind.CAMP: "A",
    ObjectKind.DANGEROUS_HOUSE: "B",
    ObjectKind.BELOW_POND: "C",
    ObjectKind.RIVER_WORK: "C",
    ObjectKind.OTHER: "D",
}
"""Grade of an object whose row does not say one."""

OUTDOORS = frozenset(
    {
        ObjectKind.DANGEROUS_HOUSE,
        ObjectKind.HUT,
        ObjectKind.SITE,
        ObjectKind.CAMP,
        ObjectKind.RIVER_WORK,
    }
)
"""Dangerous houses and people at work or asleep outdoors: a counter of their own."""


@dataclass(frozen=True, slots=True)
class TransferObject:
    """A row of objects.csv.

    Attributes
    ----------
    code, name : str
        `code` is unique among objects and households; `name` may be empty.
    village : int
        Number of its village.
    zone : str
        Code of its zone; empty: of the village, wherever in it.
    kind : ObjectKind
    grade : str
        Of `GRADES`.
    persons, helpless : int
        `UNKNOWN` where nobody has counted; `helpless` are those of them who cannot go alone.
    helper : str
        The post that fetches them; empty: nobody by name.
    shelter : str
        Code of shelters.csv; empty: the village's.
    """

    code: str
    name: str
    village: int
    zone: str
    kind: ObjectKind
    grade: str
    persons: int = UNKNOWN
    helpless: int = UNKNOWN
    helper: str = ""
    shelter: str = ""


@dataclass(frozen=True, slots=True)
class Shelter:
    """A row of shelters.csv: `capacity` in persons, `village` a village's number."""

    code: str
    name: str
    village: int
    capacity: int
    key_holder: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """What households.csv says of doors beyond their channel; every column is whole, one entry a door.

    `grade` is empty where nobody said: such a door is on the list of every grade.
    """

    grade: tuple[str, ...]
    persons: tuple[int, ...]
    helpless: tuple[int, ...]
    zone: tuple[str, ...]
    helper: tuple[str, ...]
    shelter: tuple[str, ...]
