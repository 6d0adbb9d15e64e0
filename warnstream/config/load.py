"""CONFIG_DIR -> `Configuration`, or every fault of every file at once.

Files are checked one by one and then against each other; a file that is wrong
does not hide the faults of the others. 900,000 households load in seconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from warnstream.config.assemble import assemble, sign_policy
from warnstream.config.channels.registry import SECTION_OF_KIND, ChannelsDocument
from warnstream.config.channels.section import ChannelSection
from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import Folder
from warnstream.config.node.decoders import MappedNames
from warnstream.config.node.document import (
    OUTLINE_METHODS,
    NodeDocument,
    WindowsSection,
)
from warnstream.config.node.quality import QualitySection
from warnstream.config.orders import ORDERS_FILE, OrdersDocument, check_orders, order_table
from warnstream.config.rules.tables import RuleBook
from warnstream.config.settings import Configuration
from warnstream.config.tables.daily_rain import read_past_days
from warnstream.config.tables.households_and_chain import (
    CHAIN_FILE,
    HOUSEHOLDS_FILE,
    Register,
    read_chain,
    read_households,
)
from warnstream.config.tables.stations_and_villages import (
    STATIONS_FILE,
    VILLAGES_FILE,
    VILLAGES_GEOJSON,
    read_stations,
    read_villages,
)
from warnstream.config.tables.zones import ZONES_FILE, read_zones
from warnstream.config.thresholds.build import build_rule
from warnstream.config.thresholds.document import (
    AnyHazard,
    CriticalRainfallSection,
    ForestFireSection,
    HazardDocument,
    LandslideRainSection,
    RainstormSection,
    RiverStageSection,
    RuleSection,
    SignsSection,
    SlopeMovementSection,
    ThresholdsDocument,
    WaterloggingSection,
)
from warnstream.config.thresholds.intervals import check_intervals
from warnstream.config.thresholds.rivers import RiverBook
from warnstream.config.thresholds.table import (
    Threshold,
    ValidationContext,
    check_classes,
    duration_fault,
    read_table,
    rows_of_places,
)
from warnstream.config.thresholds.untabled import FIRE_VARIABLES, find_unknown_areas, weather_stations
from warnstream.config.thresholds.wetness import ClassValue
from warnstream.config.yaml.check import check_document, valid_part
from warnstream.config.yaml.sections import Section
from warnstream.config.yaml.tree import Location, YamlTree, path_text, read_yaml
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.network import ChainPost, Network, Stations, Villages, Zone
from warnstream.model.observations.days import PastDays
from warnstream.model.rules.rules import CriticalStage, HazardRule

NODE_FILE = "warnstream.yaml"
THRESHOLDS_FILE = "thresholds.yaml"
CHANNELS_FILE = "channels.yaml"


SomeSection = TypeVar("SomeSection", bound=Section)


def load_configuration(directory: Path) -> Configuration:
    """Read and check a configuration folder.

    Parameters
    ----------
    directory : Path
        Folder with warnstream.yaml, thresholds.yaml, channels.yaml,
        stations.csv, villages.csv or villages.geojson, households.csv,
        chain.csv, zones.csv if villages are divided, orders.yaml if the county has its own, and the
        tables that thresholds.yaml names.

    Returns
    -------
    Configuration
        Paths in it are absolute.

    Raises
    ------
    ConfigError
        With every fault of every file, in file and line order.
    """
    faults = FaultLog()
    folder = Folder(_existing(directory.absolute()), faults)
    node_tree, node = _read_document(NODE_FILE, NodeDocument, folder, faults)
    thresholds_tree, _ = _read_document(THRESHOLDS_FILE, ThresholdsDocument, folder, faults)
    channels_tree, channels = _read_document(CHANNELS_FILE, ChannelsDocument, folder, faults)
    stations = read_stations(folder, faults)
    villages = read_villages(folder, faults)
    zones = read_zones(folder, villages, faults)
    register = Register(
        villages, villages.index_of_code() if villages else {}, _section_of_channel(channels_tree, faults)
    )
    if channels is not None and channels_tree is not None:
        _check_channels(channels, channels_tree, folder)
    households = read_households(folder, register, faults)
    chain = read_chain(folder, register, faults)
    around = _context(node_tree, villages, zones, stations)
    hazards, rows = _read_thresholds(thresholds_tree, folder, around, faults)
    signs = valid_part(SignsSection, thresholds_tree, "signs") or SignsSection()
    rule_book = rivers = None
    if thresholds_tree is not None:
        rule_book = RuleBook(thresholds_tree, hazards, tuple(signs.kinds), folder, around, faults)
        rivers = RiverBook(thresholds_tree, hazards, rows, folder, around, faults)
        _check_signs(hazards, signs, thresholds_tree, faults)
    past_days = _read_past_days(node, node_tree, folder, stations, faults)
    own_orders = _read_orders(folder, hazards, faults)
    if node is not None and node_tree is not None:
        _check_node(node, node_tree, folder, (villages, zones), faults)
        _check_duty_posts(node, node_tree, chain, faults)
        _check_decoders(node, node_tree, stations, faults)
    faults.raise_if_any()
    assert node is not None, NODE_FILE
    assert channels is not None, CHANNELS_FILE
    assert stations is not None, STATIONS_FILE
    assert villages is not None, VILLAGES_FILE
    assert households is not None, HOUSEHOLDS_FILE
    assert rule_book is not None, THRESHOLDS_FILE
    assert rivers is not None, THRESHOLDS_FILE
    network = Network(stations, villages, households, chain, zones)
    places = network.places
    rows = rows_of_places(rows, places)
    rules = tuple(_build_rules(hazards, rows, rule_book, rivers, places.site, stations))
    orders, kinds = order_table(own_orders, rules), sign_policy(signs)
    return assemble(folder, node, channels, rules, network, signs=kinds, orders=orders, past_days=past_days)


def _context(
    node_tree: YamlTree | None, villages: Villages | None, zones: tuple[Zone, ...], stations: Stations | None
) -> ValidationContext:
    """What tables are checked against, as far as it is right."""
    windows = valid_part(WindowsSection, node_tree, "windows")
    quality = valid_part(QualitySection, node_tree, "quality")
    return ValidationContext(
        villages=villages,
        zones=zones,
        stations=stations,
        longest_s=windows.longest_s if windows else None,
        stage_m_range=quality.stage_m_range if quality else None,
    )


def _existing(directory: Path) -> Path:
    if not directory.is_dir():
        raise ConfigError([Fault(str(directory), 0, "", f"no such folder: expected one with {NODE_FILE}")])
    return directory


def _read_orders(folder: Folder, hazards: Mapping[str, object], faults: FaultLog) -> OrdersDocument | None:
    """The county's own orders, if there are any."""
    if not folder.has(ORDERS_FILE):
        return None
    tree, own = _read_document(ORDERS_FILE, OrdersDocument, folder, faults)
    if tree is not None and own is not None:
        check_orders(tree, own, hazards, faults)
    return own


def _read_past_days(
    node: NodeDocument | None,
    tree: YamlTree | None,
    folder: Folder,
    stations: Stations | None,
    faults: FaultLog,
) -> PastDays | None:
    """Days of the warm-up file, if one is named."""
    file, location = node.windows.warm_up if node is not None else None, ("windows", "warm_up")
    if file is None or node is None or tree is None:
        return None
    if not folder.has(file):
        folder.require(file, tree.file, tree.line_of(location), path_text(location))
        return None
    return read_past_days(file, folder, stations, (node.day_begins_s, node.node.utc_offset_s), faults)


def _build_rules(
    hazards: dict[str, HazardDocument | None],
    rows: list[Threshold],
    rule_book: RuleBook,
    rivers: RiverBook,
    places: Villages,
    stations: Stations,
) -> Iterator[HazardRule]:
    """Every hazard with its thresholds over all places."""
    for name, hazard in hazards.items():
        assert hazard is not None, name
        conditions = None
        if isinstance(hazard, RuleSection):
            conditions = rule_book.table_of(name, hazard, places, stations)
        own = [row for row in rows if row.hazard == name]
        rule = build_rule(name, hazard, own, places, stations, conditions)
        if isinstance(hazard, RiverStageSection) and isinstance(rule.thresholds, CriticalStage):
            table = rivers.with_reaches(rule.thresholds, name, places, stations)
            # A flood that has passed the gauge is still on its way.
            hold_s = max(rule.lowering.hold_s, table.reaches.travel_s_max if table.reaches else 0)
            rule = replace(rule, thresholds=table, lowering=replace(rule.lowering, hold_s=hold_s))
        yield rule


def _check_signs(
    hazards: dict[str, HazardDocument | None], signs: SignsSection, tree: YamlTree, faults: FaultLog
) -> None:
    """Kinds of signs that raise a hazard are among those that may be reported."""
    for name, hazard in hazards.items():
        trigger = hazard.signs if hazard is not None else None
        for index, kind in enumerate(trigger.kinds if trigger else ()):
            if kind not in signs.kinds:
                location: Location = ("hazards", name, "signs", "kinds", index)
                expected = unknown("kind of sign", kind, signs.kinds)
                faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _read_document(
    file: str, model: type[SomeSection], folder: Folder, faults: FaultLog
) -> tuple[YamlTree | None, SomeSection | None]:
    text = folder.read_text(file)
    tree = None if text is None else read_yaml(file, text, faults)
    return tree, None if tree is None else check_document(model, tree, faults)


def _section_names(tree: YamlTree | None, key: str) -> dict[str, object] | None:
    """Entries under a key as written, right or wrong; None where there are none."""
    plain = tree.plain if tree else None
    entries = plain.get(key) if isinstance(plain, dict) else None
    return entries if isinstance(entries, dict) else None


def _section_of_channel(tree: YamlTree | None, faults: FaultLog) -> dict[str, type[ChannelSection]] | None:
    """Section of each channel by its kind as written, so that a slip in one does not hide wrong rows."""
    entries = _section_names(tree, "channels")
    if tree is None or entries is None:
        return None
    if VILLAGE_TOPIC_CHANNEL in entries:
        location = ("channels", VILLAGE_TOPIC_CHANNEL)
        faults.add(
            tree.file, tree.line_of(location), path_text(location), "this name is reserved: choose another"
        )
    kinds = {
        name: str(entry.get("kind")) if isinstance(entry, dict) else "" for name, entry in entries.items()
    }
    return {name: SECTION_OF_KIND.get(kind, ChannelSection) for name, kind in kinds.items()}


def _check_channels(channels: ChannelsDocument, tree: YamlTree, folder: Folder) -> None:
    """Files that channels name are there."""
    for name, channel in channels.channels.items():
        for key, file in channel.files().items():
            location = ("channels", name, key)
            folder.require(file, tree.file, tree.line_of(location), path_text(location))


def _read_thresholds(
    tree: YamlTree | None, folder: Folder, around: ValidationContext, faults: FaultLog
) -> tuple[dict[str, HazardDocument | None], list[Threshold]]:
    """Hazards as far as they are right, and the rows of all their tables."""
    hazards: dict[str, HazardDocument | None] = {}
    entries = _section_names(tree, "hazards")
    if tree is None or entries is None:
        return hazards, []
    adapter: TypeAdapter[HazardDocument] = TypeAdapter(AnyHazard)
    for name, entry in entries.items():
        try:
            hazards[name] = adapter.validate_python(entry)
        except ValidationError:
            hazards[name] = None
    rows: list[Threshold] = []
    whole: set[str] = set()
    for table in dict.fromkeys(getattr(hazard, "table", None) for hazard in hazards.values()):
        if table is not None and folder.has(table):
            n_before = len(faults)
            rows += read_table(table, folder, hazards, around, faults)
            whole |= {table} if len(faults) == n_before else set()
    for name, hazard in hazards.items():
        if hazard is not None:
            _check_levels(name, hazard, tree, around, faults)
            _check_names(name, hazard, tree, around, faults)
            _check_table(name, hazard, tree, folder)
            if getattr(hazard, "table", None) in whole:
                _check_gauges(name, hazard, rows, tree, faults)
    if around.stations is not None:
        check_intervals(tree, hazards, rows, around.stations, faults)
    return hazards, rows


def _check_table(name: str, hazard: HazardDocument, tree: YamlTree, folder: Folder) -> None:
    """A table that is named must be there."""
    table = getattr(hazard, "table", None)
    if table is not None:
        location = ("hazards", name, "table")
        folder.require(table, tree.file, tree.line_of(location), path_text(location))


def _check_levels(
    name: str, hazard: HazardDocument, tree: YamlTree, around: ValidationContext, faults: FaultLog
) -> None:
    """Durations, duplicates and order of the levels in thresholds.yaml."""
    if not isinstance(hazard, RainstormSection | CriticalRainfallSection | WaterloggingSection):
        return

    def fault(number: int, key: str, expected: str) -> None:
        location = ("hazards", name, "levels", number, key) if key else ("hazards", name, "levels", number)
        faults.add(tree.file, tree.line_of(location), path_text(location), expected)

    first: dict[tuple[int, int, str], int] = {}
    values = []
    for number, level in enumerate(hazard.levels):
        wetness = getattr(level, "wetness", None) or ""
        values.append(ClassValue(number, level.duration_s, level.level, level.rain_mm, wetness))
        wrong = duration_fault(level.duration_s, around.longest_s)
        if wrong:
            fault(number, "duration", wrong)
        earlier = first.setdefault((level.duration_s, level.level, wetness), number)
        if earlier != number:
            fault(number, "", f"duplicate threshold, first in levels[{earlier}]")
    check_classes(values, "mm", lambda number, expected: fault(number, "rain_mm", expected))


def _check_names(
    name: str, hazard: HazardDocument, tree: YamlTree, around: ValidationContext, faults: FaultLog
) -> None:
    """Villages, townships, counties and stations that a section names or needs exist."""
    if isinstance(hazard, ForestFireSection) and around.stations is not None:
        without = len(weather_stations(around.stations)) == 0
        if without:
            location = ("hazards", name)
            needed = ", ".join(sorted(variable.word for variable in FIRE_VARIABLES))
            sentence = f"expected at least one station that measures {needed} (stations.csv), there is none"
            faults.add(tree.file, tree.line_of(location), path_text(location), sentence)
    if isinstance(hazard, SlopeMovementSection) and around.stations is not None:
        known = around.stations.index_of_code()
        for key in ("steady_mm_per_day", "thermal_deg_per_degc"):
            for station in getattr(hazard, key):
                if station not in known:
                    place: Location = ("hazards", name, key, station)
                    sentence = unknown("station", station, known)
                    faults.add(tree.file, tree.line_of(place), path_text(place), sentence)
    if isinstance(hazard, LandslideRainSection) and around.villages is not None:
        for number, index, expected in find_unknown_areas(hazard.territories, around.villages, around.zones):
            area: Location = ("hazards", name, "territories", number, "areas", index)
            faults.add(tree.file, tree.line_of(area), path_text(area), expected)


def _check_gauges(
    name: str, hazard: HazardDocument, rows: list[Threshold], tree: YamlTree, faults: FaultLog
) -> None:
    """Sensors without a single row would never warn; a tangent angle needs a steady velocity."""
    if isinstance(hazard, SlopeMovementSection):
        location = ("hazards", name, "steady_mm_per_day")
        tangent = {row.station for row in rows if row.hazard == name and row.unit == "deg"}
        for station in sorted(tangent - hazard.steady_mm_per_day.keys()):
            expected = (
                f"expected station {station!r}: it has thresholds in deg, relative to a steady velocity"
            )
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)
    if isinstance(hazard, RiverStageSection | SlopeMovementSection) and all(
        row.hazard != name for row in rows
    ):
        location = ("hazards", name, "table")
        expected = f"expected rows of hazard {name!r} in {hazard.table}, there is none"
        faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _check_node(
    node: NodeDocument,
    tree: YamlTree,
    folder: Folder,
    places: tuple[Villages | None, tuple[Zone, ...]],
    faults: FaultLog,
) -> None:
    """What warnstream.yaml says of other files."""
    villages, zones = places
    broker = node.broker
    named: dict[Location, str | None] = {("broker", "password_file"): broker.password_file}
    if broker.tls is not None:
        named |= {("broker", "tls", key): getattr(broker.tls, key) for key in ("ca", "certificate", "key")}
    listener = node.listener
    if listener is not None:
        named |= {("listener", "users_file"): listener.users_file}
        if listener.tls is not None:
            keys = ("ca", "certificate", "key")
            named |= {("listener", "tls", key): getattr(listener.tls, key) for key in keys}
    for location, file in named.items():
        if file is not None:
            folder.require(file, tree.file, tree.line_of(location), path_text(location))
    _check_grids(node, tree, folder.directory, faults)
    storage = folder.directory / node.storage.directory
    if folder.has(node.storage.directory) and not storage.is_dir():
        location = ("storage", "directory")
        faults.add(
            tree.file, tree.line_of(location), path_text(location), "expected a folder, this is a file"
        )
    outlines = [*(villages.polygon_wkt if villages else ()), *(zone.polygon_wkt for zone in zones)]
    method = node.villages.method
    if method in OUTLINE_METHODS and villages is not None and not any(outlines):
        location = ("villages", "method")
        expected = (
            f"{method} needs outlines: polygon_wkt in {VILLAGES_FILE} or {ZONES_FILE}, or {VILLAGES_GEOJSON}"
        )
        faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _check_duty_posts(
    node: NodeDocument, tree: YamlTree, chain: tuple[ChainPost, ...], faults: FaultLog
) -> None:
    """Who is notified of alarms is somebody whom chain.csv knows how to reach."""
    known = {post.post for post in chain}
    for number, code in enumerate(node.node.duty_posts):
        if code not in known:
            location: Location = ("node", "duty_posts", number)
            expected = f"post {code!r} is not in {CHAIN_FILE}"
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _check_grids(node: NodeDocument, tree: YamlTree, directory: Path, faults: FaultLog) -> None:
    """Folders of grids exist, and what reads their files is installed."""
    for name, grid in node.grids.items():
        location: Location = ("grids", name, "files")
        if not (directory / grid.files).parent.is_dir():
            expected = f"no such folder: {PurePosixPath(grid.files).parent}"
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)
    if node.grids and not all(find_spec(module) for module in ("xarray", "h5netcdf")):
        expected = "reading grids needs an extra: pip install 'warnstream[grids]'"
        faults.add(tree.file, tree.line_of(("grids",)), "grids", expected)


def _check_decoders(node: NodeDocument, tree: YamlTree, stations: Stations | None, faults: FaultLog) -> None:
    """Stations that decoders map to must be in stations.csv."""
    if stations is None:
        return
    codes = stations.index_of_code()
    named: list[tuple[Location, MappedNames]] = [
        (("decoders", number), section) for number, section in enumerate(node.decoders)
    ]
    named += [(("logger_files", number), section) for number, section in enumerate(node.logger_files)]
    for number, file in enumerate(node.logger_files):
        if file.only_station is not None and file.only_station not in codes:
            location: Location = ("logger_files", number, "only_station")
            expected = f"station {file.only_station!r} is not in {STATIONS_FILE}"
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)
    if node.listeners.sl651 is not None:
        named.append((("listeners", "sl651"), node.listeners.sl651))
    for place, section in named:
        for theirs, code in section.stations.items():
            if code not in codes:
                location = (*place, "stations", theirs)
                expected = f"station {code!r} is not in {STATIONS_FILE}"
                faults.add(tree.file, tree.line_of(location), path_text(location), expected)
