"""Puts an engine together from a configuration; the live node and the replay use the same one."""

from warnstream.adapters.geometry import fallback_weights, own_weights, project, station_neighbours
from warnstream.assessment import Assessment, Weights
from warnstream.config.settings import Configuration
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.desk import WarningDesk
from warnstream.engine import Engine
from warnstream.forecast.nowcast import GaugeNowcast
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import Senders
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.network import Network
from warnstream.model.observations.decoders import REFUSED_READING_TOPIC, DecoderRule
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.topics import Topics

NOWCAST_FRAMES_S = (900, 1800, 3600)
"""Frame lengths that the nowcast can be given."""


def build_engine(configuration: Configuration, people: Network | None = None) -> Engine:
    """An engine without any state yet.

    Parameters
    ----------
    configuration : Configuration
    people : Network, optional
        What the warning desk knows of places and people, where that is more than is judged
        (`warnstream.runners.history.kept`).
    """
    return Engine(build_assessment(configuration), build_desk(configuration, people))


def build_desk(configuration: Configuration, people: Network | None = None) -> WarningDesk:
    """The second machine alone; `people` as for `build_engine`."""
    network = people or configuration.network
    bulletins = Bulletins(
        configuration.message.prefix, network.villages.code, configuration.orders, configuration.bulletins
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
        configuration.message.utc_offset_s,
    )


def build_intake(configuration: Configuration, people: Network | None = None) -> Intake:
    """What takes the journal entries of a node, with an engine without any state yet."""
    return Intake(
        build_engine(configuration, people),
        configuration.network,
        topics_of(configuration),
        clock=configuration.node.clock,
        decoder=build_decoder(configuration),
        status=configuration.message.status,
    )


def topics_of(configuration: Configuration) -> Topics:
    """The topics of a node."""
    return Topics(
        configuration.topic_prefix,
        tuple(rule.topic for rule in configuration.decoders if not rule.topic.startswith("$")),
        has_grids=bool(configuration.grids),
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
    network = configuration.network
    return Assessment(
        network,
        configuration.rules,
        weights=Weights(
            own=own_weights(network, configuration.village),
            fallback=fallback_weights(network, configuration.village),
            neighbours=station_neighbours(network, configuration.quality.neighbours),
            heard_min=configuration.village.heard_min,
        ),
        windows=configuration.windows,
        quality=configuration.quality,
        nowcast=_build_nowcast(configuration),
        counters=configuration.counters,
        signs=configuration.signs,
        past=configuration.past_days,
        grids=tuple(grid.policy for grid in configuration.grids),
    )


def _build_nowcast(configuration: Configuration) -> GaugeNowcast | None:
    if configuration.forecast.method == "none":
        return None
    station_xy_m, village_xy_m = project(configuration.network)
    return GaugeNowcast(station_xy_m, village_xy_m, configuration.forecast, _frame_s(configuration))


def _frame_s(configuration: Configuration) -> int:
    """Shortest nowcast frame that every rain gauge's interval fits into."""
    stations = configuration.network.stations
    longest_s = int(stations.interval_s[stations.measures_rain].max(initial=0))
    return next((frame_s for frame_s in NOWCAST_FRAMES_S if longest_s <= frame_s), NOWCAST_FRAMES_S[-1])
