"""Puts an engine together from a configuration; the live node and the replay use the same one.

First it is *derived* once from the whole configuration what must be the same wherever some of its
villages are judged: a projection about the mean of *some* villages, a grid over *their* box or a
motion of *their* gauges finds other levels (a shard that worked out its own lost 1,405 of 21,326
events of the demo county's storm). Then an engine is *assembled* for all villages or for some of
them, with all stations: each village gets the levels, reasons and messages that the whole would
give it, byte for byte. What concerns several villages is cut with them: a digest of a post names
the villages that are here, and levels of the past that late readings prove, which the duty officer
is told of, may come a step earlier (so many places are looked at in a step).
"""

from dataclasses import dataclass, replace

from warnstream.adapters.geometry import fallback_weights, own_weights, project, station_neighbours
from warnstream.assessment import Assessment, Weights
from warnstream.assessment.rule_needs import Whole, whole_of
from warnstream.config.settings import Configuration
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.desk import WarningDesk
from warnstream.duty import EVERYWHERE, DutyDesk
from warnstream.duty.weekly_calls import TestCalls
from warnstream.engine import Engine
from warnstream.forecast.chances.features import STEP_S
from warnstream.forecast.chances.source import GaugeMembers
from warnstream.forecast.nowcast import GaugeNowcast, leads_of
from warnstream.forecast.radar.adjustment import Adjustment
from warnstream.forecast.radar.source import RadarMembers
from warnstream.forecast.runs.members import ModelMembers, ModelPolicy
from warnstream.hazards.expected.asking import all_asked, all_asked_of_model
from warnstream.hazards.registry import relay_tables
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import Senders
from warnstream.lifecycle.alerts import AlertPolicy
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.arrays import Int64Array
from warnstream.model.grids import points_of_places
from warnstream.model.network import Network
from warnstream.model.observations.decoders import REFUSED_READING_TOPIC, DecoderRule
from warnstream.model.radar.fields import geometry_of
from warnstream.model.runs.model_run import CELL_M, CELLS_MAX, MARGIN_M
from warnstream.model.warning import MessageStatus
from warnstream.routing.duty import duty_posts
from warnstream.runners.carry.names import JudgedAs
from warnstream.runners.intake.duty import DutyIntake
from warnstream.runners.intake.grid_entries import WaitingFrames
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.topics import Topics

NOWCAST_FRAMES_S = (900, 1800, 3600)
"""Frame lengths that the nowcast can be given."""


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What is worked out once from a whole configuration, read at all of its villages or at some.

    Attributes
    ----------
    configuration : Configuration
        With the network and the rules of these villages; all else is that of the whole.
    weights : Weights
    nowcast : GaugeNowcast or None
    ahead : GaugeMembers or None
    radar : RadarMembers or None
    models : ModelMembers or None
    whole : Whole
        What the rules of all villages ask for.
    """

    configuration: Configuration
    weights: Weights
    nowcast: GaugeNowcast | None
    ahead: GaugeMembers | None
    radar: RadarMembers | None
    models: ModelMembers | None
    whole: Whole

    def of_villages(self, villages: Int64Array) -> "Derived":
        """The same for some of the villages, numbered anew.

        Raises
        ------
        ValueError
            If `villages` are not ascending, different and of this network.
        """
        network = self.configuration.network
        part = network.of_villages(villages)
        places = network.places.of_villages(villages)
        rules = tuple(rule.of_places(places) for rule in self.configuration.rules)
        points, before = points_of_places(network, places), self.whole.grid_points
        return Derived(
            replace(self.configuration, network=part, rules=rules),
            self.weights.of_places(places),
            None if self.nowcast is None else self.nowcast.of_places(places),
            None if self.ahead is None else self.ahead.of_places(places),
            None if self.radar is None else self.radar.of_places(places),
            None if self.models is None else self.models.of_places(places),
            replace(self.whole, grid_points=points if before is None else before[points]),
        )

    def of_part(self, configuration: Configuration) -> "Derived":
        """The same for a part of this county, by the configuration of that."""
        assert configuration.part is not None
        return replace(self.of_villages(configuration.part.villages), configuration=configuration)


def derive(configuration: Configuration) -> Derived:
    """Weights, neighbours, nowcast and needs of a whole configuration; of a part from that of its whole."""
    if configuration.part is not None:
        return derive(configuration.part.whole).of_part(configuration)
    network = configuration.network
    weights = Weights(
        own=own_weights(network, configuration.village),
        fallback=fallback_weights(network, configuration.village),
        neighbours=station_neighbours(network, configuration.quality.neighbours),
        heard_min=configuration.village.heard_min,
    )
    ahead = _members_of(configuration, weights)
    nowcast, radar = _nowcast_of(configuration), _radar_of(configuration)
    whole = whole_of(configuration.rules, configuration.message.transfer.ahead)
    return Derived(configuration, weights, nowcast, ahead, radar, _models_of(configuration), whole)


def assemble(derived: Derived, people: Network | None = None) -> Engine:
    """An engine without any state yet for these villages; `people` as for `build_engine`."""
    return Engine(assemble_assessment(derived), build_desk(derived.configuration, people))


def assemble_assessment(derived: Derived) -> Assessment:
    """The first machine alone."""
    configuration = derived.configuration
    return Assessment(
        configuration.network,
        configuration.rules,
        weights=derived.weights,
        windows=configuration.windows,
        quality=configuration.quality,
        nowcast=derived.nowcast,
        ahead=derived.ahead,
        radar=derived.radar,
        models=derived.models,
        transfer=configuration.message.transfer.ahead,
        counters=configuration.counters,
        signs=configuration.signs,
        alerts=AlertPolicy(configuration.message.status, configuration.message.sender, configuration.feeds),
        past=configuration.past_days,
        grids=tuple(grid.policy for grid in configuration.grids),
        whole=derived.whole,
    )


def build_engine(configuration: Configuration, people: Network | None = None) -> Engine:
    """An engine for all villages, without any state yet.

    Parameters
    ----------
    configuration : Configuration
    people : Network, optional
        What the warning desk knows of places and people, where that is more than is judged
        (`warnstream.runners.history.kept`).
    """
    return assemble(derive(configuration), people)


def build_desk(configuration: Configuration, people: Network | None = None) -> WarningDesk:
    """The second machine alone; `people` as for `build_engine`."""
    network = people or configuration.network
    bulletins = Bulletins(
        configuration.message.prefix,
        network.villages.code,
        configuration.orders,
        configuration.bulletins,
        network.villages.was,
    )
    return WarningDesk(
        network,
        configuration.rules,
        configuration.message,
        configuration.routing,
        bulletins,
        n_judged=len(configuration.network.villages),
        hand_policy=configuration.hands,
    )


def bulletin_wording(configuration: Configuration) -> BulletinWording:
    """What the texts of bulletins are made of."""
    return BulletinWording(
        configuration.network,
        configuration.rules,
        configuration.orders,
        configuration.bulletins,
        configuration.message.time_zone,
    )


def build_intake(
    configuration: Configuration, people: Network | None = None, engine: Engine | None = None
) -> Intake:
    """What takes the journal entries of a node, with an engine without any state yet; `engine`: that one."""
    return Intake(
        engine or build_engine(configuration, people),
        configuration.network,
        topics_of(configuration),
        clock=configuration.node.clock,
        decoder=build_decoder(configuration),
        status=configuration.message.status,
        past_crossings_s=configuration.node.past_crossings_s,
        judged_as=judged_as(configuration),
        duty=_duty_of(configuration, people or configuration.network),
        frames=WaitingFrames(grids_of(configuration)),
    )


def grids_of(configuration: Configuration) -> Network:
    """The network at whose points frames of grids are read: of a part that of its whole county."""
    return configuration.network if configuration.part is None else configuration.part.whole.network


def _duty_of(configuration: Configuration, people: Network) -> DutyIntake:
    """The officer's desk; without a console nobody could see an alarm, so nothing is one."""
    console = configuration.console
    named = console.shift_plan if console is not None else ()
    posts = duty_posts(configuration.network, named or configuration.node.duty_posts)
    # Who is named for it is rung for everything; who only answers for a county, for that one.
    plan = [(post.post, EVERYWHERE if named else post.area) for post in posts]
    plan.sort(key=lambda one: named.index(one[0]) if one[0] in named else 0)
    is_first = configuration.part is None or configuration.part.number == 0  # of shards one calls for tests
    desk = DutyDesk(
        people.villages.code, plan, tests=TestCalls(configuration.test_calls if is_first else None)
    )
    return DutyIntake(desk, people.villages, is_watched=console is not None)


def judged_as(configuration: Configuration) -> JudgedAs:
    """By what the state of an engine is judged: what makes a snapshot another's."""
    policies = {
        "forecast": repr(configuration.forecast),
        "neighbours": repr(configuration.quality.neighbours),
    }
    return JudgedAs(configuration.fingerprint, policies)


def topics_of(configuration: Configuration) -> Topics:
    """The topics of a node."""
    return Topics(
        configuration.topic_prefix,
        tuple(rule.topic for rule in configuration.decoders if not rule.topic.startswith("$")),
        has_grids=bool(configuration.grids or configuration.models),
        has_alerts=bool(relay_tables(configuration.rules)),
    )


def build_decoder(configuration: Configuration) -> DecoderSelection:
    """What reads the messages of this node's stations; exercises count only where everything is one."""
    stations, listener = configuration.network.stations, configuration.listener
    users = (*listener.gateways, *listener.trusted) if listener is not None else ()
    names = {theirs: code for rule in configuration.decoders for theirs, code in rule.stations.items()}
    return DecoderSelection(
        stations,
        (*configuration.decoders, DecoderRule(REFUSED_READING_TOPIC, "flat_json", {}, {})),
        takes_exercises=configuration.message.status is MessageStatus.EXERCISE,
        speakers=Senders(
            configuration.topic_prefix, stations, {*configuration.topic_gateways, *users}, names
        ),
    )


def build_assessment(configuration: Configuration) -> Assessment:
    """The first machine alone, for tests and benchmarks of the array side."""
    return assemble_assessment(derive(configuration))


def _nowcast_of(configuration: Configuration) -> GaugeNowcast | None:
    leads_s = leads_of(configuration.forecast)
    if not leads_s:
        return None
    station_xy_m, village_xy_m = project(configuration.network)
    frame_s = _frame_s(configuration)
    return GaugeNowcast(station_xy_m, village_xy_m, configuration.forecast, frame_s, leads_s)


def _members_of(configuration: Configuration, weights: Weights) -> GaugeMembers | None:
    """Members of the rain to come, where there is a table and anybody asks for a probability."""
    table, network = configuration.chance_table, configuration.network
    if table is None or not all_asked(configuration.rules):
        return None
    station_xy_m, place_xy_m = project(network)
    stations = network.stations
    rain = stations.measures_rain
    return GaugeMembers(
        station_xy_m,
        place_xy_m,
        weights.own,
        table,
        is_quick=stations.interval_s <= STEP_S,
        is_here=table.is_of(stations.latitude[rain], stations.longitude[rain]),
        every_s=configuration.forecast.every_s,
    )


def _radar_of(configuration: Configuration) -> RadarMembers | None:
    """Members from fields of a radar, where one is named and anybody asks for a probability."""
    radar, network = configuration.forecast.radar, configuration.network
    if not radar or not all_asked(configuration.rules):
        return None
    geometry, site = geometry_of(network), network.places.site
    station_xy_m, place_xy_m = project(network)
    adjustment = Adjustment(station_xy_m[network.stations.measures_rain], place_xy_m)
    place_at = geometry.positions(site.latitude, site.longitude)
    policy = next(grid.policy for grid in configuration.grids if grid.policy.name == radar)
    return RadarMembers(
        radar, geometry, place_at, adjustment, configuration.forecast.every_s, policy.age_s_max
    )


def _models_of(configuration: Configuration) -> ModelMembers | None:
    """Members from runs of weather models, where any is named and anybody asks for what they know."""
    rules, transfer = configuration.rules, configuration.message.transfer.ahead
    if not configuration.models or not (all_asked(rules) or all_asked_of_model(rules, transfer)):
        return None
    network = configuration.network
    geometry, site = geometry_of(network, CELL_M, MARGIN_M, CELLS_MAX), network.places.site
    policies = [ModelPolicy(model.name, model.age_s_max) for model in configuration.models]
    place_at = geometry.positions(site.latitude, site.longitude)
    return ModelMembers(policies, geometry, place_at, configuration.forecast.every_s)


def _frame_s(configuration: Configuration) -> int:
    """Shortest nowcast frame that every rain gauge's interval fits into."""
    stations = configuration.network.stations
    longest_s = int(stations.interval_s[stations.measures_rain].max(initial=0))
    return next((frame_s for frame_s in NOWCAST_FRAMES_S if longest_s <= frame_s), NOWCAST_FRAMES_S[-1])
