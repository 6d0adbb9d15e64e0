"""`kind: terminal`: the log of this node, for demonstrations and first steps."""

from typing import Literal

from pydantic import Field

from warnstream.config.channels.section import ChannelSection


class TerminalChannelSection(ChannelSection):
    """The log of this node."""

    kind: Literal["terminal"] = Field(description="Messages are printed by this node.")
