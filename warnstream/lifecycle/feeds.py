"""Feeds of other services' alerts that should be heard from: one that falls silent is told.

A feed is heard when it brings a document that can be read, also one without a new alert: a feed that is
sent whole every minute, or a service's keep-alive. A document of which nothing can be read is no sign of
life. Only time in which somebody listened counts (`GAP_S_MAX` a step): a node that was down for a night
accuses nobody.
"""

from collections.abc import Iterable, Sequence

import msgspec

from warnstream.model.alerts.alert import FeedHeard, FeedPolicy
from warnstream.model.times import MINUTE_S

GAP_S_MAX = 10 * MINUTE_S
NEVER = -1


class FeedState(msgspec.Struct):
    """One feed: when it was heard last (`NEVER`), and for how long it has been listened for in vain."""

    heard_s: int = NEVER
    waited_s: int = 0


class _Snapshot(msgspec.Struct):
    now_s: int
    feeds: dict[str, FeedState]


class FeedBook:
    """The feeds of one node.

    Parameters
    ----------
    policies : sequence of FeedPolicy

    Attributes
    ----------
    states : dict of str to FeedState
        By name of the feed.
    """

    def __init__(self, policies: Sequence[FeedPolicy]) -> None:
        self.policies = tuple(policies)
        self.states = {policy.name: FeedState() for policy in policies}
        self._now_s = NEVER

    def step(self, heard: Iterable[FeedHeard], now_s: int) -> None:
        """Let time pass, then take who was heard. `now_s` never falls from step to step."""
        passed_s = min(now_s - self._now_s, GAP_S_MAX) if self._now_s != NEVER else 0
        self._now_s = now_s
        for state in self.states.values():
            state.waited_s += passed_s
        for warning in heard:
            if warning.source in self.states:
                self.states[warning.source] = FeedState(now_s, 0)

    def silent(self) -> list[tuple[FeedPolicy, FeedState]]:
        """Feeds from which nothing was heard for longer than they may be silent."""
        known = [(policy, self.states[policy.name]) for policy in self.policies]
        return [(policy, state) for policy, state in known if state.waited_s > policy.every_s]

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        return msgspec.msgpack.encode(_Snapshot(self._now_s, self.states))

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; feeds that are new are listened for from now on. ValueError if it is none."""
        try:
            known = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of feeds: {error}") from None
        self._now_s = known.now_s
        self.states = {name: known.feeds.get(name, FeedState()) for name in self.states}
