"""Checked documents -> the settings and policies that the rest of warnstream uses.

Defaults that depend on other keys (a broker's port, its client id) and the
change from kilometres to metres stand here; nothing is checked here any more.
"""

from pathlib import Path

from warnstream.config.channels.registry import ChannelsDocument
from warnstream.config.folder import Folder
from warnstream.config.http_address import http_settings
from warnstream.config.lateness import default_lateness_s
from warnstream.config.node.broker import (
    BROKER_PORT,
    BROKER_TLS_PORT,
    EMBEDDED_BROKER_PORT,
    BrokerSection,
)
from warnstream.config.node.document import NodeDocument
from warnstream.config.node.forecasts import all_model_settings
from warnstream.config.node.formats.decoders import DecoderSection, LayoutSection, MappedNames, NamesSection
from warnstream.config.node.formats.logger_files import LoggerFileSection
from warnstream.config.node.grids import all_grid_settings
from warnstream.config.node.listener import ListenerSection
from warnstream.config.node.quality import quality_policy
from warnstream.config.settings import (
    BrokerSettings,
    Configuration,
    ListenerSettings,
    ListenerTlsSettings,
    NodeSettings,
    Sl651ListenerSettings,
    StorageSettings,
    TlsSettings,
)
from warnstream.config.thresholds.signs import SignsSection
from warnstream.model.alerts.alert import FeedPolicy
from warnstream.model.bulletins import OrderTable
from warnstream.model.hands.orders import Operator
from warnstream.model.network import Network
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.days import PastDays, day_begins_utc_s
from warnstream.model.observations.decoders import (
    LISTENER_TOPIC_SL651,
    DecoderRule,
    VariableMapping,
    conversion,
    default_rules,
)
from warnstream.model.observations.layout import Layout
from warnstream.model.observations.logger_files import ONLY_STATION, LoggerFileRule
from warnstream.model.observations.readings import VARIABLE_OF_WORD
from warnstream.model.observations.signs import SignKind, SignPolicy
from warnstream.model.rules.policies import (
    CounterPolicy,
    ForecastPolicy,
    MessagePolicy,
    RoutingPolicy,
    VillagePolicy,
    WindowPolicy,
)
from warnstream.model.rules.rules import HazardRule
from warnstream.model.warning import MessageStatus


def assemble(  # noqa: PLR0913  # the parts of a configuration, the later ones by name
    folder: Folder,
    node: NodeDocument,
    channels: ChannelsDocument,
    rules: tuple[HazardRule, ...],
    network: Network,
    *,
    signs: SignPolicy,
    orders: OrderTable,
    operators: tuple[Operator, ...] = (),
    past_days: PastDays | None = None,
) -> Configuration:
    """Everything that a configuration folder says, as `Configuration`.

    Parameters
    ----------
    folder : Folder
        Where relative paths begin; every file of it has been read.
    node : NodeDocument
    channels : ChannelsDocument
    rules : tuple of HazardRule
    network : Network
    signs, orders : SignPolicy, OrderTable
    operators : tuple of Operator, optional
    past_days : PastDays, optional

    Returns
    -------
    Configuration
        With absolute paths.
    """
    return Configuration(
        directory=folder.directory,
        fingerprint=folder.fingerprint(),
        node=_node_settings(node),
        broker=_broker_settings(node.broker, node.node.name, folder.directory),
        listener=_listener_settings(node, folder.directory),
        topic_prefix=node.topics.prefix,
        topic_gateways=tuple(node.topics.gateways),
        decoders=_decoder_rules(node),
        sl651=_sl651_settings(node),
        storage=_storage_settings(node, folder.directory),
        http=http_settings(node.http, node.messages.web),
        channels=dict(channels.channels),
        windows=_window_policy(node, rules),
        quality=quality_policy(node.quality),
        counters=_counter_policy(node),
        forecast=_forecast_policy(node),
        village=_village_policy(node),
        message=_message_policy(node, signs, orders),
        routing=_routing_policy(node),
        rules=rules,
        network=network,
        signs=signs,
        orders=orders,
        bulletins=node.bulletins.policy(node.routing.household_level_min, node.release.policy()),
        paper=node.paper.policy(),
        past_days=past_days,
        grids=all_grid_settings(node.grids, node.forecast.radar, folder.directory),
        models=all_model_settings(node.forecasts, folder.directory),
        sha256_of_file=folder.sha256_of_file(),
        logger_files=tuple(map(_logger_file_rule, node.logger_files)),
        hands=node.release.hands(),
        feeds=tuple(FeedPolicy(name, feed.every_s) for name, feed in node.feeds.items()),
        operators=operators,
        changes=node.changes.policy(),
        console=None if node.console is None else node.console.settings(folder.directory),
        standby=None if node.standby is None else node.standby.settings(folder.directory),
        kafka=None if node.kafka is None else node.kafka.settings(folder.directory),
    )


def _node_settings(node: NodeDocument) -> NodeSettings:
    section = node.node
    return NodeSettings(
        section.name,
        section.clock,
        section.tick_s,
        section.react_within_s,
        section.judging_share,
        tuple(section.duty_posts),
        section.past_crossings_s,
        section.replies_s,
        section.clock_jump_s_max,
    )


def _storage_settings(node: NodeDocument, directory: Path) -> StorageSettings:
    storage = node.storage
    return StorageSettings(
        directory=directory / storage.directory,
        snapshot_every_s=storage.snapshot_every_s,
        journal_keep_s=storage.journal_keep_s,
        journal_bytes_max=storage.journal_bytes_max,
        journal_segment_bytes=storage.journal_segment_bytes,
        refused_max=storage.refused_max,
        audit_keep_s=storage.audit_keep_s,
    )


def sign_policy(signs: SignsSection) -> SignPolicy:
    """Which signs people may report."""
    kinds = tuple(SignKind(kind, section.zh, section.en) for kind, section in signs.kinds.items())
    return SignPolicy(kinds, signs.expires_s)


def _broker_settings(broker: BrokerSection, node_name: str, directory: Path) -> BrokerSettings:
    tls = broker.tls
    default_port = BROKER_PORT if tls is None else BROKER_TLS_PORT
    return BrokerSettings(
        embedded=broker.embedded,
        host=broker.host or "127.0.0.1",
        port=broker.port or (EMBEDDED_BROKER_PORT if broker.embedded else default_port),
        protocol=broker.protocol,
        client_id=broker.client_id or f"warnstream-{node_name}",
        username=broker.username,
        password_file=directory / broker.password_file if broker.password_file else None,
        tls=None
        if tls is None
        else TlsSettings(
            ca=directory / tls.ca,
            certificate=directory / tls.certificate if tls.certificate else None,
            key=directory / tls.key if tls.key else None,
        ),
        batch_wait_s=broker.batch_wait_s,
        batch_messages_max=broker.batch_messages_max,
        reader=broker.reader,
    )


def _listener_settings(node: NodeDocument, directory: Path) -> ListenerSettings | None:
    """Our own endpoint: asked for by `listener`, or by an embedded broker, which it then is."""
    broker = node.broker
    if node.listener is None and not broker.embedded:
        return None
    listener, tls = node.listener or ListenerSection(), None
    if listener.tls is not None:
        tls = ListenerTlsSettings(
            certificate=directory / listener.tls.certificate,
            key=directory / listener.tls.key,
            ca=directory / listener.tls.ca if listener.tls.ca else None,
            require_client_certificate=listener.tls.require_client_certificate,
        )
    host, port = (broker.host, broker.port) if broker.embedded else (None, None)
    return ListenerSettings(
        host=listener.host or host or "127.0.0.1",
        port=listener.port or port or (EMBEDDED_BROKER_PORT if tls is None else BROKER_TLS_PORT),
        topic_prefix=node.topics.prefix,
        tls=tls,
        users_file=directory / listener.users_file if listener.users_file else None,
        gateways=tuple(listener.gateways),
        trusted=tuple(listener.trusted),
        connections_max=listener.connections_max,
        connections_per_address_max=listener.connections_per_address_max,
        message_bytes_max=listener.message_bytes_max,
        messages_per_s=listener.messages_per_s,
        inflight_max=listener.inflight_max,
        session_messages_max=listener.session_messages_max,
    )


def _counter_policy(node: NodeDocument) -> CounterPolicy:
    written = node.counters.model_dump()
    written["offsets"] = written["offsets"] or ()
    forms = {
        rule.counter_source: CounterForm(rule.wrap_mm, rule.day_start_s) for rule in _decoder_rules(node)
    }
    return CounterPolicy(**written, utc_offset_s=node.node.standard_offset_s, forms=forms)


def _decoder_rules(node: NodeDocument) -> tuple[DecoderRule, ...]:
    rules = tuple(_decoder_rule(section, section.topic, section.format) for section in node.decoders)
    listener = node.listeners.sl651
    dialled = () if listener is None else (_decoder_rule(listener, LISTENER_TOPIC_SL651, "sl651"),)
    return (rules or default_rules(node.topics.prefix)) + dialled


def _decoder_rule(section: NamesSection, topic: str, form: str) -> DecoderRule:
    return DecoderRule(
        topic=topic,
        format=form,
        variables=_variable_mappings(section),
        stations=dict(section.stations),
        utc_offset_s=section.utc_offset_s,
        wrap_mm=section.wrap_mm,
        day_start_s=section.day_start_s,
        layout=_layout(section.layout) if isinstance(section, DecoderSection) else None,
    )


def _layout(section: LayoutSection | None) -> Layout | None:
    if section is None:
        return None
    return Layout(
        station=section.station or "",
        time=section.time or "",
        station_level=section.station_level or 0,
        name_level=section.name_level or 0,
        time_form=section.time_form or "",
        zone=section.zone or (),
        observations=tuple(section.observations),
        name=section.name or "",
        value=section.value or "",
        unit=section.unit or "",
        has_decimal_comma=section.has_decimal_comma,
    )


def _logger_file_rule(section: LoggerFileSection) -> LoggerFileRule:
    layout = Layout(
        station=section.station or ONLY_STATION,
        time=section.time,
        time_form=section.time_form or "",
        zone=section.zone or (),
        name=section.name or "",
        value=section.value or "",
        has_decimal_comma=section.decimal_comma,
    )
    names = _variable_mappings(section)
    return LoggerFileRule(
        file=section.file,
        header_line=section.header_line,
        skip_lines=section.skip_lines,
        comment=section.comment or "",
        delimiter=section.delimiter,
        missing=frozenset(section.missing),
        zero=frozenset(section.zero),
        only_station=section.only_station or "",
        rows=DecoderRule("#", "json", names, dict(section.stations), layout=layout),
    )


def _sl651_settings(node: NodeDocument) -> Sl651ListenerSettings | None:
    listener = node.listeners.sl651
    if listener is None:
        return None
    return Sl651ListenerSettings(
        listener.host, listener.port, listener.idle_s, listener.connections_max, listener.stays_online
    )


def _variable_mappings(section: MappedNames) -> dict[str, VariableMapping]:
    mappings = {}
    for theirs, ours in section.variables.items():
        variable = VARIABLE_OF_WORD[ours.variable]
        factor, offset = (1.0, 0.0) if ours.unit is None else conversion(ours.unit, variable) or (1.0, 0.0)
        mappings[theirs] = VariableMapping(
            variable,
            ours.factor * factor,
            offset + ours.offset,
            frozenset(ours.error_values),
            ours.interval_s or 0,
        )
    return mappings


def _window_policy(node: NodeDocument, rules: tuple[HazardRule, ...]) -> WindowPolicy:
    windows = node.windows
    lateness_s = windows.lateness_s_max
    if lateness_s is None:
        lateness_s = default_lateness_s(rules, windows.longest_s)
    return WindowPolicy(
        longest_s=windows.longest_s,
        lateness_s_max=lateness_s,
        grace_s=windows.grace_s,
        silent_after_s=windows.silent_after_s,
        future_s_max=windows.future_s_max,
        by_minute_s=windows.by_minute_s,
        day_begins_s=day_begins_utc_s(node.day_begins_s, node.node.standard_offset_s),
    )


def _forecast_policy(node: NodeDocument) -> ForecastPolicy:
    forecast = node.forecast
    return ForecastPolicy(
        forecast.method, forecast.every_s, forecast.cell_km * 1000, forecast.damp_s, forecast.radar or ""
    )


def _village_policy(node: NodeDocument) -> VillagePolicy:
    villages = node.villages
    return VillagePolicy(
        method=villages.method,
        neighbours=villages.neighbours,
        radius_m=villages.radius_km * 1000,
        fallback_neighbours=villages.fallback_neighbours,
        fallback_radius_m=villages.fallback_radius_km * 1000,
        cell_m=villages.cell_km * 1000,
        heard_min=villages.heard_min,
    )


def _message_policy(node: NodeDocument, signs: SignPolicy, orders: OrderTable) -> MessagePolicy:
    messages = node.messages
    return MessagePolicy(
        signs=signs.kinds,
        orders=orders,
        extension_s_max=messages.extension_limit_s,
        prefix=node.topics.prefix,
        sender=messages.sender,
        sender_name=messages.sender_name or messages.sender,
        status=MessageStatus(messages.status),
        time_zone=node.node.time_zone,
        validity_s=messages.validity_s,
        renew_before_s=messages.renew_before_s,
        web=messages.web,
        transfer=messages.transfer.policy,
    )


def _routing_policy(node: NodeDocument) -> RoutingPolicy:
    within = node.routing.answer_within
    return RoutingPolicy(
        household_level_min=node.routing.household_level_min,
        chain_level_min=node.routing.chain_level_min,
        answer_within_s=(0, within.blue, within.yellow, within.orange, within.red),
        need=node.chain.needs,
        all_ranks_from=node.chain.all_ranks_from,
        again_s=tuple(node.chain.again),
        digest_every_s=node.chain.digest_every_s,
        on_duty_s=node.chain.on_duty_s,
        spot_check_share=node.chain.spot_check.share,
        spot_check_within_s=node.chain.spot_check.within_s,
        send_person_s=node.chain.send_person_s,
    )
