"""`kind: apprise`: chat rooms and push services (DingTalk, WeCom, Feishu, ntfy and others), for posts.

The address of a service is an Apprise URL (https://github.com/caronc/apprise/wiki) in a file, because tokens
are part of it; ``{address}`` in it stands for the address of chain.csv.
"""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from warnstream.config.channels.section import ChannelSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default

ADDRESS = re.compile(r"[A-Za-z0-9+@._-]{1,128}\Z")


class AppriseChannelSection(ChannelSection):
    """A chat or push service by Apprise; it tells nobody whether anything has arrived."""

    kind: Literal["apprise"] = Field(description="Chat rooms and push services, for posts.")
    timeout_s: Annotated[float, value_types.fine_duration("1s", "5min")] = default(
        "15s", alias="timeout", description="How long one message may take in all."
    )
    url_file: Annotated[str, value_types.text()] = Field(
        description="File with one Apprise URL, read at each batch; {address} in it is the post's address."
    )
    language: Annotated[str, value_types.one_of("zh", "en")] = default("zh", description="Text that is sent.")

    address_expected: ClassVar[str] = "1 to 128 letters, digits and + @ . _ -"
    is_for_posts_only: ClassVar[bool] = True

    @classmethod
    def is_address(cls, address: str) -> bool:
        """What can stand in a URL as it is, and cannot become another part of it."""
        return ADDRESS.match(address) is not None

    def files(self) -> Mapping[str, str]:
        """The URL's."""
        return {"url_file": self.url_file}

    @property
    def sends_links(self) -> bool:
        """They stand behind the text."""
        return True

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """What sends is installed."""
        if find_spec("apprise") is not None:
            return []
        return [("kind", "apprise needs an extra: pip install 'warnstream[apprise]'")]
