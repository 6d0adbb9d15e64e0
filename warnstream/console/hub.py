"""The running console: one situation, a channel for each area that somebody watches, a beat every second."""

import asyncio
import gzip
import hashlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.console.acts import Done, Said, decode_done, encode_said
from warnstream.adapters.console.facts import decode_facts
from warnstream.adapters.console.frame import Frame
from warnstream.adapters.console.past import decode_past
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.console import models
from warnstream.console.county import County
from warnstream.console.geo import geo_of
from warnstream.console.peer import Peer
from warnstream.console.situation import Situation, View
from warnstream.console.stream import Channel, Subscriber, encode, event_of, state_of
from warnstream.console.times.other import expected_state, past_situation, past_state
from warnstream.console.times.pictures import Pictures
from warnstream.console.times.village import village_then
from warnstream.console.words import village_of
from warnstream.model.errors import ConfigError, StoreError
from warnstream.model.hands.orders import Operator
from warnstream.runners.bundles.frozen import load_bundle

log = logging.getLogger(__name__)

BEAT_S = 1.0
KEPT_S = 60.0
"""A channel that nobody watches is kept so long, for viewers that come back."""

READ_AGAIN_S = 10.0
"""CONFIG_DIR that is not the node's is read so seldom."""

FACTS_S = 1.0
"""Facts of a village that many look at are asked for once a second."""


@dataclass(frozen=True, slots=True)
class Compressed:
    """The map of an area as it is sent, and its tag."""

    content: bytes
    tag: str


class Hub:
    """What viewers are served from; for one event loop.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    configuration : Configuration
    """

    def __init__(self, directory: Path, configuration: Configuration) -> None:
        self._directory = directory
        self._channels: dict[str, Channel] = {}
        self._maps: dict[str, asyncio.Task[Compressed]] = {}
        self._facts: dict[tuple[str, str, int], tuple[float, asyncio.Task[bytes]]] = {}
        self._refused_at = float("-inf")
        self.pictures = Pictures()
        self._adopt(configuration, ())
        self.peer = Peer(configuration.storage.directory, self._take)

    def _adopt(self, configuration: Configuration, kept: tuple[object, ...]) -> None:
        self.configuration = configuration
        self.operators: dict[str, Operator] = {
            operator.person: operator for operator in configuration.operators
        }
        self._situation = Situation(County(configuration, kept))  # type: ignore[arg-type]
        self.pictures.clear()
        for channel in self._channels.values():
            channel.end()
        self._channels.clear()
        self._maps.clear()

    async def run(self) -> None:
        """Read the node and beat until this is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.peer.run())
            tasks.create_task(self._beat())

    def clock(self) -> models.Clock:
        """How old everything is."""
        head = self._situation.head
        if head is None:
            return models.Clock(fault=self.peer.fault)
        return models.Clock(
            wall_s=head.wall_s,
            now_s=max(head.now_s, 0),
            age_s=round(self.peer.age_s, 2),
            stepped_s=round(head.stepped_s, 2),
            fault=self.peer.fault,
            since_s=self.pictures.begin_s,
            leads_s=list(head.leads_s),
        )

    def state(self, area: str) -> models.State:
        """The situation of an area. StoreError before the first frame."""
        channel = self._channel(area)
        assert channel.view is not None
        return state_of(channel.view, channel.id, self.clock())

    def state_at(self, area: str, at_s: int) -> models.State:
        """The situation of an area at another time; later than now: what is expected by then.

        NoSuchTimeError where nothing of that time is known, StoreError before the first frame.
        """
        self._channel(area)
        county, now_s = self._situation.county, self.clock().now_s
        if at_s > now_s:
            return expected_state(self._situation, county.area(area), at_s - now_s)
        return past_state(past_situation(self._situation, self.pictures, at_s), county.area(area))

    def subscribe(self, area: str, last_id: str) -> tuple[Channel, Subscriber]:
        """A stream of an area's changes. StoreError before the first frame."""
        channel = self._channel(area)
        subscriber = channel.subscribe(last_id)
        subscriber.put(event_of("beat", encode(self.clock())))
        return channel, subscriber

    async def geo(self, area: str) -> Compressed:
        """The map of an area, made once."""
        if (making := self._maps.get(area)) is None:
            county = self._situation.county
            making = self._maps[area] = asyncio.create_task(asyncio.to_thread(_map_of, county, area))
        return await asyncio.shield(making)

    @property
    def situation(self) -> Situation:
        """As the newest frame has it."""
        return self._situation

    def village_in(self, area: str, code: str) -> int | None:
        """Number of a village of an area; None if there is none of that code."""
        county = self._situation.county
        number = county.number_of(code)
        is_inside = number is not None and number in county.area(area).villages
        return number if is_inside and self._situation.is_whole else None

    async def ask(self, what: str, place: str = "", cursor: int = 0) -> bytes:
        """What the node says to a question, once a second. StoreError if it does not answer."""
        return await self._facts_of(place, what, cursor)

    async def village(self, operator: Operator, code: str) -> models.Village | None:
        """Everything of a village; None if there is none of that code in the area.

        StoreError if the node does not answer.
        """
        situation, number = self._situation, self.village_in(operator.area, code)
        if number is None:
            return None
        try:
            facts = decode_facts(await self._facts_of(code))
        except msgspec.MsgspecError as error:
            log.exception("facts of a village cannot be read", extra={"village": code})
            raise StoreError("the node's answer cannot be read", retryable=False) from error
        return village_of(facts, number, situation, operator.role)

    async def village_at(self, operator: Operator, code: str, at_s: int) -> models.Village | None:
        """A village as it was; None if there is none of that code in the area.

        NoSuchTimeError where nothing of that time is known, StoreError if the node does not answer.
        """
        number = self.village_in(operator.area, code)
        if number is None:
            return None
        then = past_situation(self._situation, self.pictures, at_s)
        try:
            return village_then(decode_past(await self._facts_of(code, "past")), number, then)
        except msgspec.MsgspecError as error:
            log.exception("the past of a village cannot be read", extra={"village": code})
            raise StoreError("the node's answer cannot be read", retryable=False) from error

    async def act(self, operator: Operator, key: str, seen: str, said: Said) -> Done:
        """Have the node do what a person wants. StoreError if it does not answer in time."""
        content = await self.peer.act(operator.person, key, seen, encode_said(said))
        self._facts.clear()  # what was asked before the act may be told otherwise now
        try:
            return decode_done(content)
        except msgspec.MsgspecError as error:
            log.exception("what came of an act cannot be read")
            raise StoreError("the node's answer cannot be read", retryable=True) from error

    async def _facts_of(self, place: str, what: str = "village", cursor: int = 0) -> bytes:
        key = (what, place, cursor)
        asked_at, asking = self._facts.get(key, (float("-inf"), None))
        if asking is None or time.monotonic() - asked_at >= FACTS_S:
            known = {
                key: facts for key, facts in self._facts.items() if time.monotonic() - facts[0] < FACTS_S
            }
            asking = asyncio.create_task(self.peer.ask(place, what, cursor))
            self._facts = {**known, key: (time.monotonic(), asking)}
        return await asyncio.shield(asking)

    def _channel(self, area: str) -> Channel:
        if not self._situation.is_whole:
            raise StoreError(self.peer.fault or "the node has not told everything yet", retryable=True)
        if (channel := self._channels.get(area)) is None:
            channel = self._channels[area] = Channel()
            channel.advance(self._view(area))
        return channel

    def _view(self, area: str) -> View:
        return self._situation.view(self._situation.county.area(area))

    def _take(self, frame: Frame) -> None:
        """A frame of the node. ValueError if it is of another configuration than CONFIG_DIR has."""
        head, county = frame.head, self._situation.county
        if head.fingerprint != self.configuration.fingerprint or head.kept != county.kept:
            self._adopt(self._configuration_of(head.fingerprint), head.kept)
            county = self._situation.county
        self._situation.take(frame)
        if not self._situation.is_whole:
            return
        self.pictures.take(head, self._situation.parts)
        for area, channel in list(self._channels.items()):
            channel.advance(self._view(area))

    def _configuration_of(self, fingerprint: str) -> Configuration:
        """CONFIG_DIR anew, where the node has another configuration than this process has read."""
        if fingerprint == self.configuration.fingerprint:
            return self.configuration
        if time.monotonic() - self._refused_at < READ_AGAIN_S:
            raise ValueError(self.peer.fault or _OTHER)
        self._refused_at = time.monotonic()
        try:
            configuration = load_configuration(self._directory)
        except ConfigError:
            raise ValueError("CONFIG_DIR cannot be read: see warnstream check") from None
        if configuration.fingerprint != fingerprint:
            configuration = _of_bundle(configuration, fingerprint)
        self._refused_at = float("-inf")
        log.info("configuration read anew", extra={"fingerprint": fingerprint[:12]})
        return configuration

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            event = event_of("beat", encode(self.clock()))
            for area, channel in list(self._channels.items()):
                channel.tell(event)
                if not len(channel) and time.monotonic() - channel.watched_at > KEPT_S:
                    del self._channels[area]


def _of_bundle(configuration: Configuration, fingerprint: str) -> Configuration:
    """What the node runs with instead of CONFIG_DIR. ValueError if it is not kept."""
    try:
        bundle = BundleStore(configuration.storage.directory).present()
        if bundle.manifest.fingerprint == fingerprint:
            return load_bundle(bundle)
    except (StoreError, ConfigError) as error:
        log.warning("what the node runs with cannot be read", extra={"error": str(error)})
    raise ValueError(_OTHER)


_OTHER = "the node runs with another configuration than CONFIG_DIR has: restart it"


def _map_of(county: County, area: str) -> Compressed:
    content = gzip.compress(encode(geo_of(county, county.area(area))), 6)
    return Compressed(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
