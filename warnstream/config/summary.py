"""What a correct configuration amounts to, and what in it deserves an operator's look.

`lints` are not faults: a county may have a village without a door yet. But
somebody should know before the rain.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from warnstream.config.look_at.registry import look_at
from warnstream.config.node.document import OUTLINE_METHODS
from warnstream.config.orders import LONGEST_EN, LONGEST_ZH
from warnstream.config.rules.wording import expected_words
from warnstream.config.settings import Configuration
from warnstream.config.thresholds.document import SECTION_OF_EVALUATOR
from warnstream.config.wording import count_of, count_villages, days_words, name_some
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.time_zones import standard_offset_s, summer_offset_s
from warnstream.forecast.nowcast import leads_of
from warnstream.hazards.expected.asking import all_asked, all_asked_of_model
from warnstream.hazards.registry import needs_of
from warnstream.hazards.sources import asked_windows
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.observations.days import DayWindow, begin_of_day_s
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import TimeZone, clock_local, fixed_zone, iso_local, offset_words
from warnstream.model.warning import MessageStatus
from warnstream.routing.duty import duty_posts

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
    network, people = configuration.network, configuration.operators
    stations = network.stations
    posts = [post for post in network.chain if post.team is None]
    rain, stage = int(stations.measures_rain.sum()), int(stations.measures_stage.sum())
    status = configuration.message.status.value
    lines = [
        f"node       {configuration.node.name} ({status}), configuration {configuration.fingerprint[:12]}",
        *_clock_lines(configuration),
        f"stations   {len(stations)} ({rain} measure rain, {stage} stage)",
        f"villages   {len(network.villages)}{_zones_of(network)}",
        f"households {len(network.households)} ({_counted(network.households.channel)})",
        f"posts      {len(posts)} ({_counted(post.channel for post in posts)})",
        *_team_lines(network),
        *_moved_lines(network),
        *([f"operators  {len(people)} ({_counted(person.role for person in people)})"] if people else []),
        "rules",
        *(line for rule in configuration.rules for line in _rule_lines(rule, network)),
        *_day_lines(configuration),
        *_sign_lines(configuration),
    ]
    return "\n".join(lines)


def _team_lines(network: Network) -> Iterator[str]:
    """Rescue teams by echelon, with their people."""
    teams = {post.post: post.team for post in network.chain if post.team is not None}
    if teams:
        echelons = _counted(f"{team.echelon_h} h" for team in teams.values()).replace(" by ", " in ")
        yield f"teams      {len(teams)} ({echelons}; {sum(team.heads for team in teams.values())} people)"


def _moved_lines(network: Network) -> Iterator[str]:
    """Objects that must be empty before a hazard with their persons, and room for them."""
    if network.objects:
        persons = sum(max(listed.persons, 0) for listed in network.objects)
        helpless = sum(max(listed.helpless, 0) for listed in network.objects)
        kinds = _counted(str(listed.kind) for listed in network.objects).replace(" by ", " ")
        people = f"{persons} persons, {helpless} helpless"
        yield f"objects    {len(network.objects)} ({kinds}; {people})"
    if network.shelters:
        room = sum(shelter.capacity for shelter in network.shelters)
        yield f"shelters   {len(network.shelters)} (room for {room} persons)"


def _clock_lines(configuration: Configuration) -> Iterator[str]:
    """What a clock with summer time means; nothing of one that is the same all year."""
    zone = configuration.message.time_zone
    winter, summer = offset_words(standard_offset_s(zone)), offset_words(summer_offset_s(zone))
    if summer != winter:
        yield f"clock      {winter}, in summer {summer}; days go by {winter} all year"


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{n} by {word}" for word, n in sorted(Counter(words).items())) or "none"


def _zones_of(network: Network) -> str:
    divided = len({zone.village for zone in network.zones})
    return f" ({divided} divided into {len(network.zones)} zones)" if divided else ""


def _rule_lines(rule: HazardRule, network: Network) -> Iterator[str]:
    """A rule, and below it what its conditions and its signs mean in words."""
    yield f"  {_rule_line(rule, network)}"
    for line in SECTION_OF_EVALUATOR[rule.evaluator].describe_levels(rule.thresholds):
        yield f"    {line}"
    for expectation in rule.expected:
        yield f"    {expected_words(expectation)}"
    if rule.signs is not None:
        kinds, reported = ", ".join(sorted(rule.signs.kinds)), rule.signs.reported_level
        also = f", {reported.word} while nobody has validated it" if reported else ""
        yield f"    {rule.signs.validated_level.word} if somebody sees {kinds} and it is validated{also}"


def _day_lines(configuration: Configuration) -> Iterator[str]:
    """When days begin, which windows of days the rules read, and what is known of the days before."""
    days = _windows_of_days(configuration)
    if days:
        longest = max(window.last for window in days)
        begins = clock_local(configuration.windows.day_begins_s, _zone_of_days(configuration))
        kept = f"{longest} days are kept for" if longest > 1 else "the day before is kept for"
        yield f"days       begin at {begins}; {kept} {', '.join(days_words(window) for window in days)}"
    past = configuration.past_days
    if past is not None:
        first, last = (_date_of(day, configuration) for day in (past.first, past.last))
        known = int((past.observed_min > 0).any(axis=0).sum())
        yield f"warm-up    days from {first} to {last} of {count_of(known, 'station', 'stations')}"


def _windows_of_days(configuration: Configuration) -> tuple[DayWindow, ...]:
    needs = [needs_of(rule) for rule in configuration.rules]
    leads_s = leads_of(configuration.forecast)
    return asked_windows(needs, leads_s, configuration.windows.longest_s).days


def _date_of(day: int, configuration: Configuration) -> str:
    """Local date on which a day begins."""
    begin_s = begin_of_day_s(day, configuration.windows.day_begins_s)
    return iso_local(begin_s, _zone_of_days(configuration))[:10]


def _zone_of_days(configuration: Configuration) -> TimeZone:
    """Days go by the standard time of the local clock all year."""
    return fixed_zone(standard_offset_s(configuration.message.time_zone))


def _sign_lines(configuration: Configuration) -> Iterator[str]:
    signs = configuration.signs
    if signs.kinds:
        kinds = ", ".join(f"{kind.kind} ({kind.title_en})" for kind in signs.kinds)
        yield f"signs      {kinds}; over after {format_duration(signs.expires_s)} unless renewed"


def _rule_line(rule: HazardRule, network: Network) -> str:
    section = SECTION_OF_EVALUATOR[rule.evaluator]
    what = section.describe(rule.thresholds, len(network.villages))
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
        *_lints_of_chances(configuration),
        *_lints_of_days(configuration),
        *_lints_of_people(configuration.network),
        *_lints_of_bulletins(configuration),
        *_lints_of_duty(configuration),
        *_lints_of_places(configuration),
        *look_at(configuration),
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
    if configuration.console is not None and not configuration.operators:
        yield "console: nobody can sign in without an operators.csv"
    routing = configuration.routing
    if routing.household_level_min < routing.chain_level_min:
        yield (
            f"households are called from {routing.household_level_min.word}, the responsibility chain only "
            f"from {routing.chain_level_min.word}"
        )


def _lints_of_days(configuration: Configuration) -> Iterator[str]:
    reads_earlier_rain = any(needs_of(rule).earlier_rain for rule in configuration.rules)
    if configuration.past_days is not None and not (_windows_of_days(configuration) or reads_earlier_rain):
        yield "windows.warm_up has no effect: no rule reads earlier rain"


def _lints_of_chances(configuration: Configuration) -> Iterator[str]:
    """What is right in form about probabilities and may not be meant."""
    table, stations = configuration.chance_table, configuration.network.stations
    transfer = configuration.message.transfer.ahead
    asked = all_asked(configuration.rules) or all_asked_of_model(configuration.rules, transfer)
    if configuration.models and not asked:
        yield "forecasts have no effect: no rule asks for a probability, and no hour of a transfer"
    if configuration.forecast.radar and not all_asked(configuration.rules):
        yield "forecast.radar has no effect: no rule asks for a probability"
    if table is None:
        return
    rain = stations.measures_rain
    if not all_asked(configuration.rules):
        yield "forecast.table has no effect: no rule asks for a probability"
    elif not table.is_of(stations.latitude[rain], stations.longitude[rain]):
        whose = table.calibrated_on or "no record that was left out"
        yield f"forecast.table is of {whose}: messages say that probabilities are not calibrated here"


def _lints_of_rules(configuration: Configuration) -> Iterator[str]:
    for rule in configuration.rules:
        if not rule.source:
            yield f"{rule.name}: thresholds without a source"
        if rule.forecast_level_max is not Level.NONE and configuration.forecast.method == "none":
            yield f"{rule.name}: forecast_level_max has no effect while forecast.method is none"
        section = SECTION_OF_EVALUATOR[rule.evaluator]
        for lint in section.lints(rule.thresholds, configuration.network.stations):
            yield f"{rule.name}: {lint}"
        if section.is_for_every_place:
            site = configuration.network.places.site
            without = np.logical_not(rule.thresholds.defined(len(site)).any(axis=1))
            named = _chosen(site.code, np.asarray(without))
            if named:
                yield f"{rule.name}: {count_villages(len(named))} without any threshold: {name_some(named)}"


def _lints_of_people(network: Network) -> Iterator[str]:
    codes = network.villages.code
    doors = np.diff(network.households.first_of_village)
    empty = [code for code, n in zip(codes, doors, strict=True) if n == 0]
    if empty:
        yield f"{count_villages(len(empty))} without any household: {name_some(empty)}"
    areas = {post.area for post in network.chain}
    villages = network.villages
    unheard = [
        code
        for code, township, county in zip(codes, villages.township, villages.county, strict=True)
        if not areas & {code, township, county, "*"}
    ]
    if unheard:
        n = count_villages(len(unheard))
        yield f"{n} without any post of the responsibility chain: {name_some(unheard)}"
    counties: dict[str, set[str]] = {}
    for township, county in zip(villages.township, villages.county, strict=True):
        counties.setdefault(township, set()).add(county)
    for area in sorted(areas):
        if len(counties.get(area, ())) > 1:
            where = name_some(sorted(counties[area]))
            yield f"township {area} is in several counties ({where}): its posts are called for each"


def _lints_of_bulletins(configuration: Configuration) -> Iterator[str]:
    """Names for which a bulletin does not fit into one short message."""
    villages = configuration.network.villages
    short_names = villages.short_name or ("",) * len(villages)
    used = [short or name for short, name in zip(short_names, villages.name, strict=True)]
    long = [code for code, name in zip(villages.code, used, strict=True) if _is_long(name)]
    if long:
        yield (
            f"{count_villages(len(long))} with a long name and no short_name, whose bulletins take two short "
            f"messages: {name_some(long)}"
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
        n = count_of(int(far.sum()), "station", "stations")
        yield f"{n} farther than {reach} from every village: {name_some(_chosen(stations.code, far))}"
    blind = _nearest_m(village_xy_m, station_xy_m[stations.measures_rain]) > reach_m
    if blind.any() and any(needs_of(rule).reads_rain for rule in rules):
        n = count_villages(int(blind.sum()))
        named = name_some(_chosen(villages.code, blind))
        yield f"{n} without a rain station within {reach}, always blind: {named}"
    site = network.places.site
    bare = np.array([wkt is None for wkt in site.polygon_wkt])
    if bare.any() and configuration.village.method in OUTLINE_METHODS:
        n = count_villages(int(bare.sum()))
        named = name_some(_chosen(site.code, bare))
        yield f"{n} without an outline, but villages.method is {configuration.village.method}: {named}"


def _judged_gauges(rules: Iterable[HazardRule]) -> list[int]:
    """Stations that the threshold of a sensor names: they count wherever they stand."""
    return [int(station) for rule in rules for station in needs_of(rule).stations]


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
