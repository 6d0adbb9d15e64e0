"""CONFIG_DIR -> `Configuration`, or every fault of every file at once.

Files are checked one by one and then against each other; a file that is wrong
does not hide the faults of the others. 900,000 households load in seconds.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from warnstream.config.assemble import assemble, sign_policy
from warnstream.config.channels.following import faults_of_addresses, faults_of_next
from warnstream.config.channels.registry import SECTION_OF_KIND, ChannelsDocument
from warnstream.config.channels.section import ChannelSection
from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.hazards import read_hazards
from warnstream.config.node.document import (
    OUTLINE_METHODS,
    ForecastSection,
    NodeDocument,
    WindowsSection,
)
from warnstream.config.node.forecast_area import check_forecast_area
from warnstream.config.node.forecasts import model_faults_of, reach_s_written
from warnstream.config.node.formats.decoders import MappedNames
from warnstream.config.node.grids import radar_fault
from warnstream.config.node.quality import QualitySection
from warnstream.config.node.release import unknown_hazards
from warnstream.config.orders import ORDERS_FILE, OrdersDocument, check_orders, order_table
from warnstream.config.settings import Configuration
from warnstream.config.tables.chances import read_chances
from warnstream.config.tables.daily_rain import read_past_days
from warnstream.config.tables.households_and_chain import (
    CHAIN_FILE,
    HOUSEHOLDS_FILE,
    Register,
    read_households,
)
from warnstream.config.tables.objects import People, read_facts, read_objects, read_shelters
from warnstream.config.tables.operators import read_operators
from warnstream.config.tables.shards import (
    Cut,
    check_cut,
    check_partitions,
    read_shards,
    shards_by_village,
)
from warnstream.config.tables.stations_and_villages import (
    STATIONS_FILE,
    VILLAGES_FILE,
    VILLAGES_GEOJSON,
    read_stations,
    read_villages,
)
from warnstream.config.tables.zones import ZONES_FILE, read_zones
from warnstream.config.thresholds.context import ValidationContext
from warnstream.config.thresholds.document import ThresholdsDocument
from warnstream.config.thresholds.signs import SignsSection
from warnstream.config.weekly_calls.table import read_posts
from warnstream.config.yaml.check import check_document, valid_part
from warnstream.config.yaml.sections import Section
from warnstream.config.yaml.tree import Location, YamlTree, entries_under, path_text, read_yaml
from warnstream.forecast.chances.table import ChanceTable
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.network import ChainPost, Households, Network, Stations, Villages, Zone
from warnstream.model.observations.days import PastDays
from warnstream.model.transfers.objects import Shelter, TransferObject

NODE_FILE = "warnstream.yaml"
THRESHOLDS_FILE = "thresholds.yaml"
CHANNELS_FILE = "channels.yaml"

SomeSection = TypeVar("SomeSection", bound=Section)


def load_configuration(
    directory: Path, tables: Mapping[str, bytes] | None = None, frozen: Mapping[str, Path] | None = None
) -> Configuration:
    """Read and check a configuration folder.

    Parameters
    ----------
    directory : Path
        Folder with warnstream.yaml, thresholds.yaml, channels.yaml, stations.csv, villages.csv or
        villages.geojson, households.csv, chain.csv and the tables of thresholds.yaml; where there are such
        things zones.csv, orders.yaml of the county's own, operators.csv (who orders by hand), objects.csv and
        shelters.csv (who is moved by lists), teams.csv (rescue), roster.csv (shifts of posts), test_ways.csv
        (numbers that are called for a test), shards.csv (workers that share the county).
    tables : mapping of str to bytes, optional
        Contents of tables that stand in for all those of the folder, by name.
    frozen : mapping of str to Path, optional
        Where files of a bundle lie, by name: they are read instead of those in `directory`.

    Returns
    -------
    Configuration
        Paths in it are absolute.

    Raises
    ------
    ConfigError
        With every fault of every file, in file and line order.
    """
    faults, at = FaultLog(), directory.absolute()
    folder = Folder(at if frozen else _existing(at), faults, tables, frozen)
    node_tree, node = _read_document(NODE_FILE, NodeDocument, folder, faults)
    thresholds_tree, _ = _read_document(THRESHOLDS_FILE, ThresholdsDocument, folder, faults)
    channels_tree, channels = _read_document(CHANNELS_FILE, ChannelsDocument, folder, faults)
    stations = read_stations(folder, faults)
    villages = read_villages(folder, faults)
    zones = read_zones(folder, villages, faults)
    sections = _section_of_channel(channels_tree, faults)
    register = Register(villages, villages.index_of_code() if villages else {}, sections)
    _check_channels(channels, channels_tree, folder)
    households = read_households(folder, register, faults)
    _check_next(channels, channels_tree, households, faults)
    posts, chain, roster, tests = read_posts(folder, register, node, faults)
    households, objects, shelters = _read_who_moves(folder, register, households, posts, zones, faults)
    around = _context(node_tree, villages, zones, stations)
    signs = valid_part(SignsSection, thresholds_tree, "signs") or SignsSection()
    hazards = read_hazards(thresholds_tree, signs, folder, around, faults)
    days = _read_past_days(node, node_tree, folder, stations, faults)
    chances = _read_chances(node, node_tree, folder, faults)
    people = read_operators(folder, villages, posts, faults)
    cut = _read_cut(folder, node, (stations, villages, households), (chain, zones, objects, shelters), faults)
    own_orders = _read_orders(folder, entries_under(thresholds_tree, "hazards") or {}, faults)
    if node is not None and node_tree is not None:
        _check_node(node, node_tree, folder, (stations, villages, zones), faults)
        _check_duty_posts(node, node_tree, posts, faults)
        _check_release(node, node_tree, entries_under(thresholds_tree, "hazards") or {}, faults)
    faults.raise_if_any()
    assert node is not None, NODE_FILE
    assert channels is not None, CHANNELS_FILE
    assert stations is not None, STATIONS_FILE
    assert villages is not None, VILLAGES_FILE
    assert households is not None, HOUSEHOLDS_FILE
    known = objects, shelters, register.posts_were(), hazards.were, roster
    network = Network(stations, villages, households, chain, zones, *known)
    check_forecast_area(node.forecast, node_tree, network, faults)
    rules, kinds = tuple(hazards.build(network.places, stations)), sign_policy(signs)
    orders = order_table(own_orders, rules, hazards.were)
    found = assemble(
        folder, node, channels, rules, network, signs=kinds, orders=orders, operators=people, past_days=days
    )
    return _with_shards(replace(found, chance_table=chances, test_calls=tests), cut)


def _read_cut(
    folder: Folder,
    node: NodeDocument | None,
    places: tuple[Stations | None, Villages | None, Households | None],
    people: tuple[tuple[ChainPost, ...], tuple[Zone, ...], tuple[TransferObject, ...], tuple[Shelter, ...]],
    faults: FaultLog,
) -> Cut | None:
    """shards.csv, checked against places and people, and whether there are as many partitions."""
    stations, villages, households = places
    cut = read_shards(folder, villages, faults)
    if cut is None:
        return None
    if stations is not None and villages is not None and households is not None:
        check_cut(cut, Network(stations, villages, households, *people), faults)
    if node is not None:
        kafka = node.kafka
        check_partitions(cut, None if kafka is None else (kafka.partition, kafka.partitions), faults)
    return cut


def _with_shards(configuration: Configuration, cut: Cut | None) -> Configuration:
    shards = shards_by_village(cut, len(configuration.network.villages))
    if not shards or configuration.kafka is None:
        return configuration
    kafka = replace(configuration.kafka, shards=max(shards) + 1)
    return replace(configuration, shards=shards, kafka=kafka)


def _read_who_moves(
    folder: Folder,
    register: Register,
    households: Households | None,
    chain: tuple[ChainPost, ...],
    zones: tuple[Zone, ...],
    faults: FaultLog,
) -> tuple[Households | None, tuple[TransferObject, ...], tuple[Shelter, ...]]:
    """Households with what is known of them, objects and shelters: for lists of people who are moved."""
    shelters = read_shelters(folder, register, faults)
    known = People(zones, {post.post for post in chain}, {shelter.code for shelter in shelters})
    objects = read_objects(folder, register, known, faults)
    if households is not None:
        households = read_facts(households, register, known, faults)
    return households, objects, shelters


def _context(
    node_tree: YamlTree | None, villages: Villages | None, zones: tuple[Zone, ...], stations: Stations | None
) -> ValidationContext:
    """What tables are checked against, as far as it is right."""
    windows = valid_part(WindowsSection, node_tree, "windows")
    quality = valid_part(QualitySection, node_tree, "quality")
    forecast = valid_part(ForecastSection, node_tree, "forecast")
    return ValidationContext(
        villages=villages,
        zones=zones,
        stations=stations,
        longest_s=windows.longest_s if windows else None,
        stage_m_range=quality.stage_m_range if quality else None,
        has_chances=bool(forecast.table or forecast.radar) if forecast else None,
        model_reach_s=reach_s_written(node_tree.plain if node_tree else None),
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
    return read_past_days(file, folder, stations, (node.day_begins_s, node.node.standard_offset_s), faults)


def _read_chances(
    node: NodeDocument | None, tree: YamlTree | None, folder: Folder, faults: FaultLog
) -> ChanceTable | None:
    """The table of probabilities, if one is named."""
    file, location = node.forecast.table if node is not None else None, ("forecast", "table")
    if file is None or tree is None:
        return None
    if not folder.has(file):
        folder.require(file, tree.file, tree.line_of(location), path_text(location))
        return None
    return read_chances(file, folder, faults)


def _read_document(
    file: str, model: type[SomeSection], folder: Folder, faults: FaultLog
) -> tuple[YamlTree | None, SomeSection | None]:
    text = folder.read_text(file)
    tree = None if text is None else read_yaml(file, text, faults)
    return tree, None if tree is None else check_document(model, tree, faults)


def _section_of_channel(tree: YamlTree | None, faults: FaultLog) -> dict[str, type[ChannelSection]] | None:
    """Section of each channel by its kind as written, so that a slip in one does not hide wrong rows."""
    entries = entries_under(tree, "channels")
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


def _check_channels(channels: ChannelsDocument | None, tree: YamlTree | None, folder: Folder) -> None:
    """Files that channels name are there."""
    if channels is None or tree is None:
        return
    for name, channel in channels.channels.items():
        for key, file in channel.files().items():
            location = ("channels", name, key)
            folder.require(file, tree.file, tree.line_of(location), path_text(location))


def _check_next(
    channels: ChannelsDocument | None, tree: YamlTree | None, households: Households | None, faults: FaultLog
) -> None:
    """What goes on after a channel exists, ends, and can use the addresses."""
    if channels is None or tree is None:
        return
    found = list(faults_of_next(channels.channels))
    if not found and households is not None:
        found = list(faults_of_addresses(channels.channels, households))
    for name, fault in found:
        location = ("channels", name, "next", "channel")
        faults.add(tree.file, tree.line_of(location), path_text(location), fault)


def _files_of(node: NodeDocument) -> dict[Location, str | None]:
    """Files that warnstream.yaml names, by key."""
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
    if node.console is not None:
        named |= {("console", key): getattr(node.console, key) for key in ("certificate", "key")}
    if node.standby is not None and node.standby.tls is not None:
        keys = ("ca", "certificate", "key")
        named |= {("standby", "tls", key): getattr(node.standby.tls, key) for key in keys}
    if node.kafka is not None:
        named |= {("kafka", "password_file"): node.kafka.password_file}
        if node.kafka.tls is not None:
            keys = ("ca", "certificate", "key")
            named |= {("kafka", "tls", key): getattr(node.kafka.tls, key) for key in keys}
    return named


def _check_node(
    node: NodeDocument,
    tree: YamlTree,
    folder: Folder,
    places: tuple[Stations | None, Villages | None, tuple[Zone, ...]],
    faults: FaultLog,
) -> None:
    """What warnstream.yaml says of other files."""
    stations, villages, zones = places
    _check_decoders(node, tree, stations, faults)
    named = _files_of(node)
    for location, file in named.items():
        if file is not None:
            folder.require(file, tree.file, tree.line_of(location), path_text(location))
    if not folder.is_frozen:
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
    named = {("node", "duty_posts"): node.node.duty_posts}
    if node.console is not None:
        named["console", "shift_plan"] = node.console.shift_plan
    for (section, key), number, code in (
        (place, number, code) for place, codes in named.items() for number, code in enumerate(codes)
    ):
        if code not in known:
            location: Location = (section, key, number)
            expected = f"post {code!r} is not in {CHAIN_FILE}"
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _check_release(
    node: NodeDocument, tree: YamlTree, hazards: Mapping[str, object], faults: FaultLog
) -> None:
    """Rules of release are about hazards that there are."""
    for name in unknown_hazards(node.release, hazards):
        location: Location = ("release", "hazards", name)
        expected = f"hazard {name!r} is not in {THRESHOLDS_FILE}"
        faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def _check_grids(node: NodeDocument, tree: YamlTree, directory: Path, faults: FaultLog) -> None:
    """What reads files of grids is installed, masks are there; the radar of the forecast is a grid.

    A folder that is not there is nothing but told (`config.look_at.files`): a share that is not mounted, a
    stick that was pulled, keeps no node from starting and no officer from an order.
    """
    if fault := radar_fault(node.forecast.radar, node.grids):
        location: Location = ("forecast", "radar")
        faults.add(tree.file, tree.line_of(location), path_text(location), fault)
    for place, expected in model_faults_of(node.forecasts, node.messages.transfer.ahead):
        faults.add(tree.file, tree.line_of(place), path_text(place), expected)
    for name, grid in node.grids.items():
        if grid.mask is not None and not (directory / grid.mask.file).is_file():
            location = ("grids", name, "mask", "file")
            expected = f"no such file: {grid.mask.file}"
            faults.add(tree.file, tree.line_of(location), path_text(location), expected)
    if (node.grids or node.forecasts) and not all(find_spec(module) for module in ("xarray", "h5netcdf")):
        expected = "reading grids needs an extra: pip install 'warnstream[grids]'"
        key = "grids" if node.grids else "forecasts"
        faults.add(tree.file, tree.line_of((key,)), key, expected)


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
