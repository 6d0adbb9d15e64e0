"""The channels of channels.yaml, opened, and the built-in one for villages' retained topics."""

from collections.abc import Callable, Sequence

from warnstream.adapters.channels.channel import Channel
from warnstream.adapters.channels.mqtt import MqttChannel
from warnstream.adapters.channels.terminal import TerminalChannel
from warnstream.adapters.channels.webhook import WebhookChannel
from warnstream.adapters.mqtt.publisher import Publish
from warnstream.config.settings import ChannelSettings
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL
from warnstream.model.rules.policies import RetryPolicy

VILLAGE_TOPIC_RETRY = RetryPolicy(attempts_max=1_000_000, first_wait_s=1.0, wait_s_max=30.0)
"""A village's retained message must become right however long the broker is away."""


def open_channels(
    settings: Sequence[ChannelSettings],
    topic_prefix: str,
    publish: Publish,
    write_line: Callable[[str], None] | None = None,
) -> dict[str, tuple[Channel, RetryPolicy]]:
    """Every configured channel and the built-in village topic, by name, with its retry policy.

    Parameters
    ----------
    publish : Publish
        Port to the broker, shared by the MQTT channels.
    write_line : callable, optional
        Where terminal channels write; the node's log if absent.

    Raises
    ------
    ValueError
        If a channel is of an unknown kind, a webhook has no URL, or a name is the built-in one.
    """
    opened: dict[str, tuple[Channel, RetryPolicy]] = {
        VILLAGE_TOPIC_CHANNEL: (MqttChannel(topic_prefix, publish), VILLAGE_TOPIC_RETRY)
    }
    for channel in settings:
        if channel.name in opened:
            raise ValueError(f"channel {channel.name!r} is built in or named twice")
        opened[channel.name] = (_open(channel, topic_prefix, publish, write_line), channel.retry)
    return opened


def _open(
    settings: ChannelSettings,
    topic_prefix: str,
    publish: Publish,
    write_line: Callable[[str], None] | None,
) -> Channel:
    match settings.kind:
        case "mqtt":
            return MqttChannel(topic_prefix, publish)
        case "webhook" if settings.url:
            return WebhookChannel(settings.url, settings.timeout_s, settings.rate_per_s)
        case "terminal":
            return TerminalChannel(write_line)
    expected = "mqtt, webhook (with a url) or terminal"
    raise ValueError(f"channel {settings.name!r}: kind {settings.kind!r}, expected {expected}")
