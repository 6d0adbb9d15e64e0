"""What a correct configuration amounts to, and what in it deserves an operator's look.

`lints` are not faults: a county may have a village without a door yet. But
somebody should know before the rain.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from warnstream.assessment.asked_windows import asked_windows
from warnstream.assessment.judgement import durations_of
from warnstream.assessment.rule_needs import antecedent_plan
from warnstream.config.node.document import OUTLINE_METHODS
from warnstream.config.orders import LONGEST_EN, LONGEST_ZH
from warnstream.config.rules.wording import days_words
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.level import Level
from warnstream.model.network import Network, Stations
from warnstream.model.observations.days import DayWindow, begin_of_day_s
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    FireTable,
    HazardRule,
    LandslideRain,
    SlopeTable,
    WaterloggingTable,
)
from warnstream.model.times import clock_local, iso_local
from warnstream.model.warning import MessageStatus
from warnstream.routing.duty import duty_posts

NAMES_SHOWN_MAX = 5
SIGNATURE_CHARACTERS_MAX = 5
"""With its brackets 7 of the 70 characters of a short message."""
POINTS_AT_ONCE = 256
"""Distances are worked out for that many places at once: 256 x 5,000 x 8 B are 10 MB."""


def summarise(configuration: Configuration) -> str:
    """Counts, channels, rules with their durations and sources, as lines of text.

    Parameters
    ----------
    configuration : Configuration

    Returns
    -------
    str
        Lines without a final newline.
    """
    network = configuration.network
    stations = network.stations
    rain, stage = int(stations.measures_rain.sum()), int(stations.measures_stage.sum())
    status = configuration.message.status.value
    lines = [
        f"node       {configuration.node.name} ({status}), configuration {configuration.fingerprint[:12]}",
        f"stations   {len(stations)} ({rain} measure rain, {stage} stage)",
        f"villages   {len(network.villages)}{_zones_of(network)}",
        f"households {len(network.households)} ({_counted(network.households.channel)})",
        f"posts      {len(network.chain)} ({_counted(post.channel for post in network.chain)})",
        "rules",
        *(line for rule in configuration.rules for line in _rule_lines(rule, network)),
        *_day_lines(configuration),
        *_sign_lines(configuration),
    ]
    return "\n".join(lines)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{n} by {word}" for word, n in sorted(Counter(words).items())) or "none"


def _zones_of(network: Network) -> str:
    divided = len({zone.village for zone in network.zones})
    return f" ({divided} divided into {len(network.zones)} zones)" if divided else ""


def _rule_lines(rule: HazardRule, network: Network) -> Iterator[str]:
    """A rule, and below it what its conditions and its signs mean in words."""
    yield f"  {_rule_line(rule, network)}"
    if isinstance(rule.thresholds, RuleTable):
        for item in sorted(rule.thresholds.levels, key=lambda item: item.level):
            yield f"    {item.level.word} if {item.words}"
    if rule.signs is not None:
        kinds, reported = ", ".join(sorted(rule.signs.kinds)), rule.signs.reported_level
        also = f", {reported.word} while nobody has validated it" if reported else ""
        yield f"    {rule.signs.validated_level.word} if somebody sees {kinds} and it is validated{also}"


def _day_lines(configuration: Configuration) -> Iterator[str]:
    """When days begin, which windows of days the rules read, and what is known of the days before."""
    days = _windows_of_days(configuration)
    if days:
        longest = max(window.last for window in days)
        begins = clock_local(configuration.windows.day_begins_s, configuration.message.utc_offset_s)
        kept = f"{longest} days are kept for" if longest > 1 else "the day before is kept for"
        yield f"days       begin at {begins}; {kept} {', '.join(days_words(window) for window in days)}"
    past = configuration.past_days
    if past is not None:
        first, last = (_date_of(day, configuration) for day in (past.first, past.last))
        known = int((past.observed_min > 0).any(axis=0).sum())
        yield f"warm-up    days from {first} to {last} of {_count(known, 'station', 'stations')}"


def _windows_of_days(configuration: Configuration) -> tuple[DayWindow, ...]:
    rules = configuration.rules
    return asked_windows(rules, durations_of(rules), configuration.windows.longest_s).days


def _date_of(day: int, configuration: Configuration) -> str:
    """Local date on which a day begins."""
    begin_s = begin_of_day_s(day, configuration.windows.day_begins_s)
    return iso_local(begin_s, configuration.message.utc_offset_s)[:10]


def _sign_lines(configuration: Configuration) -> Iterator[str]:
    signs = configuration.signs
    if signs.kinds:
        kinds = ", ".join(f"{kind.kind} ({kind.title_en})" for kind in signs.kinds)
        yield f"signs      {kinds}; over after {format_duration(signs.expires_s)} unless renewed"


def _rule_line(rule: HazardRule, network: Network) -> str:
    thresholds = rule.thresholds
    if isinstance(thresholds, CriticalRain):
        over = ", ".join(format_duration(int(duration_s)) for duration_s in thresholds.duration_s)
        n_villages = int((~np.isnan(thresholds.critical_mm)).any(axis=(1, 2)).sum())
        what = f"rain over {over} in {_villages(n_villages)}"
    elif isinstance(thresholds, LandslideRain):
        n_villages = int((thresholds.territory >= 0).sum())
        n = _count(len(thresholds.territories), "territory", "territories")
        what = f"soil water and antecedent rain of {n} in {_villages(n_villages)}"
        windows = ", ".join(days_words(window) for window in sorted(thresholds.day_windows))
        what += f"; {windows}" if windows else ""
    elif isinstance(thresholds, WaterloggingTable):
        n_villages = int((~np.isnan(thresholds.rain.critical_mm)).any(axis=(1, 2)).sum())
        n_stations = len(np.unique(thresholds.station))
        sensors = _count(n_stations, "station", "stations")
        what = f"depth of {sensors}, rain in {_villages(n_villages)}"
    elif isinstance(thresholds, SlopeTable):
        n_stations = len(np.unique(thresholds.station))
        n_villages = len(np.unique(thresholds.village))
        what = f"slope sensors of {_count(n_stations, 'station', 'stations')} for {_villages(n_villages)}"
    elif isinstance(thresholds, FireTable):
        n_villages = int((thresholds.station >= 0).any(axis=1).sum())
        what = f"fire weather in {_villages(n_villages)}"
    elif isinstance(thresholds, RuleTable):
        concerns = thresholds.concerns
        n_villages = len(network.villages) if concerns is None else int(concerns.sum())
        what = f"{_count(len(thresholds.leaves()), 'condition', 'conditions')} in {_villages(n_villages)}"
    else:
        n_villages = len(np.unique(thresholds.village))
        n_stations = len(np.unique(thresholds.station))
        what = f"stage of {_count(n_stations, 'station', 'stations')} for {_villages(n_villages)}"
    return f"{rule.name} ({rule.evaluator}): {what}; source: {rule.source or 'none'}"


def lints(configuration: Configuration) -> list[str]:
    """Sentences about what is right in form but may not be meant.

    Parameters
    ----------
    configuration : Configuration

    Returns
    -------
    list of str
        Empty if nothing stands out.
    """
    return [
        *_lints_of_node(configuration),
        *_lints_of_rules(configuration),
        *_lints_of_days(configuration),
        *_lints_of_people(configuration.network),
        *_lints_of_bulletins(configuration),
        *_lints_of_duty(configuration),
        *_lints_of_places(configuration),
    ]


def _lints_of_node(configuration: Configuration) -> Iterator[str]:
    actual = configuration.message.status is MessageStatus.ACTUAL
    simulated = configuration.node.clock == "simulated"
    if actual and simulated:
        yield "messages.status is Actual while node.clock is simulated: a drill would pass for real"
    if not actual and not simulated:
        yield "messages.status is Exercise: every message says that it is an exercise"
    listener = configuration.listener
    if listener is not None and listener.is_open and listener.host not in {"127.0.0.1", "localhost", "::1"}:
        what = "the embedded broker" if configuration.broker.embedded else "the listener"
        yield f"{what} listens on {listener.host} and asks nobody for a password"
    routing = configuration.routing
    if routing.household_level_min < routing.chain_level_min:
        yield (
            f"households are called from {routing.household_level_min.word}, the responsibility chain only "
            f"from {routing.chain_level_min.word}"
        )


def _lints_of_days(configuration: Configuration) -> Iterator[str]:
    if configuration.past_days is not None and not (
        _windows_of_days(configuration) or antecedent_plan(configuration.rules)
    ):
        yield "windows.warm_up has no effect: no rule reads earlier rain"


def _lints_of_rules(configuration: Configuration) -> Iterator[str]:
    for rule in configuration.rules:
        if not rule.source:
            yield f"{rule.name}: thresholds without a source"
        if rule.forecast_level_max is not Level.NONE and configuration.forecast.method == "none":
            yield f"{rule.name}: forecast_level_max has no effect while forecast.method is none"
        if isinstance(rule.thresholds, CriticalStage):
            yield from _lints_of_gauges(rule.name, rule.thresholds, configuration.network.stations)
        if isinstance(rule.thresholds, CriticalRain):
            without = np.isnan(rule.thresholds.critical_mm).all(axis=(1, 2))
            named = _chosen(configuration.network.places.site.code, np.asarray(without))
            if named:
                yield f"{rule.name}: {_villages(len(named))} without any threshold: {_named(named)}"


def _lints_of_gauges(name: str, table: CriticalStage, stations: Stations) -> Iterator[str]:
    """Gauges that warn, and nobody said over which datum and within which range."""
    known = set() if table.reaches is None else set(table.reaches.gauge.tolist())
    bare = [stations.code[station] for station in sorted(set(table.station.tolist()) - known)]
    if bare:
        n = _count(len(bare), "gauge", "gauges")
        yield (
            f"{name}: {n} not in a table of gauges (gauges:), so a stage over another datum is not seen: "
            f"{_named(bare)}"
        )


def _lints_of_people(network: Network) -> Iterator[str]:
    codes = network.villages.code
    doors = np.diff(network.households.first_of_village)
    empty = [code for code, n in zip(codes, doors, strict=True) if n == 0]
    if empty:
        yield f"{_villages(len(empty))} without any household: {_named(empty)}"
    areas = {post.area for post in network.chain}
    villages = network.villages
    unheard = [
        code
        for code, township, county in zip(codes, villages.township, villages.county, strict=True)
        if not areas & {code, township, county, "*"}
    ]
    if unheard:
        yield f"{_villages(len(unheard))} without any post of the responsibility chain: {_named(unheard)}"
    counties: dict[str, set[str]] = {}
    for township, county in zip(villages.township, villages.county, strict=True):
        counties.setdefault(township, set()).add(county)
    for area in sorted(areas):
        if len(counties.get(area, ())) > 1:
            where = _named(sorted(counties[area]))
            yield f"township {area} is in several counties ({where}): its posts are called for each"


def _lints_of_bulletins(configuration: Configuration) -> Iterator[str]:
    """Names for which a bulletin does not fit into one short message."""
    villages = configuration.network.villages
    short_names = villages.short_name or ("",) * len(villages)
    used = [short or name for short, name in zip(short_names, villages.name, strict=True)]
    long = [code for code, name in zip(villages.code, used, strict=True) if _is_long(name)]
    if long:
        yield (
            f"{_villages(len(long))} with a long name and no short_name, whose bulletins take two short "
            f"messages: {_named(long)}"
        )
    if len(configuration.bulletins.signature) > SIGNATURE_CHARACTERS_MAX:
        yield f"bulletins.signature has more than {SIGNATURE_CHARACTERS_MAX} characters: texts take two"


def _is_long(name: str) -> bool:
    length_max = len((LONGEST_EN if name.isascii() else LONGEST_ZH)["village"])
    return len(name) > length_max


def _lints_of_duty(configuration: Configuration) -> Iterator[str]:
    if not duty_posts(configuration.network, configuration.node.duty_posts):
        yield (
            "nobody is notified of the node's own alarms: name posts in node.duty_posts, "
            "or give a post the county or * as its area"
        )


def _lints_of_places(configuration: Configuration) -> Iterator[str]:
    network, rules = configuration.network, configuration.rules
    stations, villages = network.stations, network.villages
    reach_m = configuration.village.fallback_radius_m
    reach = f"{reach_m / 1000:g} km"
    centre = float(villages.latitude.mean()), float(villages.longitude.mean())
    station_xy_m = local_xy_m(stations.latitude, stations.longitude, *centre)
    village_xy_m = local_xy_m(villages.latitude, villages.longitude, *centre)
    far = _nearest_m(station_xy_m, village_xy_m) > reach_m
    far[_judged_gauges(rules)] = False
    if far.any():
        n = _count(int(far.sum()), "station", "stations")
        yield f"{n} farther than {reach} from every village: {_named(_chosen(stations.code, far))}"
    blind = _nearest_m(village_xy_m, station_xy_m[stations.measures_rain]) > reach_m
    if blind.any() and any(isinstance(rule.thresholds, CriticalRain | LandslideRain) for rule in rules):
        n = _villages(int(blind.sum()))
        named = _named(_chosen(villages.code, blind))
        yield f"{n} without a rain station within {reach}, always blind: {named}"
    site = network.places.site
    bare = np.array([wkt is None for wkt in site.polygon_wkt])
    if bare.any() and configuration.village.method in OUTLINE_METHODS:
        n = _villages(int(bare.sum()))
        named = _named(_chosen(site.code, bare))
        yield f"{n} without an outline, but villages.method is {configuration.village.method}: {named}"


def _judged_gauges(rules: Iterable[HazardRule]) -> list[int]:
    """Stations that the threshold of a sensor names: they count wherever they stand."""
    tables = (rule.thresholds for rule in rules)
    return [
        int(station)
        for table in tables
        if isinstance(table, CriticalStage | SlopeTable | WaterloggingTable)
        for station in table.station
    ]


def _chosen(codes: Sequence[str], is_chosen: BoolArray) -> list[str]:
    return [code for code, chosen in zip(codes, is_chosen.tolist(), strict=True) if chosen]


def _nearest_m(from_xy_m: Float64Array, to_xy_m: Float64Array) -> Float64Array:
    """Distance of each place, shape (n, 2), to the nearest of the others; inf if there is none."""
    nearest = np.full(len(from_xy_m), np.inf)
    if len(to_xy_m) == 0:
        return nearest
    for start in range(0, len(from_xy_m), POINTS_AT_ONCE):
        part = from_xy_m[start : start + POINTS_AT_ONCE]
        east, north = (part[:, None, axis] - to_xy_m[None, :, axis] for axis in (0, 1))
        nearest[start : start + POINTS_AT_ONCE] = np.sqrt((east**2 + north**2).min(axis=1))
    return nearest


def _villages(n: int) -> str:
    return _count(n, "village", "villages")


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
