"""objects.csv and shelters.csv of a simulated county: who must be away before water comes, and where to.

One village in three has a hut, a site, guests, a boat, a school or what lies below a pond, with heads, and
each has a shelter with room for them. The shares are invented: enough that lists are not empty.
"""

from collections.abc import Iterator
from pathlib import Path

from station_sim.county.files import write_rows
from station_sim.seeds import share_of
from warnstream.model.network import Villages

OBJECTS_HEADER = ("object", "village", "kind", "name", "class", "persons", "helpless", "helper", "shelter")
SHELTERS_HEADER = ("shelter", "name", "village", "capacity", "key_holder", "phone")

KINDS = (
    ("hut", "工棚", 8),
    ("site", "工地", 20),
    ("guests", "民宿", 12),
    ("boat", "渔船", 4),
    ("below_pond", "山塘下游", 30),
    ("dangerous_house", "危房", 5),
    ("camp", "露营点", 10),
    ("school", "小学", 60),
)
"""Kind, what it is called, and the most persons of one."""

SHARE = 1 / 3
"""Of villages that have such an object."""

ROOM = 150
"""Persons of a shelter, at the least."""


def write_objects(path: Path, villages: Villages) -> None:
    """Write objects.csv; the grid member of the village fetches who cannot go alone."""
    write_rows(path, OBJECTS_HEADER, _object_rows(villages))


def _object_rows(villages: Villages) -> Iterator[tuple[object, ...]]:
    for village in villages.code:
        if share_of(0, village, "object") >= SHARE:
            continue
        kind, name, most = KINDS[int(share_of(0, village, "kind of object") * len(KINDS))]
        persons = 1 + int(share_of(0, village, "persons of object") * most)
        helpless = int(share_of(0, village, "helpless of object") * persons / 3)
        yield f"O{village}", village, kind, name, "", persons, helpless, f"G{village}", f"S{village}"


def write_shelters(path: Path, villages: Villages) -> None:
    """Write shelters.csv: one in each village; its head has the key."""
    rows = (
        (f"S{code}", "村文化礼堂", code, ROOM + int(share_of(0, code, "shelter") * 250), f"V{code}", "")
        for code in villages.code
    )
    write_rows(path, SHELTERS_HEADER, rows)
