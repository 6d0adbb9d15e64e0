"""Settings of the node that are right each by itself and bite together."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from warnstream.config.lateness import longest_threshold_s
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.level import Level
from warnstream.model.rules.policies import RetryPolicy
from warnstream.model.warning import MessageStatus

OUTAGE_S = 3600
"""An outage of a gateway that is worth outlasting; a base station's battery lasts longer."""

COVERAGE_MIN = 0.5
"""Less than that share of the last hour observed is no reason to lower a level."""


def clock_is_told(configuration: Configuration) -> Iterator[str]:
    """Nothing is judged before somebody tells the time."""
    if configuration.node.clock == "simulated":
        topic = f"{configuration.topic_prefix}/clock"
        yield (
            f"node.clock is simulated: nothing is judged until {topic} tells the time; "
            "real stations need clock: system"
        )


def retries_end_before_an_outage(configuration: Configuration) -> Iterator[str]:
    """Channels that give a message up while its gateway is restarted."""
    for name, section in configuration.channels.items():
        tried_s = seconds_tried(section.policy)
        if section.kind != "terminal" and tried_s < OUTAGE_S:
            yield (
                f"channel {name}: gives up after {format_duration(round(tried_s))} (retry), "
                f"sooner than an outage of {format_duration(OUTAGE_S)} is over"
            )


def seconds_tried(retry: RetryPolicy) -> float:
    """From the first attempt to the last: waits double from the first to the longest."""
    total, wait_s = 0.0, retry.first_wait_s
    for _ in range(retry.attempts_max - 1):
        total += min(wait_s, retry.wait_s_max)
        wait_s *= 2
    return total


def forecast_to_red(configuration: Configuration) -> Iterator[str]:
    """A nowcast that may order people out by itself, at the false alarms it has."""
    for rule in configuration.rules:
        if rule.forecast_level_max >= Level.ORANGE and configuration.forecast.method != "none":
            yield (
                f"{rule.name}: forecast_level_max is {rule.forecast_level_max.word}: the nowcast alone "
                "orders people to leave, often for nothing (docs/forecast.md has its false alarms)"
            )


def lowering_without_care(configuration: Configuration) -> Iterator[str]:
    """Levels that fall at the first reading below, or without readings."""
    for rule in configuration.rules:
        lowering = rule.lowering
        # What another service has ended is over: its own care stands behind it.
        if lowering.hold_s == 0 and lowering.active_s_min == 0 and not rule.is_relayed:
            yield f"{rule.name}: lowering has no hold and no active_min: the first lower reading ends a level"
        if lowering.coverage_min < COVERAGE_MIN:
            yield (
                f"{rule.name}: lowering.coverage_min is {lowering.coverage_min:g}: a level falls although "
                "most of the hour was not observed"
            )


def links_lead_nowhere(configuration: Configuration) -> Iterator[str]:
    """Answer links of a real warning that only this machine can open."""
    if configuration.message.status is not MessageStatus.ACTUAL or not any(
        channel.sends_links for channel in configuration.channels.values()
    ):
        return
    host = urlsplit(configuration.http.public_url).hostname
    if host is None:
        yield "http.public_url is not set: nobody can answer a message by its link"
    elif host == "localhost" or _is_loopback(host):
        yield f"http.public_url is {host}: links in messages lead to the phone itself"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def late_readings(configuration: Configuration) -> Iterator[str]:
    """Readings that are refused as too late although a window still asks for them."""
    windows = configuration.windows
    asked_s = longest_threshold_s(configuration.rules, windows.longest_s)
    if windows.lateness_s_max < asked_s:
        yield (
            f"windows.lateness_max is {format_duration(windows.lateness_s_max)}, the longest threshold "
            f"{format_duration(asked_s)}: after a longer outage its sums stay too low"
        )


def feeds_without_hazard(configuration: Configuration) -> Iterator[str]:
    """Feeds that are listened for although nothing that they bring would be relayed."""
    if configuration.feeds and not any(rule.is_relayed for rule in configuration.rules):
        names = ", ".join(feed.name for feed in configuration.feeds)
        yield f"feeds: {names}: no hazard relays alerts, so none is taken in; its silence would be an alarm"


def relayed_without_orders(configuration: Configuration) -> Iterator[str]:
    """Relayed signals whose doors would be told what is meant for dangers of the county's own."""
    for rule in configuration.rules:
        if rule.is_relayed and rule.calls_households and rule.name not in configuration.orders.of_hazard:
            yield (
                f"{rule.name}: relayed without orders of its own: red tells everybody to leave; give it an "
                "entry in orders.yaml, the name of one (rainstorm, strong_wind), or households: false"
            )
