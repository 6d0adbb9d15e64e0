"""Every kind of channel, once: `AnyChannel` is the list; channels.yaml is read by it.

The adapter that sends for a kind has its entry in `warnstream.adapters.channels.registry`.
"""

from typing import Annotated, get_args

from pydantic import Field

from warnstream.config.channels.apprise import AppriseChannelSection
from warnstream.config.channels.ebd import EbdChannelSection
from warnstream.config.channels.mqtt import MqttChannelSection
from warnstream.config.channels.section import ChannelSection
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.config.channels.smtp import SmtpChannelSection
from warnstream.config.channels.terminal import TerminalChannelSection
from warnstream.config.channels.voice import VoiceChannelSection
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section

AnyChannel = (
    MqttChannelSection
    | WebhookChannelSection
    | SmtpChannelSection
    | SmppChannelSection
    | VoiceChannelSection
    | AppriseChannelSection
    | EbdChannelSection
    | TerminalChannelSection
)

SECTION_OF_KIND: dict[str, type[ChannelSection]] = {
    get_args(section.model_fields["kind"].annotation)[0]: section for section in get_args(AnyChannel)
}


class ChannelsDocument(Section):
    """channels.yaml: how a message reaches a recipient."""

    channels: dict[Annotated[str, value_types.code()], Annotated[AnyChannel, Field(discriminator="kind")]] = (
        Field(min_length=1, description="Channels by name; households.csv and chain.csv name one each.")
    )
