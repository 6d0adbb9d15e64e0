"""What a transfer would miss: people without a shelter, shelters too small, doors without a grade."""

from collections import defaultdict
from collections.abc import Iterator

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, count_villages, name_some
from warnstream.model.network import Network


def nowhere_to_go(configuration: Configuration) -> Iterator[str]:
    """Villages and zones whose people have no shelter by name, and shelters too small for who goes there."""
    network = configuration.network
    if not network.objects and not network.shelters:
        return
    codes, of_village = network.villages.code, _first_of_village(network)
    going: defaultdict[str, int] = defaultdict(int)
    without: dict[int, None] = {}
    zones: dict[str, None] = {}
    for village, zone, persons, named in _people(network):
        shelter = named or of_village.get(village, "")
        if shelter:
            going[shelter] += max(persons, 0)
        elif zone:
            zones[zone] = None
        else:
            without[village] = None
    if zones:
        n = count_of(len(zones), "zone", "zones")
        yield f"shelters.csv: no shelter for {n} with people: {name_some(list(zones))}"
    if without:
        named_villages = name_some([codes[village] for village in without])
        yield f"shelters.csv: no shelter for {count_villages(len(without))} with people: {named_villages}"
    small = [
        f"{shelter.code} ({going[shelter.code]} for {shelter.capacity})"
        for shelter in network.shelters
        if going[shelter.code] > shelter.capacity
    ]
    if small:
        yield f"shelters.csv: {count_of(len(small), 'shelter', 'shelters')} too small: {name_some(small)}"


def uncounted(configuration: Configuration) -> Iterator[str]:
    """Rows of objects.csv without persons or helper, and doors without a grade where others have one."""
    objects = configuration.network.objects
    if persons := [listed.code for listed in objects if listed.persons < 0]:
        n = count_of(len(persons), "object", "objects")
        yield f"objects.csv: nobody has counted the persons of {n}: {name_some(persons)}"
    if alone := [listed.code for listed in objects if listed.helpless > 0 and not listed.helper]:
        n = count_of(len(alone), "object", "objects")
        yield f"objects.csv: {n} with helpless persons and no helper: {name_some(alone)}"
    facts = configuration.network.households.facts
    if facts is not None and any(facts.grade):
        codes = configuration.network.households.code
        if bare := [code for code, grade in zip(codes, facts.grade, strict=True) if not grade]:
            n = count_of(len(bare), "household", "households")
            yield f"households.csv: {n} without a class, on the lists of every class: {name_some(bare)}"


def _first_of_village(network: Network) -> dict[int, str]:
    """The shelter of who is given none by name."""
    found: dict[int, str] = {}
    for shelter in network.shelters:
        found.setdefault(shelter.village, shelter.code)
    return found


def _people(network: Network) -> Iterator[tuple[int, str, int, str]]:
    """Village, zone, persons and shelter of every object and door; without facts of doors their villages."""
    for listed in network.objects:
        yield listed.village, listed.zone, listed.persons, listed.shelter
    facts = network.households.facts
    for village in range(len(network.villages)):
        doors = network.households.of_village(village)
        if facts is None:
            yield from ((village, "", 0, "") for _ in doors[:1])
            continue
        for door in doors:
            yield village, facts.zone[door], facts.persons[door], facts.shelter[door]
