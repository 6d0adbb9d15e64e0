"""Every kind of channel with what makes it, once, and the built-in channel for villages' retained topics.

Its keys and its rule of addresses are the section of `warnstream.config.channels`
that stands as key here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from warnstream.adapters.channels.channel import Channel, ConfiguredChannel, Surroundings
from warnstream.adapters.channels.mqtt import MqttChannel
from warnstream.config.channels.apprise import AppriseChannelSection
from warnstream.config.channels.ebd import EbdChannelSection
from warnstream.config.channels.mqtt import MqttChannelSection
from warnstream.config.channels.section import ChannelSection
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.config.channels.smtp import SmtpChannelSection
from warnstream.config.channels.terminal import TerminalChannelSection
from warnstream.config.channels.voice import VoiceChannelSection
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL
from warnstream.model.rules.policies import RetryPolicy

Make = Callable[[Any, Surroundings], Channel]


def _later(module: str, name: str) -> Make:
    """A class of a module beside this one, imported where there is such a channel: a start needs no more."""

    def make(section: Any, around: Surroundings) -> Channel:
        channel: type[Any] = getattr(import_module(f"warnstream.adapters.channels.{module}"), name)
        made: Channel = channel.of(section, around)
        return made

    return make


CHANNEL_OF_SECTION: dict[type[ChannelSection], Make] = {
    MqttChannelSection: MqttChannel.of,
    WebhookChannelSection: _later("webhook", "WebhookChannel"),
    SmtpChannelSection: _later("smtp", "SmtpChannel"),
    SmppChannelSection: _later("smpp.channel", "SmppChannel"),
    VoiceChannelSection: _later("voice", "VoiceChannel"),
    AppriseChannelSection: _later("apprise", "AppriseChannel"),
    EbdChannelSection: _later("ebd.channel", "EbdChannel"),
    TerminalChannelSection: _later("terminal", "TerminalChannel"),
}

VILLAGE_TOPIC_RETRY = RetryPolicy(attempts_max=1_000_000, first_wait_s=1.0, wait_s_max=30.0)
"""A village's retained message must become right however long the broker is away."""


def make_channels(
    sections: Mapping[str, ChannelSection], around: Surroundings
) -> dict[str, ConfiguredChannel]:
    """Every configured channel and the built-in village topic, by name; none is opened yet.

    Raises
    ------
    ValueError
        If a name is the built-in one.
    """
    if VILLAGE_TOPIC_CHANNEL in sections:
        raise ValueError(f"channel {VILLAGE_TOPIC_CHANNEL!r} is built in")
    village_topic = MqttChannel(around.topic_prefix, around.publish)
    # A retained message is a state, not a call: it is never late.
    made = {VILLAGE_TOPIC_CHANNEL: ConfiguredChannel(village_topic, VILLAGE_TOPIC_RETRY)}
    for name, section in sections.items():
        channel = CHANNEL_OF_SECTION[type(section)](section, replace(around, channel=name))
        made[name] = ConfiguredChannel(
            channel, section.policy, section.late_after_s, section.expected_per_s, section.hand_on_after_s
        )
    return made
