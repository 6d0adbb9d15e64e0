"""Which decoder and which station a topic belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass

from warnstream.model.observations.decoders import BACKLOG_LEVEL, default_rules

TOPICS_KNOWN_MAX = 100_000
"""Topics of stations that are remembered as such, so that a batch of them is looked at once."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one node: its own under its prefix, and those that stations publish to."""

    prefix: str
    observations: tuple[str, ...] = ()
    has_grids: bool = False
    has_alerts: bool = False

    @property
    def subscriptions(self) -> list[str]:
        """What the node listens to."""
        observed = self.observations or tuple(rule.topic for rule in default_rules(self.prefix))
        own = [self.clock, *(f"{self.prefix}/{kind}/+" for kind in ("answer", "sign", "report"))]
        own.append(f"{self.drill}/answer/+")
        asked = [*([self.grids] if self.has_grids else []), *([self.alerts] if self.has_alerts else [])]
        return [*dict.fromkeys(observed), *own, *asked]

    @property
    def drill(self) -> str:
        """Below it is everything of a drill."""
        return f"{self.prefix}/drill"

    @property
    def grids(self) -> str:
        """Where it is told that a grid has a new file: ``{prefix}/grid/{name}``."""
        return f"{self.prefix}/grid/+"

    def grid_of(self, topic: str) -> str | None:
        """The grid that a topic announces a file of; None if it is no such topic."""
        head = f"{self.prefix}/grid/"
        return topic.removeprefix(head) if topic.startswith(head) else None

    @property
    def alerts(self) -> str:
        """Where alerts of other services come in: ``{prefix}/cap/in/{who brings them}``."""
        return f"{self.prefix}/cap/in/#"

    def alerts_of(self, source: str) -> str:
        """Where somebody brings alerts of other services."""
        return f"{self.prefix}/cap/in/{source}"

    def bringer_of(self, topic: str) -> str | None:
        """Who brings an alert on this topic; None if it is no such topic."""
        head = f"{self.prefix}/cap/in/"
        return topic.removeprefix(head) if topic.startswith(head) else None

    @property
    def backlogs(self) -> list[str]:
        """Where gateways send what they kept during an outage, so that it delays no fresh message.

        A filter with ``#`` at its end holds its backlogs already.
        """
        observed = self.observations or tuple(rule.topic for rule in default_rules(self.prefix))
        return [f"{topic}/{BACKLOG_LEVEL}" for topic in dict.fromkeys(observed) if not topic.endswith("#")]

    @property
    def clock(self) -> str:
        """Where a simulator tells the time."""
        return f"{self.prefix}/clock"

    def recipient_of(self, topic: str) -> str | None:
        """Who answers on this topic, for real or in a drill; None if it is no answer topic."""
        for head in (f"{self.prefix}/answer/", f"{self.drill}/answer/"):
            if topic.startswith(head):
                return topic.removeprefix(head)
        return None

    def reporter_of(self, topic: str) -> str | None:
        """Who reports on this topic (`FieldReport`); None if it is no such topic."""
        head = f"{self.prefix}/report/"
        return topic.removeprefix(head) if topic.startswith(head) else None

    def sign_of(self, post: str) -> str:
        """Where a post reports and judges signs."""
        return f"{self.prefix}/sign/{post}"

    def observer_of(self, topic: str) -> str | None:
        """The post that reports or judges a sign on this topic; None if it is no such topic."""
        head = f"{self.prefix}/sign/"
        return topic.removeprefix(head) if topic.startswith(head) else None


class StationTopics:
    """Topics on which nobody but stations publishes; up to `TOPICS_KNOWN_MAX` that came are remembered."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._known: set[str] = set()

    def knows(self, topics: Iterable[str]) -> bool:
        """Whether all of them have been found to be such topics before."""
        return self._known.issuperset(topics)

    def has(self, topic: str) -> bool:
        """Whether it is one."""
        if topic in self._known:
            return True
        topics = self._topics
        if topic == topics.clock or topics.recipient_of(topic) is not None:
            return False
        if topics.observer_of(topic) is not None or topics.grid_of(topic) is not None:
            return False
        if topics.bringer_of(topic) is not None or topics.reporter_of(topic) is not None:
            return False
        if len(self._known) >= TOPICS_KNOWN_MAX:
            self._known.clear()
        self._known.add(topic)
        return True
